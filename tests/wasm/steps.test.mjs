// A snapshot that is opened in steps: the same one, with the event loop at work in between.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Engine } from "./support.mjs";

const goods = new Uint8Array(readFileSync(new URL("../../models/reference/goods.guardrank", import.meta.url)));
const request = { time: "2026-11-21T10:00:00Z", seed: 9, context: {} };
const options = { catalogSumsBytes: 1 << 22, full: true };
const rejected = (promise, where, reason) => assert.rejects(promise, (failure) =>
  reason === undefined ? failure.where === where && failure.name === "GuardrankError" : failure === reason);

test("it ranks as what was opened at once, and the event loop had its turns", async () => {
  const engine = await Engine.create();
  const wanted = engine.open(goods, options).rankText(request);
  const told = [];
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const snapshot = await engine.openInSteps(goods, {
    ...options, milliseconds: 0, onProgress: (done, total) => told.push([done, total, turns]),
  });
  clearInterval(timer);
  // The golden vectors, and 200 offers by 120.
  assert.deepEqual(told.map(([done, total]) => [done, total]), [[1, 3], [2, 3], [3, 3]]);
  assert.ok(told[2][2] > told[0][2], `${turns} turns`);
  assert.equal(snapshot.rankText(request), wanted);
  assert.equal(snapshot.trim(), true);            // sums were kept
  const once = [];
  const onProgress = (...all) => once.push(all);
  const patient = await engine.openInSteps(goods, { ...options, milliseconds: 1000, onProgress });
  assert.deepEqual(once, [[3, 3]]);
  assert.equal(patient.rankText(request), wanted);
  engine.dispose();
});

test("it ends by its signal, by what a callback throws and with its engine, and leaves no memory behind", async () => {
  const engine = await Engine.create();
  const reason = new Error("enough");
  const stopped = new AbortController();
  const opened = engine.openInSteps(goods, { milliseconds: 0, signal: stopped.signal });
  stopped.abort(reason);
  await rejected(opened, undefined, reason);
  await rejected(engine.openInSteps(goods, { signal: stopped.signal }), undefined, reason);
  const thrown = { onProgress: () => { throw reason; } };
  await rejected(engine.openInSteps(goods, thrown), undefined, reason);
  const before = engine.memoryBytes;
  for (let i = 0; i < 100; i++) await rejected(engine.openInSteps(goods, thrown), undefined, reason);
  assert.equal(engine.memoryBytes, before);
  const late = engine.openInSteps(goods, { milliseconds: 0 });
  engine.dispose();
  await rejected(late, "snapshot");
});

test("wrong options and wrong bundles are refused by name", async () => {
  const engine = await Engine.create();
  await rejected(engine.openInSteps(goods, null), "options");
  await rejected(engine.openInSteps(goods, { miliseconds: 1 }), "options");
  await rejected(engine.openInSteps(goods, { milliseconds: -1 }), "milliseconds");
  await rejected(engine.openInSteps(goods, { onProgress: 1 }), "onProgress");
  await rejected(engine.openInSteps(goods, { signal: 1 }), "signal");
  await assert.rejects(engine.openInSteps(goods.subarray(0, 999)), { status: "GR_STATUS_TRUNCATED" });
  engine.dispose();
});
