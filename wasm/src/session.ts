import { Decision } from "./decision.js";
import { requireBytes, requireObject, requireOwn, wrongArgument } from "./argument.js";
import { wantedError } from "./error.js";
import * as layout from "./layout.js";
import type { Library } from "./library.js";
import { Block, requireWellFormed } from "./memory.js";
import type { Replay, ReplaySupplement } from "./ranking.js";
import { Request } from "./request.js";
import { requestText } from "./request_text.js";
import { Snapshot } from "./snapshot.js";

/**
 * A part of a users' table that a ranking wants and that did not come with the model (`guardrank pack
 * --shard-rows`): at an origin it is `blobs/<sha256>`. Who asks for it tells the origin which group of
 * rows, and so of users, this one is in.
 */
export interface WantedShard {
  /** Whose table, and which part of it. */
  field: string;
  shard: number;
  bytes: number;
  /** 64 hexadecimal digits. */
  sha256: string;
}

/** Memory of one sequence of rankings; none is allocated once warm. */
export class Session {
  private handle: number;
  /** @internal Counts rankings, so that an older decision knows that it is gone. */
  generation = 0;

  /** @internal Use `Engine.session`. */
  constructor(
    private readonly library: Library,
    engine: number,
  ) {
    library.check(library.exports.gr_session_create(engine, library.out, library.errorOut));
    this.handle = library.memory.u32(library.out);
  }

  /** Most bytes that the session ever held. */
  get peakBytes(): number {
    return Number(this.library.exports.gr_session_peak_bytes(this.openHandle()));
  }

  /** Ranks a request. The decision is valid until the session's next ranking. */
  rank(request: Request): Decision {
    const { library } = this;
    const handle = this.openHandle();
    requireOwn(library, Request, request, "request");
    const requestHandle = request.openHandle();
    this.generation++;
    library.check(library.exports.gr_rank(
      handle, requestHandle, library.out, library.errorOut,
    ));
    return new Decision(library, library.memory.u32(library.out), this, request);
  }

  /**
   * Ranks requests of one snapshot together, which costs less where each has few candidates, and decides the same. The
   * decisions are valid until the session's next ranking; where one request fails, all do.
   */
  rankMany(requests: readonly Request[]): Decision[] {
    const { library } = this;
    const handle = this.openHandle();
    if (!Array.isArray(requests)) throw wrongArgument("requests", "an array of requests", requests);
    // Holes too: `map` would leave what the memory held there.
    const handles = Array.from(requests as Request[], (request, i) => {
      requireOwn(library, Request, request, `requests[${i}]`);
      return request.openHandle();
    });
    this.generation++;
    const pointers = new Block(library.memory);
    try {
      const given = pointers.reserve(Math.max(8 * handles.length, 1)), made = given + 4 * handles.length;
      handles.forEach((each, i) => library.memory.view.setUint32(given + 4 * i, each, true));
      library.check(library.exports.gr_rank_many(handle, given, handles.length, made, library.errorOut));
      return requests.map((request, i) => new Decision(library, library.memory.u32(made + 4 * i), this, request));
    } finally {
      pointers.free();
    }
  }

  /**
   * What the last ranking or replay wants that failed with GR_STATUS_MISSING for want of rows; at most 32 at
   * a time. Add them and rank again.
   */
  wanted(): WantedShard[] {
    const { library } = this, { memory } = library, at = layout.wanted_shard;
    const handle = this.openHandle();
    const found: WantedShard[] = [];
    for (;;) {
      const struct = library.clearStruct(at.size);
      if (library.exports.gr_session_wanted_shard(handle, found.length, struct) !== 0) return found;
      const hash = memory.bytes.subarray(struct + at.sha256, struct + at.sha256 + 32);
      found.push({
        field: memory.text(struct + at.field),
        shard: memory.u32(struct + at.shard),
        bytes: Number(memory.view.getBigUint64(struct + at.bytes, true)),
        sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      });
    }
  }

  /** Gives the session a shard that it wants: copied, and refused where its SHA-256 is not wanted. */
  addShard(bytes: Uint8Array): void {
    const { library } = this;
    const handle = this.openHandle();
    requireBytes(bytes, "bytes");
    const address = library.bytesArgument(bytes);
    try {
      library.check(library.exports.gr_session_add_shard(
        handle, address, bytes.length, library.errorOut,
      ));
    } finally {
      library.releaseArgument();
    }
  }

  /** Computes a recorded decision again and compares every bit. */
  replay(
    snapshot: Snapshot, record: Uint8Array | string, supplement?: ReplaySupplement,
  ): Replay {
    const { library } = this;
    const bytes = typeof record === "string" ? fromBase64(record) : record;
    const handle = this.openHandle();
    requireOwn(library, Snapshot, snapshot, "snapshot");
    requireBytes(bytes, "record");
    if (supplement !== undefined) requireObject(supplement, "supplement");
    this.generation++;
    const address = library.bytesArgument(bytes);
    const supplied = new Block(library.memory);
    const struct = library.clearStruct(layout.replay_result.size);
    try {
      const options = supplement ? writeSupplement(library, supplement, supplied) : 0;
      library.check(library.exports.gr_replay_with(
        handle, snapshot.openHandle(), address, bytes.length, options, struct, library.errorOut,
      ));
    } finally {
      library.releaseArgument();
      supplied.free();
    }
    const { is_equal, first_difference, first_difference_bytes } = layout.replay_result;
    return {
      isEqual: library.memory.view.getInt32(struct + is_equal, true) === 1,
      firstDifference: library.memory.terminatedText(
        struct + first_difference, first_difference_bytes,
      ),
    };
  }

  dispose(): void {
    this.library.free(this.library.exports.gr_session_free, this.handle);
    this.handle = 0;
    this.generation++;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private openHandle(): number {
    return this.library.live(this.handle, "session");
  }
}

// The options, the request's text and the salt, one after the other.
function writeSupplement(
  library: Library, { request, salt }: ReplaySupplement, block: Block,
): number {
  requireBytes(salt, "salt");
  const text = typeof request === "string" ? request : requestText(request, undefined);
  requireWellFormed(text, "request");
  const fields = layout.replay_options;
  const address = block.reserve(fields.size + salt.length + text.length * 3);
  const saltAt = address + fields.size;
  const textAt = saltAt + salt.length;
  library.memory.bytes.set(salt, saltAt);
  const size = library.memory.encode(text, textAt);
  const view = library.memory.view;
  view.setUint32(address, fields.size, true);
  view.setUint32(address + fields.request_json, textAt, true);
  view.setUint32(address + fields.request_json + 4, size, true);
  view.setUint32(address + fields.salt, saltAt, true);
  view.setUint32(address + fields.salt + 4, salt.length, true);
  return address;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw wantedError("ARGUMENT", "record", "base64", "other text");
  }
}
