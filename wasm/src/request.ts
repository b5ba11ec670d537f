import {
  bounds, describe, isBytes, requireObject, requireText, wholeNumber, wrongArgument,
} from "./argument.js";
import { type ColumnValues, ColumnWriter, type ColumnOptions } from "./column.js";
import { GuardrankError, wantedError } from "./error.js";
import type { Library } from "./library.js";
import type { Namespace, Snapshot } from "./snapshot.js";

/** A point in time as micros since 1970-01-01T00:00:00Z. */
export interface Timestamp {
  micros: bigint;
}

export type ContextValue =
  | number | bigint | boolean | string | Date | Timestamp | readonly string[] | Float32Array
  | null | undefined;

export interface Route {
  product?: string | null;
  market?: string | null;
  segment?: string | null;
  partner?: string | null;
  surface?: string | null;
  unit?: string | null;
}

/** How the release that serves was come by, as `Store.snapshot` tells it. */
export interface ServedBy {
  /** "full", "ab", "canary": of the route that chose it. */
  stage?: string;
  /** Of an experiment. */
  arm?: string;
  /** Of a fallback: the release that was to serve, and why it does not. */
  instead_of?: string;
  reason?: string;
}

const servedNames = ["stage", "arm", "instead_of", "reason"] as const;
export const routeNames = ["product", "market", "segment", "partner", "surface", "unit"] as const;

/** A request in typed columns. Setters return the request; a reset one keeps its memory. */
export class Request {
  private handle: number;
  private columns: ColumnWriter | undefined;
  private nCandidates: number;
  /** @internal Counts changes, so that a decision knows when its request has moved on. */
  generation = 0;

  /** @internal Use `Snapshot.request`. */
  constructor(
    /** @internal */
    readonly library: Library,
    /** @internal */
    readonly snapshot: Snapshot,
    snapshotHandle: number,
  ) {
    library.check(library.exports.gr_request_create(
      snapshotHandle, library.out, library.errorOut,
    ));
    this.handle = library.memory.u32(library.out);
    this.nCandidates = snapshot.offerCount;
  }

  /** The request's name in answers and records. */
  id(id: string): this {
    const text = this.library.textArgument(id, "request_id");
    return this.apply("gr_request_set_id", text);
  }

  /** The moment that `now` names: a Date, or micros since 1970. */
  time(time: Date | bigint): this {
    const micros = typeof time === "bigint"
      ? wholeNumber(time, "time", ...bounds.i64)
      : dateMicros(time, "time", "a Date or BigInt micros");
    this.library.exports.gr_request_set_time(this.changed(), micros);
    return this;
  }

  /** What exploration draws from. */
  seed(seed: number | bigint): this {
    const whole = wholeNumber(seed, "seed", ...bounds.u64);
    this.library.exports.gr_request_set_seed(this.changed(), whole);
    return this;
  }

  /** Positions wanted; 0: all. */
  limit(positions: number): this {
    const whole = wholeNumber(positions, "limit", ...bounds.u32);
    this.library.exports.gr_request_set_limit(this.changed(), Number(whole));
    return this;
  }

  route(route: Route): this {
    for (const [name, value] of routeValues(route)) {
      const texts = this.library.textArguments(name, value, `route.${name}`);
      this.apply("gr_request_set_route", ...texts);
    }
    return this;
  }

  /** What `Store.snapshot` tells as `served`: it stands in the decision and its record. */
  served(served: ServedBy): this {
    for (const name of servedNames) {
      const value = served[name];
      if (value === undefined) continue;
      const texts = this.library.textArguments(`served.${name}`, value, `served.${name}`);
      this.apply("gr_request_set_route", ...texts);
    }
    return this;
  }

  /** Candidates by offer id, once; without this call the whole catalog is ranked. */
  candidates(offers: readonly string[]): this {
    const texts = this.library.textsArgument(offers, "candidates");
    this.apply("gr_request_set_candidates", texts, offers.length);
    this.nCandidates = offers.length;
    return this;
  }

  /** A context fact by name. The engine checks that the value is of the fact's type. */
  context(name: string, value: ContextValue): this {
    if (value === null || value === undefined) return this;
    const fact = this.fact("context", name);
    const where = `context.${name}`;
    const { library } = this;
    if (typeof value === "string") {
      return this.apply("gr_request_set_context_text", fact, library.textArgument(value, where));
    }
    if (typeof value === "boolean") {
      return this.apply("gr_request_set_context_bool", fact, value ? 1 : 0);
    }
    if (typeof value === "number" || typeof value === "bigint") {
      return this.number(fact, value, where);
    }
    if (value instanceof Float32Array) return this.vector(fact, value);
    if (Array.isArray(value)) {
      const texts = library.textsArgument(value, where);
      return this.apply("gr_request_set_context_texts", fact, texts, value.length);
    }
    return this.timestamp(fact, value as Date | Timestamp, where);
  }

  /** Whole numbers go in as integers, which the engine takes for both kinds of number. */
  private number(fact: number, value: number | bigint, where: string): this {
    if (typeof value === "bigint" || Number.isSafeInteger(value)) {
      return this.apply("gr_request_set_context_i64", fact, int64(BigInt(value), where));
    }
    return this.apply("gr_request_set_context_f64", fact, value);
  }

  private vector(fact: number, value: Float32Array): this {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const address = this.library.bytesArgument(bytes);
    return this.apply("gr_request_set_context_vector", fact, address, value.length);
  }

  private timestamp(fact: number, value: Date | Timestamp, where: string): this {
    const expected = "a fact's value";
    const micros = value instanceof Date ? dateMicros(value, where, expected) : value.micros;
    if (typeof micros !== "bigint") throw wrongArgument(where, expected, value);
    return this.apply("gr_request_set_context_time", fact, int64(micros, where));
  }

  /**
   * A whole column of a fact, one value per candidate; set the candidates first. Float64Array,
   * BigInt64Array and Int32Array are numbers, Uint8Array booleans, Float32Array vectors, arrays
   * texts or lists of texts, `{micros: BigInt64Array}` timestamps. null in an array is missing;
   * for the others `options.present` says so.
   */
  column(
    space: Exclude<Namespace, "context">, name: string, values: ColumnValues,
    options: ColumnOptions = {},
  ): this {
    const fact = this.fact(space, name);
    this.columns ??= new ColumnWriter(this.library);
    const where = `${space}.${name}`;
    const { columns, nCandidates } = this;
    const set = (areLists: boolean) =>
      this.apply("gr_request_set_column", fact, columns.write(fact, values, nCandidates, options, where, areLists));
    try {
      set(false);
    } catch (failure) {
      // Where all are missing nothing tells texts from lists of them but the engine.
      const isSilent = Array.isArray(values) && values.every((value) => value == null);
      if (!isSilent || !(failure instanceof GuardrankError) || failure.status !== "GR_STATUS_TYPE") throw failure;
      set(true);
    }
    columns.taken(fact);
    return this;
  }

  /** Forgets all values, keeps the memory. */
  reset(): this {
    this.library.exports.gr_request_reset(this.changed());
    this.nCandidates = this.snapshot.offerCount;
    return this;
  }

  /** Replaces everything by a request in JSON: its text, or the bytes of it in UTF-8. */
  json(json: string | Uint8Array): this {
    const { library } = this;
    try {
      if (isBytes(json)) {
        return this.apply("gr_request_from_json", library.bytesArgument(json), json.length);
      }
      const text = library.textArgument(json, "request");
      const { memory } = library;
      return this.apply("gr_request_from_json", memory.u32(text), memory.u32(text + 4));
    } finally {
      library.releaseArgument();
    }
  }

  dispose(): void {
    this.library.free(this.library.exports.gr_request_free, this.handle);
    this.columns?.free();
    this.columns = undefined;
    this.handle = 0;
    this.generation++;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  openHandle(): number {
    return this.library.live(this.handle, "request");
  }

  private changed(): number {
    this.generation++;
    return this.openHandle();
  }

  /** Calls a setter that takes the request first and an error last. */
  private apply(setter: Setter, ...values: (number | bigint)[]): this {
    const { library } = this;
    const call = library.exports[setter] as (...values: (number | bigint)[]) => number;
    library.check(call(this.changed(), ...values, library.errorOut));
    return this;
  }

  private fact(space: Namespace, name: string): number {
    const fact = this.snapshot.fact(space, name);
    if (fact !== undefined) return fact;
    const where = `${space}.${name}`;
    const message = `${where}: the bundle has no such fact`;
    throw new GuardrankError(502, "GR_STATUS_NAME", message, where, "a fact of the bundle", name);
  }
}

type Setter =
  | "gr_request_set_id" | "gr_request_set_route" | "gr_request_set_candidates"
  | "gr_request_set_context_f64" | "gr_request_set_context_i64" | "gr_request_set_context_bool"
  | "gr_request_set_context_text" | "gr_request_set_context_time"
  | "gr_request_set_context_texts" | "gr_request_set_context_vector" | "gr_request_set_column"
  | "gr_request_from_json";

/** What a route says, once all of it is known to be sound. */
export function routeValues(route: Route): [string, string][] {
  requireObject(route, "route");
  const values = Object.entries(route).filter(([, value]) => value !== undefined && value !== null);
  for (const [name, value] of values) {
    const where = `route.${name}`;
    if (!routeNames.includes(name as keyof Route)) {
      throw wantedError("ARGUMENT", where, `one of ${routeNames.join(", ")}`, "another name");
    }
    requireText(value, where);
  }
  return values;
}

function dateMicros(date: Date, where: string, expected: string): bigint {
  if (!(date instanceof Date)) throw wrongArgument(where, expected, date);
  const milliseconds = date.getTime();
  if (!Number.isNaN(milliseconds)) return BigInt(milliseconds) * 1000n;
  throw wantedError("ARGUMENT", where, "a valid date", "an invalid one");
}

/** WebAssembly would wrap what does not fit. */
function int64(value: bigint, where: string): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw wantedError("TYPE", where, "a 64-bit integer", describe(value));
}
