// Preparing a snapshot bit by bit, while the host does other things.
import { requireAmount, requireFunction, requireObject, requireSignal } from "./argument.js";
import type { OpenOptions } from "./engine.js";
import type { Snapshot } from "./snapshot.js";

export interface StepOptions extends OpenOptions {
  /** How long steps may take before the event loop has its turn, milliseconds; 8 when left out. */
  milliseconds?: number;
  /** Told before each turn of the event loop, and at the end, how many of the steps are done. */
  onProgress?: (done: number, total: number) => void;
  /** Ends the opening with its reason. */
  signal?: AbortSignal;
}

/** What is any opening's, once the rest is checked. */
export function openOptionsOf(options: StepOptions): OpenOptions {
  requireObject(options, "options");
  const { milliseconds, onProgress, signal, ...open } = options;
  requireAmount(milliseconds, "milliseconds");
  requireFunction(onProgress, "onProgress");
  requireSignal(signal, "signal");
  return open;
}

const turn = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve));

/** Prepares it to the end; what goes wrong disposes of it. A clock that stands still makes one turn of it. */
export async function prepareInSteps(snapshot: Snapshot, options: StepOptions): Promise<Snapshot> {
  const { milliseconds = 8, onProgress, signal } = options;
  try {
    const total = snapshot.prepare(0);
    for (let left = total; left > 0;) {
      signal?.throwIfAborted();
      const end = performance.now() + milliseconds;
      do left = snapshot.prepare(1); while (left > 0 && performance.now() < end);
      onProgress?.(total - left, total);
      if (left > 0) await turn();
    }
    return snapshot;
  } catch (failure) {
    snapshot.dispose();
    throw failure;
  }
}
