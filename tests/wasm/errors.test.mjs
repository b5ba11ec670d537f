// Bad input at the JavaScript door: GuardrankError with the pinned code, the place, what was wanted
// and what was found; and nothing half applied.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bundleBytes, Engine, factTypes, GuardrankError, thrown, vectors } from "./support.mjs";

const vector = vectors().find(({ expected }) => expected !== undefined);
let engine;
let snapshot;
before(async () => {
  engine = await Engine.create();
  snapshot = engine.open(bundleBytes(vector.bundle));
});
after(() => {
  snapshot.dispose();
  engine.dispose();
});

/** A context fact of a type, by its name. */
function contextFact(wanted) {
  const found = [...factTypes(vector.bundle)]
    .find(([name, type]) => name.startsWith("ctx.") && type === wanted);
  assert.ok(found, `the bundle has a context fact of type ${wanted}`);
  return found[0].slice("ctx.".length);
}

test("an error carries its code, its place, what was wanted and what was found", () => {
  const name = contextFact("f64");
  const { time } = vector.request;
  const failure = thrown(() => snapshot.rank({ time, context: { [name]: "many" } }));
  assert.ok(failure instanceof GuardrankError && failure instanceof Error);
  assert.equal(failure.name, "GuardrankError");
  assert.equal(failure.code, 203);
  assert.equal(failure.status, "GR_STATUS_TYPE");
  assert.equal(failure.where, `context.${name}`);
  assert.match(failure.message, new RegExp(`^context\\.${name}: wanted .*, found .*`));
  assert.match(failure.message, new RegExp(failure.expected));
  assert.match(failure.message, new RegExp(failure.found));
  assert.deepEqual(JSON.parse(JSON.stringify(failure)), {
    error: { code: 203, name: "GR_STATUS_TYPE", message: failure.message, where: failure.where },
  });
});

test("a request in JSON keeps its BigInts, and one given as text explains itself", () => {
  const whole = snapshot.rank({ ...vector.request, seed: 2n ** 64n - 1n });
  assert.deepEqual(whole, snapshot.rank({ ...vector.request, seed: "18446744073709551615" }));
  const text = JSON.stringify(vector.request);
  assert.throws(() => snapshot.rank(text, { explain: true }), { code: 100, where: "explain" });
  assert.throws(() => snapshot.rank("{\"request_id\": \"\ud800\"}"), { code: 201 });
});

test("typed setters refuse other types, and the request stays as it was", () => {
  const number = contextFact("f64");
  const text = contextFact("string");
  const session = engine.session();
  const request = snapshot.request().json(JSON.stringify(vector.request));
  const before = session.rank(request).text();
  const refused = [
    () => request.context(number, "many"),
    () => request.context(number, Number.NaN),
    () => request.context(number, Number.POSITIVE_INFINITY),
    () => request.context(text, 5),
    () => request.context(text, "\ud800"),
    () => request.context(text, true),
    () => request.context(number, 2n ** 63n),
    () => request.context("no such fact", 1),
    () => request.context(number, {}),
    () => request.context(number, new Date(Number.NaN)),
    () => request.candidates(["no such offer"]),
    () => request.limit(-1),
    () => request.limit(1.5),
    () => request.seed(2 ** 53),
    () => request.column("candidate", "no such fact", Float64Array.of(1)),
  ];
  for (const call of refused) {
    assert.ok(thrown(call) instanceof GuardrankError, `${call}`);
    assert.equal(session.rank(request).text(), before, `${call}`);
  }
  request.dispose();
  session.dispose();
});

test("a decision throws once its session or its request has moved on", () => {
  const session = engine.session();
  const request = snapshot.request();
  const first = session.rank(request);
  assert.ok(first.offers().length + first.excludedCount > 0);
  const second = session.rank(request);
  assert.throws(() => first.offers(), { code: 100, where: "decision" });
  assert.doesNotThrow(() => second.scores());
  request.limit(1);
  for (const read of ["candidates", "offers", "scores", "propensities", "mandated", "excluded",
    "text", "record"]) {
    assert.throws(() => second[read](), { code: 100, where: "decision" }, read);
  }
  assert.throws(() => second.head(0), { code: 100 });
  request.dispose();
  session.dispose();
});

test("heads and terms beyond the last are refused", () => {
  const session = engine.session();
  const decision = session.rank(snapshot.request().json(JSON.stringify(vector.request)));
  assert.ok(decision.length > 0);
  assert.throws(() => decision.head(snapshot.heads.length), GuardrankError);
  assert.throws(() => decision.micros(snapshot.terms.length), GuardrankError);
  session.dispose();
});

test("what is disposed of says so", () => {
  const mine = engine.open(bundleBytes(vector.bundle));
  const session = engine.session();
  const request = mine.request();
  request.dispose();
  assert.throws(() => session.rank(request), { code: 100, where: "request" });
  assert.throws(() => request.limit(1), { code: 100, where: "request" });
  session.dispose();
  assert.throws(() => session.peakBytes, { code: 100, where: "session" });
  mine.dispose();
  assert.throws(() => mine.rank({}), { code: 100, where: "snapshot" });
  assert.throws(() => mine.request(), { code: 100, where: "snapshot" });
  mine.dispose();
});
