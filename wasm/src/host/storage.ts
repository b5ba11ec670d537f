// Where a store keeps what it fetched. What is read back is verified again, so a folder or cache that
// someone else can write to costs time, never trust.

/** Bytes by key; a key is a relative path of [a-z0-9._/-]. Writing replaces all or nothing. */
export interface Storage {
  /**
   * Undefined where there is nothing. A key that ends in "/" is a folder: what stands in it, a line of "name size"
   * each; storages that cannot tell give nothing.
   */
  read(key: string): Promise<Uint8Array | undefined>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** A key that ends in "/" is a folder: all below it goes. */
  remove(key: string): Promise<void>;
  /** Of a storage whose `write` does not wait: resolves when all that was written is kept, or has failed. */
  flush?(): Promise<void>;
}

/** What `read` gives for a folder. */
export function listing(files: Iterable<readonly [name: string, size: number]>): Uint8Array {
  return new TextEncoder().encode(Array.from(files, ([name, size]) => `${name} ${size}\n`).join(""));
}

const isUnder = (key: string, removed: string) =>
  key === removed || (removed.endsWith("/") && key.startsWith(removed));

/** For as long as the page or process lives. */
export class MemoryStorage implements Storage {
  private readonly entries = new Map<string, Uint8Array>();

  async read(key: string): Promise<Uint8Array | undefined> {
    if (!key.endsWith("/")) return this.entries.get(key)?.slice();
    const under = [...this.entries].filter(([each]) => each.startsWith(key));
    return listing(under.map(([each, bytes]) => [each.slice(key.length), bytes.length]));
  }
  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.entries.set(key, bytes.slice());
  }
  async remove(key: string): Promise<void> {
    for (const each of [...this.entries.keys()]) if (isUnder(each, key)) this.entries.delete(each);
  }
}

/**
 * The Cache API: browsers (secure contexts, and workers) and edge workers, whose hosts evict by themselves and
 * do not list what they hold.
 */
export class CacheStorageApi implements Storage {
  /** @param name of the cache, so that several stores of one page stay apart */
  constructor(private readonly name = "guardrank") {}

  /** Addresses that no network ever answers: RFC 6761 reserves "invalid". */
  private address(key: string): string {
    return `https://guardrank.invalid/${key.split("/").map(encodeURIComponent).join("/")}`;
  }
  async read(key: string): Promise<Uint8Array | undefined> {
    if (key.endsWith("/")) return undefined;
    const found = await (await caches.open(this.name)).match(this.address(key));
    return found === undefined ? undefined : new Uint8Array(await found.arrayBuffer());
  }
  async write(key: string, bytes: Uint8Array): Promise<void> {
    const headers = { "content-length": String(bytes.length), "cache-control": "max-age=31536000" };
    const response = new Response(new Uint8Array(bytes), { headers });
    await (await caches.open(this.name)).put(this.address(key), response);
  }
  async remove(key: string): Promise<void> {
    const cache = await caches.open(this.name), address = this.address(key);
    if (!key.endsWith("/")) return void await cache.delete(address);
    // Not listed, files that the store's index does not name are never read again.
    const all = await cache.keys().catch(() => []);
    for (const each of all) if (isUnder(each.url, address)) await cache.delete(each);
  }
}

/** The origin private file system of a browser: larger than the Cache API allows, and quicker to read. */
export class OpfsStorage implements Storage {
  constructor(private readonly folder = "guardrank") {}

  /** Opened once: each step to it is a trip to the browser's own process. */
  private opened: Promise<FileSystemDirectoryHandle> | undefined;

  private open(create: boolean): Promise<FileSystemDirectoryHandle> {
    return this.opened ??= navigator.storage.getDirectory()
      .then((root) => root.getDirectoryHandle(this.folder, { create }))
      .catch((failure) => {
        this.opened = undefined;
        throw failure;
      });
  }
  /** Files stand flat: "/" is no character of a file's name. */
  private static file(key: string): string {
    return encodeURIComponent(key);
  }
  private async list(key: string): Promise<Uint8Array> {
    const found: [string, number][] = [];
    for await (const [name, handle] of (await this.open(false)).entries()) {
      const each = decodeURIComponent(name);
      if (!each.startsWith(key)) continue;
      found.push([each.slice(key.length), (await (handle as FileSystemFileHandle).getFile()).size]);
    }
    return listing(found);
  }
  async read(key: string): Promise<Uint8Array | undefined> {
    try {
      if (key.endsWith("/")) return await this.list(key);
      const handle = await (await this.open(false)).getFileHandle(OpfsStorage.file(key));
      const file = await handle.getFile();
      // Empty: made, and never written to its end.
      return file.size === 0 ? undefined : new Uint8Array(await file.arrayBuffer());
    } catch (failure) {
      if ((failure as DOMException).name === "NotFoundError") return undefined;
      throw failure;
    }
  }
  /** A writable stream takes the file's place when it is closed, not before. */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    const make = async () => (await this.open(true)).getFileHandle(OpfsStorage.file(key), { create: true });
    const handle = await make().catch(() => {
      this.opened = undefined;   // another page may have removed the folder
      return make();
    });
    const stream = await handle.createWritable();
    try {
      await stream.write(new Uint8Array(bytes));
    } catch (failure) {
      await stream.abort();
      throw failure;
    }
    await stream.close();
  }
  async remove(key: string): Promise<void> {
    try {
      const folder = await this.open(false);
      if (!key.endsWith("/")) return await folder.removeEntry(OpfsStorage.file(key));
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      for (const name of names) if (isUnder(decodeURIComponent(name), key)) await folder.removeEntry(name);
    } catch (failure) {
      if ((failure as DOMException).name !== "NotFoundError") throw failure;
    }
  }
}
