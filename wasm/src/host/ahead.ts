// What a first look at an origin will ask for, fetched before it is asked for: while the module
// compiles, and each file as soon as any other names it rather than when that was verified. Where the
// publisher left word (models/publish/README.md, "First visits") that is all in two round trips: the
// timestamp tells the versions of the roles, a file beside it each release's target and artifacts. What
// is read here decides only what is fetched early. The store verifies every byte as if it had come
// later, and what it does not ask for is dropped.
import { download, type Downloaded } from "./download.js";
import type { HostOptions } from "./needs.js";

/** The part of a signed document that says what comes next; nothing in it is trusted. */
interface Signed {
  version?: unknown;
  consistent_snapshot?: unknown;
  meta?: Record<string, { version?: unknown } | undefined>;
  targets?: Record<string, Target | undefined>;
  "x-guardrank-versions"?: Record<string, unknown>;
}
interface Target {
  hashes?: { sha256?: unknown };
  custom?: { guardrank?: { artifacts?: Record<string, unknown> } };
}
/** A release and what it leads to, if that is known. */
type Named = [string, Target | undefined];
interface Early {
  coming: Promise<Downloaded>;
  abort: AbortController;
}

/** Largest file of metadata that is worth it; a larger one comes when the store asks. */
const mostBytes = 1 << 20;
/** Releases whose word is asked for: of more than that, artifacts come when the store asks. */
const mostWords = 4;
/** Milliseconds in which a storage answers at once. */
const patience = 3;
/** Milliseconds from the store's opening in which it may still ask for what came early. */
const shelfLife = 10_000;

const decoder = new TextDecoder();

export class FetchAhead {
  private readonly found = new Map<string, Early>();
  private readonly asked = new Set<string>();
  private readonly queue: (() => void)[] = [];
  private isEnded = false;
  private until = Infinity;
  private underWay = 0;

  /**
   * @param artifactBytes most bytes of artifacts, all together; 0: none is fetched early
   * @param fetches most at a time
   */
  constructor(
    private readonly host: HostOptions, private artifactBytes: number, private readonly fetches: number,
  ) {}

  /**
   * Never rejects; where anything is not as expected, the store's own asking finds out. A storage that
   * answers at once is waited for. A new page's may take longer to open than the origin to answer: the
   * timestamp, which is needed whatever it holds, is fetched meanwhile, and until that has come it may
   * say that it holds the rest.
   */
  async begin(trustedRoot: Uint8Array, releases: readonly string[]): Promise<void> {
    try {
      const root = signedOf(parse(trustedRoot));
      if (root === undefined || root.consistent_snapshot === false) return;
      const isKept = this.host.storage.read("timestamp.json").then((bytes) => bytes !== undefined, () => false);
      const atOnce = new Promise<boolean>((resolve) => setTimeout(resolve, patience, false));
      if (await Promise.race([isKept, atOnce])) return;
      const timestamp = this.read("timestamp.json");
      if (await Promise.race([isKept, timestamp.then(() => false)])) return;
      void this.read(fileOf("root", (root.version as number) + 1));
      const words = releases.slice(0, mostWords).map((release) => this.readWord(release));
      await Promise.all([...words, this.follow(await timestamp, releases)].map(async (told) => {
        for (const [release, target] of await told) if (!await isKept) this.fetchRelease(release, target);
      }));
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

  /** The metadata, in the order that the timestamp tells or else one after the other; the targets that it names. */
  private async follow(timestamp: Signed | undefined, releases: readonly string[]): Promise<Named[]> {
    const told = timestamp?.["x-guardrank-versions"] ?? {};
    const roles = new Set(["targets", ...releases.flatMap(teamOf)]);
    const named = this.read(fileOf("snapshot", timestamp?.meta?.["snapshot.json"]?.version));
    const begun = new Map<string, Promise<Signed | undefined>>();
    for (const role of roles) {
      const file = fileOf(role, told[role]);
      if (file !== undefined) begun.set(file, this.read(file));
    }
    const snapshot = await named;
    const found: Named[] = [];
    for (const role of roles) {
      const file = fileOf(role, snapshot?.meta?.[`${role}.json`]?.version);
      const { targets } = await (begun.get(file ?? "") ?? this.read(file)) ?? {};
      for (const release of releases) found.push([release, targets?.[`${release}.release`]]);
    }
    return found;
  }

  private fetchRelease(release: string, target: Target | undefined): void {
    const hash = target?.hashes?.sha256;
    if (isHash(hash)) void this.fetch(this.host.origin.targets + targetPath(release, hash));
    for (const [id, bytes] of Object.entries(target?.custom?.guardrank?.artifacts ?? {})) {
      if (!isHash(id) || !Number.isSafeInteger(bytes)) continue;
      const size = bytes as number, address = this.host.origin.blobs + id;
      if (size < 1 || size > this.artifactBytes) continue;
      if (this.fetch(address, size) !== undefined) this.artifactBytes -= size;
    }
  }

  /** Undefined where it was begun, or the store has asked for it already. */
  private fetch(address: string, maxBytes = mostBytes): Promise<Downloaded> | undefined {
    if (this.isEnded || this.asked.has(address) || this.found.has(address)) return undefined;
    const abort = new AbortController();
    const coming = this.download(address, maxBytes, abort.signal);
    this.found.set(address, { coming, abort });
    return coming;
  }

  private async download(address: string, maxBytes: number, signal: AbortSignal): Promise<Downloaded> {
    const { firstByteTimeout, stallTimeout, timeout, fetch, progress } = this.host;
    if (this.underWay < this.fetches) this.underWay++;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    const coming = await download(address, {
      maxBytes, firstByteTimeout, stallTimeout, timeout, signal,
      ...(fetch && { fetch }),
      ...(progress && {
        progress: (received: number, total: number | undefined) => progress(address, received, total),
      }),
    });
    const next = this.queue.shift();     // in its place
    if (next === undefined) this.underWay--;
    else next();
    return coming;
  }

  /** What the publisher left for first visits beside the metadata. */
  private async readWord(release: string): Promise<Named[]> {
    const file = teamOf(release).length === 0 ? `targets/${release}` : release;
    return [[release, await this.readJson(`ahead/${escapePath(file)}.json`)]];
  }

  private async read(file: string | undefined): Promise<Signed | undefined> {
    return file === undefined ? undefined : signedOf(await this.readJson(file));
  }

  /** A file beside the metadata; undefined where it is not to be had, or is no object. */
  private async readJson(file: string): Promise<object | undefined> {
    const coming = await this.fetch(this.host.origin.metadata + file);
    return coming?.outcome === "done" ? parse(coming.bytes) : undefined;
  }
}

function parse(bytes: Uint8Array): object | undefined {
  try {
    const found = JSON.parse(decoder.decode(bytes)) as unknown;
    return typeof found === "object" && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
}

const signedOf = (document: { signed?: Signed } | undefined) => document?.signed ?? undefined;

const isHash = (hash: unknown): hash is string => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash);

/** Undefined where the version is none. */
function fileOf(role: string, version: unknown): string | undefined {
  return Number.isSafeInteger(version) ? `${version as number}.${escapePath(role)}.json` : undefined;
}

/** A team's releases have its name before theirs. */
function teamOf(release: string): string[] {
  const slash = release.indexOf("/");
  return slash < 0 ? [] : [release.slice(0, slash)];
}

/** Consistent snapshots put the hash before the file's own name. */
function targetPath(release: string, hash: string): string {
  const folder = release.slice(0, release.lastIndexOf("/") + 1);
  return escapePath(`${folder}${hash}.${release.slice(folder.length)}.release`);
}

/** As the store does (RFC 3986). */
function escapePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/").replace(/[!'()*]/g, escaped);
}

const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
