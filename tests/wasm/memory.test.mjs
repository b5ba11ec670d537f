// Memory: flat however often a snapshot ranks, opens or fails; and growth under live objects.
import assert from "node:assert/strict";
import { test } from "node:test";

import { bundleBytes, Engine, thrown, vectors } from "./support.mjs";

const vector = vectors().find(({ expected }) => expected !== undefined);
const bytes = bundleBytes(vector.bundle);

async function flat(use) {
  const engine = await Engine.create();
  for (let round = 0; round < 20; round++) use(engine);
  const warm = engine.memoryBytes;
  for (let round = 0; round < 1000; round++) use(engine);
  assert.equal(engine.memoryBytes, warm);
  engine.dispose();
}

test("1000 rankings through JSON take no more memory", async () => {
  let snapshot;
  await flat((engine) => {
    snapshot ??= engine.open(bytes);
    snapshot.rank(vector.request, { record: true });
  });
});

test("1000 rankings through a session take no more memory", async () => {
  let parts;
  await flat((engine) => {
    const snapshot = parts?.snapshot ?? engine.open(bytes);
    parts ??= { snapshot, session: engine.session(), request: snapshot.request() };
    const { session, request } = parts;
    request.reset().json(JSON.stringify(vector.request));
    const decision = session.rank(request);
    decision.offers();
    decision.excluded();
    snapshot.heads.forEach((_, head) => decision.head(head));
  });
});

test("1000 snapshots, sessions and requests give their memory back", async () => {
  await flat((engine) => {
    const snapshot = engine.open(bytes, { skipGolden: true });
    const session = engine.session();
    const request = snapshot.request().json(JSON.stringify(vector.request));
    session.rank(request);
    request.dispose();
    session.dispose();
    snapshot.dispose();
  });
});

test("1000 failures take no more memory", async () => {
  let snapshot;
  const half = bytes.subarray(0, bytes.length >> 1);
  await flat((engine) => {
    snapshot ??= engine.open(bytes);
    thrown(() => engine.open(half));
    thrown(() => snapshot.rank("{\"context\": 1}"));
    const request = snapshot.request();
    thrown(() => request.candidates(["no such offer"]));
    request.dispose();
  });
});

test("what is kept of a catalog can be given back, and decisions stay", async () => {
  const engine = await Engine.create();
  const plain = engine.open(bytes, { catalogCodesBytes: 1 });
  const expected = plain.rankText(vector.request);
  assert.equal(plain.trim(), false);   // no offer fits
  const snapshot = engine.open(bytes, { catalogSumsBytes: 1 << 20 });
  assert.equal(snapshot.rankText(vector.request), expected);
  assert.equal(snapshot.trim(), true);
  assert.equal(snapshot.trim(), false);
  assert.equal(snapshot.rankText(vector.request), expected);
  assert.equal(plain.rankText(vector.request), expected);
  engine.dispose();
  assert.throws(() => snapshot.trim());
});

test("objects keep working when memory grows under them", async () => {
  const engine = await Engine.create();
  const first = engine.open(bytes);
  const expected = first.rankText(vector.request);
  const before = engine.memoryBytes;
  const others = [];
  while (engine.memoryBytes < before + (8 << 20)) others.push(engine.open(bytes));
  assert.equal(first.rankText(vector.request), expected);
  assert.equal(others.at(-1).rankText(vector.request), expected);
  others.forEach((snapshot) => snapshot.dispose());
  first.dispose();
  engine.dispose();
});

test("no room in 128 MB is an error, after which the engine works", async () => {
  const engine = await Engine.create();
  const snapshot = engine.open(bytes);
  const failure = thrown(() => engine.open(new Uint8Array(200 << 20)));
  assert.equal(failure.code, 900);
  const expected = snapshot.rankText(vector.request);
  const others = [];
  const full = thrown(() => {
    for (;;) others.push(engine.open(bytes, { skipGolden: true }));
  });
  assert.equal(full.status, "GR_STATUS_MEMORY");
  others.forEach((each) => each.dispose());
  assert.equal(snapshot.rankText(vector.request), expected);
  snapshot.dispose();
  engine.dispose();
});
