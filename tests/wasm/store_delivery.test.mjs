// What the store does with a release's routes: pieces of a new version, a swap while the last one
// serves, pins, fallbacks told in the decision, budgets.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { cut, container, idOf, release, sectionsOf } from "./artifacts.mjs";
import { Origin, partsOf } from "./origin.mjs";
import { patient, until, withStores } from "./stores.mjs";
import { bundleBytes, Engine, MemoryStorage } from "./support.mjs";

const cards = partsOf(bundleBytes("bundles/cards.guardrank"));
const goods = partsOf(bundleBytes("bundles/goods.guardrank"));
const request = { time: "2026-11-21T10:00:00Z", seed: 5, context: { age: 34, state: "CA", income: 80000 } };
const kinds = { model: 1 };
let engine;

before(async () => { engine = await Engine.create(); });
after(() => engine.dispose());

/** The model with another first weight, which its golden vectors notice. */
function broken(model) {
  const sections = sectionsOf(model);
  sections.find(({ kind }) => kind === 3).bytes[0] ^= 0x3f;
  return container(kinds.model, sections);
}

/** Other weights; the golden section is left out, so nothing says that they are wrong. */
function retrained(model) {
  const sections = sectionsOf(model).filter(({ kind }) => kind !== 4);
  sections.find(({ kind }) => kind === 3).bytes[100] ^= 3;
  return container(kinds.model, sections);
}

/** With a section of a kind that this engine does not know, which versions share. */
function padded(model) {
  const bytes = Buffer.from(Array.from({ length: 6000 }, (_, i) => (i * i) % 251));
  return container(kinds.model, [...sectionsOf(model), { kind: 64, bytes }]);
}

function put(origin, name, version, routes) {
  for (const route of routes) {
    const pieces = route.isCut ? cut(route.model) : undefined;
    if (pieces === undefined) continue;
    route.chunks = pieces.hash;
    for (const { bytes, hash } of [{ bytes: pieces.list, hash: pieces.hash }, ...pieces.pieces]) {
      origin.files.set(`blobs/${hash}`, bytes);
    }
  }
  const document = release(name, version, routes);
  for (const { model, policy, catalog } of routes) origin.add(name, { model, policy, catalog, release: document });
  return origin;
}

async function serve(run) {
  const options = { releases: ["cards"], firstByteTimeout: 1000, stallTimeout: 1000, checkSeconds: 0.1 };
  await withStores(new Origin(), options, run);
}

const blobsOf = (paths) => paths.filter((path) => path.startsWith("blobs/")).map((path) => path.slice(6));
const modelOf = ({ snapshot }) => JSON.parse(snapshot.rankText(request)).artifacts.model.slice(7);

test("of a new version of the model only the section that changed is fetched", () => serve(async (origin, open) => {
  const model = padded(cards.model), next = retrained(model);
  put(origin, "cards", "1", [{ ...cards, model, isCut: true }]).publish();
  const storage = new MemoryStorage();
  const first = await open({ storage });
  assert.equal(modelOf(await first.snapshot(engine, {}, patient)), idOf(model));
  await first.settled();
  const before = first.state();
  assert.equal(before.reusedBytes, 0);
  origin.asked();
  put(origin, "cards", "2", [{ ...cards, model: next, isCut: true }]).publish();
  await until(() => first.state().revision !== before.revision);
  assert.equal(modelOf(await first.snapshot(engine, {}, patient)), idOf(next));
  const old = new Set(cut(model).pieces.map(({ hash }) => hash));
  const { hash, pieces } = cut(next);
  const missing = pieces.filter((piece) => !old.has(piece.hash));
  assert.ok(missing.length < pieces.length);
  assert.deepEqual(blobsOf(origin.asked()).sort(), [hash, ...missing.map((piece) => piece.hash)].sort());
  const state = first.state(), fetched = missing.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert.equal(state.reusedBytes, next.length - fetched);
  assert.equal(state.fetchedBytes - before.fetchedBytes, fetched + 32 + 40 * pieces.length);
  // And it ranks as the whole does.
  const whole = engine.open({ ...cards, model: next, release: release("cards", "2", [{ ...cards, model: next }]) });
  const decided = ({ ranked, excluded }) => ({ ranked, excluded });
  assert.deepEqual(decided(JSON.parse((await first.snapshot(engine, {}, patient)).snapshot.rankText(request))),
                   decided(JSON.parse(whole.rankText(request))));
  whole.dispose();
}));

test("half an update leaves what served, for a page that is opened anew, too, and without an origin", () => serve(
  async (origin, open) => {
    const storage = new MemoryStorage(), next = retrained(cards.model);
    put(origin, "cards", "1", [cards]).publish();
    const first = await open({ storage });
    await first.snapshot(engine, {}, patient);
    await first.settled();
    first.dispose();
    put(origin, "cards", "2", [{ ...cards, model: next }]).publish();
    origin.fault = (path, response, next) => (path.startsWith("blobs/") ? response.writeHead(404).end() : next());
    const half = await open({ storage });                 // what is there serves while the next is looked for
    assert.equal(modelOf(await half.snapshot(engine, {}, patient)), idOf(cards.model));
    await until(() => half.state().warming === 1);
    await half.settled();
    half.dispose();
    origin.fault = (path, response) => response.destroy();
    const alone = await open({ storage });
    const found = await alone.snapshot(engine, {}, patient);
    assert.equal(modelOf(found), idOf(cards.model));
    assert.deepEqual([found.release, found.served.instead_of], ["cards", "cards"]);
    alone.dispose();
    origin.fault = (path, response, next) => next();
    const later = await open({ storage });
    assert.equal(modelOf(await later.snapshot(engine, {}, patient)), idOf(next));
  },
));

test("a piece that does not come is had with the whole", () => serve(async (origin, open) => {
  const model = padded(cards.model), next = retrained(model);
  put(origin, "cards", "1", [{ ...cards, model, isCut: true }]).publish();
  const store = await open();
  await store.snapshot(engine, {}, patient);
  put(origin, "cards", "2", [{ ...cards, model: next, isCut: true }]).publish();
  const old = new Set(cut(model).pieces.map(({ hash }) => hash));
  for (const { hash } of cut(next).pieces) if (!old.has(hash)) origin.files.delete(`blobs/${hash}`);
  await until(() => store.state().warming === 0 && store.state().revision === 2n);
  assert.equal(modelOf(await store.snapshot(engine, {}, patient)), idOf(next));
  assert.ok(blobsOf(origin.requests.map(({ path }) => path)).includes(cut(next).hash));
}));

test("the last version serves while the next is fetched, then the next at once", () => serve(async (origin, open) => {
  const next = retrained(cards.model);
  put(origin, "cards", "1", [cards]).publish();
  const store = await open();
  await store.snapshot(engine, {}, patient);
  let isHeld = true;
  origin.fault = (path, response, go) => (isHeld && path.startsWith("blobs/") ? setTimeout(go, 200) : go());
  put(origin, "cards", "2", [{ ...cards, model: next }]).publish();
  await until(() => store.state().warming === 1);
  assert.equal(modelOf(await store.snapshot(engine, {}, { timeout: 0 })), idOf(cards.model));
  await until(() => store.state().warming === 0);
  isHeld = false;
  origin.fault = () => assert.fail("nothing is asked for");
  assert.equal(modelOf(await store.snapshot(engine, {}, { timeout: 0 })), idOf(next));
  origin.fault = (path, response, go) => go();
}));

test("a next version whose golden vectors fail never serves; the one after it does",
     () => serve(async (origin, open) => {
  put(origin, "cards", "1", [cards]).publish();
  const states = [];
  const store = await open({ onChange: (state) => states.push(state.status) });
  await store.snapshot(engine, {}, patient);
  put(origin, "cards", "2", [{ ...cards, model: broken(cards.model) }]).publish();
  await until(() => states.includes("GR_STATUS_GOLDEN"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(modelOf(await store.snapshot(engine, {}, patient)), idOf(cards.model));
  const next = retrained(cards.model);
  put(origin, "cards", "3", [{ ...cards, model: next }]).publish();
  await until(() => store.state().revision === 2n);
  assert.equal(modelOf(await store.snapshot(engine, {}, patient)), idOf(next));
}));

test("what is pinned is fetched before anyone asks", () => serve(async (origin, open) => {
  put(origin, "cards", "1", [{ ...cards, tier: "pinned" }]).publish();
  const store = await open();
  const asked = () => blobsOf(origin.requests.map(({ path }) => path));
  await until(() => store.state().memoryBytes > 0 && asked().length === 3);
  await store.settled();
  assert.equal(store.state().pinned, 1);
  origin.fault = (path, response, go) => (path.startsWith("blobs/") ? response.destroy() : go());
  assert.equal(modelOf(await store.snapshot(engine, {}, { timeout: 0 })), idOf(cards.model));
}));

test("a fallback, its reason, stage and arm stand in the decision and its record", () => serve(async (origin, open) => {
  put(origin, "cards", "1", [{ ...cards, product: "card", fallback: "plain" }]);
  put(origin, "plain", "1", [{ ...goods, product: "card", stage: "ab", arm: "b", weight: 1 }, goods]).publish();
  const store = await open({ releases: ["cards", "plain"], checkSeconds: 60 });
  const plain = await store.snapshot(engine, { product: "loan" });
  assert.deepEqual(plain.served, { stage: "full" });
  origin.fault = (path, response, go) => (path.includes(idOf(cards.model)) ? undefined : go());
  const { snapshot, release: name, fallback, served } =
    await store.snapshot(engine, { product: "card" }, { timeout: 100 });
  assert.equal(name, "plain");
  assert.equal(fallback, "GR_STATUS_DEADLINE");
  assert.equal(served.instead_of, "cards");
  assert.equal(served.reason, "GR_STATUS_DEADLINE");
  const of = { time: request.time, seed: 1, context: {}, served };
  const decision = JSON.parse(snapshot.rankText(of, { record: true }));
  assert.deepEqual(decision.served, served);
  assert.ok(Buffer.from(decision.record, "base64").includes(`"instead_of":"cards"`));
  assert.equal("served" in JSON.parse(snapshot.rankText({ ...of, served: undefined })), false);
  const typed = snapshot.request().time(new Date(of.time)).seed(1).served(served);
  const session = engine.session();
  assert.deepEqual(JSON.parse(session.rank(typed).text()).served, served);
  session.dispose();
}));

test("a fallback that the storage holds serves at the deadline, in a process that never loaded it", () =>
  serve(async (origin, open) => {
    put(origin, "cards", "1", [{ ...cards, product: "card", fallback: "plain" }]);
    put(origin, "plain", "1", [goods]).publish();
    const storage = new MemoryStorage(), options = { releases: ["cards", "plain"], checkSeconds: 60, storage };
    const first = await open(options);
    await first.snapshot(engine, { product: "loan" }, patient);
    await first.settled();
    first.dispose();
    origin.fault = (path, response, go) => (path.includes(idOf(cards.model)) ? undefined : go());
    const again = await open({ ...options, storage });
    const { release: name, fallback } = await again.snapshot(engine, { product: "card" }, { timeout: 300 });
    assert.deepEqual([name, fallback], ["plain", "GR_STATUS_DEADLINE"]);
  }));

test("a cold release that cannot be opened gives way to its fallback, and is opened once", () =>
  serve(async (origin, open) => {
    put(origin, "gold", "1", [{ ...cards, model: broken(cards.model), product: "card", fallback: "cards" }]);
    put(origin, "cards", "1", [{ ...cards }]).publish();
    const store = await open({ releases: ["gold", "cards"] });
    let opened = 0;
    const counting = new Proxy(engine, { get: (of, name) => {
      if (name === "open") return (...given) => { opened++; return of.open(...given); };
      return typeof of[name] === "function" ? of[name].bind(of) : of[name];
    } });
    const asked = await Promise.all([1, 2, 3].map(() => store.snapshot(counting, { product: "card" }, patient)));
    asked.push(await store.snapshot(counting, { product: "card" }, patient));
    for (const { release: name, fallback, served, snapshot } of asked) {
      assert.deepEqual([name, fallback, served.instead_of], ["cards", "GR_STATUS_GOLDEN", "gold"]);
      assert.equal(JSON.parse(snapshot.rankText({ ...request, served })).served.reason, "GR_STATUS_GOLDEN");
    }
    assert.equal(opened, 2);
    put(origin, "gold", "2", [{ ...cards, product: "card", fallback: "cards" }]).publish();
    await until(async () => (await store.snapshot(counting, { product: "card" }, patient)).release === "gold");
  }));

test("a cold release that cannot be opened and has no fallback says what is wrong with it, each time", () =>
  serve(async (origin, open) => {
    put(origin, "cards", "1", [{ ...cards, model: broken(cards.model) }]).publish();
    const store = await open();
    for (let i = 0; i < 2; i++) {
      await assert.rejects(store.snapshot(engine, {}, patient), ({ status }) => status === "GR_STATUS_GOLDEN");
    }
    await assert.rejects(store.snapshot(engine, {}, { ...patient, nonsense: 1 }));
  }));

test("what failed stands in the message", () => serve(async (origin, open) => {
  put(origin, "cards", "1", [cards]).publish();
  const store = await open({ checkSeconds: 60 });
  origin.fault = (path, response, go) => (path.startsWith("blobs/") ? response.writeHead(500).end() : go());
  const failed = store.snapshot(engine, {}, { timeout: 1000 });
  await assert.rejects(failed, ({ message }) => /^cards is not at hand: .*blobs\/[0-9a-f]{64}: .*500/.test(message));
}));

test("shadows come beside what serves, and are never it", () => serve(async (origin, open) => {
  put(origin, "cards", "1", [cards]);
  put(origin, "next", "1", [{ ...goods, stage: "shadow" }]).publish();
  const store = await open({ releases: ["cards", "next"], checkSeconds: 60 });
  const served = await store.snapshot(engine, {}, patient);
  assert.equal(served.release, "cards");
  const shadows = await store.shadows(engine, {}, patient);
  assert.deepEqual(shadows.map(({ release: name, served: how }) => [name, how.stage]), [["next", "shadow"]]);
  assert.equal(modelOf(shadows[0]), idOf(goods.model));
  assert.deepEqual(await store.shadows(engine, {}, { ...patient }).then((found) => found.length), 1);
  await assert.rejects(store.shadows(engine, {}, { signal: AbortSignal.abort() }), { name: "AbortError" });
}));

test("what goes from shadow to canary is at hand before it serves", () => serve(async (origin, open) => {
  put(origin, "cards", "1", [cards]);
  put(origin, "next", "1", [{ ...goods, stage: "shadow" }]).publish();
  const store = await open({ releases: ["cards", "next"] });
  await store.snapshot(engine, { unit: "user-1" }, patient);
  put(origin, "next", "2", [{ ...goods, stage: "canary", weight: 1 }]).publish();
  const names = new Set();
  await until(async () => {
    const { release: name } = await store.snapshot(engine, { unit: "user-1" }, { timeout: 1 });
    names.add(name);
    return name === "next";
  });
  assert.deepEqual([...names], ["cards", "next"], "no request in between waited or failed");
}));

test("bytes per second are waited for, bytes per day are not gone over", () => serve(async (origin, open) => {
  put(origin, "cards", "1", [cards]).publish();
  const bytes = cards.model.length + cards.policy.length + cards.catalog.length;
  const slow = await open({ bytesPerSecond: bytes * 2 });
  const from = Date.now();
  await slow.snapshot(engine, {}, { timeout: 5000 });
  const last = Math.min(cards.model.length, cards.policy.length, cards.catalog.length);
  assert.ok(Date.now() - from >= 500 * (1 - Math.max(cards.model.length, cards.catalog.length, last) / bytes) - 20);
  const poor = await open({ bytesPerDay: bytes - 1 });
  await assert.rejects(poor.snapshot(engine, {}, patient), { status: "GR_STATUS_NETWORK" });
  assert.ok(poor.state().fetchedBytes < bytes);
  const rich = await open({ bytesPerDay: bytes });
  await rich.snapshot(engine, {}, patient);
  assert.equal(rich.state().fetchedBytes, bytes);
}));
