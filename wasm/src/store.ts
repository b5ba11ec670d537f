import type { Engine, OpenOptions, SnapshotParts } from "./engine.js";
import { argumentError, GuardrankError } from "./error.js";
import { FetchAhead } from "./host/ahead.js";
import { kinds, outcomes, perform, type Answer, type HostOptions, type Need } from "./host/needs.js";
import * as layout from "./layout.js";
import { Library, writeTexts } from "./library.js";
import { Block } from "./memory.js";
import type { Route, ServedBy } from "./request.js";
import type { Snapshot } from "./snapshot.js";
import { compile, storeAddress } from "./source.js";
import type { Ranking, RankOptions, RankRequest } from "./ranking.js";
import type { WantedShard } from "./session.js";
import { digestOf, rankWithShards } from "./shards.js";
import {
  artifactHash, hostOptions, micros, noParts, readNeed, readState, writeOptions, type Served,
  type StoreOptions, type StoreState,
} from "./store_options.js";

/** What was fetched for one route, until it is disposed of. */
interface Delivered {
  parts: SnapshotParts;
  key: string;
  release: string;
  fallback: string | undefined;
  served: ServedBy;
}

const now = () => micros(Date.now());
const ticketState = { pending: 1, ready: 2 };

/** Releases at hand: fetched from any file server, trusted once verified, kept within budgets. */
export class Store {
  private handle = 0;
  private readonly waiting = new Map<bigint, { resolve: () => void; reject: (why: Error) => void }>();
  private readonly running = new Map<bigint, AbortController>();
  private readonly snapshots = new Map<string, Snapshot>();
  private readonly retired = new Set<Snapshot>();
  private engine: Engine | undefined;
  private openOptions: OpenOptions = {};
  private readonly texts: Block;
  private isPumping = false;
  /** What the store waits for, by time: a host's timer may be late, or gone with its request. */
  private readonly wakes = new Map<bigint, number>();
  /** Work under way, by the time after which its host must have dropped it. */
  private readonly lost = new Map<bigint, number>();
  private idle: (() => void)[] = [];
  private reported = "";
  private looked: (() => void) | undefined;

  private constructor(
    private readonly library: Library,
    private readonly host: HostOptions,
    private readonly options: StoreOptions,
  ) {
    this.texts = new Block(library.memory);
    const struct = writeOptions(library, this.texts, options);
    library.check(library.exports.gr_store_create(0, struct, now(), library.out, library.errorOut));
    this.handle = library.memory.u32(library.out);
    library.releaseArgument();
  }

  /**
   * Resolves when every release was looked for, in the storage and where needed at the origin; rejects
   * when none was found.
   */
  static async open(options: StoreOptions): Promise<Store> {
    const host = hostOptions(options);
    const ahead = new FetchAhead(host);
    try {
      if (options.trustedRoot !== undefined) void ahead.begin(options.trustedRoot, options.releases);
      const library = new Library(await compile(options.module ?? storeAddress));
      await turn();
      return await Store.look(new Store(library, { ...host, ahead }, options));
    } finally {
      ahead.end();
    }
  }

  private static async look(store: Store): Promise<Store> {
    await new Promise<void>((resolve) => {
      store.looked = resolve;
      store.pump();
    });
    const state = store.state();
    if (state.revision !== 0n) return store;
    store.dispose();
    const message = state.message === "" ? "no release was found" : state.message;
    throw new GuardrankError(state.code, state.status, message, "releases");
  }

  /**
   * What serves a request of this route: resolves at once where it is at hand, else when it was fetched
   * and verified, replayed its golden vectors and is ready; after `timeout` milliseconds (1000) takes a
   * fallback that is at hand, or rejects with GR_STATUS_DEADLINE. The snapshot stays the store's:
   * do not dispose of it, use it at once, and ask again for the next request. One engine
   * at a time: another one starts anew.
   */
  snapshot(
    engine: Engine, route: Route = {}, options: OpenOptions & { timeout?: number } = {},
  ): Promise<Served> {
    this.serveWith(engine);
    this.openOptions = options;
    const timeout = options.timeout ?? 1000;
    const take = (ticket: bigint) => this.take(ticket);
    return this.deliver(() => this.want(route, timeout), timeout, take, (found) => {
      const { release, fallback, served, key, parts } = found;
      const snapshot = this.snapshots.get(key) ?? this.open(engine, parts, options);
      this.remember(key, snapshot);
      return { snapshot, release, served, ...(fallback === undefined ? {} : { fallback }) };
    });
  }

  /**
   * `snapshot.rank`, which answers GR_STATUS_MISSING where rows of users' tables are not at hand: their shards
   * are fetched first, verified each by itself and kept like artifacts (`timeout` milliseconds for each, 1000).
   * Only those that this request reads: that tells the origin the group of rows that its user is in.
   */
  rank(
    snapshot: Snapshot, request: RankRequest | string | Uint8Array,
    options: RankOptions & { timeout?: number } = {},
  ): Promise<Ranking> {
    return rankWithShards(snapshot, request, options, (one) => this.shard(one, options));
  }

  /** A shard that a session wants, verified: for its `addShard`. */
  shard(wanted: WantedShard, options: { timeout?: number } = {}): Promise<Uint8Array> {
    const timeout = options.timeout ?? 1000, take = (ticket: bigint) => this.takeShard(ticket);
    return this.deliver(() => this.wantShard(wanted, timeout), timeout, take, (bytes) => bytes);
  }

  /** Whether fetching, checking or writing is under way. */
  get isBusy(): boolean {
    return this.lost.size !== 0;
  }

  /**
   * Resolves when nothing is under way. Where work ends with the request that began it (edge workers),
   * hand this to the host: `context.waitUntil(store.settled())`. Looks for changes that are due begin
   * with the next call of `snapshot` there, since no timer outlives a request.
   */
  async settled(): Promise<void> {
    while (this.isBusy && this.handle !== 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** How things stand. */
  state(): StoreState & { code: number } {
    const struct = this.library.clearStruct(layout.store_state.size);
    this.library.checkBare(this.library.exports.gr_store_describe(this.openHandle(), struct));
    return readState(this.library, struct);
  }

  /** Ends all that is under way and frees the snapshots. */
  dispose(): void {
    for (const abort of this.running.values()) abort.abort();
    this.running.clear();
    this.lost.clear();
    this.wakes.clear();
    for (const resolve of this.idle.splice(0)) resolve();
    const gone = new GuardrankError(100, "GR_STATUS_ARGUMENT", "the store was disposed of", "store");
    for (const { reject } of this.waiting.values()) reject(gone);
    this.waiting.clear();
    for (const snapshot of [...this.snapshots.values(), ...this.retired]) snapshot.dispose();
    this.snapshots.clear();
    this.retired.clear();
    this.library.exports.gr_store_free(this.handle);
    this.handle = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private openHandle(): number {
    if (this.handle === 0) throw argumentError("this store is disposed of", "store");
    return this.handle;
  }

  /** Snapshots belong to their engine. */
  private serveWith(engine: Engine): void {
    if (this.engine === engine) return;
    for (const kept of this.snapshots.values()) kept.dispose();
    this.snapshots.clear();
    this.engine = engine;
  }

  /** Where the engine has no memory left, older snapshots make room. */
  private open(engine: Engine, parts: SnapshotParts, options: OpenOptions): Snapshot {
    for (;;) {
      try {
        return engine.open(parts, options);
      } catch (failure) {
        const [oldest] = this.snapshots;
        const isMemory = failure instanceof GuardrankError && failure.code === 900;
        if (!isMemory || oldest === undefined) throw failure;
        this.snapshots.delete(oldest[0]);
        oldest[1].dispose();
      }
    }
  }

  /** Calls `use` in the turn in which the artifacts are at hand: of many who wait, one copies and opens them. */
  private async deliver<Found, Used>(
    want: () => bigint, timeout: number, take: (ticket: bigint) => Found | undefined,
    use: (found: Found) => Used,
  ): Promise<Used> {
    if (this.hasWake()) this.pump();
    const ticket = want();
    try {
      let found = take(ticket);
      if (found === undefined) {
        const ended = new Promise<void>((resolve, reject) => this.waiting.set(ticket, { resolve, reject }));
        // Of this request, whatever becomes of the others' timers; and it keeps a process alive.
        const alarm = setTimeout(() => this.pump(), Math.min(timeout + 1, 2 ** 31 - 1));
        try {
          this.pump();
          await ended;
        } finally {
          clearTimeout(alarm);
        }
        found = take(ticket);
      }
      if (found === undefined) throw new Error("a ticket ended and is pending");
      return use(found);
    } catch (failure) {
      this.pump();   // a fallback may have begun to load
      throw failure;
    } finally {
      this.waiting.delete(ticket);
      if (this.handle !== 0) {
        this.library.exports.gr_store_cancel(this.handle, ticket);
        this.stopUnwanted();
      }
    }
  }

  private want(route: Route, timeout: number): bigint {
    const { library } = this, at = layout.route_values;
    const names = ["product", "market", "segment", "partner", "surface", "unit"] as const;
    const texts = writeTexts(library.memory, this.texts, names.map((name) => route?.[name]), "route");
    const struct = library.clearStruct(at.size);
    this.setTexts(struct, names.map((name) => at[name]), texts);
    const from = now();
    library.check(library.exports.gr_store_want(
      this.openHandle(), struct, from + micros(timeout), from, library.out, library.errorOut,
    ));
    this.releaseTexts();
    return library.memory.view.getBigUint64(library.out, true);
  }

  private wantShard({ sha256, bytes }: WantedShard, timeout: number): bigint {
    const { library } = this;
    const hash = library.bytesArgument(digestOf(sha256));
    const from = now();
    library.check(library.exports.gr_store_want_shard(
      this.openHandle(), hash, BigInt(bytes), from + micros(timeout), from,
      library.out, library.errorOut,
    ));
    return library.memory.view.getBigUint64(library.out, true);
  }

  /** Undefined while it is pending; throws where it failed. */
  private take(ticket: bigint): Delivered | undefined {
    const struct = this.takeStruct(ticket);
    return struct === undefined ? undefined : this.readDelivered(struct);
  }

  private takeShard(ticket: bigint): Uint8Array | undefined {
    const struct = this.takeStruct(ticket);
    const at = layout.delivered.shard;
    return struct === undefined ? undefined : this.library.memory.copyBytes(struct + at);
  }

  private takeStruct(ticket: bigint): number | undefined {
    const { library } = this, { memory } = library, at = layout.delivered;
    const struct = library.clearStruct(at.size);
    library.checkBare(library.exports.gr_store_take(this.openHandle(), ticket, now(), struct));
    const state = memory.u32(struct + at.state);
    if (state === ticketState.pending) return undefined;
    const code = memory.view.getInt32(struct + at.status, true);
    const release = memory.text(struct + at.release);
    if (state !== ticketState.ready) {
      const status = library.statusName(code);
      const message = release === "" ? `the shard is not at hand: ${status}`
        : `${release} is not at hand: ${status}, and no fallback is`;
      throw new GuardrankError(code, status, message, release === "" ? "shard" : release);
    }
    return struct;
  }

  private readDelivered(struct: number): Delivered {
    const { library } = this, { memory } = library, at = layout.delivered;
    const release = memory.text(struct + at.release);
    const status = library.statusName(memory.view.getInt32(struct + at.status, true));
    const isFallback = memory.u32(struct + at.is_fallback) !== 0;
    const parts = [at.model, at.policy, at.catalog, at.release_bytes] as const;
    const key = parts.map((part) => artifactHash(memory.bytes, memory.u32(struct + part))).join(" ");
    const served: ServedBy = isFallback ? { reason: status } : {}, fallback = served.reason;
    for (const name of ["stage", "arm", "instead_of"] as const) {
      const text = memory.text(struct + at[name]);
      if (text !== "") served[name] = text;
    }
    if (this.snapshots.has(key)) return { parts: noParts, key, release, fallback, served };
    const [model, policy, catalog, own] = parts.map((part) => memory.copyBytes(struct + part));
    return {
      parts: { model: model!, policy: policy!, catalog: catalog!, release: own },
      key, release, fallback, served,
    };
  }

  /** The snapshot that was asked for longest ago goes first. */
  private remember(key: string, snapshot: Snapshot): void {
    this.snapshots.delete(key);
    this.snapshots.set(key, snapshot);
    for (const [oldest, kept] of this.snapshots) {
      if (this.snapshots.size <= (this.options.snapshots ?? 8)) break;
      this.snapshots.delete(oldest);
      this.retire(kept);
    }
  }

  /** Whoever was just given it may be about to rank. */
  private retire(snapshot: Snapshot): void {
    this.retired.add(snapshot);
    const timer = setTimeout(() => {
      if (this.retired.delete(snapshot)) snapshot.dispose();
    }, 1000);
    (timer as { unref?: () => void }).unref?.();
  }

  private hasWake(): boolean {
    const time = Date.now();
    for (const at of this.wakes.values()) if (at <= time) return true;
    for (const at of this.lost.values()) if (at <= time) return true;
    return false;
  }

  private wake(): void {
    const time = Date.now();
    for (const [id, at] of this.wakes) {
      if (at > time) continue;
      this.wakes.delete(id);
      this.end(id);
      this.answer(id, { outcome: "done" });
    }
    for (const [id, at] of this.lost) {
      if (at > time) continue;
      this.end(id);
      this.answer(id, { outcome: "failed", detail: "the host lost it" });
    }
  }

  /** Nothing more is expected of a need's performance. */
  private end(id: bigint): void {
    this.running.get(id)?.abort();
    this.running.delete(id);
    if (!this.lost.delete(id) || this.lost.size !== 0) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  /** Gives the host whatever the store needs, and tickets that ended their ends. */
  private pump(): void {
    if (this.isPumping || this.handle === 0) return;
    this.isPumping = true;
    try {
      this.wake();
      do this.startNeeds();
      while (this.tryNext());
      this.endTickets();
    } finally {
      this.isPumping = false;
    }
    this.report();
  }

  private startNeeds(): void {
    const { library } = this;
    for (;;) {
      const struct = library.clearStruct(layout.need.size);
      if (library.exports.gr_store_next(this.handle, now(), struct) !== 0) return;
      void this.serve(readNeed(library.memory, struct));
    }
  }

  /** A release's next version is opened, which replays its golden vectors, before it serves. */
  private tryNext(): boolean {
    const { library, engine } = this, { exports } = library;
    const struct = library.clearStruct(layout.delivered.size);
    if (exports.gr_store_next_trial(this.handle, now(), library.out, struct) !== 0) return false;
    const trial = library.memory.view.getBigUint64(library.out, true);
    let status = 0;
    try {
      const { key, parts } = this.readDelivered(struct);
      if (engine !== undefined && parts !== noParts) {
        this.remember(key, this.open(engine, parts, this.openOptions));
      }
    } catch (failure) {
      status = failure instanceof GuardrankError ? failure.code : 901;   // GR_STATUS_INTERNAL
    }
    exports.gr_store_tried(this.handle, trial, status, now());
    return true;
  }

  private endTickets(): void {
    for (;;) {
      const ticket = this.library.exports.gr_store_next_ended(this.handle, now());
      if (ticket === 0n) return;
      this.waiting.get(ticket)?.resolve();
    }
  }

  private report(): void {
    const { library } = this;
    const struct = library.clearStruct(layout.store_state.size);
    library.exports.gr_store_describe(this.handle, struct);
    const { view } = library.memory;
    if (view.getInt32(struct + layout.store_state.has_looked, true) === 0) return;
    const at = layout.store_state;
    const told = `${view.getBigUint64(struct + at.revision, true)} ${view.getInt32(struct + at.status, true)}`;
    const { looked } = this;
    this.looked = undefined;
    looked?.();
    if (told === this.reported) return;
    const isFirst = this.reported === "";
    this.reported = told;
    const { onChange } = this.options;
    if (isFirst || onChange === undefined) return;
    const state = this.state();
    queueMicrotask(() => onChange(state));   // what it throws is not the store's
  }

  private async serve(need: Need & { id: bigint }): Promise<void> {
    const abort = new AbortController();
    const isWork = need.kind !== kinds.wake;
    this.running.set(need.id, abort);
    if (isWork) this.lost.set(need.id, Date.now() + this.host.attempts * (this.host.timeout + 10_000));
    else this.wakes.set(need.id, need.at);
    const answer = await perform(need, this.host, abort.signal);
    const isExpected = isWork ? this.lost.has(need.id) : this.wakes.delete(need.id);
    if (isExpected && this.handle !== 0) {
      this.answer(need.id, answer);
      this.pump();
    }
    this.end(need.id);
  }

  /** What does not fit into the module's memory has failed. */
  private answer(id: bigint, answer: Answer): void {
    try {
      this.provide(id, answer);
    } catch (failure) {
      this.provide(id, { outcome: "failed", detail: String(failure) });
    }
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
    this.setTexts(struct, [at.entity_tag, at.detail], texts);
    const status = library.exports.gr_store_provide(this.handle, struct, now());
    library.releaseArgument();
    this.releaseTexts();
    library.checkBare(status);
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

  /** Downloads that nobody waits for any more. */
  private stopUnwanted(): void {
    for (const [id, abort] of this.running) {
      if (this.library.exports.gr_store_is_wanted(this.handle, id) === 0) abort.abort();
    }
  }
}

/** Lets what came meanwhile be taken, and what it names be asked for, before a long piece of work. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
