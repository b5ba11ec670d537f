// The snapshots of a store, by what they were made of.
import type { Engine, OpenOptions, SnapshotParts } from "./engine.js";
import { GuardrankError } from "./error.js";
import type { Snapshot } from "./snapshot.js";

const noMemory = 900;

/** At most `most` are kept, those asked for last; all of one engine. */
export class StoreSnapshots {
  private readonly kept = new Map<string, Snapshot>();
  private readonly retired = new Set<Snapshot>();
  private newest: Snapshot | undefined;
  private engine: Engine | undefined;

  constructor(private readonly most: number) {}

  /** Snapshots belong to their engine: those of another one go. */
  serveWith(engine: Engine): void {
    if (this.engine === engine) return;
    for (const snapshot of this.kept.values()) snapshot.dispose();
    this.kept.clear();
    this.engine = engine;
  }

  isServing(engine: Engine): boolean {
    return this.engine === engine;
  }

  /** Whoever was given one may have disposed of it: then it is opened anew. */
  readonly has = (key: string): boolean => {
    if (this.kept.get(key)?.isOpen === false) this.kept.delete(key);
    return this.kept.has(key);
  };

  /** The snapshot of `key`, opened from its parts where it is not kept; undefined where no engine asked yet. */
  take(key: string, parts: SnapshotParts | undefined, options: OpenOptions): Snapshot | undefined {
    const { engine } = this;
    let snapshot = this.kept.get(key);
    if (snapshot === undefined && engine !== undefined && parts !== undefined) {
      snapshot = this.open(engine, parts, options);
    }
    if (snapshot !== undefined) this.remember(key, snapshot);
    return snapshot;
  }

  /** Opens what is about to be asked for, in steps; nothing where no engine asked yet. */
  async prepare(key: string, parts: SnapshotParts, options: OpenOptions): Promise<void> {
    const { engine } = this;
    let snapshot: Snapshot | undefined;
    while (engine !== undefined && snapshot === undefined) {
      try {
        snapshot = await engine.openInSteps(parts, options);
      } catch (failure) {
        if (!this.makesRoom(failure)) throw failure;
      }
    }
    if (snapshot === undefined) return;
    if (this.engine === engine && !this.kept.has(key)) this.remember(key, snapshot);
    else snapshot.dispose();                   // meanwhile someone could not wait, or the store is gone
  }

  dispose(): void {
    this.engine = undefined;
    for (const snapshot of [...this.kept.values(), ...this.retired]) snapshot.dispose();
    this.kept.clear();
    this.retired.clear();
  }

  private open(engine: Engine, parts: SnapshotParts, options: OpenOptions): Snapshot {
    for (;;) {
      try {
        return engine.open(parts, options);
      } catch (failure) {
        if (!this.makesRoom(failure)) throw failure;
      }
    }
  }

  /** Where the engine has no memory left, older snapshots make room. */
  private makesRoom(failure: unknown): boolean {
    const [oldest] = this.kept;
    const isMemory = failure instanceof GuardrankError && failure.code === noMemory;
    if (!isMemory || oldest === undefined) return false;
    this.kept.delete(oldest[0]);
    oldest[1].dispose();
    return true;
  }

  /** The snapshot that was asked for longest ago goes first. */
  private remember(key: string, snapshot: Snapshot): void {
    if (snapshot === this.newest) return;
    this.newest = snapshot;
    this.kept.delete(key);
    this.kept.set(key, snapshot);
    for (const [oldest, old] of this.kept) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(oldest);
      this.retire(old);
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
}
