// What a store needs of its host, under way: fetching, checking, writing, waking.
import { perform, kinds, type HostOptions, type Need } from "./host/needs.js";
import type { StoreModule } from "./store_module.js";

/** Performs needs and answers them; `onAnswer` is called after each. */
export class StoreWork {
  private readonly running = new Map<bigint, AbortController>();
  /** What the store waits for, by time: a host's timer may be late, or gone with its request. */
  private readonly wakes = new Map<bigint, number>();
  /** Work under way, by the time after which its host must have dropped it. */
  private readonly lost = new Map<bigint, number>();
  private idle: (() => void)[] = [];

  constructor(
    private readonly module: StoreModule,
    private readonly host: HostOptions,
    private readonly onAnswer: () => void,
  ) {}

  /** Whether fetching, checking or writing is under way. */
  get isBusy(): boolean {
    return this.lost.size !== 0;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.isBusy) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Begins all that the store needs by now. */
  start(): void {
    for (let need = this.module.nextNeed(); need !== undefined; need = this.module.nextNeed()) void this.serve(need);
  }

  /** Whether it is time for something that no timer told yet. */
  hasWake(): boolean {
    const time = this.module.clock.now();
    for (const at of this.wakes.values()) if (at <= time) return true;
    for (const at of this.lost.values()) if (at <= time) return true;
    return false;
  }

  /** Tells the store which times have come, and what is lost. */
  wake(): void {
    const time = this.module.clock.now();
    for (const [id, at] of this.wakes) {
      if (at > time) continue;
      this.wakes.delete(id);
      this.running.delete(id);   // its timer ends by itself, if its request has not ended before it
      this.module.answer(id, { outcome: "done" });
    }
    for (const [id, at] of this.lost) {
      if (at > time) continue;
      this.end(id);
      this.module.answer(id, { outcome: "failed", detail: "the host lost it" });
    }
  }

  /** Ends downloads that nobody waits for any more. */
  stopUnwanted(): void {
    for (const [id, abort] of this.running) {
      if (!this.module.isWanted(id)) abort.abort();
    }
  }

  /** Ends everything, unanswered. */
  stop(): void {
    this.host.ahead?.end();
    for (const abort of this.running.values()) abort.abort();
    this.running.clear();
    this.lost.clear();
    this.wakes.clear();
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private async serve(need: Need & { id: bigint }): Promise<void> {
    const abort = new AbortController();
    const isWork = need.kind !== kinds.wake;
    this.running.set(need.id, abort);
    if (isWork) this.lost.set(need.id, this.module.clock.now() + this.host.attempts * (this.host.timeout + 10_000));
    else this.wakes.set(need.id, need.at);
    const answer = await perform(need, this.host, abort.signal, this.module.clock);
    const isExpected = isWork ? this.lost.has(need.id) : this.wakes.delete(need.id);
    if (isExpected && this.module.isOpen) {
      this.module.answer(need.id, answer);
      this.onAnswer();
    }
    this.end(need.id);
  }

  /** Nothing more is expected of a need's performance. */
  private end(id: bigint): void {
    this.running.get(id)?.abort();
    this.running.delete(id);
    if (!this.lost.delete(id) || this.lost.size !== 0) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
