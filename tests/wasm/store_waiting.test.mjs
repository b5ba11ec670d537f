// Who waits for a store: how many, for how long, and until when they wish.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, existsSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { FolderStorage } from "../../wasm/dist/host/folder.js";
import { StoreSnapshots } from "../../wasm/dist/store_snapshots.js";
import { Origin, partsOf } from "./origin.mjs";
import { patient, withStores } from "./stores.mjs";
import { bundleBytes, Engine, Store } from "./support.mjs";

const bundle = bundleBytes("bundles/cards.guardrank");
let engine, name;
before(async () => {
  engine = await Engine.create();
  const whole = engine.open(bundle);
  name = whole.rank({ time: "2026-11-21T10:00:00Z", context: { age: 34, state: "CA", income: 80000 } }).release;
  whole.dispose();
});
after(() => engine.dispose());

const serve = (run, options = {}) =>
  withStores(new Origin().add(name, partsOf(bundle)).publish(), { releases: [name], ...options }, run);
const hold = (path, response, next) => { if (!path.startsWith("blobs/")) next(); };

test("10,000 may wait for one cold bundle, which is fetched once", () => serve(async (origin, open) => {
  const store = await open();
  origin.asked();
  const served = await Promise.all(Array.from({ length: 10_000 }, () => store.snapshot(engine, {}, patient)));
  assert.equal(new Set(served.map(({ snapshot }) => snapshot)).size, 1);
  assert.equal(origin.asked().filter((path) => path.startsWith("blobs/")).length, 3);
}));

test("more than may wait are told so", () => serve(async (origin, open) => {
  const store = await open({ tickets: 4 });
  origin.fault = hold;
  const calls = Array.from({ length: 6 }, () => store.snapshot(engine, {}, { timeout: 50 }));
  const codes = (await Promise.allSettled(calls)).map(({ reason }) => reason.status).sort();
  assert.deepEqual(codes, [...Array(4).fill("GR_STATUS_DEADLINE"), ...Array(2).fill("GR_STATUS_LIMIT")]);
}));

test("who cannot wait for a version that is being prepared in steps opens it, and that one is kept", async () => {
  const serving = await Engine.create();
  const snapshots = new StoreSnapshots(2);
  snapshots.serveWith(serving);
  const prepared = snapshots.prepare("next", bundle, {});
  const taken = snapshots.take("next", bundle, {});
  await prepared;
  assert.equal(snapshots.take("next", undefined, {}), taken);
  taken.dispose();                                  // by whoever was given it: it is opened anew
  assert.equal(snapshots.has("next"), false);
  const anew = snapshots.take("next", bundle, {});
  assert.equal(anew.rank({ time: "2026-11-21T10:00:00Z", context: {} }).release, name);
  const late = snapshots.prepare("later", bundle, {});
  snapshots.dispose();                              // the store is gone: nothing is kept of what was on its way
  await late;
  assert.equal(snapshots.has("later"), false);
  assert.throws(() => anew.rank({ time: "2026-11-21T10:00:00Z", context: {} }), { where: "snapshot" });
  serving.dispose();
});

test("a signal ends a wait with its reason, and nobody else's", () => serve(async (origin, open) => {
  const store = await open();
  let go;
  const released = new Promise((resolve) => { go = resolve; });
  origin.fault = (path, response, next) => (path.startsWith("blobs/") ? released.then(next) : next());
  const leaving = new AbortController();
  const left = store.snapshot(engine, {}, { ...patient, signal: leaving.signal });
  const stays = store.snapshot(engine, {}, patient);
  leaving.abort(new Error("the user went away"));
  await assert.rejects(left, /the user went away/);
  await assert.rejects(store.snapshot(engine, {}, { signal: AbortSignal.abort() }), { name: "AbortError" });
  go();
  assert.equal((await stays).release, name);
}));

test("a signal ends the opening of a store", () => serve(async (origin) => {
  origin.fault = () => {};   // an origin that never answers
  const options = { origin: origin.address, trustedRoot: origin.root, releases: [name] };
  await assert.rejects(Store.open({ ...options, signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
  await assert.rejects(Store.open({ ...options, signal: "soon" }), /signal: wanted an AbortSignal/);
}));

test("a wait that is no time, and a route of other names, are refused at once", () => serve(async (origin, open) => {
  const store = await open();
  for (const timeout of [NaN, -1, Infinity, "5", 5n, null]) {
    await assert.rejects(store.snapshot(engine, {}, { timeout }), { where: "timeout" });
    await assert.rejects(store.shard({ sha256: "0".repeat(64), bytes: 1 }, { timeout }), { where: "timeout" });
  }
  for (const wrong of [{ prodct: "card" }, { arm: "b" }]) {
    await assert.rejects(store.snapshot(engine, wrong, patient), { where: `route.${Object.keys(wrong)[0]}` });
    await assert.rejects(store.shadows(engine, wrong, patient), { where: `route.${Object.keys(wrong)[0]}` });
  }
  assert.equal((await store.snapshot(engine, { product: null, market: undefined }, patient)).release, name);
}));

test("a clock that is put ahead or back neither ends a wait nor prolongs it", () => serve(async (origin, open) => {
  const real = Date.now;
  const jump = (seconds) => { Date.now = () => real() + 1000 * seconds; };
  try {
    const ahead = await open();
    origin.fault = (path, response, next) => setTimeout(next, path.startsWith("blobs/") ? 400 : 0);
    const comes = ahead.snapshot(engine, {}, patient);
    jump(3600);
    assert.equal((await comes).release, name);
    const back = await open();
    origin.fault = hold;
    const fails = back.snapshot(engine, {}, { timeout: 300 });
    jump(-3600);
    const began = performance.now();
    await assert.rejects(fails, { status: "GR_STATUS_DEADLINE" });
    assert.ok(performance.now() - began < 10_000);
  } finally {
    Date.now = real;
  }
}));

for (const [asked, told] of [["3600", "in seconds"], [new Date(Date.now() + 3_600_000).toUTCString(), "as a date"]]) {
  test(`an origin that asks for an hour's patience, ${told}, is not asked again`, () => serve(async (origin, open) => {
    const store = await open();
    origin.fault = (path, response, next) => {
      if (!path.endsWith("timestamp.json")) return next();
      response.writeHead(503, { "retry-after": asked }).end();
    };
    origin.asked();
    await assert.rejects(open(), { code: 700 });
    assert.equal(origin.asked().filter((path) => path.endsWith("timestamp.json")).length, 1);
    store.dispose();
  }));
}

test("of two engines that wait at once none gets the other's snapshot", () => serve(async (origin, open) => {
  const store = await open();
  const engines = [await Engine.create(), await Engine.create()];
  const found = await Promise.allSettled(engines.map((each) => store.snapshot(each, {}, { timeout: 5000 })));
  assert.equal(found[0].status, "rejected");
  assert.match(found[0].reason.message, /another engine/);
  const request = found[1].value.snapshot.request().json('{"time": "2026-11-21T10:00:00Z", "context": {"age": 34}}');
  assert.ok(engines[1].session().rank(request).text().includes(`"release":"${name}"`));   // not another engine's
  for (const each of engines) each.dispose();
}));

test("what onProgress throws is not the download's failure", () => serve(async (origin, open) => {
  const thrown = [], real = globalThis.queueMicrotask;
  globalThis.queueMicrotask = (step) => real(() => {
    try {
      step();
    } catch (failure) {
      thrown.push(failure.message);
    }
  });
  let isFirst = true;
  const store = await open({ onProgress: () => {
    if (isFirst) throw new Error("the page's own", { cause: isFirst = false });
  } });
  assert.equal(store.state().status, "GR_STATUS_OK");
  globalThis.queueMicrotask = real;
  assert.deepEqual(thrown, ["the page's own"]);
}));

test("what an ended writer left goes, what another one may be writing stays", () => serve(async (origin, open) => {
  const folder = mkdtempSync(join(tmpdir(), "guardrank-left-"));
  try {
    mkdirSync(join(folder, "blobs"));
    const part = (key) => join(folder, `${key}.0b6f7c1e-9a53-4a7e-8f0e-3f0c5a4d2b11.part`);
    for (const key of ["highest_time", "blobs/index"]) writeFileSync(part(key), "half");
    const old = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(part("blobs/index"), old, old);
    const store = await open({ storage: new FolderStorage(folder) });
    await store.snapshot(engine, {}, patient);
    assert.deepEqual([existsSync(part("highest_time")), existsSync(part("blobs/index"))], [true, false]);
    await store.settled();               // it may still write what it serves
  } finally {
    rmSync(folder, { recursive: true });
  }
}));
