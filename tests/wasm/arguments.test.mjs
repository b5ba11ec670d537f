// Arguments of the wrong kind, which the types of the package forbid and JavaScript lets through: each
// is a GuardrankError with its place, what was wanted and what was found, and nothing is changed by it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runInNewContext } from "node:vm";

import { bundleBytes, Engine, GuardrankError, thrown, vectors } from "./support.mjs";

const vector = vectors().find(({ name }) => name.startsWith("cards-whole-catalog"));
const bundle = bundleBytes(vector.bundle);
const { request: json } = vector;
const circular = { ...json };
circular.context = { self: circular };
let engine;
let snapshot;
let session;
let request;
before(async () => {
  engine = await Engine.create();
  snapshot = engine.open(bundle);
  session = engine.session();
  request = snapshot.request();
});
after(() => {
  request.dispose();
  session.dispose();
  snapshot.dispose();
  engine.dispose();
});

/** The failure, which must tell its code, its place, what was wanted and what was found. */
function refused(failure, code, where, call) {
  assert.ok(failure instanceof GuardrankError, `${call}: ${failure}`);
  assert.equal(failure.code, code, `${call}: ${failure.message}`);
  assert.equal(failure.where, where, `${call}: ${failure.message}`);
  assert.ok(failure.expected !== "" && failure.found !== "", `${call}: ${failure.message}`);
  assert.equal(failure.message, `${where}: wanted ${failure.expected}, found ${failure.found}`);
  return failure;
}

/** Each of [code, where, call] is refused, and leaves the typed request as it is. */
function allRefused(cases) {
  request.json(JSON.stringify(json));
  const unchanged = session.rank(request).text();
  for (const [code, where, call] of cases) {
    refused(thrown(call), code, where, call);
    assert.equal(session.rank(request).text(), unchanged, `${call}`);
  }
}

test("a request that is no request, and options that are none", () => {
  allRefused([
    [203, "request", () => snapshot.rank(undefined)],
    [203, "request", () => snapshot.rank(() => json)],
    [203, "request", () => snapshot.rank(Symbol("request"))],
    [203, "request", () => snapshot.rank(circular)],
    [203, "request", () => snapshot.rank(null)],
    [203, "request", () => snapshot.rank(null, { explain: true })],
    [203, "request", () => snapshot.rank(5, { explain: true })],
    [203, "request", () => snapshot.rank([], { explain: true })],
    [203, "request", () => snapshot.rank(undefined, { explain: true })],
    [100, "options", () => snapshot.rank(json, null)],
    [100, "options", () => snapshot.rank(json, 5)],
    [100, "options", () => snapshot.rank(json, { explian: true })],
    [100, "options", () => session.rank(request).record({ levle: "digest" })],
    [100, "record", () => snapshot.rank(json, { record: "no" })],
    [100, "explain", () => snapshot.rank(JSON.stringify(json), { explain: true })],
    [100, "request", () => request.json(undefined)],
    [100, "request", () => request.json(json)],
    [100, "request", () => session.rank({})],
    [100, "request", () => session.rank(undefined)],
    [100, "request", () => session.rank(snapshot)],
  ]);
});

test("values that JSON has no form for are refused where they stand, not missing", () => {
  const context = (value) => ({ ...json, context: { ...json.context, income: value } });
  const facts = (value) => ({ ...json, candidates: [{ offer: "o-2" }, { offer: "o-1", facts: { apr: value } }] });
  const shared = { age: 34 };
  allRefused([
    [204, "context.income", () => snapshot.rank(context(Number.NaN))],
    [204, "context.income", () => snapshot.rank(context(Number.POSITIVE_INFINITY), { explain: true })],
    [204, "context.income", () => snapshot.rank(context(Number.NEGATIVE_INFINITY))],
    [203, "context.income", () => snapshot.rank(context(() => 1))],
    [203, "context.income", () => snapshot.rank(context(Symbol("income")))],
    [203, "context.income", () => snapshot.rank(context(new Date(Number.NaN)))],
    [203, "context.income[1]", () => snapshot.rank(context(["a", () => 1]))],
    [204, "candidates[1].facts.apr", () => snapshot.rank(facts(Number.NaN))],
    [204, "seed", () => snapshot.rank({ ...json, seed: Number.NaN })],
    [204, "limit", () => snapshot.rank({ ...json, limit: Number.POSITIVE_INFINITY })],
    [204, "b.income", () => snapshot.rank({ a: shared, b: { ...shared, income: Number.NaN } })],
    [204, "request", () => snapshot.rank({ ...json, context: { toJSON: () => ({ age: Number.NaN }) } })],
    [204, "context.income", () => session.replay(snapshot, new Uint8Array(9),
      { request: context(Number.NaN), salt: new Uint8Array(16) })],
  ]);
  const deep = {};
  for (let inner = deep, level = 0; level < 1e5; level++) inner = inner.context = {};
  refused(thrown(() => snapshot.rank(deep)), 800, "request", "deep");
  // Who asks for less than an object has is not refused: undefined is missing, and toJSON may speak.
  const told = snapshot.rankText({ toJSON: () => ({ ...json, seed: undefined }) }, { explain: true });
  assert.equal(told, snapshot.rankText(json, { explain: true }));
  assert.notEqual(snapshot.rankText({ toJSON: () => json }, { explain: false }), told);
  const own = new Error("of the caller's own");
  assert.equal(thrown(() => snapshot.rank({ get context() { throw own; } })), own);
});

test("requests, snapshots and sessions of another engine, which has other memory", async () => {
  const other = await Engine.create();
  const foreign = other.open(bundle);
  const record = foreign.rank(json, { record: true }).record;
  allRefused([
    [100, "request", () => session.rank(foreign.request())],
    [100, "snapshot", () => session.replay(foreign, record)],
    [100, "snapshot", () => session.replay(request, record)],
    [100, "snapshot", () => session.replay(undefined, record)],
  ]);
  assert.match(thrown(() => session.rank(foreign.request())).found, /another engine/);
  assert.deepEqual(session.replay(snapshot, record), { isEqual: true, firstDifference: "" });
  foreign.dispose();
  other.dispose();
});

test("what a disposed engine made is of no use any more, and may be disposed of before or after it", async () => {
  const gone = await Engine.create();
  const held = gone.open(bundle), mine = gone.session(), asked = held.request();
  const { record } = held.rank(json, { record: true });
  gone.dispose();
  gone.dispose();
  const refusals = [
    () => gone.open(bundle), () => gone.session(),
    () => held.rank(json), () => held.rankText(json), () => held.request(),
    () => mine.rank(asked), () => mine.replay(held, record), () => mine.peakBytes, () => mine.wanted(),
    () => asked.limit(3),
  ];
  for (const call of refusals) assert.match(thrown(call).message, /engine is disposed of/, `${call}`);
  for (const each of [asked, mine, held, held]) each.dispose();
  assert.match(thrown(() => held.rank(json)).message, /snapshot is disposed of/);
});

test("seeds, times and limits that are no such number", () => {
  allRefused([
    [100, "seed", () => request.seed(-1)],
    [100, "seed", () => request.seed("5")],
    [100, "seed", () => request.seed(1.5)],
    [100, "seed", () => request.seed(2 ** 53)],
    [100, "seed", () => request.seed(2n ** 64n)],
    [100, "seed", () => request.seed(-1n)],
    [100, "seed", () => request.seed(undefined)],
    [100, "time", () => request.time(2n ** 64n)],
    [100, "time", () => request.time(2n ** 63n)],
    [100, "time", () => request.time(-(2n ** 63n) - 1n)],
    [100, "time", () => request.time("2026")],
    [100, "time", () => request.time(5)],
    [100, "time", () => request.time(null)],
    [100, "time", () => request.time(new Date(Number.NaN))],
    [100, "limit", () => request.limit(-1)],
    [100, "limit", () => request.limit("5")],
    [100, "limit", () => request.limit(2 ** 32)],
    [100, "limit", () => request.limit(Number.NaN)],
  ]);
  // The outermost that are: as the JSON form has them, and of all Dates.
  const least = session.rank(request.seed(2n ** 64n - 1n)).text();
  assert.equal(least, snapshot.rankText({ ...json, seed: "18446744073709551615" }));
  request.time(2n ** 63n - 1n).time(-(2n ** 63n)).time(new Date(8.64e15)).time(new Date(-8.64e15));
  request.seed(0).seed(Number.MAX_SAFE_INTEGER).limit(0).limit(2 ** 32 - 1);
});

test("routes, candidates, contexts and columns that are none", () => {
  const holes = ["o-1", , "o-2"];
  const n = snapshot.offerCount;
  allRefused([
    [100, "route", () => request.route(null)],
    [100, "route", () => request.route("US")],
    [100, "route.foo", () => request.route({ foo: "x" })],
    [100, "route.foo", () => request.route({ market: "US", foo: "x" })],
    [100, "route.unit", () => request.route({ market: "US", unit: 5 })],
    [100, "request_id", () => request.id(5)],
    [100, "candidates", () => request.candidates("abc")],
    [100, "candidates", () => request.candidates(undefined)],
    [100, "candidates", () => request.candidates(["o-1", null])],
    [100, "candidates", () => request.candidates(holes)],
    [100, "name", () => request.context(5, 1)],
    [100, "name", () => request.context(Symbol("income"), 1)],
    [100, "context.income", () => request.context("income", () => 1)],
    [100, "context.income", () => request.context("income", Symbol("income"))],
    [100, "context.income", () => request.context("income", { micros: 5 })],
    [100, "context.state", () => request.context("state", ["CA", undefined])],
    [203, "context.age", () => request.context("age", 2n ** 70n)],
    [100, "space", () => request.column("toString", "apr", new Float64Array(n))],
    [100, "space", () => snapshot.fact(undefined, "income")],
    [100, "name", () => snapshot.fact("context", undefined)],
    [100, "candidate.apr", () => request.column("candidate", "apr", undefined)],
    [100, "candidate.apr", () => request.column("candidate", "apr", null)],
    [100, "candidate.apr", () => request.column("candidate", "apr", { micros: new Float64Array(n) })],
    [100, "candidate.apr", () => request.column("candidate", "apr", new DataView(new ArrayBuffer(n)))],
    [100, "candidate.partner", () => request.column("candidate", "partner", Array(n).fill(5))],
    [100, "candidate.states", () => request.column("candidate", "states", [["CA"], "NY"])],
    [100, "candidate.states", () => request.column("candidate", "states", [["CA", null], ["NY"]])],
    [100, "candidate.states", () => request.column("candidate", "states", [[, "CA"], ["NY"]])],
    [100, "options", () => request.column("candidate", "apr", new Float64Array(n), null)],
    [100, "present", () => request.column("candidate", "apr", new Float64Array(n), { present: Array(n).fill(1) })],
    [100, "present", () => request.column("candidate", "apr", new Float64Array(n), { present: new Uint8Array(n + 1) })],
  ]);
  // Null is missing, in a route as in its JSON form.
  request.route({ market: null, partner: undefined });
  assert.equal(session.rank(request).text(), snapshot.rankText({ ...json, route: { market: null } }));
});

test("a hole in a column is a missing value", () => {
  const listed = JSON.stringify({ ...json, candidates: [{ offer: "o-1" }, { offer: "o-3" }] });
  const states = (values) =>
    session.rank(request.json(listed).column("candidate", "states", values)).text();
  assert.equal(states([, ["NY"]]), states([null, ["NY"]]));
  assert.equal(states([["NY"], , ]), states([["NY"], null]));
  assert.notEqual(states([, ["NY"]]), states([["NY"], ["NY"]]));
  // Of which nothing tells that they would be lists.
  assert.equal(states([, null]), session.rank(request.json(listed)).text());
  const none = () => request.reset().candidates([]).column("candidate", "states", []);
  assert.equal(none(), request);
  const odd = () => request.json(listed).column("candidate", "states", [[], 7]);
  refused(thrown(odd), 100, "candidate.states", "a number");
  refused(thrown(() => request.column("candidate", "apr", Float64Array.of(1, 2), { presnt: Uint8Array.of(0, 0) })),
          100, "options", "a misspelt option");
});

test("heads and terms go by index or by name, and by nothing else", () => {
  const decision = session.rank(request.reset().json(JSON.stringify(json)));
  assert.ok(snapshot.heads.length > 1 && snapshot.terms.length > 1 && decision.length > 1);
  snapshot.heads.forEach((name, head) => assert.deepEqual(decision.head(name), decision.head(head)));
  snapshot.terms.forEach((name, term) => assert.deepEqual(decision.micros(name), decision.micros(term)));
  const [row] = JSON.parse(decision.text()).ranked;
  for (const [name, { probability, value }] of Object.entries(row.heads)) {
    assert.equal(decision.probabilities(name)[0], probability ?? value, name);
  }
  for (const { id, micros } of row.terms) assert.equal(decision.micros(id)[0], BigInt(micros), id);
  for (const wrong of ["no such", "", "0", Number.NaN, 1.7, -1, 99, undefined, null, {}, 0n]) {
    for (const read of ["head", "probabilities"]) {
      const failure = refused(thrown(() => decision[read](wrong)), 100, "head", `${read}(${wrong})`);
      assert.ok(failure.expected.includes(snapshot.heads.join(", ")), failure.message);
    }
    refused(thrown(() => decision.micros(wrong)), 100, "term", `micros(${wrong})`);
  }
});

test("salts, hashes and records that are no bytes", () => {
  const salt = new Uint8Array(16).fill(7);
  const full = snapshot.rank(json, { record: true }).record;
  const decide = () => session.rank(request.json(JSON.stringify(json)));
  const record = (options) => () => decide().record(options);
  const secret = "0123456789abcdef";
  for (const [code, where, call] of [
    [100, "salt", record({ level: "digest", salt: secret })],
    [100, "salt", record({ level: "redacted", salt: [...salt] })],
    [100, "salt", record({ level: "redacted", salt: null })],
    [100, "salt", record({ salt: new Float64Array(2) })],
    [100, "previous", record({ previous: "x".repeat(32) })],
    [100, "previous", record({ previous: Array(32).fill(0) })],
    [100, "previous", record({ previous: new Uint8Array(31) })],
    [100, "shows", record({ level: "redacted", salt, shows: "ctx.state" })],
    [100, "shows", record({ level: "redacted", salt, shows: [null] })],
    [100, "level", record({ level: "toString", salt })],
    [100, "level", record({ level: 1, salt })],
    [100, "options", record(null)],
    [100, "withRecord", () => decide().text("no")],
    [100, "record", () => snapshot.replay(undefined)],
    [100, "record", () => snapshot.replay(null)],
    [100, "record", () => snapshot.replay(5)],
    [100, "record", () => snapshot.replay([1, 2])],
    [100, "record", () => snapshot.replay("not base64!")],
    [100, "supplement", () => snapshot.replay(full, 5)],
    [100, "supplement", () => snapshot.replay(full, null)],
    [100, "salt", () => snapshot.replay(full, {})],
    [100, "salt", () => snapshot.replay(full, { request: json, salt: secret })],
    [203, "request", () => snapshot.replay(full, { salt })],
  ]) {
    const failure = refused(thrown(call), code, where, `${where}: ${call}`);
    assert.ok(!failure.message.includes(secret), "a salt is a secret");
  }
  assert.ok(snapshot.replay(full).isEqual);
});

test("options of an engine and of a bundle", async () => {
  for (const [where, create] of [
    ["source", () => Engine.create(null)],
    ["source", () => Engine.create(5)],
    ["source", () => Engine.create({})],
    ["source", () => Engine.create(Promise.resolve("guardrank.wasm"))],
    ["options", () => Engine.create(undefined, null)],
    ["options", () => Engine.create(undefined, "simd128")],
    ["options", () => Engine.create(undefined, { Kernel: "simd128" })],
    ["kernel", () => Engine.create(undefined, { kernel: "toString" })],
    ["kernel", () => Engine.create(undefined, { kernel: 3 })],
    ...[-1, "5", Number.NaN, 1.5, 2 ** 53, {}].flatMap((bytes) => [
      ["sessionLimitBytes", () => Engine.create(undefined, { sessionLimitBytes: bytes })],
      ["contextCacheBytes", () => Engine.create(undefined, { contextCacheBytes: bytes })],
    ]),
  ]) {
    const failure = await create().then(() => undefined, (reason) => reason);
    refused(failure, 100, where, create);
  }
  for (const [where, open] of [
    ["bundle", () => engine.open(undefined)],
    ["bundle", () => engine.open(null)],
    ["bundle", () => engine.open("cards.guardrank")],
    ["bundle", () => engine.open(new Float64Array(8))],
    ["policy", () => engine.open({ model: bundle })],
    ["options", () => engine.open(bundle, null)],
    ["options", () => engine.open(bundle, { timeout: 5 })],
    ["full", () => engine.open(bundle, { full: "yes" })],
    ["skipGolden", () => engine.open(bundle, { skipGolden: "false" })],
    ...[-5, Number.NaN, "5", 0.5].flatMap((bytes) => [
      ["catalogSumsBytes", () => engine.open(bundle, { catalogSumsBytes: bytes })],
      ["catalogCodesBytes", () => engine.open(bundle, { catalogCodesBytes: bytes })],
    ]),
  ]) refused(thrown(open), 100, where, open);
});

test("bytes of another realm are bytes", async () => {
  const foreign = (code, bytes) => runInNewContext(code, { bytes });
  const view = foreign("Uint8Array.from(bytes)", bundle);
  assert.ok(!(view instanceof Uint8Array));
  for (const bytes of [view, view.buffer]) {
    const mine = engine.open(bytes);
    assert.equal(mine.id, snapshot.id);
    mine.dispose();
  }
  const text = foreign("Uint8Array.from(bytes)", Buffer.from(JSON.stringify(json)));
  assert.equal(snapshot.rankText(text), snapshot.rankText(json));
});
