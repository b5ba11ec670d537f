// A folder of files, for Node. A module of its own, so that browsers never see node:fs.
import { mkdir, open, readFile, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";

import type { Storage } from "./storage.js";

const isMissing = (failure: unknown) => (failure as NodeJS.ErrnoException).code === "ENOENT";

/** Files are written beside their place, flushed, and renamed in; never changed where they stand. */
export class FolderStorage implements Storage {
  constructor(private readonly folder: string) {}

  private path(key: string): string {
    const isSafe = /^[a-z0-9._-]+(\/[a-z0-9._-]+)*$/.test(key) && !key.split("/").includes("..");
    if (!isSafe) throw new RangeError(`not a key: ${key}`);
    return join(this.folder, ...key.split("/").map((part) => (part === "." ? "%2e" : part)));
  }
  async read(key: string): Promise<Uint8Array | undefined> {
    try {
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
