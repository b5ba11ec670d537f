// What a cold store fetches before it asks: early, once, and trusted no more than if it came later.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FetchAhead } from "../../wasm/dist/host/ahead.js";
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
const word = `metadata/ahead/targets/${name}.json`;   // whether it is there or not
const wanted = (origin) => ["metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json",
                            "metadata/1.targets.json", word, target(origin)].sort();

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
    assert.deepEqual(origin.asked().filter((path) => !/\d\.root|timestamp/.test(path)), [word]);
  }
}));

/** The origin says, as `guardrank publish` does, which artifacts its release leads to. */
async function serveNamed(artifactsOf, run, leavesWord = false) {
  const origin = new Origin().add(name, partsOf(bundle));
  const blobs = [...origin.files].filter(([path]) => path.startsWith("blobs/"));
  const artifacts = artifactsOf(Object.fromEntries(blobs.map(([path, bytes]) => [path.slice(6), bytes.length])));
  origin.targets[`${name}.release`].custom = { guardrank: { artifacts } };
  if (leavesWord) origin.leaveWord();
  await withStores(origin.publish(), { releases: [name] }, run);
}
const isBlob = (path) => path.startsWith("blobs/");
const engine = await Engine.create();

test("artifacts that the metadata names come before the module, and once", { timeout: 10_000 }, () =>
  serveNamed((blobs) => blobs, async (origin, open) => {
    const arrived = [];
    let all;
    const three = new Promise((resolve) => { all = resolve; });
    origin.fault = (path, response, next) => {
      next();
      if (isBlob(path) && arrived.push(path) === 3) all();
    };
    const store = await open({ module: moduleAfter(three) });
    const { snapshot } = await store.snapshot(engine);
    assert.equal(snapshot.rank({ time: "2026-11-21T10:00:00Z", context: {} }).release, name);
    assert.equal(new Set(arrived).size, 3);
    assert.equal(arrived.length, 3);
  }));

test("a budget of bytes has them counted: none comes early", () =>
  serveNamed((blobs) => blobs, async (origin, open) => {
    const store = await open({ bytesPerDay: 1 << 30 });
    assert.deepEqual(origin.asked().filter(isBlob), []);
    await store.snapshot(engine);
    assert.equal(origin.asked().filter(isBlob).length, 3);
  }));

test("artifacts larger than said, or of odd sizes, come when they are asked for", async () => {
  const odd = [(size) => size - 1, (size) => `${size}`, () => -1, () => 5 << 20, () => null];
  for (const change of odd) {
    const artifactsOf = (blobs) => Object.fromEntries(Object.entries(blobs).map(([id, size]) => [id, change(size)]));
    await serveNamed(artifactsOf, async (origin, open) => {
      const store = await open();
      assert.equal((await store.snapshot(engine)).release, name);
    });
  }
});

test("a storage that has them, however slow to say so, has none of them fetched", () =>
  serveNamed((blobs) => blobs, async (origin, open) => {
    const storage = new MemoryStorage();
    const first = await open({ storage });
    await first.snapshot(engine);
    await first.settled();
    first.dispose();
    origin.asked();
    const slow = {
      read: async (key) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return storage.read(key);
      },
      write: (key, bytes) => storage.write(key, bytes), remove: (key) => storage.remove(key),
    };
    const store = await open({ storage: slow });
    await store.snapshot(engine);
    await store.settled();
    const asked = origin.asked();
    assert.deepEqual(asked.filter(isBlob), []);
    assert.equal(asked.filter((path) => path.endsWith("timestamp.json")).length, 1);
  }));

test("a storage that cannot be read holds nothing up", { timeout: 10_000 }, () =>
  serveNamed((blobs) => blobs, async (origin, open) => {
    let arrived;
    const all = new Promise((resolve) => { arrived = resolve; });
    let left = 3;
    origin.fault = (path, response, next) => {
      next();
      if (isBlob(path) && --left === 0) arrived();
    };
    const refuse = () => Promise.reject(new Error("no such thing here"));
    const storage = { read: refuse, write: refuse, remove: refuse };
    const store = await open({ storage, module: moduleAfter(all) });
    assert.equal((await store.snapshot(engine)).release, name);
    assert.equal(store.state().isStorageWritable, false);
  }));

test("where the publisher left word, all of it is asked for in two round trips", { timeout: 10_000 }, () =>
  serveNamed((blobs) => blobs, async (origin, open) => {
    const held = [], second = new Set(["metadata/1.snapshot.json", "metadata/1.targets.json", target(origin)]);
    origin.fault = (path, response, next) => {
      if (!second.has(path) && !isBlob(path)) return next();
      held.push([path, next]);
      if (held.length === 6) for (const [, answer] of held) answer();
    };
    const store = await open({ fetches: 8 });
    const { snapshot } = await store.snapshot(engine);
    assert.equal(snapshot.rank({ time: "2026-11-21T10:00:00Z", context: {} }).release, name);
    assert.equal(held.length, 6);
    const asked = origin.asked();
    assert.equal(asked.length, new Set(asked).size);
    assert.equal(asked.filter((path) => !isBlob(path) && !second.has(path)).sort().join(),
                 `metadata/2.root.json,${word},metadata/timestamp.json`);
  }, true));

test("word of something else, or of odd form, costs what it names and nothing more", async () => {
  const other = "0".repeat(64);
  const stale = { hashes: { sha256: other }, custom: { guardrank: { artifacts: { [other]: 7 } } } };
  const odd = ["{", "null", "7", '"text"', "[]", '{"hashes":7,"custom":7}', '{"hashes":{"sha256":"../x"}}',
               '{"custom":{"guardrank":{"artifacts":{"../x":5}}}}', JSON.stringify(stale)];
  for (const text of odd) {
    await serveNamed((blobs) => blobs, async (origin, open) => {
      origin.files.set(word, Buffer.from(text));
      const { snapshot } = await (await open()).snapshot(engine);
      assert.equal(snapshot.rank({ time: "2026-11-21T10:00:00Z", context: {} }).release, name);
      const asked = origin.asked(), missing = asked.filter((path) => !origin.files.has(path)).sort();
      const named = text === odd.at(-1) ? [`blobs/${other}`, `targets/${other}.${name}.release`] : [];
      assert.deepEqual(missing, [...named, "metadata/2.root.json"].sort());
      assert.equal(asked.length, new Set(asked).size);
    }, true);
  }
});

test("versions of odd form, or ahead of the rest, lead back to what the snapshot names", async () => {
  for (const told of [{ targets: 7 }, { targets: "1" }, { targets: null }, null, "x", 5]) {
    await serve(async (origin, open) => {
      const { signed } = JSON.parse(origin.files.get("metadata/timestamp.json"));
      origin.files.set("metadata/timestamp.json", origin.signed({ ...signed, "x-guardrank-versions": told }));
      assert.equal((await open()).state().status, "GR_STATUS_OK");
      const asked = origin.asked();
      assert.equal(asked.filter((path) => path === "metadata/1.targets.json").length, 1);
      assert.equal(asked.includes("metadata/7.targets.json"), told?.targets === 7);
    });
  }
});

test("a team's list is fetched early, too, and nothing where the storage has it", async () => {
  const asked = [];
  const answers = {
    "timestamp.json": { signed: { meta: { "snapshot.json": { version: 3 } } } },
    "3.snapshot.json": { signed: { meta: { "targets.json": { version: 4 }, "cards.json": { version: 5 } } } },
    "4.targets.json": { signed: { targets: {} } },
    "5.cards.json": { signed: { targets: { "cards/x.release": { hashes: { sha256: "a".repeat(64) } } } } },
  };
  const begin = async (storage) => {
    const fetch = async (address) => {
      asked.push(address);
      const found = answers[address.replace("m/", "")];
      return found === undefined ? new Response(null, { status: 404 }) : new Response(JSON.stringify(found));
    };
    const origin = { metadata: "m/", targets: "t/", blobs: "b/" };
    const limits = { firstByteTimeout: 1000, stallTimeout: 1000, timeout: 1000, attempts: 1 };
    const root = new TextEncoder().encode(JSON.stringify({ signed: { version: 1 } }));
    await new FetchAhead({ origin, storage, fetch, ...limits }, 0, 2).begin(root, ["cards/x"]);
    return asked.splice(0).sort();
  };
  assert.deepEqual(await begin(new MemoryStorage()), [
    "m/2.root.json", "m/3.snapshot.json", "m/4.targets.json", "m/5.cards.json", "m/ahead/cards/x.json",
    "m/timestamp.json", `t/cards/${"a".repeat(64)}.x.release`]);
  const kept = new MemoryStorage();
  await kept.write("timestamp.json", new Uint8Array(1));
  assert.deepEqual(await begin(kept), []);
  const slow = { read: () => new Promise((resolve) => setTimeout(resolve, 30, new Uint8Array(1))) };
  assert.equal((await begin(slow)).some((address) => address.startsWith("t/")), false);
});

test("no more is fetched early than may be under way at a time", () => serve(async (origin, open) => {
  let underWay = 0, most = 0;
  const counting = async (...words) => {
    most = Math.max(most, ++underWay);
    const response = await fetch(...words);
    const body = await response.arrayBuffer().finally(() => { underWay--; });
    const { status, headers } = response;
    return new Response(status === 304 || status === 204 ? null : body, { status, headers });
  };
  const store = await open({ fetch: counting, fetches: 2 });
  assert.equal(store.state().status, "GR_STATUS_OK");
  assert.ok(most <= 2, `${most} at a time`);
}));
