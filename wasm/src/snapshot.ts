import type { OpenOptions, SnapshotParts } from "./engine.js";
import { byteCount, choice, flag, isBytes, requireOptions, wrongArgument } from "./argument.js";
import * as layout from "./layout.js";
import type { Library } from "./library.js";
import type { Ranking, RankOptions, RankRequest, Replay, ReplaySupplement } from "./ranking.js";
import { Request } from "./request.js";
import { requestText } from "./request_text.js";
import { Session, type WantedShard } from "./session.js";

const openOptionNames = ["full", "skipGolden", "catalogSumsBytes", "catalogCodesBytes"];
const rankOptionNames = ["explain", "record"];

export type Namespace = keyof typeof layout.namespace;

/** A bundle ready to rank. Immutable; what it offers beside `request()` is the JSON convenience. */
export class Snapshot {
  /** "sha256:..." of the bundle; of parts, of the release or the catalog. */
  readonly id: string;
  /** Names of the model's heads; typed results count them in this order. */
  readonly heads: readonly string[];
  /** Names of the policy's terms; typed results count them in this order. */
  readonly terms: readonly string[];
  /** Offers in the catalog. */
  readonly offerCount: number;

  private artifacts: number[] = [];
  private handle = 0;
  private ownSession: Session | undefined;
  private ownRequest: Request | undefined;

  /** @internal Use `Engine.open`. */
  constructor(
    /** @internal */
    readonly library: Library,
    private readonly engine: number,
    bundle: Uint8Array | ArrayBuffer | SnapshotParts,
    options: OpenOptions,
    inSteps = false,
  ) {
    requireOptions(options, openOptionNames);
    try {
      this.handle = this.createSnapshot(bundle, options, inSteps);
    } catch (failure) {
      this.dispose();
      throw failure;
    }
    const { exports } = library;
    this.id = library.returnedText(exports.gr_artifact_id, this.artifacts.at(-1)!);
    this.heads = this.names(exports.gr_snapshot_head_count, exports.gr_snapshot_head_name);
    this.terms = this.names(exports.gr_snapshot_term_count, exports.gr_snapshot_term_name);
    this.offerCount = exports.gr_snapshot_offer_count(this.handle) >>> 0;
  }

  private openArtifact(bytes: Uint8Array | ArrayBuffer, name: string, options: OpenOptions): number {
    const { library } = this;
    const view = isBytes(bytes) ? bytes : viewOf(bytes, name);
    try {
      const address = library.bytesArgument(view);
      const struct = library.clearStruct(layout.artifact_options.size);
      const check = flag(options.full, "full") ? 1 : 0;
      library.memory.view.setInt32(struct + layout.artifact_options.check, check, true);
      library.check(library.exports.gr_artifact_open(
        this.engine, address, view.length, struct, library.out, library.errorOut,
      ));
      const artifact = library.memory.u32(library.out);
      this.artifacts.push(artifact);
      return artifact;
    } finally {
      library.releaseArgument();
    }
  }

  private createSnapshot(
    bundle: Uint8Array | ArrayBuffer | SnapshotParts, options: OpenOptions, inSteps: boolean,
  ): number {
    const { exports, memory, out } = this.library;
    if (typeof bundle === "object" && bundle !== null && "model" in bundle) {
      const parts = this.writeParts(bundle, options);
      const struct = this.writeOptions(options, inSteps);
      this.library.check(exports.gr_snapshot_create_from(
        this.engine, parts, struct, out, this.library.errorOut,
      ));
    } else {
      const artifact = this.openArtifact(bundle, "bundle", options);
      const struct = this.writeOptions(options, inSteps);
      this.library.check(exports.gr_snapshot_create(
        this.engine, artifact, struct, out, this.library.errorOut,
      ));
    }
    return memory.u32(out);
  }

  /** Behind the room of the options, which are written last. */
  private writeParts(parts: SnapshotParts, options: OpenOptions): number {
    const { library } = this;
    const open = {
      model: this.openArtifact(parts.model, "model", options),
      policy: this.openArtifact(parts.policy, "policy", options),
      catalog: this.openArtifact(parts.catalog, "catalog", options),
      release: parts.release === undefined ? 0 : this.openArtifact(parts.release, "release", options),
    };
    const struct = library.struct + 64;
    const { view } = library.memory;
    view.setUint32(struct, layout.snapshot_parts.size, true);
    view.setUint32(struct + 4, 0, true);
    for (const part of ["model", "policy", "catalog", "release"] as const) {
      view.setUint32(struct + layout.snapshot_parts[part], open[part], true);
    }
    return struct;
  }

  private writeOptions(options: OpenOptions, inSteps: boolean): number {
    const { library } = this;
    const struct = library.clearStruct(layout.snapshot_options.size);
    const skip = flag(options.skipGolden, "skipGolden") ? 1 : 0;
    library.memory.view.setInt32(struct + layout.snapshot_options.skip_golden, skip, true);
    library.memory.view.setUint32(struct + layout.snapshot_options.in_steps, inSteps ? 1 : 0, true);
    const budgets = [
      [layout.snapshot_options.catalog_sums_bytes, "catalogSumsBytes"],
      [layout.snapshot_options.catalog_codes_bytes, "catalogCodesBytes"],
    ] as const;
    for (const [at, name] of budgets) {
      library.memory.view.setBigUint64(struct + at, byteCount(options[name], name), true);
    }
    return struct;
  }

  private names(
    count: (snapshot: number) => number,
    name: (text: number, snapshot: number, index: number) => void,
  ): string[] {
    const indices = Array.from({ length: count(this.handle) >>> 0 }, (_, index) => index);
    return indices.map((index) => this.library.returnedText(name, this.handle, index));
  }

  /** @internal Takes up to so many of the steps that are left, and tells how many then are. */
  prepare(steps: number): number {
    const { exports, memory, out, errorOut } = this.library;
    this.library.check(exports.gr_snapshot_prepare(this.openHandle(), steps, out, errorOut));
    return memory.u32(out);
  }

  /** @internal */
  get isOpen(): boolean {
    return this.handle !== 0;
  }

  /** The ordinal of a fact, or undefined when the bundle knows none of that name. */
  fact(space: Namespace, name: string): number | undefined {
    const namespace = choice(layout.namespace, space, "space");
    const text = this.library.textArgument(name, "name");
    const ordinal = this.library.exports.gr_snapshot_fact(this.openHandle(), namespace, text);
    return ordinal === layout.noFact ? undefined : ordinal >>> 0;
  }

  /** A new request for the typed columns. */
  request(): Request {
    return new Request(this.library, this, this.openHandle());
  }

  /** Ranks a request in its JSON form: an object, a text, or the bytes of one. */
  rank(request: RankRequest | string | Uint8Array, options: RankOptions = {}): Ranking {
    return JSON.parse(this.rankText(request, options)) as Ranking;
  }

  /** As `rank`, but the answer stays the text that the engine wrote. */
  rankText(request: RankRequest | string | Uint8Array, options: RankOptions = {}): string {
    requireOptions(options, rankOptionNames);
    const withRecord = flag(options.record, "record");
    const isWritten = typeof request === "string" || isBytes(request);
    if (isWritten && options.explain !== undefined) {
      throw wrongArgument("explain", "none beside a request given as text", options.explain);
    }
    const json = isWritten ? request : requestText(request, options.explain);
    const own = (this.ownRequest ??= this.request());
    own.json(json);
    return this.session().rank(own).text(withRecord);
  }

  /**
   * Computes a recorded decision again and compares every bit. Untrusted records are safe. A
   * redacted or digest record wants its request and salt beside it.
   */
  replay(record: Uint8Array | string, supplement?: ReplaySupplement): Replay {
    return this.session().replay(this, record, supplement);
  }

  /** What the last `rank` or `replay` wants of users' tables that did not come along; see `Session.wanted`. */
  wanted(): WantedShard[] {
    return this.session().wanted();
  }

  /** See `Session.addShard`. */
  addShard(bytes: Uint8Array): void {
    this.session().addShard(bytes);
  }

  /**
   * Gives back the memory of what is kept of the catalog (`catalogCodesBytes`, `catalogSumsBytes`): ranking
   * is slower from then on, with the same bits. A ranking for which the module has no memory left does so
   * itself. Whether anything was kept.
   */
  trim(): boolean {
    return this.library.exports.gr_snapshot_trim(this.openHandle()) !== 0;
  }

  private session(): Session {
    this.openHandle();
    return (this.ownSession ??= new Session(this.library, this.engine));
  }

  /** Gives back the snapshot's memory; requests made from it keep what they need. */
  dispose(): void {
    const { library } = this, { exports } = library;
    this.ownRequest?.dispose();
    this.ownSession?.dispose();
    this.ownRequest = undefined;
    this.ownSession = undefined;
    library.free(exports.gr_snapshot_free, this.handle);
    for (const artifact of this.artifacts) library.free(exports.gr_artifact_free, artifact);
    this.handle = 0;
    this.artifacts = [];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  openHandle(): number {
    return this.library.live(this.handle, "snapshot");
  }
}

// Of any realm, as `isBytes`.
function viewOf(bytes: unknown, name: string): Uint8Array {
  const isBuffer = Object.prototype.toString.call(bytes) === "[object ArrayBuffer]";
  if (isBuffer) return new Uint8Array(bytes as ArrayBuffer);
  throw wrongArgument(name, "a Uint8Array or an ArrayBuffer", bytes);
}
