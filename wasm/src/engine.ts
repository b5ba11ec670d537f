import { byteCount, choice, requireOptions } from "./argument.js";
import { argumentError } from "./error.js";
import * as layout from "./layout.js";
import { Library } from "./library.js";
import { Session } from "./session.js";
import { Snapshot } from "./snapshot.js";
import { openOptionsOf, prepareInSteps, type StepOptions } from "./steps.js";
import { compile, hasRelaxedSimd, relaxedAddress, type ModuleSource } from "./source.js";

/** "relaxed" is the better one of the last two for the processor. */
export type Kernel = "automatic" | "simd128" | "relaxed" | "relaxed_dot" | "relaxed_pairs";

const optionNames = ["kernel", "sessionLimitBytes", "contextCacheBytes", "shardCacheBytes"];
const kernels: Record<Kernel, number> = {
  automatic: 0, simd128: 3, relaxed: 9, relaxed_dot: 10, relaxed_pairs: 11,
};

export interface EngineOptions {
  /** How sums are computed; every choice gives the same bits. */
  kernel?: Kernel;
  /** Most memory that one session may take; the module as a whole has 128 MB. */
  sessionLimitBytes?: number;
  /**
   * Memory for what the model makes of contexts: one that is seen again is ranked sooner, with the
   * same bits. Left out or 0: 256 KiB; too little for one context: none.
   */
  contextCacheBytes?: number;
  /**
   * Memory of a session for shards of users' tables that were handed to it (`addShard`). Left out or 0:
   * 16 MiB.
   */
  shardCacheBytes?: number;
}

export interface OpenOptions {
  /** Also hash every section, not only check the structure. */
  full?: boolean;
  /** Do not replay the model's golden vectors. */
  skipGolden?: boolean;
  /**
   * Memory for sums kept per catalog offer: faster for the offers that fit, the same bits. Of the module's 128 MB;
   * given back where a ranking lacks it, and by `Snapshot.trim`: what a request is read into does not ask for it.
   */
  catalogSumsBytes?: number;
  /**
   * Likewise for the model's codes of each catalog offer, some hundred bytes. Left out or 0: 64 MiB;
   * too little for one offer: none.
   */
  catalogCodesBytes?: number;
}

/** Artifacts that came apart, as a release names them. */
export interface SnapshotParts {
  model: Uint8Array;
  policy: Uint8Array;
  catalog: Uint8Array;
  /** One of its routes must name the three. */
  release?: Uint8Array | undefined;
}

/** An instance of the module. Engines share nothing; what one engine made works with that one. */
export class Engine {
  private readonly handle: number;

  private constructor(
    private readonly library: Library,
    options: EngineOptions,
  ) {
    const { exports, memory } = library;
    const kernel = choice(kernels, options.kernel ?? "automatic", "kernel");
    const struct = library.clearStruct(layout.engine_options.size);
    const limit = byteCount(options.sessionLimitBytes, "sessionLimitBytes");
    memory.view.setInt32(struct + layout.engine_options.kernel, kernel, true);
    memory.view.setBigUint64(struct + layout.engine_options.session_limit_bytes, limit, true);
    const cache = byteCount(options.contextCacheBytes, "contextCacheBytes");
    memory.view.setBigUint64(struct + layout.engine_options.context_cache_bytes, cache, true);
    const shards = byteCount(options.shardCacheBytes, "shardCacheBytes");
    memory.view.setBigUint64(struct + layout.engine_options.shard_cache_bytes, shards, true);
    library.check(exports.gr_engine_create(struct, library.out, library.errorOut));
    this.handle = memory.u32(library.out);
  }

  /**
   * Loads the module and makes an engine: by default the faster of the two modules beside this
   * package's code that this host runs, and runs rightly. Where code may not be compiled at run
   * time (edge workers), pass the `WebAssembly.Module` that you imported.
   */
  static async create(source?: ModuleSource, options: EngineOptions = {}): Promise<Engine> {
    requireOptions(options, optionNames);
    const kernel = options.kernel ?? "automatic";
    if (source === undefined && kernel !== "simd128" && hasRelaxedSimd()) {
      try {
        return new Engine(new Library(await compile(relaxedAddress)), options);
      } catch (cause) {
        // It multiplies known numbers when an engine is made and refuses to go on where the host gets
        // them wrong; a package may also have been deployed without it.
        if (kernel !== "automatic") throw cause;
      }
    }
    return new Engine(new Library(await compile(source)), options);
  }

  /** The version of the engine, "0.1.0". */
  get version(): string {
    return this.library.memory.terminatedText(this.library.exports.gr_version() >>> 0, 64);
  }

  /** The arithmetic: artifacts made for another one are refused. */
  get numericsVersion(): number {
    return this.library.exports.gr_numerics_version();
  }

  /** The kernel in use: "wasm_simd128", "wasm_relaxed_dot" or "wasm_relaxed_pairs". */
  get kernel(): string {
    return this.library.returnedText(this.library.exports.gr_engine_kernel, this.openHandle());
  }

  /** Bytes of memory that the module has taken from its host so far. */
  get memoryBytes(): number {
    return this.library.exports.memory.buffer.byteLength;
  }

  /**
   * Verifies a bundle, or its parts, and prepares it for ranking. Untrusted bytes are safe; they are
   * copied.
   */
  open(bundle: Uint8Array | ArrayBuffer | SnapshotParts, options: OpenOptions = {}): Snapshot {
    return new Snapshot(this.library, this.openHandle(), bundle, options);
  }

  /**
   * As `open`, but the event loop has its turn every few milliseconds: for a page's main thread, where sums
   * of a large catalog are kept. Reading the artifacts and laying out the weights is one step.
   */
  async openInSteps(
    bundle: Uint8Array | ArrayBuffer | SnapshotParts, options: StepOptions = {},
  ): Promise<Snapshot> {
    const open = openOptionsOf(options);
    options.signal?.throwIfAborted();
    return prepareInSteps(new Snapshot(this.library, this.openHandle(), bundle, open, true), options);
  }

  /** Working memory for rankings through typed columns, reused from one to the next. */
  session(): Session {
    return new Session(this.library, this.openHandle());
  }

  /** Frees the engine; what it made is of no more use, and refuses. */
  dispose(): void {
    this.library.free(this.library.exports.gr_engine_free, this.handle);
    this.library.isClosed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private openHandle(): number {
    if (this.library.isClosed) throw argumentError("this engine is disposed of", "engine");
    return this.handle;
  }
}
