// Records of every level, written and replayed by the module; commitments computed by node:crypto.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { bundleBytes, Engine } from "./support.mjs";

const json = {
  request_id: "r-1", time: "2026-11-21T10:00:00Z", route: { market: "US", unit: "user-9" },
  context: { age: 34, state: "CA", income: 50000 },
  candidates: [{ offer: "o-1", facts: { apr: 35.5 } }, { offer: "o-2" }],
};
const salt = new Uint8Array(randomBytes(24));
let engine;
let snapshot;
let session;
before(async () => {
  engine = await Engine.create();
  snapshot = engine.open(bundleBytes("bundles/cards.guardrank"));
  session = engine.session();
});
after(() => {
  session.dispose();
  snapshot.dispose();
  engine.dispose();
});

function record(options) {
  const request = snapshot.request();
  request.json(JSON.stringify(json));
  const bytes = session.rank(request).record(options);
  request.dispose();
  return bytes;
}

/** SHA-256 of the salt and the path, each after its length, and the value's JSON. */
function commitment(path, value) {
  const sized = (bytes) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    return Buffer.concat([size, bytes]);
  };
  return createHash("sha256").update(sized(salt)).update(sized(Buffer.from(path)))
    .update(JSON.stringify(value)).digest("base64");
}

test("a redacted record holds what is listed and commitments to the rest", () => {
  const text = Buffer.from(record({ level: "redacted", shows: ["ctx.state", "route.market"], salt }))
    .toString("latin1");
  const start = text.indexOf('{"request_id"');
  const request = JSON.parse(text.slice(start, text.indexOf("\0", start)));
  assert.equal(request.context.state, "CA");
  assert.equal(request.route.market, "US");
  for (const [found, path, value] of [
    [request.request_id, "request_id", json.request_id],
    [request.route.unit, "route.unit", json.route.unit],
    [request.context.age, "context.age", json.context.age],
    [request.context.income, "context.income", json.context.income],
    [request.candidates[0].facts.apr, "candidates[0].facts.apr", 35.5],
  ]) assert.deepEqual(found, { commitment: commitment(path, value) });
  assert.ok(!text.includes("50000") && !text.includes("user-9"));
});

test("redacted and digest records replay with their request and salt, and with no other", () => {
  for (const level of ["redacted", "digest"]) {
    const bytes = record({ level, salt });
    assert.deepEqual(snapshot.replay(bytes, { request: json, salt }),
      { isEqual: true, firstDifference: "" });
    const other = { ...json, context: { ...json.context, age: 35 } };
    assert.equal(snapshot.replay(bytes, { request: JSON.stringify(other), salt }).isEqual, false);
    assert.equal(snapshot.replay(bytes, { request: json, salt: salt.slice(1) }).isEqual, false);
    assert.throws(() => snapshot.replay(bytes), { code: 202, where: "request" });
  }
});

test("a chain holds the hash of the record before", () => {
  const first = record();
  const previous = new Uint8Array(createHash("sha256").update(first).digest());
  const second = Buffer.from(record({ previous }));
  assert.ok(second.includes(Buffer.from(previous)));
  assert.ok(snapshot.replay(new Uint8Array(second)).isEqual);
  assert.throws(() => record({ previous: previous.slice(1) }), { code: 100, where: "previous" });
});

test("a short salt, an unknown level and a supplement too many are refused", () => {
  assert.throws(() => record({ level: "digest", salt: salt.slice(9) }), { code: 100, where: "salt" });
  assert.throws(() => record({ level: "redacted" }), { code: 100, where: "salt" });
  assert.throws(() => record({ level: "secret", salt }), { code: 100, where: "level" });
  assert.throws(() => snapshot.replay(record(), { request: json, salt }), { code: 100, where: "request" });
});
