// What a first look at an origin will ask for, fetched before it is asked for: while the module
// compiles, and each file as soon as the one before names it rather than when that was verified; the
// artifacts too, of a release that leads to one small bundle. What is read here decides only what is
// fetched early. The store verifies every byte as if it had come later, and what it does not ask for
// is dropped.
import { download, type Downloaded } from "./download.js";
import type { HostOptions } from "./needs.js";

/** The part of a signed document that says what comes next; nothing in it is trusted. */
interface Signed {
  version?: unknown;
  consistent_snapshot?: unknown;
  meta?: Record<string, { version?: unknown } | undefined>;
  targets?: Record<string, Target | undefined>;
}
interface Target {
  hashes?: { sha256?: unknown };
  custom?: { guardrank?: { artifacts?: Record<string, unknown> } };
}
interface Early {
  coming: Promise<Downloaded>;
  abort: AbortController;
}

/** Largest file of metadata that is worth it; a larger one comes when the store asks. */
const mostBytes = 1 << 20;
/** Milliseconds in which a storage answers at once. */
const patience = 3;
/** Milliseconds from the store's opening in which it may still ask for what came early. */
const shelfLife = 10_000;

const decoder = new TextDecoder();

export class FetchAhead {
  private readonly found = new Map<string, Early>();
  private readonly asked = new Set<string>();
  private isEnded = false;
  private until = Infinity;
  private underWay = 0;

  /**
   * @param artifactBytes most bytes of artifacts, all together; 0: none is fetched early
   * @param fetches most at a time; what is more is left to the store
   */
  constructor(
    private readonly host: HostOptions, private readonly artifactBytes: number, private readonly fetches: number,
  ) {}

  /**
   * Never rejects; where anything is not as expected, the store's own asking finds out. A storage that
   * answers at once is waited for. A new page's may take longer to open than the origin to answer: the
   * timestamp, which is needed whatever it holds, is fetched meanwhile, and until that has come it may
   * say that it holds the rest.
   */
  async begin(trustedRoot: Uint8Array, releases: readonly string[]): Promise<void> {
    try {
      const root = parse(trustedRoot);
      if (root.consistent_snapshot === false) return;
      const { metadata } = this.host.origin;
      const isKept = this.host.storage.read("timestamp.json").then((bytes) => bytes !== undefined, () => false);
      const atOnce = new Promise<boolean>((resolve) => setTimeout(resolve, patience, false));
      if (await Promise.race([isKept, atOnce])) return;
      const timestamp = this.read(`${metadata}timestamp.json`);
      if (await Promise.race([isKept, timestamp.then(() => false)])) return;
      void this.fetch(`${metadata}${whole(root.version) + 1}.root.json`);
      const snapshot = await this.read(`${metadata}${named(await timestamp, "snapshot.json")}.snapshot.json`);
      const top = await this.read(`${metadata}${named(snapshot, "targets.json")}.targets.json`);
      if (!await isKept) this.fetchReleases(top, releases);
    } catch {
      // Then it comes when the store asks.
    }
  }

  /** What came, or is about to, of that address: once. `signal` ends it. */
  take(address: string, signal: AbortSignal): Promise<Downloaded> | undefined {
    if (performance.now() > this.until) this.end();
    if (this.isEnded) return undefined;
    this.asked.add(address);
    const early = this.found.get(address);
    if (early === undefined) return undefined;
    this.found.delete(address);
    signal.addEventListener("abort", () => early.abort.abort(), { once: true });
    return early.coming;
  }

  /** The store is open: what it does not ask for soon is not wanted, and too old to be. */
  opened(): void {
    this.until = performance.now() + shelfLife;
  }

  /** Ends what nobody took. */
  end(): void {
    this.isEnded = true;
    for (const { abort } of this.found.values()) abort.abort();
    this.found.clear();
    this.asked.clear();
  }

  private fetchReleases(top: Signed, releases: readonly string[]): void {
    let left = this.artifactBytes;
    for (const release of releases) {
      const target = top.targets?.[`${release}.release`];
      const hash = target?.hashes?.sha256;
      if (isHash(hash)) void this.fetch(this.host.origin.targets + targetPath(release, hash));
      for (const [id, size] of Object.entries(target?.custom?.guardrank?.artifacts ?? {})) {
        const bytes = whole(size);
        if (!isHash(id) || bytes < 1 || bytes > left) continue;
        left -= bytes;
        void this.fetch(this.host.origin.blobs + id, bytes);
      }
    }
  }

  /** Undefined where the store has asked for it already, or enough is under way. */
  private fetch(address: string, maxBytes = mostBytes): Promise<Downloaded> | undefined {
    if (this.isEnded || this.asked.has(address) || this.found.has(address)) return undefined;
    if (this.underWay >= this.fetches) return undefined;
    const { firstByteTimeout, stallTimeout, timeout, fetch, progress } = this.host;
    const abort = new AbortController();
    const coming = download(address, {
      maxBytes, firstByteTimeout, stallTimeout, timeout, signal: abort.signal,
      ...(fetch && { fetch }),
      ...(progress && {
        progress: (received: number, total: number | undefined) => progress(address, received, total),
      }),
    });
    this.found.set(address, { coming, abort });
    this.underWay++;
    void coming.then(() => { this.underWay--; });
    return coming;
  }

  private async read(address: string): Promise<Signed> {
    const coming = await this.fetch(address);
    if (coming?.outcome !== "done") throw new Error(coming?.outcome ?? "no longer wanted");
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
