// The functions of guardrank-store.wasm with JavaScript's values. What a store needs is done elsewhere.
import type { SnapshotParts } from "./engine.js";
import { argumentError, codeOf, GuardrankError } from "./error.js";
import { Clock } from "./host/clock.js";
import { kinds, outcomes, type Answer, type Need } from "./host/needs.js";
import * as layout from "./layout.js";
import { writeTexts, type Library } from "./library.js";
import { Block, type Memory } from "./memory.js";
import { routeNames, routeValues, type Route, type ServedBy } from "./request.js";
import type { WantedShard } from "./session.js";
import { digestOf } from "./shards.js";
import { micros, readState, writeOptions, type StoreOptions, type StoreState } from "./store_options.js";

/** What was fetched for one route. */
export interface Delivered {
  /** Undefined where `isKept` said that its snapshot is at hand. */
  parts: SnapshotParts | undefined;
  /** The same for the same artifacts. */
  key: string;
  release: string;
  fallback: string | undefined;
  served: ServedBy;
}

const ticketState = { pending: 1, ready: 2 };

/** One store in the module. Tickets and needs go by number; 0 is none. */
export class StoreModule {
  private handle: number;
  private readonly texts: Block;
  private readonly keys = new ArtifactKeys();
  readonly clock = new Clock();

  /** Throws GuardrankError where the options will not do. */
  constructor(private readonly library: Library, options: StoreOptions) {
    this.texts = new Block(library.memory);
    const struct = writeOptions(library, this.texts, options);
    library.check(library.exports.gr_store_create(0, struct, this.now(), library.out, library.errorOut));
    this.handle = library.memory.u32(library.out);
    library.releaseArgument();
  }

  private now(): bigint {
    return micros(this.clock.now());
  }

  /** The time at which something is wanted. */
  private begin(): bigint {
    this.clock.follow();
    return this.now();
  }

  get isOpen(): boolean {
    return this.handle !== 0;
  }

  free(): void {
    this.library.exports.gr_store_free(this.handle);
    this.handle = 0;
  }

  state(): StoreState & { code: number } {
    const struct = this.library.clearStruct(layout.store_state.size);
    this.library.checkBare(this.library.exports.gr_store_describe(this.openHandle(), struct));
    return readState(this.library, struct);
  }

  /**
   * Another text when a release changed or a look for changes ended otherwise; undefined before the first one
   * ended.
   */
  progress(): string | undefined {
    const { library } = this, at = layout.store_state;
    const struct = library.clearStruct(at.size);
    library.exports.gr_store_describe(this.handle, struct);
    const { view } = library.memory;
    if (view.getInt32(struct + at.has_looked, true) === 0) return undefined;
    return `${view.getBigUint64(struct + at.revision, true)} ${view.getInt32(struct + at.status, true)}`;
  }

  /** A ticket for what serves a route, to be had within `timeout` milliseconds. */
  want(route: Route, timeout: number): bigint {
    const { library } = this, from = this.begin();
    const struct = this.writeRoute(route);
    library.check(library.exports.gr_store_want(
      this.openHandle(), struct, from + micros(timeout), from, library.out, library.errorOut,
    ));
    this.releaseTexts();
    return library.memory.view.getBigUint64(library.out, true);
  }

  /** A ticket for one of its shadows, by their order. */
  wantShadow(route: Route, index: number, timeout: number): bigint {
    const { library } = this, from = this.begin();
    const struct = this.writeRoute(route);
    library.check(library.exports.gr_store_want_shadow(
      this.openHandle(), struct, index, from + micros(timeout), from, library.out, library.errorOut,
    ));
    this.releaseTexts();
    return library.memory.view.getBigUint64(library.out, true);
  }

  /** A ticket for a shard. */
  wantShard({ sha256, bytes }: WantedShard, timeout: number): bigint {
    const { library } = this;
    const hash = library.bytesArgument(digestOf(sha256));
    const from = this.begin();
    library.check(library.exports.gr_store_want_shard(
      this.openHandle(), hash, BigInt(bytes), from + micros(timeout), from,
      library.out, library.errorOut,
    ));
    return library.memory.view.getBigUint64(library.out, true);
  }

  cancel(ticket: bigint): void {
    this.library.exports.gr_store_cancel(this.handle, ticket);
  }

  /** A ticket that is pending no more. */
  nextEnded(): bigint {
    return this.library.exports.gr_store_next_ended(this.handle, this.now());
  }

  /** Undefined while it is pending; throws where it failed. */
  take(ticket: bigint, isKept: (key: string) => boolean): Delivered | undefined {
    const struct = this.takeStruct(ticket);
    return struct === undefined ? undefined : this.readDelivered(struct, isKept);
  }

  takeShard(ticket: bigint): Uint8Array | undefined {
    const struct = this.takeStruct(ticket);
    const at = layout.delivered.shard;
    return struct === undefined ? undefined : this.library.memory.copyBytes(struct + at);
  }

  /** The next version of a release, to be opened before it serves and then told of (`tried`). */
  nextTrial(isKept: (key: string) => boolean): { trial: bigint; next: Delivered } | undefined {
    const { library } = this;
    for (;;) {
      const struct = library.clearStruct(layout.delivered.size);
      const status = library.exports.gr_store_next_trial(this.handle, this.now(), library.out, struct);
      if (status !== 0) return undefined;
      const trial = library.memory.view.getBigUint64(library.out, true);
      try {
        return { trial, next: this.readDelivered(struct, isKept) };
      } catch (failure) {
        this.tried(trial, codeOf(failure));
      }
    }
  }

  /** What came of a trial; or what a ticket gave could not be opened: it goes on to its next fallback. */
  tried(id: bigint, code: number): void {
    this.library.exports.gr_store_tried(this.handle, id, code, this.now());
  }

  /** What the store needs next of its host; undefined where nothing more. */
  nextNeed(): (Need & { id: bigint }) | undefined {
    const { library } = this;
    const struct = library.clearStruct(layout.need.size);
    if (library.exports.gr_store_next(this.handle, this.now(), struct) !== 0) return undefined;
    return readNeed(library.memory, struct);
  }

  isWanted(need: bigint): boolean {
    return this.library.exports.gr_store_is_wanted(this.handle, need) !== 0;
  }

  /** Answers a need. What does not fit into the module's memory has failed. */
  answer(id: bigint, answer: Answer): void {
    try {
      this.provide(id, answer);
    } catch (failure) {
      this.provide(id, { outcome: "failed", detail: String(failure) });
    }
  }

  private writeRoute(route: Route): number {
    const { library } = this, at = layout.route_values, given = routeValues(route);
    if (given.length === 0) return library.clearStruct(at.size);
    const values: Route = Object.fromEntries(given);
    const texts = writeTexts(library.memory, this.texts, routeNames.map((name) => values[name]), "route");
    const struct = library.clearStruct(at.size);
    this.setTexts(struct, routeNames.map((name) => at[name]), texts);
    return struct;
  }

  private provide(id: bigint, answer: Answer): void {
    const { library } = this, at = layout.answer;
    const [tag, detail] = [answer.entityTag ?? "", answer.detail ?? ""];
    const texts = writeTexts(library.memory, this.texts, [tag, detail.replace(/\p{Surrogate}/gu, "\ufffd")], "answer");
    const { sectionHashes } = answer;
    const bytes = answer.bytes === undefined ? 0 : library.bytesArgument(answer.bytes, sectionHashes);
    const struct = library.clearStruct(at.size);
    const { view } = library.memory;
    view.setInt32(struct + at.outcome, outcomes[answer.outcome], true);
    view.setBigUint64(struct + at.id, id, true);
    view.setUint32(struct + at.bytes, bytes, true);
    view.setUint32(struct + at.bytes + 4, answer.bytes?.length ?? 0, true);
    view.setUint32(struct + at.section_hashes, bytes + (answer.bytes?.length ?? 0), true);
    view.setUint32(struct + at.section_hashes + 4, sectionHashes?.length ?? 0, true);
    view.setBigInt64(struct + at.retry_after_micros, micros(answer.retryAfter ?? 0), true);
    this.setTexts(struct, [at.entity_tag, at.detail], texts);
    const status = library.exports.gr_store_provide(this.handle, struct, this.now());
    library.releaseArgument();
    this.releaseTexts();
    library.checkBare(status);
  }

  private takeStruct(ticket: bigint): number | undefined {
    const { library } = this, { memory } = library, at = layout.delivered;
    const struct = library.clearStruct(at.size);
    library.checkBare(library.exports.gr_store_take(this.openHandle(), ticket, this.now(), struct));
    const state = memory.u32(struct + at.state);
    if (state === ticketState.pending) return undefined;
    if (state !== ticketState.ready) {
      const code = memory.view.getInt32(struct + at.status, true);
      const release = memory.text(struct + at.release);
      const status = library.statusName(code), trouble = memory.text(struct + at.trouble);
      const why = trouble === "" ? status : `${status} (${trouble})`;
      const message = release === "" ? `the shard is not at hand: ${why}`
        : `${release} is not at hand: ${why}, and no fallback is`;
      throw new GuardrankError(code, status, message, release === "" ? "shard" : release);
    }
    return struct;
  }

  private readDelivered(struct: number, isKept: (key: string) => boolean): Delivered {
    const { library } = this, { memory } = library, at = layout.delivered;
    const release = memory.text(struct + at.release);
    const isFallback = memory.u32(struct + at.is_fallback) !== 0;
    const status = isFallback ? library.statusName(memory.view.getInt32(struct + at.status, true)) : undefined;
    const parts = [at.model, at.policy, at.catalog, at.release_bytes] as const;
    const key = this.keys.of(memory.view, parts.map((part) => memory.u32(struct + part)));
    const served: ServedBy = status === undefined ? {} : { reason: status }, fallback = served.reason;
    for (const name of ["stage", "arm", "instead_of"] as const) {
      const text = memory.text(struct + at[name]);
      if (text !== "") served[name] = text;
    }
    if (isKept(key)) return { parts: undefined, key, release, fallback, served };
    const [model, policy, catalog, own] = parts.map((part) => memory.copyBytes(struct + part));
    return {
      parts: { model: model!, policy: policy!, catalog: catalog!, release: own },
      key, release, fallback, served,
    };
  }

  private openHandle(): number {
    if (this.handle === 0) throw argumentError("this store is disposed of", "store");
    return this.handle;
  }

  /** The gr_text at `texts`, one after another, into a struct's members. */
  private setTexts(struct: number, members: readonly number[], texts: number): void {
    const { view } = this.library.memory;
    members.forEach((member, index) => {
      for (const half of [0, 4]) {
        view.setUint32(struct + member + half, view.getUint32(texts + index * 8 + half, true), true);
      }
    });
  }

  /** A long text is given back at once. */
  private releaseTexts(): void {
    if (this.texts.capacity > 1 << 20) this.texts.free();
  }
}

/**
 * Artifacts by their headers' own hashes of header and section table: verified, and another one for another
 * artifact. As a text, whatever its units are.
 */
class ArtifactKeys {
  private last = new Uint32Array(0);
  private lastKey = "";

  /** Of the artifacts at these addresses; mostly those of the call before. */
  of(memory: DataView, addresses: readonly number[]): string {
    if (!this.isLast(memory, addresses)) {
      this.last = Uint32Array.from({ length: addresses.length * 8 }, (_, index) => word(memory, addresses, index));
      this.lastKey = String.fromCharCode(...new Uint16Array(this.last.buffer));
    }
    return this.lastKey;
  }

  private isLast(memory: DataView, addresses: readonly number[]): boolean {
    const { last } = this;
    if (last.length !== addresses.length * 8) return false;
    for (let index = 0; index < last.length; index++) {
      if (last[index] !== word(memory, addresses, index)) return false;
    }
    return true;
  }
}

/** Of the hashes one after another. */
function word(memory: DataView, addresses: readonly number[], index: number): number {
  return memory.getUint32(addresses[index >> 3]! + 32 + index % 8 * 4, true);
}

const none = new Uint8Array(0);

/** The struct that gr_store_next filled. */
function readNeed(memory: Memory, struct: number): Need & { id: bigint } {
  const { view } = memory, at = layout.need;
  const kind = view.getInt32(struct + at.kind, true);
  const isVerify = kind === kinds.verify;
  return {
    id: view.getBigUint64(struct + at.id, true), kind,
    origin: view.getInt32(struct + at.origin, true),
    scheme: view.getInt32(struct + at.scheme, true),
    path: memory.text(struct + at.path),
    offset: Number(view.getBigUint64(struct + at.offset, true)),
    maxBytes: Number(view.getBigUint64(struct + at.max_bytes, true)),
    isRange: view.getInt32(struct + at.is_range, true) !== 0,
    entityTag: memory.text(struct + at.entity_tag),
    publicKey: memory.text(struct + at.public_key),
    message: isVerify ? memory.copyBytes(struct + at.message) : none,
    signature: isVerify ? memory.copyBytes(struct + at.signature) : none,
    key: memory.text(struct + at.key),
    bytes: kind === kinds.write ? memory.copyBytes(struct + at.bytes) : none,
    at: Number(view.getBigInt64(struct + at.at_micros, true)) / 1000,
  };
}
