// nginx as origin and as a caching proxy before it, with what `guardrank publish` writes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { Engine, Store } from "../wasm/support.mjs";
import { bundle, example, freePort, makeOrigin, release, request, start, until, untilUp } from "./support.mjs";

let files, nginx, engine, whole, addresses;
before(async () => {
  engine = await Engine.create();
  whole = engine.open(readFileSync(bundle));
  files = makeOrigin();
  const ports = [await freePort(), await freePort()];
  addresses = ports.map((port) => `http://127.0.0.1:${port}/`);
  nginx = await start(example("nginx.sh"), [files.origin, ...ports.map(String)]);
  for (const address of addresses) await untilUp(address);
});
after(async () => {
  await nginx.stop();
  files.remove();
  whole.dispose();
  engine.dispose();
});

const open = (origin, options = {}) => Store.open({
  origin, releases: [release], trustedRoot: readFileSync(files.root), ...options,
});
// The release's document, and so its id and name, are the publisher's: the rest is the bundle's.
const ranked = (snapshot) => snapshot.rank(request).ranked;

test("the origin's release ranks as the bundle that was published", async () => {
  const store = await open(addresses[0]);
  const { snapshot } = await store.snapshot(engine, {}, { timeout: 5000 });
  assert.deepEqual(ranked(snapshot), ranked(whole));
  assert.equal(snapshot.rank(request).release, release);
  store.dispose();
});

test("blobs come from the proxy's cache the second time", async () => {
  const seen = [];
  const spy = async (address, init) => {
    const response = await fetch(address, init);
    if (address.includes("/blobs/")) seen.push(response.headers.get("x-cache"));
    return response;
  };
  for (let i = 0; i < 2; ++i) {
    const store = await open(addresses[1], { fetch: spy });
    await store.snapshot(engine, {}, { timeout: 5000 });
    store.dispose();
  }
  assert.deepEqual(seen, ["MISS", "MISS", "MISS", "HIT", "HIT", "HIT"]);
});

test("a new version reaches a store behind the proxy, and only what changed is fetched", async () => {
  const asked = [];
  const spy = (address, init) => {
    asked.push(address);
    return fetch(address, init);
  };
  const store = await open(addresses[1], { checkSeconds: 0.1, fetch: spy });
  const first = await store.snapshot(engine, {}, { timeout: 5000 });
  const revision = store.state().revision;
  asked.length = 0;
  files.publish("2");
  await until(() => store.state().revision > revision);
  const second = await store.snapshot(engine, {}, { timeout: 5000 });
  assert.deepEqual(ranked(second.snapshot), ranked(first.snapshot));
  assert.equal(asked.filter((address) => address.includes("/blobs/")).length, 0);
  assert.equal(asked.filter((address) => address.includes("/targets/")).length, 1);
  store.dispose();
});

test("an unchanged timestamp is not sent again, by the origin or through the proxy", async () => {
  for (const address of addresses) {
    const first = await fetch(`${address}metadata/timestamp.json`);
    const headers = { "if-none-match": first.headers.get("etag") };
    assert.equal((await fetch(first.url, { headers })).status, 304);
    assert.equal(first.headers.get("cache-control"), "no-cache");
  }
});

test("a look for changes that finds none is one request, by the origin or through the proxy", async () => {
  for (const address of addresses) {
    const asked = [];
    const spy = async (url, init) => {
      const response = await fetch(url, init);
      asked.push(`${new URL(url).pathname} ${response.status}`);
      return response;
    };
    const store = await open(address, { checkSeconds: 0.1, fetch: spy });
    await store.snapshot(engine, {}, { timeout: 5000 });
    asked.length = 0;
    await until(() => asked.length >= 3);
    store.dispose();
    assert.deepEqual(new Set(asked), new Set(["/metadata/timestamp.json 304"]), address);
  }
});

/** Of the first blob that comes half a body, and then an error. */
function breakingOnce(asked) {
  let isBroken = false;
  return async (address, init) => {
    const response = await fetch(address, init);
    if (!address.includes("/blobs/")) return response;
    asked.push({ address, range: init.headers.range, status: response.status });
    if (isBroken) return response;
    isBroken = true;
    const half = new Uint8Array(await response.arrayBuffer()).subarray(0, 600);
    let n = 0;
    const body = new ReadableStream({
      pull: (to) => (n++ === 0 ? to.enqueue(half) : to.error(new Error("the way is gone"))),
    });
    return new Response(body, { status: 200 });
  };
}

test("what broke off goes on where it stopped, by the origin or through the proxy", async () => {
  for (const address of addresses) {
    const asked = [];
    const store = await open(address, { fetch: breakingOnce(asked) });
    const { snapshot } = await store.snapshot(engine, {}, { timeout: 20_000 });
    assert.deepEqual(ranked(snapshot), ranked(whole));
    store.dispose();
    assert.equal(asked.length, 4);
    const [first] = asked, again = asked.find(({ range }) => range !== undefined);
    assert.equal(again.address, first.address);
    assert.match(again.range, /^bytes=600-\d+$/);
    assert.equal(again.status, 206, address);
  }
});
