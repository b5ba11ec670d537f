// The typed columns: the same requests as the vectors', filled by setters, give the same bits as
// their JSON form; and typed results say what the JSON form says.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bundleBytes, Engine, factTypes, vectors } from "./support.mjs";

const rankings = vectors().filter(({ expected }) => expected !== undefined);
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

/** A JSON value as the setters take it, by the fact's type. */
function typed(type, value) {
  if (value === null) return value;
  if (type === "timestamp") return new Date(value);
  if (type === "i64") return BigInt(value);
  if (type === "f32[n]" || type === "f32_vector") return Float32Array.from(value);
  return value;
}

/** One value per row, null where missing, as a column. */
function typedColumn(type, values) {
  const present = Uint8Array.from(values, (value) => (value == null ? 0 : 1));
  const numbers = (fill) => values.map((value) => value ?? fill);
  if (type === "f64") return [Float64Array.from(numbers(0)), { present }];
  if (type === "i64") return [BigInt64Array.from(numbers(0), BigInt), { present }];
  if (type === "bool") return [Uint8Array.from(numbers(false)), { present }];
  if (type === "timestamp") {
    const milliseconds = numbers(0).map((value) => BigInt(new Date(value).getTime()));
    const micros = BigInt64Array.from(milliseconds, (value) => value * 1000n);
    return [{ micros }, { present }];
  }
  if (type.startsWith("f32")) {
    const width = values.find((value) => value != null)?.length ?? 0;
    const flat = values.flatMap((value) => value ?? Array(width).fill(0));
    return [Float32Array.from(flat), { present }];
  }
  return [values, {}];
}

/** Fills a request by setters from its JSON form. */
function fill(snapshot, request, json, types) {
  if (json.request_id) request.id(json.request_id);
  if (json.time) request.time(new Date(json.time));
  if (json.seed !== undefined) request.seed(BigInt(json.seed));
  if (json.limit) request.limit(json.limit);
  const route = Object.entries(json.route ?? {}).filter(([, value]) => value !== null);
  request.route(Object.fromEntries(route));
  for (const [name, value] of Object.entries(json.context ?? {})) {
    const fact = snapshot.fact("context", name);
    // JSON may carry facts that the bundle does not know; a setter refuses them.
    if (fact === undefined) assert.throws(() => request.context(name, value), { code: 502 });
    else request.context(name, typed(types.get(`ctx.${name}`) ?? "string", value));
  }
  const { candidates } = json;
  if (!candidates) return;
  request.candidates(candidates.map(({ offer }) => offer));
  for (const [space, part, prefix] of [["candidate", "facts", "offer"], ["pair", "pair", "pair"]]) {
    const names = new Set(candidates.flatMap((each) => Object.keys(each[part] ?? {})));
    for (const name of names) {
      if (!types.has(`${prefix}.${name}`)) continue;
      const values = candidates.map((each) => each[part]?.[name] ?? null);
      request.column(space, name, ...typedColumn(types.get(`${prefix}.${name}`), values));
    }
  }
}

/** The parts of a ranking that do not depend on `explain`. */
function plain(text) {
  const { ranked, excluded, ...rest } = JSON.parse(text);
  return {
    ...rest,
    ranked: ranked.map(({ heads, terms, near_edge, ...row }) => row),
    excluded: excluded.filter(({ stage }) => stage !== "retrieval").map(({ reasons, ...row }) => ({
      ...row,
      reasons: reasons.map(({ text: _, adverse_action, principal, change, ...reason }) => reason),
    })),
  };
}

test("requests filled by setters rank as their JSON forms", () => {
  let nColumns = 0;
  for (const { name, bundle, request: json } of rankings) {
    if (typeof json === "string") continue;
    const snapshot = snapshotOf(bundle);
    const session = engine.session();
    const request = snapshot.request();
    fill(snapshot, request, json, factTypes(bundle));
    nColumns += (json.candidates ?? []).filter(({ facts, pair }) => facts || pair).length;
    const text = session.rank(request).text();
    assert.deepEqual(plain(text), plain(snapshot.rankText(json)), name);
    request.dispose();
    session.dispose();
  }
  assert.ok(nColumns > 0, "some vector brings facts of its own");
});

test("requests that are ranked together are decided as each alone; one that cannot be, fails all", () => {
  const bundle = rankings.find(({ name }) => name.startsWith("cards-listed")).bundle;
  const snapshot = snapshotOf(bundle), session = engine.session();
  const mine = rankings.filter((each) => each.bundle === bundle && typeof each.request !== "string");
  assert.ok(mine.length > 5);
  const requests = mine.map(({ request }) => snapshot.request().json(JSON.stringify(request)));
  const alone = requests.map((request) => session.rank(request).text(true));
  const together = session.rankMany(requests);
  assert.deepEqual(together.map((decision) => decision.text(true)), alone);
  assert.deepEqual(session.rankMany([]), []);
  assert.throws(() => together[0].candidates(), { where: "decision" });
  const wrongs = [[undefined, "requests"], [[requests[0], {}], "requests[1]"],
                  [[requests[0], , requests[1]], "requests[1]"]];   // after others, whose memory it has
  for (const [wrong, where] of wrongs) {
    assert.throws(() => session.rankMany(wrong), { code: 100, where });
  }
  for (const request of requests) request.dispose();
  session.dispose();
});

test("typed results are those of the JSON form", () => {
  for (const { name, bundle, request: json } of rankings) {
    const snapshot = snapshotOf(bundle);
    const session = engine.session();
    const text = typeof json === "string" ? json : JSON.stringify({ ...json, explain: true });
    const request = snapshot.request().json(text);
    const decision = session.rank(request);
    const { ranked, excluded } = JSON.parse(decision.text());
    assert.equal(decision.length, ranked.length, name);
    assert.deepEqual(decision.offers(), ranked.map((row) => row.offer), name);
    assert.deepEqual([...decision.scores()], ranked.map((row) => BigInt(row.score_micros)), name);
    assert.deepEqual([...decision.propensities()], ranked.map((row) => row.propensity), name);
    assert.deepEqual([...decision.mandated()], ranked.map((row) => (row.mandated ? 1 : 0)), name);
    checkCandidates(decision, JSON.parse(text).candidates, ranked);
    if (ranked[0]?.heads) checkExplained(snapshot, decision, ranked);
    assert.deepEqual(
      decision.excluded().map(({ offer, stage }) => ({ offer, stage })),
      excluded.map(({ offer, stage }) => ({ offer, stage })), name,
    );
    decision.excluded().forEach(({ reasons }, index) => {
      for (const [position, reason] of excluded[index].reasons.entries()) {
        for (const [key, value] of Object.entries(reason)) {
          if (key === "change") continue;   // in the JSON form alone
          assert.equal(reasons[position][key], value, `${name}: ${key}`);
        }
      }
    });
    request.dispose();
    session.dispose();
  }
});

function checkCandidates(decision, candidates, ranked) {
  if (!candidates) return;
  const offers = [...decision.candidates()].map((candidate) => candidates[candidate].offer);
  assert.deepEqual(offers, ranked.map((row) => row.offer));
}

function checkExplained(snapshot, decision, ranked) {
  const sums = new BigInt64Array(decision.length);
  snapshot.terms.forEach((id, term) => {
    const micros = decision.micros(term);
    ranked.forEach((row, position) => {
      assert.equal(row.terms[term].id, id);
      assert.equal(micros[position], BigInt(row.terms[term].micros));
      sums[position] += micros[position];
    });
  });
  assert.deepEqual(sums, decision.scores(), "terms add up to the score");
  snapshot.heads.forEach((name, head) => {
    const columns = decision.head(head);
    ranked.forEach(({ heads }, position) => {
      const outcome = heads[name];
      assert.equal(columns.logits[position], outcome.logit);
      if (columns.isValueHead) {
        assert.equal(columns.probabilities[position], outcome.value);
        return;
      }
      assert.equal(columns.corrected[position], outcome.corrected);
      assert.equal(columns.probabilities[position], outcome.probability);
      assert.equal(columns.reaches[position], outcome.reach);
    });
  });
}

test("columns of the wrong length, and presence of the wrong length, are refused", () => {
  const { bundle } = rankings[0];
  const snapshot = snapshotOf(bundle);
  const types = [...factTypes(bundle)];
  const found = types.find(([name, type]) => /^(offer|pair)\./.test(name) && type === "f64");
  assert.ok(found, "the bundle has a candidate fact of type f64");
  const [space, name] = found[0].split(".");
  const side = space === "offer" ? "candidate" : "pair";
  const n = snapshot.offerCount;
  const request = snapshot.request();
  const column = (values, options) => () => request.column(side, name, values, options);
  assert.throws(column(new Float64Array(n + 1)), { name: "GuardrankError" });
  assert.throws(column(new Float64Array(n), { present: new Uint8Array(n - 1) }), { code: 100 });
  assert.throws(column(Array(n).fill("text")), { name: "GuardrankError" });
  assert.throws(column([1, 2, 3]), { code: 100 });
  request.dispose();
});
