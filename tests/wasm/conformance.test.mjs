// The vectors that every door of guardrank replays, bit for bit.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bundleBytes, Engine, requestOf, thrown, vectors } from "./support.mjs";

const snapshots = new Map();
let engine;
before(async () => (engine = await Engine.create()));
after(() => {
  for (const snapshot of snapshots.values()) snapshot.dispose();
  engine.dispose();
});

function snapshotOf(bundle) {
  if (!snapshots.has(bundle)) snapshots.set(bundle, engine.open(bundleBytes(bundle)));
  return snapshots.get(bundle);
}

test("there are vectors of rankings and of errors", () => {
  assert.ok(vectors().some(({ expected }) => expected !== undefined));
  assert.ok(vectors().some(({ error }) => error !== undefined));
});

for (const vector of vectors()) {
  test(`${vector.name}: ${vector.about}`, () => {
    const snapshot = snapshotOf(vector.bundle);
    if (vector.error !== undefined) {
      const { code, status: name, where } = thrown(() => snapshot.rank(requestOf(vector)));
      assert.deepEqual({ code, name, where }, vector.error);
      return;
    }
    assert.deepEqual(snapshot.rank(requestOf(vector)), vector.expected);
    assert.equal(snapshot.rankText(requestOf(vector)), JSON.stringify(vector.expected));
  });
}

test("decisions recorded here replay here", () => {
  for (const vector of vectors().filter(({ expected }) => expected !== undefined)) {
    const snapshot = snapshotOf(vector.bundle);
    const { record } = snapshot.rank(requestOf(vector), { record: true });
    assert.deepEqual(snapshot.replay(record), { isEqual: true, firstDifference: "" }, vector.name);
  }
});

test("a record does not replay on another bundle", () => {
  const rankings = vectors().filter(({ expected }) => expected !== undefined);
  const [first] = rankings;
  const other = rankings.find(({ bundle }) => bundle !== first.bundle);
  const { record } = snapshotOf(first.bundle).rank(requestOf(first), { record: true });
  assert.throws(() => snapshotOf(other.bundle).replay(record), { code: 305 });
});
