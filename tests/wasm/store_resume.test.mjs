// Transfers that break off: what came is kept, the rest is asked for by range, and all is verified as ever.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { download } from "../../wasm/dist/host/download.js";
import { idOf } from "./artifacts.mjs";
import { Origin, partsOf } from "./origin.mjs";
import { patient, withStores } from "./stores.mjs";
import { bundleBytes, Engine } from "./support.mjs";

const parts = partsOf(bundleBytes("bundles/cards.guardrank"));
const model = Buffer.from(parts.model), path = `blobs/${idOf(model)}`;
const half = model.length >> 1, rest = `bytes=${half}-${model.length - 1}`;
let engine, name;
before(async () => {
  engine = await Engine.create();
  const whole = engine.open(bundleBytes("bundles/cards.guardrank"));
  name = whole.rank({ time: "2026-11-21T10:00:00Z", context: { age: 34, state: "CA", income: 80000 } }).release;
  whole.dispose();
});
after(() => engine.dispose());

/** Fetches the release; `answers` are those to the tries of the model, the origin's own after them. */
async function triesOf(answers, options = {}) {
  const origin = new Origin().add(name, parts).publish(), tries = [];
  origin.fault = (asked, response, next, request) => {
    if (asked !== path) return next();
    tries.push(request.headers);
    return (answers[tries.length - 1] ?? next)(response, next);
  };
  let state;
  await withStores(origin, { releases: [name], ...options }, async (_, open) => {
    const store = await open();
    const { release } = await store.snapshot(engine, {}, patient);
    assert.equal(release, name);
    state = store.state();
  });
  return { tries, ranges: tries.map(({ range }) => range), state };
}

/** Half of it, and then `end`. */
const breaks = (end, harm = (bytes) => bytes) => (response) => {
  response.writeHead(200, { "content-length": model.length });
  response.write(harm(Buffer.from(model.subarray(0, half))), () => setTimeout(() => end(response), 100));
};
const reset = breaks((response) => response.destroy());
const part = (bytes, first, headers = {}) => (response) => {
  const told = `bytes ${first}-${first + bytes.length - 1}/${model.length}`;
  response.writeHead(206, { "content-range": told, "content-length": bytes.length, ...headers }).end(bytes);
};

test("a transfer that was reset goes on where it stopped", async () => {
  const { tries, ranges, state } = await triesOf([reset]);
  assert.deepEqual(ranges, [undefined, rest]);
  assert.match(tries[1]["accept-encoding"], /^identity(, identity)?$/);   // fetch itself sees to it, where it does
  assert.equal(state.fetchedBytes, parts.model.length + parts.policy.length + parts.catalog.length);
});

test("what came before a silence, or before the time was over, is kept", async () => {
  assert.deepEqual((await triesOf([breaks(() => {})], { stallTimeout: 300 })).ranges, [undefined, rest]);
  assert.deepEqual((await triesOf([breaks(() => {})], { timeout: 500 })).ranges, [undefined, rest]);
});

test("a server that knows no ranges sends the whole, and that is taken", async () => {
  const { ranges } = await triesOf([reset, (response) => response.writeHead(200).end(model)]);
  assert.deepEqual(ranges, [undefined, rest]);
});

test("less than the range is its beginning", async () => {
  const { ranges } = await triesOf([reset, part(model.subarray(half, half + 100), half)]);
  assert.deepEqual(ranges, [undefined, rest, `bytes=${half + 100}-${model.length - 1}`]);
});

test("what is not that range, or does not verify, is had anew from its start", async () => {
  const other = Buffer.alloc(model.length - half, 7), gone = (response) => response.writeHead(416).end();
  const flip = (bytes) => {
    bytes[half - 1] ^= 1;
    return bytes;
  };
  for (const answers of [
    [reset, gone],
    [reset, part(model.subarray(half - 1, -1), half - 1)],
    [reset, part(other, half)],
    [reset, part(gzipSync(model).subarray(0, 50), half, { "content-encoding": "gzip" })],
    [reset, (response) => response.writeHead(200).end(model.subarray(0, -5))],
    [breaks((response) => response.destroy(), flip)],
  ]) {
    assert.deepEqual((await triesOf(answers)).ranges, [undefined, rest, undefined]);
  }
});

test("a download tells what came, from the first byte on that was asked for", async () => {
  const options = { maxBytes: 10, firstByteTimeout: 1000, stallTimeout: 1000, timeout: 1000 };
  const answering = (status, bytes, headers = {}) => async () => {
    let n = 0;
    const pull = (to) => (n++ === 0 ? to.enqueue(Uint8Array.from(bytes)) : to.error(new Error("gone")));
    return new Response(new ReadableStream({ pull }), { status, headers });
  };
  const came = async (range, status, bytes, headers) => {
    const ranged = range === undefined ? {} : { range, maxBytes: range.length };
    const fetch = answering(status, bytes, headers);
    const { outcome, why, bytes: found } = await download("http://x/", { ...options, ...ranged, fetch });
    assert.deepEqual([outcome, why], ["failed", "gone"]);
    return [...found];
  };
  const range = { offset: 2, length: 8 };
  assert.deepEqual(await came(undefined, 200, [1, 2, 3]), [1, 2, 3]);
  assert.deepEqual(await came(range, 206, [3, 4], { "content-range": "bytes 2-9/10" }), [3, 4]);
  assert.deepEqual(await came(range, 206, [3, 4]), [3, 4]);   // another site's, whose headers are not seen
  assert.deepEqual(await came(range, 200, [1, 2, 3]), [3]);
  assert.deepEqual(await came(range, 200, [1]), []);
});
