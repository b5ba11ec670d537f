// The vectors that every door of guardrank replays, bit for bit.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bundleBytes, Engine, thrown, vectors } from "./support.mjs";

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
