// What a cold store fetches before it asks: early, once, and trusted no more than if it came later.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Origin, partsOf } from "./origin.mjs";
import { withStores } from "./stores.mjs";
import { bundleBytes, Engine, GuardrankError, MemoryStorage } from "./support.mjs";

const bundle = bundleBytes("bundles/cards.guardrank");
const module = readFileSync(new URL("../../wasm/dist/guardrank-store.wasm", import.meta.url));
const name = await Engine.create().then((engine) =>
  engine.open(bundle).rank({ time: "2026-11-21T10:00:00Z", context: {} }).release);

async function serve(run) {
  await withStores(new Origin().add(name, partsOf(bundle)).publish(), { releases: [name] }, run);
}

const target = (origin) => [...origin.files.keys()].find((path) => path.startsWith("targets/"));
const wanted = (origin) => ["metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json",
                            "metadata/1.targets.json", target(origin)].sort();

/** The module, as a response that comes when `when` did. */
const headers = { "content-type": "application/wasm" };
const moduleAfter = (when) => when.then(() => new Response(module, { headers }));

test("all that can be known is there before the module is", { timeout: 10_000 }, () => serve(async (origin, open) => {
  let arrived;
  const all = new Promise((resolve) => { arrived = resolve; });
  origin.fault = (path, response, next) => {
    next();
    if (path === target(origin)) arrived();
  };
  const store = await open({ module: moduleAfter(all) });
  assert.equal(store.state().status, "GR_STATUS_OK");
  assert.deepEqual(origin.asked().sort(), wanted(origin));   // and nothing twice
}));

test("what the storage has is asked for by its entity tag alone", () => serve(async (origin, open) => {
  const storage = new MemoryStorage();
  (await open({ storage })).dispose();
  origin.requests.length = 0;
  await open({ storage, checkSeconds: 0.1 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const timestamps = origin.requests.filter(({ path }) => path.endsWith("timestamp.json"));
  assert.ok(timestamps.length > 0);
  assert.deepEqual(origin.requests.filter(({ path }) => /snapshot|targets/.test(path)), []);
}));

test("what failed early is asked for again", () => serve(async (origin, open) => {
  const seen = new Set();
  origin.fault = (path, response, next) => {
    if (seen.has(path)) return next();
    seen.add(path);
    return response.destroy();
  };
  assert.equal((await open()).state().status, "GR_STATUS_OK");
}));

test("names that nobody signed lead nowhere", () => serve(async (origin, open) => {
  const signed = origin.files.get("metadata/timestamp.json");
  const forged = JSON.parse(signed);
  forged.signed.meta["snapshot.json"].version = 7;
  origin.files.set("metadata/timestamp.json", Buffer.from(JSON.stringify(forged)));
  await assert.rejects(open(), { name: "GuardrankError", status: "GR_STATUS_SIGNATURE" });
  for (const odd of ["{", "null", '{"signed":{}}', '{"signed":{"meta":{"snapshot.json":{"version":"../x"}}}}']) {
    origin.files.set("metadata/timestamp.json", Buffer.from(odd));
    origin.asked();
    await assert.rejects(open(), GuardrankError);
    assert.deepEqual(origin.asked().filter((path) => !/\d\.root|timestamp/.test(path)), []);
  }
}));
