// A folder of files, for Node. A module of its own, so that browsers never see node:fs.
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";

import { listing, type Storage } from "./storage.js";

const isMissing = (failure: unknown) => (failure as NodeJS.ErrnoException).code === "ENOENT";
/** What O_NOFOLLOW says of a link, and opening of a socket. */
const isLink = (failure: unknown) => ["ELOOP", "ENXIO"].includes((failure as NodeJS.ErrnoException).code ?? "");

/** What a writer leaves that was ended before it could rename or remove its file. */
const leftOver = /\.[0-9a-f-]{36}\.part$/;
const hour = 3_600_000;

/** Files are written beside their place, flushed, and renamed in; never changed where they stand. */
export class FolderStorage implements Storage {
  private swept: Promise<void> | undefined;

  constructor(private readonly folder: string) {}

  /** Removes left-overs, once; what is younger than an hour another process may be writing. */
  private sweep(): Promise<void> {
    return this.swept ??= sweepFolder(this.folder).catch(() => {});   // not there yet, or not ours to clean
  }

  private async list(folder: string): Promise<Uint8Array> {
    const found: [string, number][] = [];
    for (const name of await readdir(folder)) {
      const facts = await lstat(join(folder, name));
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
      return await this.readOwn(this.path(key));
    } catch (failure) {
      if (isMissing(failure) || isLink(failure)) return undefined;
      throw failure;
    }
  }

  /** What this class writes is a plain file; a link or a pipe in its place is nobody's, and is never waited for. */
  private async readOwn(path: string): Promise<Uint8Array | undefined> {
    const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    try {
      return (await file.stat()).isFile() ? new Uint8Array(await file.readFile()) : undefined;
    } finally {
      await file.close();
    }
  }

  /** Folders between the storage's own and the file: none of them is a link to elsewhere. */
  private async makeFolders(key: string): Promise<void> {
    const folders = key.split("/").slice(0, -1);
    await mkdir(join(this.folder, ...folders), { recursive: true });
    for (let n = 1; n <= folders.length; ++n) {
      const path = join(this.folder, ...folders.slice(0, n));
      if (!(await lstat(path)).isDirectory()) throw new Error(`${path}: wanted a folder, found a link`);
    }
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.path(key), temporary = `${path}.${randomUUID()}.part`;
    await this.makeFolders(key);
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

/** Goes into folders alone, never along links, which may lead anywhere. */
async function sweepFolder(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      await sweepFolder(path);
    } else if (entry.isFile() && leftOver.test(entry.name)) {
      if (Date.now() - (await lstat(path)).mtimeMs > hour) await rm(path, { force: true });
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
