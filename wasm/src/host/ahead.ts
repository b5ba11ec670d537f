// Metadata that a first look at an origin will ask for, fetched before it is asked for: while the
// module compiles, and each file as soon as the one before names it rather than when that was
// verified. What is read here decides only what is fetched early. The store verifies every byte as
// if it had come later, and what it does not ask for is dropped.
import { download, type Downloaded } from "./download.js";
import type { HostOptions } from "./needs.js";

/** The part of a signed document that says what comes next; nothing in it is trusted. */
interface Signed {
  version?: unknown;
  consistent_snapshot?: unknown;
  meta?: Record<string, { version?: unknown } | undefined>;
  targets?: Record<string, { hashes?: { sha256?: unknown } } | undefined>;
}

/** Largest file that is worth it; a larger one comes when the store asks. */
const mostBytes = 1 << 20;

const decoder = new TextDecoder();

export class FetchAhead {
  private readonly found = new Map<string, Promise<Downloaded>>();
  private readonly asked = new Set<string>();
  private readonly abort = new AbortController();

  constructor(private readonly host: HostOptions) {}

  /** Never rejects; where anything is not as expected, the store's own asking finds out. */
  async begin(trustedRoot: Uint8Array, releases: readonly string[]): Promise<void> {
    try {
      // What the storage holds is asked for with its entity tag, by the store.
      if (await this.host.storage.read("timestamp.json") !== undefined) return;
      const root = parse(trustedRoot);
      if (root.consistent_snapshot === false || this.abort.signal.aborted) return;
      const { metadata, targets } = this.host.origin;
      void this.fetch(`${metadata}${whole(root.version) + 1}.root.json`);
      const timestamp = await this.read(`${metadata}timestamp.json`);
      const snapshot = await this.read(`${metadata}${named(timestamp, "snapshot.json")}.snapshot.json`);
      const top = await this.read(`${metadata}${named(snapshot, "targets.json")}.targets.json`);
      for (const release of releases) {
        const hash = top.targets?.[`${release}.release`]?.hashes?.sha256;
        if (isHash(hash)) void this.fetch(targets + targetPath(release, hash));
      }
    } catch {
      // Then it comes when the store asks.
    }
  }

  /** What came, or is about to, of that address: once. */
  take(address: string): Promise<Downloaded> | undefined {
    const found = this.found.get(address);
    this.found.delete(address);
    this.asked.add(address);
    return found;
  }

  /** Nothing more is wanted. */
  end(): void {
    this.abort.abort();
    this.found.clear();
  }

  private fetch(address: string): Promise<Downloaded> {
    if (this.abort.signal.aborted || this.asked.has(address)) throw new Error("no longer wanted");
    const { firstByteTimeout, stallTimeout, timeout, fetch, progress } = this.host;
    const coming = download(address, {
      maxBytes: mostBytes, firstByteTimeout, stallTimeout, timeout, signal: this.abort.signal,
      ...(fetch && { fetch }),
      ...(progress && {
        progress: (received: number, total: number | undefined) => progress(address, received, total),
      }),
    });
    this.found.set(address, coming);
    return coming;
  }

  private async read(address: string): Promise<Signed> {
    const coming = await this.fetch(address);
    if (coming.outcome !== "done") throw new Error(coming.outcome);
    return parse(coming.bytes);
  }
}

function parse(bytes: Uint8Array): Signed {
  return (JSON.parse(decoder.decode(bytes)) as { signed: Signed }).signed;
}

function whole(version: unknown): number {
  if (!Number.isSafeInteger(version)) throw new TypeError("not a version");
  return version as number;
}

const named = (document: Signed, file: string) => whole(document.meta?.[file]?.version);
const isHash = (hash: unknown): hash is string => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash);

/** Consistent snapshots put the hash before the file's own name. Escaped as the store does (RFC 3986). */
function targetPath(release: string, hash: string): string {
  const folder = release.slice(0, release.lastIndexOf("/") + 1);
  const path = `${folder}${hash}.${release.slice(folder.length)}.release`;
  return path.split("/").map(encodeURIComponent).join("/").replace(/[!'()*]/g, escaped);
}

const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
