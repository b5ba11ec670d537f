// What callers pass, whatever the types say: one check for each kind of argument. WebAssembly would
// take -1, "5" and undefined for some number, and a typed array's set() a text for zeros.
import { wantedError, type GuardrankError } from "./error.js";
import type { Library } from "./library.js";
import { requireWellFormed } from "./memory.js";

const articles: Record<string, string> = { boolean: "a", function: "a", string: "a", symbol: "a" };

/** A value in an error's words. Never a text's own: it may be a secret, or a megabyte. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number") return `${value}`;
  if (typeof value === "bigint") {
    return BigInt.asIntN(128, value) === value ? `${value}` : "a BigInt of more than 128 bits";
  }
  if (Array.isArray(value)) return "an array";
  const article = articles[typeof value];
  return article === undefined ? "an object" : `${article} ${typeof value}`;
}

/** A name that is one of few, or should have been. */
function describeName(value: unknown): string {
  return typeof value === "string" && value.length <= 40 ? `"${value}"` : describe(value);
}

export function wrongArgument(where: string, expected: string, value: unknown): GuardrankError {
  return wantedError("ARGUMENT", where, expected, describe(value));
}

export function requireText(value: unknown, where: string): asserts value is string {
  if (typeof value !== "string") throw wrongArgument(where, "text", value);
  requireWellFormed(value, where);
}

/** Of any realm: what Node reads is none of the sandbox that a test framework makes. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

export function requireBytes(value: unknown, where: string): asserts value is Uint8Array {
  if (!isBytes(value)) throw wrongArgument(where, "a Uint8Array", value);
}

/** Options may be left out; null is none. */
export function requireObject(value: unknown, where: string): asserts value is object {
  if (typeof value !== "object" || value === null) throw wrongArgument(where, "an object", value);
}

/** Options by name: one that is not known is misspelt, and would be lost. */
export function requireOptions(value: unknown, names: readonly string[]): asserts value is object {
  requireObject(value, "options");
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) {
      throw wantedError("ARGUMENT", "options", `of ${names.join(", ")}`, describeName(name));
    }
  }
}

/** An option that is true or false, and false when left out: "no" is neither. */
export function flag(value: boolean | undefined, where: string): boolean {
  if (value !== undefined && typeof value !== "boolean") {
    throw wrongArgument(where, "true or false", value);
  }
  return value ?? false;
}

/** The least and the most of a kind of number. */
export const bounds = {
  u32: [0n, 2n ** 32n - 1n], i64: [-(2n ** 63n), 2n ** 63n - 1n], u64: [0n, 2n ** 64n - 1n],
} as const;

/** A number that is whole, exact and within bounds. */
export function wholeNumber(
  value: number | bigint, where: string, least: bigint, most: bigint,
): bigint {
  const isExact = typeof value === "bigint" || Number.isSafeInteger(value);
  const whole = isExact ? BigInt(value) : most + 1n;
  if (whole >= least && whole <= most) return whole;
  const form = most > Number.MAX_SAFE_INTEGER ? ", beyond 2^53 as a BigInt" : "";
  throw wrongArgument(where, `a whole number from ${least} to ${most}${form}`, value);
}

/** An option in bytes, 0 when left out. */
export function byteCount(value: number | undefined, where: string): bigint {
  return wholeNumber(value ?? 0, where, 0n, BigInt(Number.MAX_SAFE_INTEGER));
}

/** A time or a pace, fractions allowed, where one is given. */
export function requireAmount(value: unknown, where: string): void {
  if (value === undefined || (typeof value === "number" && value >= 0 && value < Infinity)) return;
  throw wrongArgument(where, "a number of 0 or more", value);
}

/** What ends a call early, where one is given. */
export function requireSignal(value: unknown, where: string): void {
  const isSignal = typeof value === "object" && value !== null && "aborted" in value;
  if (value !== undefined && !isSignal) throw wrongArgument(where, "an AbortSignal", value);
}

/** What is called back, where one is given. */
export function requireFunction(value: unknown, where: string): void {
  if (value !== undefined && typeof value !== "function") throw wrongArgument(where, "a function", value);
}

/** The number behind a name. */
export function choice<Name extends string>(
  choices: Readonly<Record<Name, number>>, name: Name, where: string,
): number {
  if (typeof name === "string" && Object.hasOwn(choices, name)) return choices[name];
  const expected = `one of ${Object.keys(choices).join(", ")}`;
  throw wantedError("ARGUMENT", where, expected, describeName(name));
}

/** The index of a head or a term, which callers give as that or by its name. */
export function indexOf(names: readonly string[], wanted: number | string, where: string): number {
  const index = typeof wanted === "string" ? names.indexOf(wanted) : wanted;
  if (Number.isInteger(index) && index >= 0 && index < names.length) return index;
  const expected = names.length === 0
    ? "none, the bundle has none"
    : `one of ${names.join(", ")} or an index below ${names.length}`;
  throw wantedError("ARGUMENT", where, expected, describeName(wanted));
}

/** A handle means something else to every other engine: it may be any address there. */
export function requireOwn<Kind extends { readonly library: Library }>(
  library: Library, kind: abstract new (...values: never[]) => Kind, value: Kind, where: string,
): void {
  const expected = `a ${where} of this engine`;
  if (!(value instanceof kind)) throw wrongArgument(where, expected, value);
  if (value.library !== library) {
    throw wantedError("ARGUMENT", where, expected, "one of another engine");
  }
}
