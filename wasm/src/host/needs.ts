// Performs what the store asks for (core/store/need.h): fetches, signatures, storage, waiting.
import type { FetchAhead } from "./ahead.js";
import type { Clock } from "./clock.js";
import { download, type Downloaded } from "./download.js";
import { hashSections } from "./hash.js";
import type { Storage } from "./storage.js";
import { schemes, verifySignature } from "./verify.js";

/** As guardrank.h numbers them. */
export const kinds = { fetch: 1, verify: 2, read: 3, write: 4, remove: 5, wake: 6 } as const;
const origins = ["metadata", "targets", "blobs"] as const;

/** A need, its bytes copied out of the module's memory. */
export interface Need {
  kind: number;
  origin: number;
  scheme: number;
  path: string;
  offset: number;
  maxBytes: number;
  isRange: boolean;
  entityTag: string;
  publicKey: string;
  message: Uint8Array;
  signature: Uint8Array;
  key: string;
  bytes: Uint8Array;
  at: number;
}

export interface Answer {
  outcome: keyof typeof outcomes;
  /** Of a fetch that failed: what came of it. */
  bytes?: Uint8Array | undefined;
  entityTag?: string | undefined;
  detail?: string;
  /** Milliseconds for which the origin asks to be left alone. */
  retryAfter?: number | undefined;
  /** Of an artifact, computed over `bytes`. */
  sectionHashes?: Uint8Array | undefined;
}
export const outcomes = {
  done: 0, not_found: 1, unchanged: 2, too_large: 3, failed: 4, other_range: 5,
} as const;

/** Addresses of the three kinds of file, each ending in a slash. */
export type OriginAddresses = Record<(typeof origins)[number], string>;

export interface HostOptions {
  origin: OriginAddresses;
  storage: Storage;
  /** Milliseconds; see `DownloadOptions`. */
  firstByteTimeout: number;
  stallTimeout: number;
  timeout: number;
  /** Tries of a fetch of metadata; the store counts those of artifacts itself. */
  attempts: number;
  fetch?: typeof globalThis.fetch;
  progress?: (address: string, received: number, total: number | undefined) => void;
  /** What may have been fetched before it is asked for. */
  ahead?: FetchAhead;
}

/** Never rejects: whatever happens is an answer. */
export async function perform(
  need: Need, options: HostOptions, signal: AbortSignal, clock: Clock,
): Promise<Answer> {
  try {
    switch (need.kind) {
      case kinds.fetch: return await withHashes(await fetchNeed(need, options, signal));
      case kinds.verify: return await verifyNeed(need);
      case kinds.read: return await withHashes(await readNeed(need, options.storage));
      case kinds.write: await options.storage.write(need.key, need.bytes); break;
      case kinds.remove: await options.storage.remove(need.key); break;
      case kinds.wake: await sleep(Math.ceil(need.at - clock.now()), signal, true); break;
      default: return { outcome: "failed", detail: `need ${need.kind} is not known to this host` };
    }
    return { outcome: "done" };
  } catch (failure) {
    return { outcome: "failed", detail: failure instanceof Error ? failure.message : String(failure) };
  }
}

async function withHashes(answer: Answer): Promise<Answer> {
  const { outcome, bytes } = answer;
  const sectionHashes = outcome === "done" && bytes ? await hashSections(bytes) : undefined;
  return sectionHashes === undefined ? answer : { ...answer, sectionHashes };
}

async function verifyNeed(need: Need): Promise<Answer> {
  const scheme = schemes[need.scheme as keyof typeof schemes];
  const isGood = scheme !== undefined &&
    await verifySignature(scheme, need.publicKey, need.message, need.signature);
  return { outcome: isGood ? "done" : "failed" };
}

async function readNeed(need: Need, storage: Storage): Promise<Answer> {
  const bytes = await storage.read(need.key);
  if (bytes !== undefined && need.maxBytes !== 0 && bytes.length > need.maxBytes) return { outcome: "too_large" };
  return bytes === undefined ? { outcome: "not_found" } : { outcome: "done", bytes };
}

async function fetchNeed(need: Need, options: HostOptions, signal: AbortSignal): Promise<Answer> {
  const origin = origins[need.origin] ?? "blobs";
  const address = options.origin[origin] + need.path;
  const attempts = origin === "blobs" ? 1 : options.attempts;
  for (let attempt = 1; ; ++attempt) {
    const found = await takeAhead(address, need, options, signal) ??
      await tryFetch(address, need, options, signal);
    if (found.outcome === "done") {
      return { outcome: "done", bytes: found.bytes, entityTag: found.entityTag };
    }
    if (found.outcome === "other_range") return { outcome: found.outcome, detail: found.why };
    if (found.outcome !== "failed") return { outcome: found.outcome };
    // The store names blobs itself.
    const detail = origin === "blobs" ? found.why : `${address}: ${found.why}`;
    const bytes = origin === "blobs" ? found.bytes : undefined;
    const failed = { outcome: "failed", detail, retryAfter: found.retryAfter, bytes } as const;
    if (!found.canRetry || attempt >= attempts) return failed;
    // Full jitter, or what the origin asks for: asked again sooner, it would answer the same.
    const wait = found.retryAfter ?? Math.random() * 200 * 2 ** attempt;
    if (wait > longestWait) return failed;
    await sleep(wait, signal);
  }
}

/**
 * What was fetched early is of use where it came, is known not to be there, or is not to be asked for again;
 * of an artifact also what came of it, since the store asks for the rest alone.
 */
async function takeAhead(
  address: string, need: Need, options: HostOptions, signal: AbortSignal,
): Promise<Downloaded | undefined> {
  if (need.isRange || need.entityTag !== "") return undefined;
  const found = await options.ahead?.take(address, signal);
  const isLast = found?.outcome === "failed" && (found.retryAfter ?? 0) > longestWait;
  const isBegun = found?.outcome === "failed" && origins[need.origin] === "blobs" && found.bytes?.length;
  if (found?.outcome === "not_found" || isLast || isBegun) return found;
  if (found?.outcome !== "done") return undefined;
  return found.bytes.length > need.maxBytes ? { outcome: "too_large" } : found;
}

function tryFetch(
  address: string, need: Need, options: HostOptions, signal: AbortSignal,
): Promise<Downloaded> {
  const { firstByteTimeout, stallTimeout, timeout, progress } = options;
  return download(address, {
    maxBytes: need.maxBytes, firstByteTimeout, stallTimeout, timeout, signal,
    ...(need.isRange ? { range: { offset: need.offset, length: need.maxBytes } } : {}),
    ...(need.entityTag === "" ? {} : { entityTag: need.entityTag }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    ...(progress === undefined ? {} : {
      progress: (received: number, total: number | undefined) => progress(address, received, total),
    }),
  });
}

/** Milliseconds for which a try may be put off. */
const longestWait = 10_000;
const longestSleep = 2 ** 31 - 1;

/** Rejects when aborted. An idle wait does not keep a process from ending. */
function sleep(milliseconds: number, signal: AbortSignal, isIdle = false): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(end, Math.min(Math.max(milliseconds, 0), longestSleep));
    if (isIdle) (timer as { unref?: () => void }).unref?.();
    const stop = () => {
      clearTimeout(timer);
      reject(new Error("no longer wanted"));
    };
    function end() {
      signal.removeEventListener("abort", stop);
      resolve();
    }
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
