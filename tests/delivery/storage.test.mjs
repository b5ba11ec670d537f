// The browser's three storages, in Chromium: what one page fetched the next has, what was harmed there costs a
// fetch, and a store removes what its budget has no room for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launch } from "../browser/chromium.mjs";
import { makeOrigin, release, request } from "./support.mjs";

const dist = fileURLToPath(new URL("../../wasm/dist/", import.meta.url));
const types = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
let browser, files, server, address, asked;

before(async () => {
  files = makeOrigin();
  server = createServer((question, response) => {
    const { pathname } = new URL(question.url, "http://x");
    asked.push(pathname);
    try {
      const [, top, rest] = /^\/(dist|origin)\/(.*)$/.exec(pathname) ?? [];
      const body = top === undefined ? "<!doctype html><title>storage</title>"
        : readFileSync(join(top === "dist" ? dist : files.origin, rest));
      response.writeHead(200, { "content-type": types[extname(pathname) || ".html"] ?? "application/octet-stream" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  asked = [];
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${server.address().port}/`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
  files?.remove();
});

/** In a page of its own: a store on this storage serves and ranks. Offers ranked, and blobs asked for. */
async function rank(context, storage, diskBytes) {
  const page = await context.newPage();
  try {
    await page.goto(address);
    asked = [];
    const told = await page.evaluate(async ({ storage, diskBytes, root, release, request }) => {
      const library = await import("/dist/index.js");
      const engine = await library.Engine.create();
      const store = await library.Store.open({
        origin: new URL("/origin", location.href).href, releases: [release], trustedRoot: new Uint8Array(root),
        storage: new library[storage](), ...(diskBytes === undefined ? {} : { diskBytes }),
      });
      const { snapshot } = await store.snapshot(engine, {}, { timeout: 10_000 });
      const { ranked } = snapshot.rank(request);
      await store.settled();
      const { storageBytes, isStorageWritable } = store.state();
      store.dispose();
      return { offers: ranked.map(({ offer }) => offer), storageBytes, isStorageWritable };
    }, { storage, diskBytes, root: [...readFileSync(files.root)], release, request });
    return { ...told, blobs: asked.filter((path) => path.startsWith("/origin/blobs/")) };
  } finally {
    await page.close();
  }
}

/** Turns the last byte of everything that the Cache API holds. */
async function harmCache(context) {
  const page = await context.newPage();
  await page.goto(address);
  const n = await page.evaluate(async () => {
    const cache = await caches.open("guardrank");
    const keys = (await cache.keys()).filter(({ url }) => /blobs\/[0-9a-f]{64}$/.test(url));
    for (const key of keys) {
      const bytes = new Uint8Array(await (await cache.match(key)).arrayBuffer());
      bytes[bytes.length - 1] ^= 1;
      await cache.put(key, new Response(bytes));
    }
    return keys.length;
  });
  await page.close();
  return n;
}

for (const storage of ["CacheStorageApi", "IndexedDbStorage", "OpfsStorage"]) {
  test(`${storage}: what one page fetched the next one has`, async () => {
    const context = await browser.newContext();
    const first = await rank(context, storage);
    assert.equal(first.blobs.length, 3);
    assert.equal(first.isStorageWritable, true);
    assert.ok(first.storageBytes > 0);
    const second = await rank(context, storage);
    assert.deepEqual(second.offers, first.offers);
    assert.deepEqual(second.blobs, []);
    await context.close();
  });

  test(`${storage}: a smaller budget removes what it has no room for`, async () => {
    const context = await browser.newContext();
    const { storageBytes, offers } = await rank(context, storage);
    const small = await rank(context, storage, storageBytes - 1);
    assert.deepEqual(small.offers, offers);
    assert.ok(small.storageBytes < storageBytes);
    assert.equal(small.isStorageWritable, true);
    await context.close();
  });
}

test("CacheStorageApi: what was harmed is fetched anew, never ranked", async () => {
  const context = await browser.newContext();
  const { offers } = await rank(context, "CacheStorageApi");
  assert.equal(await harmCache(context), 3);
  const again = await rank(context, "CacheStorageApi");
  assert.deepEqual(again.offers, offers);
  assert.equal(again.blobs.length, 3);
  // One whose removal was under way when it came anew is written by a later page.
  let missing = 3;
  for (let pages = 0; missing > 0 && pages < 4; pages++) {
    const later = await rank(context, "CacheStorageApi");
    assert.deepEqual(later.offers, offers);
    missing = later.blobs.length;
  }
  assert.equal(missing, 0);
  await context.close();
});

/** What a storage says of itself, each step in a page. */
async function steps(context, storage) {
  const page = await context.newPage();
  await page.goto(address);
  return page.evaluate(async (name) => {
    const library = await import("/dist/index.js");
    const storage = new library[name]("steps"), other = new library[name]("steps");
    const text = async (key) => {
      const bytes = await storage.read(key);
      return bytes && new TextDecoder().decode(bytes).split("\n").sort().join("\n");
    };
    const bytes = (words) => new TextEncoder().encode(words);
    const told = {};
    told.nothing = await text("blobs/a");
    await storage.write("blobs/a", bytes("first"));
    await storage.write("blobs/a", bytes("xsecondx").subarray(1, 7));   // a view: its own part alone
    await storage.write("blobs/b", bytes("b"));
    await storage.write("blobs0", bytes("beside the folder"));
    await storage.flush?.();
    told.again = new TextDecoder().decode(await other.read("blobs/a"));
    told.folder = await text("blobs/");
    await storage.remove("blobs/b");
    await storage.remove("blobs/never");
    told.removed = await text("blobs/b");
    await storage.remove("blobs/");
    told.emptied = [await text("blobs/a"), await text("blobs/"), await text("blobs0")];
    if (name === "IndexedDbStorage") {
      await new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase("steps");
        request.onsuccess = resolve;
        request.onblocked = reject;
      });
      told.deleted = await text("blobs0");
      await storage.write("blobs0", bytes("anew"));
      told.anew = await text("blobs0");
      // The browser takes a write back after it was begun (a full disk): the next one says so.
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (...given) {
        const request = put.apply(this, given);
        if (this.name === "sizes") this.transaction.abort();
        return request;
      };
      await storage.write("full", bytes("lost"));
      IDBObjectStore.prototype.put = put;
      await storage.flush();
      told.lost = [await text("full"), await text("blobs0")];
      told.failed = await storage.write("later", bytes("x")).catch(() => "failed");
      await storage.write("later", bytes("kept"));
      await storage.flush();
      told.later = new TextDecoder().decode(await new library[name]("steps").read("later"));
    }
    return told;
  }, storage).finally(() => page.close());
}

for (const storage of ["IndexedDbStorage", "OpfsStorage"]) {
  test(`${storage}: replaces, lists, removes, and keeps what is beside a folder`, async () => {
    const context = await browser.newContext();
    const { deleted, anew, lost, failed, later, ...told } = await steps(context, storage);
    assert.deepEqual(told, {
      nothing: undefined, again: "second", folder: "\na 6\nb 1", removed: undefined,
      emptied: [undefined, "", "beside the folder"],
    });
    if (storage === "IndexedDbStorage") {
      assert.deepEqual([deleted, anew, failed, later], [undefined, "anew", "failed", "kept"]);
      assert.deepEqual(lost, [undefined, "anew"]);
    }
    await context.close();
  });
}
