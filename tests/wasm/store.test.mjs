// The store in Node: fetched from a server on loopback, verified, kept, ranked.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { FolderStorage } from "../../wasm/dist/host/folder.js";
import { Origin, partsOf, withModel } from "./origin.mjs";
import { patient, until, withStores } from "./stores.mjs";
import { bundleBytes, Engine, MemoryStorage, Store } from "./support.mjs";

const bundle = bundleBytes("bundles/cards.guardrank");
const parts = partsOf(bundle);
const request = { time: "2026-11-21T10:00:00Z", seed: 5, context: { age: 34, state: "CA", income: 80000 } };
let engine, whole, name;

before(async () => {
  engine = await Engine.create();
  whole = engine.open(bundle);
  name = whole.rank(request).release;
});
after(() => {
  whole.dispose();
  engine.dispose();
});

async function serve(run) {
  const options = { releases: [name], firstByteTimeout: 1000, stallTimeout: 1000 };
  await withStores(new Origin().add(name, parts).publish(), options, run);
}

const count = (paths, prefix) => paths.filter((path) => path.startsWith(prefix)).length;

test("what is delivered ranks as the bundle does, to the byte", () => serve(async (origin, open) => {
  const store = await open();
  const served = await store.snapshot(engine, {}, patient);
  assert.equal(served.release, name);
  assert.equal(served.fallback, undefined);
  assert.equal(served.snapshot.rankText(request, { record: true }),
               whole.rankText(request, { record: true }));
  const state = store.state();
  assert.equal(state.status, "GR_STATUS_OK");
  assert.deepEqual(state.versions, { root: 1n, timestamp: 1n, snapshot: 1n, targets: 1n });
  assert.ok(state.expires > new Date());
  const asked = origin.asked();
  assert.equal(count(asked, "blobs/"), 3);
  assert.equal(await store.snapshot(engine, {}, patient).then((again) => again.snapshot), served.snapshot);
  assert.deepEqual(origin.asked(), []);
}));

test("an empty root is no leave to trust the cache", () => serve(async (origin, open) => {
  const refusal = { status: "GR_STATUS_ARGUMENT", where: "trustedRoot" };
  await assert.rejects(open({ trustedRoot: new Uint8Array(0) }), refusal);
}));

test("many who wait for a cold release cause one fetch of each artifact", () => serve(async (origin, open) => {
  const store = await open();
  origin.asked();
  const served = await Promise.all(Array.from({ length: 1000 }, () => store.snapshot(engine, {}, { timeout: 5000 })));
  assert.equal(new Set(served.map(({ snapshot }) => snapshot)).size, 1);
  assert.equal(count(origin.asked(), "blobs/"), 3);
}));

test("a look without changes is one conditional request", () => serve(async (origin, open) => {
  const store = await open({ checkSeconds: 0.2 });
  await store.snapshot(engine, {}, patient);
  origin.asked();
  await until(() => origin.requests.length > 0);
  await store.settled();
  const [first, ...rest] = origin.requests;
  assert.equal(first.path, "metadata/timestamp.json");
  assert.ok(first.headers["if-none-match"]);
  assert.deepEqual(rest.filter(({ path }) => path !== first.path), []);
}));

test("a new release takes the old one's place; the old one serves until then", () => serve(async (origin, open) => {
  let changed;
  const change = new Promise((resolve) => { changed = resolve; });
  const store = await open({ checkSeconds: 0.1, onChange: changed });
  const before = store.state().revision;
  // The same release document, re-signed: nothing changes. Then another one.
  origin.publish();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(store.state().revision, before);
  const other = partsOf(bundleBytes("bundles/goods.guardrank"));
  origin.add(name, { ...parts, release: other.release }).publish();   // of another name: refused
  const state = await change;
  assert.equal(state.status, "GR_STATUS_REFERENCE");
  assert.equal((await store.snapshot(engine, {}, patient)).release, name);
}));

test("after a restart without an origin, what the folder holds serves", () => serve(async (origin, open) => {
  const folder = mkdtempSync(join(tmpdir(), "guardrank-store-"));
  try {
    const first = await open({ storage: new FolderStorage(folder) });
    await first.snapshot(engine, {}, patient);
    await first.settled();   // the writes
    origin.fault = (path, response) => response.destroy();
    const again = await open({ storage: new FolderStorage(folder) });
    const { snapshot } = await again.snapshot(engine, {}, { timeout: 5000 });
    assert.equal(snapshot.rankText(request), whole.rankText(request));
    assert.equal(readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".part")).length, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}));

test("a folder that was tampered with costs a fetch, never trust", () => serve(async (origin, open) => {
  const folder = mkdtempSync(join(tmpdir(), "guardrank-store-"));
  try {
    const first = await open({ storage: new FolderStorage(folder) });
    await first.snapshot(engine, {}, patient);
    await first.settled();
    for (const file of readdirSync(join(folder, "blobs"))) {
      const path = join(folder, "blobs", file), bytes = readFileSync(path);
      bytes[bytes.length - 1] ^= 1;
      writeFileSync(path, bytes);
    }
    origin.asked();
    const again = await open({ storage: new FolderStorage(folder) });
    const { snapshot } = await again.snapshot(engine, {}, { timeout: 5000 });
    assert.equal(snapshot.rankText(request), whole.rankText(request));
    assert.equal(count(origin.asked(), "blobs/"), 3);
  } finally {
    rmSync(folder, { recursive: true });
  }
}));

const refused = { name: "GuardrankError", status: "GR_STATUS_NETWORK" };

for (const [what, fault] of Object.entries({
  "the connection is reset": (path, response) => response.destroy(),
  "the answer never comes": () => {},
  "404": (path, response) => response.writeHead(404).end(),
  "500": (path, response) => response.writeHead(500).end(),
  "a redirect to itself": (path, response) => response.writeHead(302, { location: `/${path}` }).end(),
  "another content": (path, response) => response.end("<html>an error page</html>"),
  "too long": (path, response) => response.end(Buffer.alloc(4 << 20)),
  "truncated": (path, response) => response.writeHead(200, { "content-length": 5000 }).end("{"),
})) {
  test(`nothing is trusted where the metadata's answer is wrong: ${what}`, { timeout: 20_000 },
       () => serve(async (origin, open) => {
    origin.fault = fault;
    await assert.rejects(open(), ({ name, message }) => {
      assert.equal(name, "GuardrankError");
      assert.ok(message.length > 0);
      return true;
    });
  }));
}

test("a blob with a flipped bit is not served", () => serve(async (origin, open) => {
  const store = await open();
  origin.fault = (path, response, next) => {
    if (!path.startsWith("blobs/")) return next();
    const bytes = Buffer.from(origin.files.get(path));
    bytes[bytes.length >> 1] ^= 4;
    return response.end(bytes);
  };
  await assert.rejects(store.snapshot(engine, {}, { timeout: 300 }), { name: "GuardrankError" });
}));

test("a blob that fails once comes at the second try", () => serve(async (origin, open) => {
  const store = await open();
  const seen = new Set();
  origin.fault = (path, response, next) => {
    if (seen.has(path)) return next();
    seen.add(path);
    return response.writeHead(500).end();
  };
  const { snapshot } = await store.snapshot(engine, {}, { timeout: 10_000 });
  assert.equal(snapshot.rankText(request), whole.rankText(request));
}));

test("at its deadline a request that has no fallback is told so", () => serve(async (origin, open) => {
  const store = await open();
  origin.fault = () => {};
  const from = Date.now();
  await assert.rejects(store.snapshot(engine, {}, { timeout: 200 }), { status: "GR_STATUS_DEADLINE" });
  assert.ok(Date.now() - from < 2000);
}));

test("metadata signed by another key, and expired metadata, are refused", () => serve(async (origin, open) => {
  const foreign = new Origin();
  await assert.rejects(open({ trustedRoot: foreign.root }), { status: "GR_STATUS_SIGNATURE" });
  origin.publish({ days: -1 });
  await assert.rejects(open(), { status: "GR_STATUS_EXPIRED" });
}));

test("older metadata than what was seen is refused", () => serve(async (origin, open) => {
  const storage = new MemoryStorage();
  const old = new Map(origin.files);
  origin.publish();
  (await open({ storage })).dispose();
  origin.files = old;
  const states = [];
  const store = await open({ storage, checkSeconds: 0.1, onChange: (state) => states.push(state.status) });
  await until(() => states.includes("GR_STATUS_ROLLBACK") || store.state().status === "GR_STATUS_ROLLBACK");
  assert.equal(store.state().versions.timestamp, 2n);
}));

test("progress is told, and a disposed store tells whoever waits", () => serve(async (origin, open) => {
  const seen = [];
  const store = await open({ onProgress: (address, received, total) => seen.push([address, received, total]) });
  await store.snapshot(engine, {}, patient);
  assert.ok(seen.some(([address, received, total]) => address.includes("/blobs/") && received === total));
  const idle = await open();
  origin.fault = () => {};
  const waiting = idle.snapshot(engine, {}, { timeout: 5000 });
  idle.dispose();
  await assert.rejects(waiting, { name: "GuardrankError" });
}));

test("a request that straddles a publication gets what was chosen for it", () => serve(async (origin, open) => {
  const store = await open({ checkSeconds: 0.1, firstByteTimeout: 5000, stallTimeout: 5000 });
  const held = [];
  origin.fault = (path, response, next) => (path.startsWith("blobs/") ? held.push(next) : next());
  const waiting = store.snapshot(engine, {}, { timeout: 10_000 });
  await until(() => held.length === 3);
  const revision = store.state().revision;
  origin.add(name, { ...parts, release: withModel(parts.release, parts, "ab".repeat(32)) }).publish();
  await until(() => store.state().revision > revision);
  for (const answer of held) answer();
  const { snapshot } = await waiting;
  assert.equal(snapshot.rankText(request), whole.rankText(request));
}));

test("a release that is withdrawn by its signers serves no longer", () => serve(async (origin, open) => {
  const store = await open({ checkSeconds: 0.1 });
  await store.snapshot(engine, {}, patient);
  origin.targets = {};
  origin.publish();
  await until(() => store.state().status === "GR_STATUS_MISSING");
  await assert.rejects(store.snapshot(engine, {}, { timeout: 100 }), { status: "GR_STATUS_EXPIRED" });
  origin.add(name, parts).publish();
  await until(() => store.state().status === "GR_STATUS_OK", 15_000);
  await store.snapshot(engine, {}, patient);
}));

test("what one look could not fetch, the next one does", () => serve(async (origin, open) => {
  const store = await open({ checkSeconds: 0.1 });
  origin.fault = (path, response, next) =>
    (path.endsWith("2.targets.json") ? response.writeHead(404).end() : next());
  origin.publish();
  await until(() => store.state().status !== "GR_STATUS_OK");
  assert.equal(store.state().versions.targets, 1n);
  await store.snapshot(engine, {}, patient);
  origin.fault = (path, response, next) => next();
  await until(() => store.state().versions.targets === 2n, 15_000);
}));

test("storages keep, replace and remove, one by one and by folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "guardrank-storage-"));
  try {
    for (const storage of [new MemoryStorage(), new FolderStorage(folder)]) {
      const bytes = Uint8Array.of(1, 2, 3);
      assert.equal(await storage.read("blobs/a"), undefined);
      for (const key of ["blobs/a", "blobs/b", "metadata/blobs", "root.json"]) await storage.write(key, bytes);
      await storage.write("blobs/a", Uint8Array.of(4));
      assert.deepEqual([...await storage.read("blobs/a")], [4]);
      const lines = new TextDecoder().decode(await storage.read("blobs/")).trimEnd().split("\n");
      assert.deepEqual(lines.sort(), ["a 1", "b 3"]);
      await storage.remove("root.json");
      await storage.remove("root.json");
      await storage.remove("blobs/");
      assert.equal(await storage.read("root.json"), undefined);
      assert.equal(await storage.read("blobs/b"), undefined);
      assert.deepEqual([...await storage.read("metadata/blobs")], [1, 2, 3]);
      await storage.remove("nothing/");
    }
    const storage = new FolderStorage(folder);
    writeFileSync(join(folder, "elsewhere"), "anything");
    symlinkSync(join(folder, "elsewhere"), join(folder, "root.json"));
    execFileSync("mkfifo", [join(folder, "timestamp.json")]);
    symlinkSync("/dev/zero", join(folder, "snapshot.json"));
    for (const key of ["root.json", "timestamp.json", "snapshot.json"]) {
      assert.equal(await storage.read(key), undefined);
    }
    await storage.write("root.json", Uint8Array.of(5));
    assert.deepEqual([...await storage.read("root.json")], [5]);
    assert.equal(readFileSync(join(folder, "elsewhere"), "utf8"), "anything");
    symlinkSync(tmpdir(), join(folder, "links"));
    await assert.rejects(storage.write("links/a", new Uint8Array(1)), /found a link/);
    await assert.rejects(new FolderStorage(folder).write("../x", new Uint8Array(1)));
    await assert.rejects(new FolderStorage(folder).read("a/../../x"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what no index names counts against the storage's budget, and goes", () => serve(async (origin, open) => {
  const folder = mkdtempSync(join(tmpdir(), "guardrank-unnamed-"));
  try {
    const storage = new FolderStorage(folder);
    const first = await open({ storage });
    await first.snapshot(engine, {}, patient);
    await first.settled();
    first.dispose();
    rmSync(join(folder, "blobs/index"));   // another process wrote one of its own over it
    const stray = "ab".repeat(32), diskBytes = 40_000;
    writeFileSync(join(folder, "blobs", stray), Buffer.alloc(60_000));
    const again = await open({ storage: new FolderStorage(folder), diskBytes });
    await again.snapshot(engine, {}, patient);
    await until(() => !readdirSync(join(folder, "blobs")).includes(stray));
    await again.settled();
    const kept = readdirSync(join(folder, "blobs")).filter((name) => name.length === 64);
    const sizes = kept.map((name) => readFileSync(join(folder, "blobs", name)).length);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= diskBytes, `${sizes}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}));

test("requests that no route serves, and options that are wrong, say so", () => serve(async (origin, open) => {
  await assert.rejects(open({ releases: [] }), { status: "GR_STATUS_ARGUMENT", where: "releases" });
  await assert.rejects(open({ releases: [name, name] }), { status: "GR_STATUS_DUPLICATE" });
  await assert.rejects(open({ releases: ["../x"] }), { status: "GR_STATUS_ARGUMENT" });
  await assert.rejects(open({ releases: ["not-there"] }), { status: "GR_STATUS_MISSING" });
}));

test("options of the wrong kind are refused before anything is fetched", () => serve(async (origin, open) => {
  origin.asked();
  for (const [wrong, where] of [
    [{ origin: 5 }, "origin"], [{ origin: { metadata: "http://x/" } }, "origin.targets"],
    [{ releases: name }, "releases"], [{ releases: [5] }, "releases[0]"], [{ trustedRoot: "{}" }, "trustedRoot"],
    [{ memoryBytes: -1 }, "memoryBytes"], [{ diskBytes: 1.5 }, "diskBytes"], [{ bytesPerDay: "9" }, "bytesPerDay"],
    [{ fetches: 2 ** 32 }, "fetches"], [{ snapshots: Number.NaN }, "snapshots"],
    [{ checkSeconds: -1 }, "checkSeconds"], [{ timeout: Infinity }, "timeout"], [{ onChange: {} }, "onChange"],
    [{ storage: "folder" }, "storage"], [{ fetch: 1 }, "fetch"],
  ]) {
    await assert.rejects(open(wrong), { name: "GuardrankError", status: "GR_STATUS_ARGUMENT", where });
  }
  await assert.rejects(Store.open(undefined), { name: "GuardrankError", where: "options" });
  assert.deepEqual(origin.asked(), []);
}));
