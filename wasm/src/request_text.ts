// A request's JSON text. JSON.stringify alone turns what has no JSON form into null or leaves it out,
// and both mean "missing" in a request.
import { describe } from "./argument.js";
import { type GuardrankError, wantedError } from "./error.js";
import type { RankRequest } from "./ranking.js";

type Holder = Record<string, unknown>;

/** An object's BigInts become decimal strings; `explain` overrides its own. */
export function requestText(request: RankRequest, explain: boolean | undefined): string {
  let whole: unknown;
  let isWhole = true;
  function written(this: Holder, key: string, value: unknown): unknown {
    if (isWhole) {
      isWhole = false;
      value = whole = explained(value, explain);
      if (value === undefined) throw unwritable("request", value);
    }
    if (typeof value === "bigint") return `${value}`;
    if (hasForm(this, key, value)) return value;
    throw unwritable(pathOf(whole, this, key, new Set()) ?? ".request", value);
  }
  try {
    return JSON.stringify(request, written);
  } catch (failure) {
    throw asRefusal(failure);
  }
}

// Only an object has a place for it; all else is refused as it is.
function explained(request: unknown, explain: boolean | undefined): unknown {
  const isObject = typeof request === "object" && request !== null && !Array.isArray(request);
  return isObject && explain !== undefined ? { ...request, explain } : request;
}

function hasForm(holder: Holder, key: string, value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null) return !(holder[key] instanceof Date);   // one that is no date
  return typeof value !== "function" && typeof value !== "symbol";
}

function unwritable(path: string, value: unknown): GuardrankError {
  const where = path.replace(/^\./, "");
  if (typeof value === "number") {
    return wantedError("NOT_FINITE", where, "a finite number", describe(value));
  }
  if (value === null) return wantedError("TYPE", where, "a valid date", "an invalid one");
  const expected = where === "request" ? "an object" : "a value that JSON can hold";
  return wantedError("TYPE", where, expected, describe(value));
}

/** Where `holder[key]` stands in `value`: ".candidates[0].facts.apr". */
function pathOf(
  value: unknown, holder: Holder, key: string, seen: Set<unknown>,
): string | undefined {
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  const step = (name: string) => (Array.isArray(value) ? `[${name}]` : `.${name}`);
  if (value === holder) return step(key);
  seen.add(value);
  for (const [name, inner] of Object.entries(value)) {
    const rest = pathOf(inner, holder, key, seen);
    if (rest !== undefined) return step(name) + rest;
  }
  return undefined;
}

/** Objects in a circle are a TypeError of JSON.stringify's, objects too deep a RangeError. */
function asRefusal(failure: unknown): unknown {
  const isType = failure instanceof TypeError;
  if (!isType && !(failure instanceof RangeError)) return failure;
  const [found] = failure.message.split("\n", 1);
  const expected = "an object that JSON can hold";
  const refusal = wantedError(isType ? "TYPE" : "LIMIT", "request", expected, found!);
  refusal.cause = failure;
  return refusal;
}
