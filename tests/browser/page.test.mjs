// The web example in Chromium under a strict Content-Security-Policy, and the conformance vectors
// through the same package there.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { bundleBytes, vectors } from "../wasm/support.mjs";
import { launch, serve } from "./chromium.mjs";

let browser;
let folder;
before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), "guardrank-browser-"));
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

function file(name, content) {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** Shows the page with a bundle and a request: its texts, and what the browser complained of. */
async function show(bundle, request, use = async () => {}) {
  const server = await serve(bundle, request);
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (failure) => complaints.push(String(failure)));
  try {
    await page.goto(server.address);
    await page.waitForSelector("body[data-done]");
    const texts = {
      ranked: await page.locator("#ranked li").allTextContents(),
      excluded: await page.locator("#excluded").textContent(),
      error: await page.locator("#error").textContent(),
    };
    return { ...texts, complaints, used: await use(page) };
  } finally {
    await page.close();
    await server.stop();
  }
}

const vector = vectors().find(({ expected }) => expected?.excluded.length > 0 && expected.ranked[0]);
const bundle = () => file("good.guardrank", bundleBytes(vector.bundle));
const request = () => file("good.json", JSON.stringify(vector.request));

/** Micros as the page writes them, by another way than the page's. */
const units = (micros) => (Number(micros) / 1e6).toFixed(6);

test("the page ranks, under its strict policy, without a complaint", async () => {
  const { ranked, excluded, error, complaints } = await show(bundle(), request());
  const top = vector.expected.ranked.slice(0, 3);
  assert.deepEqual(ranked, top.map((row) => `${row.offer}  ${units(row.score_micros)}`));
  const [first] = vector.expected.excluded;
  assert.ok(excluded.startsWith(`excluded  ${first.offer}  ${first.reasons[0].rule}: `), excluded);
  assert.equal(error, "");
  assert.deepEqual(complaints.filter((text) => !/favicon|404/.test(text)), []);
});

test("a damaged bundle and a bad request are shown as errors", async () => {
  const whole = bundleBytes(vector.bundle);
  const half = file("half.guardrank", whole.subarray(0, whole.length >> 1));
  const damaged = await show(half, request());
  assert.match(damaged.error, /^error 300: /);
  assert.deepEqual(damaged.ranked, []);
  const unknown = { ...vector.request, candidates: [{ offer: "no such offer" }] };
  const refused = await show(bundle(), file("unknown.json", JSON.stringify(unknown)));
  assert.match(refused.error, /^error 205: /);
  const absent = await show(join(folder, "none.guardrank"), request());
  assert.match(absent.error, /^error: cannot read bundle/);
});

/** Runs in the page: ranks [bundle, request] pairs through the package, as text or error code. */
async function rankAll(cases) {
  const { Engine } = await import("/guardrank/index.js");
  const engine = await Engine.create();
  return cases.map(({ bytes, request }) => {
    const snapshot = engine.open(Uint8Array.from(bytes));
    try {
      return snapshot.rankText(request);
    } catch (failure) {
      return failure.code;
    } finally {
      snapshot.dispose();
    }
  });
}

/** Runs in the page: the kernel that each choice ends in. */
async function kernelsOf(choices) {
  const { Engine } = await import("/guardrank/index.js");
  const kernels = [];
  for (const kernel of choices) {
    const engine = await Engine.create(undefined, { kernel });
    kernels.push(engine.kernel);
    engine.dispose();
  }
  return kernels;
}

test("Chromium takes the module of relaxed SIMD, and the other when told", async () => {
  const { used } = await show(bundle(), request(), (page) =>
    page.evaluate(kernelsOf, ["automatic", "relaxed", "relaxed_dot", "relaxed_pairs", "simd128"]));
  const [automatic, ...told] = used;
  assert.ok(["wasm_relaxed_dot", "wasm_relaxed_pairs"].includes(automatic), automatic);
  assert.deepEqual(told, [automatic, "wasm_relaxed_dot", "wasm_relaxed_pairs", "wasm_simd128"]);
});

test("the conformance vectors give the same bits in the page", async () => {
  const chosen = vectors().filter((each) => each.request_base64 === undefined);
  assert.ok(chosen.length > 20);
  const cases = chosen.map((each) => ({
    bytes: [...bundleBytes(each.bundle)], request: each.request_text ?? each.request,
  }));
  const { used } = await show(bundle(), request(), (page) => page.evaluate(rankAll, cases));
  chosen.forEach(({ name, expected, error }, index) => {
    assert.equal(used[index], error ? error.code : JSON.stringify(expected), name);
  });
});
