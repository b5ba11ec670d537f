// Users' tables in shards: a page fetches the shard with its user's row, and ranks as the whole does.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { sectionsOf } from "./artifacts.mjs";
import { Origin, partsOf } from "./origin.mjs";
import { patient, until, withStores } from "./stores.mjs";
import { bundleBytes, Engine, GuardrankError, MemoryStorage } from "./support.mjs";

const bundle = bundleBytes("bundles/users.guardrank");
const users = partsOf(bundle);
const name = "conformance-users@1", rows = 64;
// The bundle's section 20: "user", 1201 rows of 8 bytes, then "recent", 301 of 4, at a multiple of 64.
const tables = sectionsOf(bundle).find(({ kind }) => kind === 20).bytes;
const shapes = [{ field: "user", first: 0, count: 1201, dim: 8 },
                { field: "recent", first: Math.ceil(1201 * 8 / 64) * 64, count: 301, dim: 4 }];
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const shards = new Map(shapes.flatMap(({ field, first, count, dim }) =>
  Array.from({ length: Math.ceil(count / rows) }, (_, shard) => {
    const end = first + Math.min(count, (shard + 1) * rows) * dim;
    const bytes = tables.slice(first + shard * rows * dim, end);
    return [sha256(bytes), { field, shard, bytes }];
  })));

const ask = (user, recent = []) => ({
  time: "2026-11-22T10:00:00Z", context: { user, country: "DE", recent }, explain: true,
});
let engine, whole;

before(async () => {
  engine = await Engine.create();
  whole = engine.open(bundle, { full: true });
});
after(() => {
  whole.dispose();
  engine.dispose();
});

function makeOrigin() {
  const origin = new Origin();
  for (const [hash, { bytes }] of shards) origin.files.set(`blobs/${hash}`, Buffer.from(bytes));
  return origin.add(name, users).publish();
}

async function serve(run) {
  const options = { releases: [name], firstByteTimeout: 1000, stallTimeout: 1000 };
  await withStores(makeOrigin(), options, run);
}
const shardsOf = (paths) => paths.map((path) => path.slice(6)).filter((hash) => shards.has(hash));

test("without its rows a ranking is refused, names them, and ranks to the same bits once they are there", () => {
  const apart = engine.open(users, { full: true });
  const request = ask("ada", ["u-1", "u-2"]);
  assert.throws(() => apart.rank(request), (failure) =>
    failure instanceof GuardrankError && failure.code === 202 && /^fields\[user\]\.shards\[\d+\]$/.test(failure.where));
  const wanted = apart.wanted();
  assert.ok(wanted.length >= 2 && wanted.length <= 3);
  for (const { field, shard, bytes, sha256: hash } of wanted) {
    const known = shards.get(hash);
    assert.deepEqual({ field, shard, bytes }, { field: known.field, shard: known.shard, bytes: known.bytes.length });
    const wrong = known.bytes.slice();
    wrong[wrong.length - 1] ^= 1;
    assert.throws(() => apart.addShard(wrong), { code: 307 });
    apart.addShard(known.bytes);
  }
  assert.deepEqual(apart.wanted(), []);
  const options = { record: true };
  const told = apart.rankText(request, options);
  assert.equal(told, whole.rankText(request, options));
  const { record } = JSON.parse(told);
  assert.ok(apart.replay(record).isEqual && whole.replay(record).isEqual);
  apart.dispose();
  const fresh = engine.open(users);
  assert.throws(() => fresh.replay(record), { code: 202 });
  for (const { sha256: hash } of fresh.wanted()) fresh.addShard(shards.get(hash).bytes);
  assert.ok(fresh.replay(record).isEqual);
  fresh.dispose();
});

test("a store fetches the one shard of its user, once, and keeps it", () => serve(async (origin, open) => {
  const storage = new MemoryStorage();
  const store = await open({ storage });
  const { snapshot } = await store.snapshot(engine);
  assert.deepEqual(shardsOf(origin.asked()), []);
  const before = store.state().fetchedBytes;
  const found = await store.rank(snapshot, ask("ada"));
  const asked = shardsOf(origin.asked());
  assert.equal(asked.length, 2);               // of "user", and of "recent" the row for an empty list
  assert.deepEqual(asked.map((hash) => shards.get(hash).field).sort(), ["recent", "user"]);
  assert.deepEqual(found, whole.rank(ask("ada")));
  const fetched = store.state().fetchedBytes - before;
  assert.equal(fetched, rows * 8 + rows * 4);
  assert.ok(fetched < tables.length / 10);
  // Again, and together: nothing is asked for.
  await Promise.all([store.rank(snapshot, ask("ada")), store.rank(snapshot, ask("ada"))]);
  assert.deepEqual(origin.asked(), []);
  await store.settled();
  store.dispose();
  const later = await open({ storage });
  const again = await later.snapshot(engine);
  assert.deepEqual(await later.rank(again.snapshot, ask("ada")), whole.rank(ask("ada")));
  assert.deepEqual(shardsOf(origin.asked()), []);
}));

test("many users at once: each shard is fetched once, and everyone is ranked as the whole would", () =>
  serve(async (origin, open) => {
    const store = await open({ memoryBytes: 1 << 20 });
    const { snapshot } = await store.snapshot(engine);
    origin.asked();
    const names = Array.from({ length: 60 }, (_, i) => `user-${i}`);
    const found = await Promise.all(names.map((user, i) =>
      store.rank(snapshot, ask(user, [`u-${i}`]), { timeout: 20_000 })));
    names.forEach((user, i) => assert.deepEqual(found[i], whole.rank(ask(user, [`u-${i}`]))));
    const asked = shardsOf(origin.asked());
    assert.equal(new Set(asked).size, asked.length);
    assert.ok(asked.length > 10 && asked.length <= shards.size);
  }));

test("a shard that is harmed, late or gone: the ranking fails, and succeeds once it is there", () =>
  serve(async (origin, open) => {
    const store = await open();
    const { snapshot } = await store.snapshot(engine);
    const good = new Map(origin.files);
    for (const hash of shards.keys()) {
      const bytes = Buffer.from(good.get(`blobs/${hash}`));
      bytes[0] ^= 1;
      origin.files.set(`blobs/${hash}`, bytes);
    }
    await assert.rejects(store.rank(snapshot, ask("ada"), { timeout: 300 }),
                         (failure) => failure instanceof GuardrankError && failure.where === "shard");
    origin.files = good;
    // What failed for good is left alone for a while.
    await until(() => store.rank(snapshot, ask("ada"), patient).then(() => true, () => false));
    assert.deepEqual(await store.rank(snapshot, ask("ada")), whole.rank(ask("ada")));
    origin.fault = (path, response, go) => (path.startsWith("blobs/") ? response.writeHead(404).end() : go());
    await assert.rejects(store.rank(snapshot, ask("somebody else entirely")), { where: "shard" });
    // Those at hand go on.
    assert.deepEqual(await store.rank(snapshot, ask("ada")), whole.rank(ask("ada")));
  }));

test("what else is missing is no reason to fetch", () => serve(async (origin, open) => {
  const store = await open();
  const { snapshot } = await store.snapshot(engine);
  origin.asked();
  await assert.rejects(store.rank(snapshot, { context: { user: "ada" } }), { code: 202, where: "time" });
  assert.deepEqual(origin.asked(), []);
  await assert.rejects(async () => store.shard({ sha256: "abc", bytes: 3 }), { code: 100 });
  await assert.rejects(store.shard({ sha256: "0".repeat(64), bytes: 0 }), { code: 100 });
}));
