// The browser's two storages, in Chromium: what one page fetched the next has, what was harmed there costs a
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

for (const storage of ["CacheStorageApi", "OpfsStorage"]) {
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
