import { requireAmount, requireSignal } from "./argument.js";
import type { Engine, OpenOptions } from "./engine.js";
import { argumentError, codeOf, GuardrankError } from "./error.js";
import { FetchAhead } from "./host/ahead.js";
import type { HostOptions } from "./host/needs.js";
import { Library } from "./library.js";
import type { Ranking, RankOptions, RankRequest } from "./ranking.js";
import { routeValues, type Route } from "./request.js";
import type { WantedShard } from "./session.js";
import { rankWithShards } from "./shards.js";
import type { Snapshot } from "./snapshot.js";
import { compile, storeAddress } from "./source.js";
import { StoreModule } from "./store_module.js";
import { hostOptions, type Served, type StoreOptions, type StoreState } from "./store_options.js";
import { StoreSnapshots } from "./store_snapshots.js";
import { StoreWork } from "./store_work.js";

/** How long a call waits: `timeout` milliseconds (1000), or until `signal` ends it with its reason. */
export interface WaitOptions {
  timeout?: number;
  signal?: AbortSignal;
}

/** As core/base/limits.h has it. */
const mostShadows = 4;

/** Releases at hand: fetched from any file server, trusted once verified, kept within budgets. */
export class Store {
  private readonly waiting = new Map<bigint, { resolve: () => void; reject: (why: unknown) => void }>();
  private readonly snapshots: StoreSnapshots;
  private readonly work: StoreWork;
  private openOptions: OpenOptions = {};
  private isTrying = false;
  private isPumping = false;
  private reported = "";
  private looked: (() => void) | undefined;

  private constructor(
    private readonly module: StoreModule,
    host: HostOptions,
    private readonly options: StoreOptions,
  ) {
    this.snapshots = new StoreSnapshots(options.snapshots ?? 8);
    this.work = new StoreWork(module, host, () => this.pump());
  }

  /**
   * Resolves when every release was looked for, in the storage and where needed at the origin; rejects
   * when none was found, or when `options.signal` ends it.
   */
  static async open(options: StoreOptions): Promise<Store> {
    const host = hostOptions(options);
    options.signal?.throwIfAborted();
    const ahead = new FetchAhead(host, artifactsAhead(options), options.fetches || 6);
    try {
      if (options.forgetsTime === true) await host.storage.remove("highest_time");
      if (options.trustedRoot !== undefined) void ahead.begin(options.trustedRoot, options.releases);
      const library = new Library(await compile(options.module ?? storeAddress));
      await turn();
      const store = await Store.look(new Store(new StoreModule(library, options), { ...host, ahead }, options));
      ahead.opened();
      return store;
    } catch (failure) {
      ahead.end();
      throw failure;
    }
  }

  private static async look(store: Store): Promise<Store> {
    const { signal } = store.options;
    await untilAborted(signal, new Promise<void>((resolve) => {
      store.looked = resolve;
      store.pump();
    })).catch((reason) => {
      store.dispose();
      throw reason;
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
   * at a time: another one starts anew, and who waits with the one before is refused.
   */
  snapshot(
    engine: Engine, route: Route = {}, options: OpenOptions & WaitOptions = {},
  ): Promise<Served> {
    return this.serve(engine, options, (within) => this.module.want(route, within));
  }

  /**
   * The shadows of a route: releases whose publisher wants them scored and logged, and never shown. Ask when the
   * request is answered; those that do not come within `timeout` are left out.
   */
  async shadows(
    engine: Engine, route: Route = {}, options: OpenOptions & WaitOptions = {},
  ): Promise<Served[]> {
    routeValues(route);               // what is wrong with it is no shadow's
    const found: Promise<Served>[] = [];
    for (let index = 0; index < mostShadows; index++) {
      found.push(this.serve(engine, options, (within) => this.module.wantShadow(route, index, within)));
    }
    const ended = await Promise.allSettled(found);
    options.signal?.throwIfAborted();
    return ended.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  }

  /**
   * `snapshot.rank`, which answers GR_STATUS_MISSING where rows of users' tables are not at hand: their shards
   * are fetched first, verified each by itself and kept like artifacts (`timeout` milliseconds for each, 1000).
   * Only those that this request reads: that tells the origin the group of rows that its user is in.
   */
  rank(
    snapshot: Snapshot, request: RankRequest | string | Uint8Array,
    options: RankOptions & WaitOptions = {},
  ): Promise<Ranking> {
    const { timeout: _timeout, signal: _signal, ...rankOptions } = options;
    return rankWithShards(snapshot, request, rankOptions, (one) => this.shard(one, options));
  }

  /** A shard that a session wants, verified: for its `addShard`. */
  shard(wanted: WantedShard, options: WaitOptions = {}): Promise<Uint8Array> {
    const take = (ticket: bigint) => this.module.takeShard(ticket);
    return this.deliver((within) => this.module.wantShard(wanted, within), options, take, (bytes) => bytes);
  }

  /** Whether fetching, checking or writing is under way. */
  get isBusy(): boolean {
    return this.work.isBusy;
  }

  /**
   * Resolves when nothing is under way. Where work ends with the request that began it (edge workers),
   * hand this to the host: `context.waitUntil(store.settled())`. Looks for changes that are due begin
   * with the next call of `snapshot` there, since no timer outlives a request.
   */
  async settled(): Promise<void> {
    await this.work.settled();
    await this.options.storage?.flush?.();
  }

  /** How things stand. */
  state(): StoreState & { code: number } {
    return this.module.state();
  }

  /** Ends all that is under way and frees the snapshots. */
  dispose(): void {
    this.work.stop();
    const gone = new GuardrankError(100, "GR_STATUS_ARGUMENT", "the store was disposed of", "store");
    for (const { reject } of this.waiting.values()) reject(gone);
    this.waiting.clear();
    this.snapshots.dispose();
    this.module.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private serve(
    engine: Engine, options: OpenOptions & WaitOptions, want: (timeout: number) => bigint,
  ): Promise<Served> {
    const { timeout: _timeout, signal: _signal, ...openOptions } = options;
    this.snapshots.serveWith(engine);
    this.openOptions = openOptions;
    const take = (ticket: bigint) => {
      if (!this.snapshots.isServing(engine)) throw argumentError("another engine asked meanwhile", "engine");
      return this.module.take(ticket, this.snapshots.has);
    };
    return this.deliver(want, options, take, ({ release, fallback, served, key, parts }) => {
      const snapshot = this.snapshots.take(key, parts, openOptions)!;
      return { snapshot, release, served, ...(fallback === undefined ? {} : { fallback }) };
    });
  }

  /** Calls `use` in the turn in which the artifacts are at hand: of many who wait, one copies and opens them. */
  private async deliver<Found, Used>(
    want: (timeout: number) => bigint, { timeout = 1000, signal }: WaitOptions,
    take: (ticket: bigint) => Found | undefined, use: (found: Found) => Used,
  ): Promise<Used> {
    requireSignal(signal, "signal");
    requireAmount(timeout, "timeout");
    signal?.throwIfAborted();
    if (this.work.hasWake()) this.pump();
    const ticket = want(timeout);
    let refusal: unknown;
    try {
      for (;;) {
        let found = take(ticket);
        for (; found === undefined; found = take(ticket)) await this.ended(ticket, timeout, signal);
        try {
          return use(found);
        } catch (failure) {
          if (!isOfRelease(failure)) throw failure;
          refusal ??= failure;
          this.module.tried(ticket, failure.code);
        }
      }
    } catch (failure) {
      this.pump();   // a fallback may have begun to load
      throw signal?.aborted ? failure : refusal ?? failure;
    } finally {
      this.waiting.delete(ticket);
      if (this.module.isOpen) {
        this.module.cancel(ticket);
        this.work.stopUnwanted();
      }
    }
  }

  /** Until a ticket has ended: its fallback's end is another one. */
  private async ended(ticket: bigint, timeout: number, signal: AbortSignal | undefined): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => this.waiting.set(ticket, { resolve, reject }));
    // Of this request, whatever becomes of the others' timers; and it keeps a process alive.
    const alarm = setTimeout(() => this.pump(), Math.min(timeout + 1, 2 ** 31 - 1));
    try {
      this.pump();
      await untilAborted(signal, ended);
    } finally {
      clearTimeout(alarm);
    }
  }

  /** Gives the host whatever the store needs, and tickets that ended their ends. */
  private pump(): void {
    if (this.isPumping || !this.module.isOpen) return;
    this.isPumping = true;
    try {
      this.work.wake();
      do this.work.start();
      while (this.tryNext());
      this.endTickets();
    } finally {
      this.isPumping = false;
    }
    this.report();
  }

  /**
   * A release's next version is opened, which replays its golden vectors, before it serves: a step at a time,
   * so that a page goes on meanwhile. Whether that is done already, and others may be tried.
   */
  private tryNext(): boolean {
    const found = this.isTrying ? undefined : this.module.nextTrial(this.snapshots.has);
    if (found === undefined) return false;
    const { trial, next: { key, parts } } = found;
    if (parts === undefined) {
      this.module.tried(trial, 0);
      return true;
    }
    this.isTrying = true;
    void this.snapshots.prepare(key, parts, this.openOptions).then(() => 0, codeOf).then((code) => {
      this.isTrying = false;
      if (!this.module.isOpen) return;
      this.module.tried(trial, code);
      this.pump();
    });
    return false;
  }

  private endTickets(): void {
    for (let ticket = this.module.nextEnded(); ticket !== 0n; ticket = this.module.nextEnded()) {
      this.waiting.get(ticket)?.resolve();
    }
  }

  private report(): void {
    const told = this.module.progress();
    if (told === undefined) return;
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
}

/** Bytes of artifacts to fetch before the store asks: its budgets cannot count them. */
function artifactsAhead({ memoryBytes, bytesPerSecond, bytesPerDay }: StoreOptions): number {
  if (bytesPerSecond || bytesPerDay) return 0;
  return Math.min(4 << 20, (memoryBytes || Infinity) / 4);   // 0 is the default, as left out
}

/** Whether a release could not be opened for a reason of its own: wrong options would harm its fallback, too. */
function isOfRelease(failure: unknown): failure is GuardrankError {
  return failure instanceof GuardrankError && failure.code >= 200;
}

/** Lets what came meanwhile be taken, and what it names be asked for, before a long piece of work. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

/** The promise's end, or before that the signal's reason. */
async function untilAborted<Value>(signal: AbortSignal | undefined, promise: Promise<Value>): Promise<Value> {
  if (signal === undefined) return promise;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => { stop = () => reject(signal.reason); });
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
