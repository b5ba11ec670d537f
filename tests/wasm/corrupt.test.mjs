// Damaged bundles and records: an error with a code, never a trap of the module (RuntimeError), and
// an engine that works afterwards.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bundleBytes, bundles, Engine, GuardrankError, vectors } from "./support.mjs";

let engine;
before(async () => (engine = await Engine.create()));
after(() => engine.dispose());

/** Numbers that differ from run to run in nothing (xorshift32). */
function draws(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Opens and ranks; anything but an answer or a GuardrankError fails. Returns the error's code. */
function attempt(bytes, options) {
  try {
    const snapshot = engine.open(bytes, options);
    try {
      snapshot.rank({ time: "2026-11-21T10:00:00Z", limit: 2 }, { explain: true });
    } finally {
      snapshot.dispose();
    }
    return 0;
  } catch (failure) {
    assert.ok(failure instanceof GuardrankError, `${failure.stack}`);
    assert.ok(failure.message.length > 0);
    return failure.code;
  }
}

for (const name of bundles()) {
  test(`${name}: no truncation opens`, () => {
    const whole = bundleBytes(name);
    const step = Math.max(1, Math.floor(whole.length / 300));
    for (let size = 0; size < whole.length; size += step) {
      assert.notEqual(attempt(whole.subarray(0, size)), 0, `${size} bytes`);
    }
    assert.notEqual(attempt(whole.subarray(0, whole.length - 1)), 0);
  });

  test(`${name}: a flipped bit anywhere is found by the full check`, () => {
    const whole = bundleBytes(name);
    const draw = draws(0x9e3779b9);
    for (let round = 0; round < 300; round++) {
      const damaged = whole.slice();
      const place = draw(damaged.length);
      damaged[place] ^= 1 << draw(8);
      const code = attempt(damaged, { full: true });
      assert.ok(code >= 300 && code < 400 || code >= 500, `byte ${place}: code ${code}`);
    }
  });

  test(`${name}: flipped bits without the full check never trap`, () => {
    const whole = bundleBytes(name);
    const draw = draws(0x2545f491);
    for (let round = 0; round < 300; round++) {
      const damaged = whole.slice();
      for (let flips = 1 + draw(4); flips > 0; flips--) {
        damaged[draw(damaged.length)] ^= 1 << draw(8);
      }
      attempt(damaged, { skipGolden: round % 2 === 0 });
    }
    assert.equal(attempt(whole), 0, "the engine still works");
  });
}

test("damaged records are refused or differ, and never trap", () => {
  const { bundle, request } = vectors().find((vector) => vector.expected !== undefined);
  const snapshot = engine.open(bundleBytes(bundle));
  const { record } = snapshot.rank(request, { record: true });
  const whole = Uint8Array.from(atob(record), (character) => character.charCodeAt(0));
  const draw = draws(0x1234567);
  const replay = (bytes) => {
    try {
      return snapshot.replay(bytes);
    } catch (failure) {
      assert.ok(failure instanceof GuardrankError, `${failure.stack}`);
      return undefined;
    }
  };
  for (let size = 0; size < whole.length; size += Math.ceil(whole.length / 200)) {
    assert.notEqual(replay(whole.subarray(0, size))?.isEqual, true, `${size} bytes`);
  }
  for (let round = 0; round < 300; round++) {
    const damaged = whole.slice();
    damaged[draw(damaged.length)] ^= 1 << draw(8);
    replay(damaged);
  }
  assert.equal(replay(whole).isEqual, true);
  snapshot.dispose();
});

test("what is no bundle at all is refused", () => {
  const text = new TextEncoder().encode("{}");
  for (const bytes of [new Uint8Array(0), text, new Uint8Array(1 << 16)]) {
    assert.notEqual(attempt(bytes), 0);
  }
  assert.throws(() => engine.open("bundle"), { code: 100 });
});
