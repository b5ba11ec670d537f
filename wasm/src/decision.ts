import { choice, flag, indexOf, requireBytes, requireOptions } from "./argument.js";
import { argumentError, wantedError } from "./error.js";
import * as layout from "./layout.js";
import { type Library, writeTexts } from "./library.js";
import { Block } from "./memory.js";
import type { Ranking, Reason, RecordOptions } from "./ranking.js";
import type { Request } from "./request.js";
import type { Session } from "./session.js";

/** What one head says about each ranked offer, by position. */
export interface HeadColumns {
  /** Of a value head: `logits` are mu, `probabilities` the expected amounts. */
  isValueHead: boolean;
  logits: Float64Array;
  corrected: Float64Array;
  probabilities: Float64Array;
  reaches: Float64Array;
}

const recordOptionNames = ["level", "shows", "salt", "previous"];

export interface Exclusion {
  /** Index in the request's candidates. */
  candidate: number;
  offer: string;
  stage: string;
  reasons: Reason[];
}

/**
 * A ranking's outcome in typed columns, by position from 0. It reads the session and the request:
 * after either has moved on, it throws instead of answering. What it returned stays.
 */
export class Decision {
  /** Offers ranked. */
  readonly length: number;
  readonly excludedCount: number;
  private readonly sessionGeneration: number;
  private readonly requestGeneration: number;

  /** @internal Use `Session.rank`. */
  constructor(
    private readonly library: Library,
    private readonly handle: number,
    private readonly session: Session,
    private readonly request: Request,
  ) {
    this.sessionGeneration = session.generation;
    this.requestGeneration = request.generation;
    this.length = library.exports.gr_decision_ranked_count(handle) >>> 0;
    this.excludedCount = library.exports.gr_decision_excluded_count(handle) >>> 0;
  }

  /** The ranked candidates as indices in the request (in the catalog, if it named none). */
  candidates(): Int32Array {
    const { candidate } = layout.ranked;
    const column = new Int32Array(this.length);
    this.eachRanked((view, struct, position) => {
      column[position] = view.getUint32(struct + candidate, true);
    });
    return column;
  }

  offers(): string[] {
    const column: string[] = [];
    this.eachRanked((_, struct) => {
      column.push(this.library.memory.text(struct + layout.ranked.offer));
    });
    return column;
  }

  /** Scores in micros: the exact sum of the terms. */
  scores(): BigInt64Array {
    const { score_micros } = layout.ranked;
    const column = new BigInt64Array(this.length);
    this.eachRanked((view, struct, position) => {
      column[position] = view.getBigInt64(struct + score_micros, true);
    });
    return column;
  }

  /** The probability of each pick given the picks above it. */
  propensities(): Float64Array {
    const { propensity } = layout.ranked;
    const column = new Float64Array(this.length);
    this.eachRanked((view, struct, position) => {
      column[position] = view.getFloat64(struct + propensity, true);
    });
    return column;
  }

  /** 1 where policy put the offer at its position. */
  mandated(): Uint8Array {
    const { is_mandated } = layout.ranked;
    const column = new Uint8Array(this.length);
    this.eachRanked((view, struct, position) => {
      column[position] = view.getInt32(struct + is_mandated, true);
    });
    return column;
  }

  /** The probabilities of a head, given the head's condition. */
  probabilities(head: number | string): Float64Array {
    return this.head(head).probabilities;
  }

  /** All that a head says; `head` is its name, or its index in `snapshot.heads`. */
  head(head: number | string): HeadColumns {
    const { library, length } = this;
    const { head_outcome } = layout;
    const columns = {
      isValueHead: false,
      logits: new Float64Array(length),
      corrected: new Float64Array(length),
      probabilities: new Float64Array(length),
      reaches: new Float64Array(length),
    };
    const handle = this.currentHandle();
    const index = indexOf(this.request.snapshot.heads, head, "head");
    const struct = library.clearStruct(head_outcome.size);
    for (let position = 0; position < length; position++) {
      library.checkBare(library.exports.gr_decision_head(handle, position, index, struct));
      const view = library.memory.view;
      columns.isValueHead = view.getUint32(struct + head_outcome.is_value_head, true) === 1;
      columns.logits[position] = view.getFloat64(struct + head_outcome.logit, true);
      columns.corrected[position] = view.getFloat64(struct + head_outcome.corrected, true);
      columns.probabilities[position] = view.getFloat64(struct + head_outcome.probability, true);
      columns.reaches[position] = view.getFloat64(struct + head_outcome.reach, true);
    }
    return columns;
  }

  /** A term's part of each score, in micros; `term` is its name, or its index in `snapshot.terms`. */
  micros(term: number | string): BigInt64Array {
    const { library } = this;
    const handle = this.currentHandle();
    const index = indexOf(this.request.snapshot.terms, term, "term");
    const column = new BigInt64Array(this.length);
    for (let position = 0; position < column.length; position++) {
      library.checkBare(
        library.exports.gr_decision_term_micros(handle, position, index, library.out),
      );
      column[position] = library.memory.view.getBigInt64(library.out, true);
    }
    return column;
  }

  /** The candidates that were dropped, each with every reason. */
  excluded(): Exclusion[] {
    const handle = this.currentHandle();
    return Array.from({ length: this.excludedCount }, (_, index) => this.exclusion(handle, index));
  }

  private exclusion(handle: number, index: number): Exclusion {
    const { library } = this;
    const struct = library.clearStruct(layout.excluded.size);
    library.checkBare(library.exports.gr_decision_excluded(handle, index, struct));
    const nReasons = library.memory.u32(struct + layout.excluded.reason_count);
    const exclusion = {
      candidate: library.memory.u32(struct + layout.excluded.candidate),
      offer: library.memory.text(struct + layout.excluded.offer),
      stage: library.memory.text(struct + layout.excluded.stage),
    };
    const ordinals = Array.from({ length: nReasons }, (_, reason) => reason);
    return { ...exclusion, reasons: ordinals.map((reason) => this.reason(handle, index, reason)) };
  }

  private reason(handle: number, index: number, reason: number): Reason {
    const { library } = this;
    const struct = library.clearStruct(layout.reason.size);
    library.checkBare(library.exports.gr_decision_reason(handle, index, reason, struct));
    const text = (field: number) => library.memory.text(struct + field);
    const adverse_action = text(layout.reason.adverse_action);
    const missing = text(layout.reason.missing);
    const principal = library.memory.u32(struct + layout.reason.principal_rank);
    return {
      rule: text(layout.reason.rule),
      code: text(layout.reason.code),
      text: text(layout.reason.text),
      value: text(layout.reason.value),
      ...(adverse_action && { adverse_action }),
      ...(missing && { missing }),
      ...(principal && { principal }),
    };
  }

  /** The JSON form's text, as the engine wrote it. */
  text(withRecord = false): string {
    const { library } = this;
    const isRecorded = flag(withRecord, "withRecord");
    library.check(library.exports.gr_decision_json(
      this.currentHandle(), isRecorded ? 1 : 0, library.out, library.errorOut,
    ));
    return library.memory.text(library.out);
  }

  toJSON(): Ranking {
    return JSON.parse(this.text()) as Ranking;
  }

  /** Bytes from which anyone with the artifacts can compute the decision again. */
  record(options: RecordOptions = {}): Uint8Array<ArrayBuffer> {
    const { library } = this;
    const handle = this.currentHandle();
    requireOptions(options, recordOptionNames);
    const names = new Block(library.memory);
    const bytes = new Block(library.memory);
    try {
      const struct = writeRecordOptions(library, options, names, bytes);
      library.check(library.exports.gr_decision_record_as(
        handle, struct, library.out, library.errorOut,
      ));
      return library.memory.copyBytes(library.out);
    } finally {
      names.free();
      bytes.free();
    }
  }

  private eachRanked(take: (view: DataView, struct: number, position: number) => void): void {
    const { library } = this;
    const handle = this.currentHandle();
    const struct = library.clearStruct(layout.ranked.size);
    for (let position = 0; position < this.length; position++) {
      library.checkBare(library.exports.gr_decision_ranked(handle, position, struct));
      take(library.memory.view, struct, position);
    }
  }

  private currentHandle(): number {
    const current = this.session.generation === this.sessionGeneration &&
      this.request.generation === this.requestGeneration;
    if (current) return this.handle;
    throw argumentError("the session or the request has moved on from this decision", "decision");
  }
}

function writeRecordOptions(
  library: Library, options: RecordOptions, names: Block, bytes: Block,
): number {
  const { level = "full", shows = [], salt = new Uint8Array(), previous } = options;
  const recordLevel = choice(layout.recordLevel, level, "level");
  requireBytes(salt, "salt");
  if (previous !== undefined) requireHash(previous, "previous");
  const texts = writeTexts(library.memory, names, shows, "shows", false);
  const start = bytes.reserve(salt.length + 32);
  library.memory.bytes.set(salt, start);
  if (previous) library.memory.bytes.set(previous, start + salt.length);
  const fields = layout.record_options;
  const struct = library.clearStruct(fields.size);
  const view = library.memory.view;
  view.setInt32(struct + fields.level, recordLevel, true);
  view.setUint32(struct + fields.shown, texts, true);
  view.setUint32(struct + fields.shown_count, shows.length, true);
  view.setUint32(struct + fields.salt, start, true);
  view.setUint32(struct + fields.salt + 4, salt.length, true);
  if (previous) view.setUint32(struct + fields.previous, start + salt.length, true);
  return struct;
}

function requireHash(value: Uint8Array, where: string): void {
  requireBytes(value, where);
  if (value.length === 32) return;
  throw wantedError("ARGUMENT", where, "the 32 bytes of a SHA-256", `${value.length} bytes`);
}
