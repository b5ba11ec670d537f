// A folder of files, for Node. A module of its own, so that browsers never see node:fs.
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";

import { listing, type Storage } from "./storage.js";

const isMissing = (failure: unknown) => (failure as NodeJS.ErrnoException).code === "ENOENT";

/** What a writer leaves that was ended before it could rename or remove its file. */
const leftOver = /\.[0-9a-f-]{36}\.part$/;
const hour = 3_600_000;

/** Files are written beside their place, flushed, and renamed in; never changed where they stand. */
export class FolderStorage implements Storage {
  private swept: Promise<void> | undefined;

  constructor(private readonly folder: string) {}

  /** Removes left-overs, once; what is younger than an hour another process may be writing. */
  private sweep(): Promise<void> {
    return this.swept ??= (async () => {
      for (const name of await readdir(this.folder, { recursive: true })) {
        if (!leftOver.test(name)) continue;
        const path = join(this.folder, name), { mtimeMs } = await stat(path);
        if (Date.now() - mtimeMs > hour) await rm(path, { force: true });
      }
    })().catch(() => {});   // a folder that is not there yet, or not ours to clean
  }

  private async list(folder: string): Promise<Uint8Array> {
    const found: [string, number][] = [];
    for (const name of await readdir(folder)) {
      const facts = await stat(join(folder, name));
      if (facts.isFile() && !leftOver.test(name)) found.push([name, facts.size]);
    }
    return listing(found);
  }

  private path(key: string): string {
    const isSafe = /^[a-z0-9._-]+(\/[a-z0-9._-]+)*$/.test(key) && !key.split("/").includes("..");
    if (!isSafe) throw new RangeError(`not a key: ${key}`);
    return join(this.folder, ...key.split("/").map((part) => (part === "." ? "%2e" : part)));
  }
  async read(key: string): Promise<Uint8Array | undefined> {
    await this.sweep();
    try {
      if (key.endsWith("/")) return await this.list(this.path(key.slice(0, -1)));
      return new Uint8Array(await readFile(this.path(key)));
    } catch (failure) {
      if (isMissing(failure)) return undefined;
      throw failure;
    }
  }
  async write(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.path(key), temporary = `${path}.${randomUUID()}.part`;
    await mkdir(dirname(path), { recursive: true });
    try {
      const file = await open(temporary, "wx");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (failure) {
      await rm(temporary, { force: true });
      throw failure;
    }
    await syncFolder(dirname(path));
  }
  async remove(key: string): Promise<void> {
    if (key.endsWith("/")) return rm(this.path(key.slice(0, -1)), { recursive: true, force: true });
    try {
      await unlink(this.path(key));
    } catch (failure) {
      if (!isMissing(failure)) throw failure;
    }
  }
}

/** The rename itself is on disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
