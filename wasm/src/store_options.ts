// What a store is told and tells.
import {
  bounds, byteCount, flag, requireAmount, requireBytes, requireFunction, requireObject, requireOptions, requireSignal,
  requireText, wholeNumber, wrongArgument,
} from "./argument.js";
import type { HostOptions, OriginAddresses } from "./host/needs.js";
import { MemoryStorage, type Storage } from "./host/storage.js";
import * as layout from "./layout.js";
import { writeTexts, type Library } from "./library.js";
import type { Block } from "./memory.js";
import type { ServedBy } from "./request.js";
import type { Snapshot } from "./snapshot.js";
import type { ModuleSource } from "./source.js";

export interface StoreOptions {
  /**
   * Where the origin's `metadata/`, `targets/` and `blobs/` stand, or their three addresses. Of any
   * file server; from a page, one that allows it (CORS) the headers If-None-Match and Range.
   */
  origin: string | OriginAddresses;
  /** Names of the releases to serve: "cards", "team/cards". */
  releases: readonly string[];
  /** root.json, as it comes with the program. Left out: what the storage holds is trusted. */
  trustedRoot?: Uint8Array;
  /** Where to keep what was fetched; left out: nowhere but in memory. */
  storage?: Storage;
  /** Artifacts held in memory. 64 MiB. */
  memoryBytes?: number;
  /** Artifacts kept in the storage. 256 MiB where there is one. */
  diskBytes?: number;
  /** Largest artifact that is fetched. 256 MiB, but a module has 128 MiB in all. */
  artifactBytes?: number;
  /** Seconds between two looks for changes. 60. */
  checkSeconds?: number;
  /** Fetches under way at a time. 6. */
  fetches?: number;
  /** Bytes of artifacts fetched in a second (over it they wait) and in a day of UTC (over it they fail); none. */
  bytesPerSecond?: number;
  bytesPerDay?: number;
  /**
   * Forgets the latest time that the storage says was seen, which keeps expired metadata from coming back: for a
   * storage whose time was ahead, by a clock or by someone's hand.
   */
  forgetsTime?: boolean;
  /** Snapshots that `snapshot` keeps ready. 8. */
  snapshots?: number;
  /** Calls that may wait for artifacts at a time. 16,384. */
  tickets?: number;
  /** Milliseconds until an answer's first byte (10,000), between two pieces of it (10,000), for all of it (120,000). */
  firstByteTimeout?: number;
  stallTimeout?: number;
  timeout?: number;
  /** As the global one, for hosts that have another. */
  fetch?: typeof globalThis.fetch;
  /** Ends `Store.open` early; later calls have a signal of their own. */
  signal?: AbortSignal;
  /** The module `guardrank-store.wasm`; left out: the one beside this package's code. */
  module?: ModuleSource;
  /** How far a download is; `total` where the origin says it. */
  onProgress?: (address: string, received: number, total: number | undefined) => void;
  /** A release changed, or a look for changes ended otherwise than the one before. */
  onChange?: (state: StoreState) => void;
}

export interface StoreState {
  /** Another one when a release changed; 0: none is known. */
  revision: bigint;
  /** How the last look for changes ended, with a message where it found fault. */
  status: string;
  message: string;
  /** Versions of the signed metadata that serves; 0: none. */
  versions: { root: bigint; timestamp: bigint; snapshot: bigint; targets: bigint };
  /** When the first of it expires. */
  expires: Date;
  isStorageWritable: boolean;
  /** Bytes of artifacts held in memory, and in the storage. */
  memoryBytes: number;
  storageBytes: number;
  /** Bytes of artifacts fetched so far, and those of new versions that older ones at hand had already. */
  fetchedBytes: number;
  reusedBytes: number;
  /** Releases whose next version is on its way while the last one serves. */
  warming: number;
  /** Routes whose artifacts are held in memory, since their publisher pinned them. */
  pinned: number;
}

/** What serves a request. */
export interface Served {
  snapshot: Snapshot;
  /** The release's name. */
  release: string;
  /** Set where the primary was not at hand before the deadline and a fallback serves: why. */
  fallback?: string;
  /** To be told with the request (`{ ...request, served }`): it stands in the decision and its record. */
  served: ServedBy;
}

const optionNames: readonly (keyof StoreOptions)[] = [
  "origin", "releases", "trustedRoot", "storage", "memoryBytes", "diskBytes", "artifactBytes", "checkSeconds",
  "fetches", "bytesPerSecond", "bytesPerDay", "forgetsTime", "snapshots", "tickets", "firstByteTimeout",
  "stallTimeout", "timeout", "fetch", "signal", "module", "onProgress", "onChange",
];

/** Before anything is fetched: numbers that would wrap, and what would fail only when it is called. */
function requireStoreOptions(options: StoreOptions): void {
  requireOptions(options, optionNames);
  if (!Array.isArray(options.releases)) throw wrongArgument("releases", "an array of names", options.releases);
  options.releases.forEach((name, i) => { requireText(name, `releases[${i}]`); });
  if (options.trustedRoot !== undefined) {
    requireBytes(options.trustedRoot, "trustedRoot");
    if (options.trustedRoot.length === 0) throw wrongArgument("trustedRoot", "the bytes of a root.json", "none");
  }
  if (options.storage !== undefined) requireObject(options.storage, "storage");
  for (const name of ["memoryBytes", "diskBytes", "artifactBytes", "bytesPerSecond", "bytesPerDay"] as const) {
    byteCount(options[name], name);
  }
  for (const name of ["fetches", "snapshots", "tickets"] as const) wholeNumber(options[name] ?? 0, name, ...bounds.u32);
  for (const name of ["checkSeconds", "firstByteTimeout", "stallTimeout", "timeout"] as const) {
    requireAmount(options[name], name);
  }
  for (const name of ["fetch", "onProgress", "onChange"] as const) requireFunction(options[name], name);
  requireSignal(options.signal, "signal");
  flag(options.forgetsTime, "forgetsTime");
}

export function hostOptions(options: StoreOptions): HostOptions {
  requireStoreOptions(options);
  return {
    origin: addresses(options.origin),
    storage: options.storage ?? new MemoryStorage(),
    firstByteTimeout: options.firstByteTimeout ?? 10_000,
    stallTimeout: options.stallTimeout ?? 10_000,
    timeout: options.timeout ?? 120_000,
    attempts: 4,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    ...(options.onProgress === undefined ? {} : { progress: later(options.onProgress) }),
  };
}

/** What a host's own function throws is not a fetch's failure. */
function later<Told extends unknown[]>(tell: (...told: Told) => void): (...told: Told) => void {
  return (...told) => queueMicrotask(() => tell(...told));
}

function addresses(origin: string | OriginAddresses): OriginAddresses {
  const closed = (address: string, where: string) => {
    requireText(address, where);
    return address.endsWith("/") ? address : `${address}/`;
  };
  if (typeof origin === "object" && origin !== null) {
    const { metadata, targets, blobs } = origin;
    return {
      metadata: closed(metadata, "origin.metadata"), targets: closed(targets, "origin.targets"),
      blobs: closed(blobs, "origin.blobs"),
    };
  }
  const base = closed(origin, "origin");
  return { metadata: `${base}metadata/`, targets: `${base}targets/`, blobs: `${base}blobs/` };
}

/** The struct that gr_store_describe filled. */
export function readState(library: Library, struct: number): StoreState & { code: number } {
  const at = layout.store_state;
  const { memory } = library, { view } = memory;
  const number = (offset: number) => view.getBigInt64(struct + offset, true);
  const code = view.getInt32(struct + at.status, true);
  return {
    revision: number(at.revision), code, status: library.statusName(code),
    message: code === 0 ? "" : memory.text(struct + at.message),
    versions: {
      root: number(at.root), timestamp: number(at.timestamp),
      snapshot: number(at.snapshot), targets: number(at.targets),
    },
    expires: new Date(Number(number(at.expires_micros) / 1000n)),
    isStorageWritable: view.getInt32(struct + at.is_disk_writable, true) !== 0,
    memoryBytes: Number(number(at.memory_bytes)),
    storageBytes: Number(number(at.disk_bytes)),
    fetchedBytes: Number(number(at.fetched_bytes)),
    reusedBytes: Number(number(at.reused_bytes)),
    warming: memory.u32(struct + at.warming),
    pinned: memory.u32(struct + at.pinned),
  };
}

export const micros = (milliseconds: number) => BigInt(Math.round(milliseconds * 1000));

/** As a gr_store_options; `room` keeps the texts. */
export function writeOptions(library: Library, room: Block, options: StoreOptions): number {
  const at = layout.store_options;
  const texts = writeTexts(library.memory, room, options.releases, "releases");
  const root = options.trustedRoot === undefined ? 0 : library.bytesArgument(options.trustedRoot);
  const struct = library.clearStruct(at.size);
  const { view } = library.memory;
  const disk = options.diskBytes ?? (options.storage === undefined ? 0 : 256 * 2 ** 20);
  view.setUint32(struct + at.release_count, options.releases.length, true);
  view.setUint32(struct + at.releases, texts, true);
  view.setUint32(struct + at.trusted_root, root, true);
  view.setUint32(struct + at.trusted_root + 4, options.trustedRoot?.length ?? 0, true);
  view.setBigUint64(struct + at.memory_bytes, BigInt(options.memoryBytes ?? 0), true);
  view.setBigUint64(struct + at.disk_bytes, BigInt(disk), true);
  view.setBigUint64(struct + at.artifact_bytes, BigInt(options.artifactBytes ?? 0), true);
  view.setUint32(struct + at.fetches, options.fetches ?? 0, true);
  view.setUint32(struct + at.tickets, options.tickets ?? 0, true);
  view.setBigInt64(struct + at.check_micros, micros((options.checkSeconds ?? 0) * 1000), true);
  view.setInt32(struct + at.tries_next, 1, true);
  view.setBigUint64(struct + at.bytes_per_second, BigInt(options.bytesPerSecond ?? 0), true);
  view.setBigUint64(struct + at.bytes_per_day, BigInt(options.bytesPerDay ?? 0), true);
  view.setBigUint64(struct + at.seed, BigInt(Math.floor(Math.random() * 2 ** 48)), true);
  return struct;
}
