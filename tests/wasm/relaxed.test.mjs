// The module of relaxed SIMD: taken where the host runs it and runs it rightly, and never otherwise.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { decide, Engine, vectors } from "./support.mjs";

const relaxedPath = fileURLToPath(new URL("../../wasm/dist/guardrank-relaxed.wasm", import.meta.url));
const worker = fileURLToPath(new URL("./relaxed_worker.mjs", import.meta.url));
const bytes = readFileSync(relaxedPath);

/** What the worker finds in a Node of its own, started with these flags. */
function inNode(flags) {
  const output = execFileSync(process.execPath, [...flags, worker], { encoding: "utf8", stdio: "pipe" });
  return JSON.parse(output);
}

/** Every vector's decision by the simd128 module. */
async function wanted() {
  const engine = await Engine.create(undefined, { kernel: "simd128" });
  const decisions = vectors().map((vector) => decide(engine, vector));
  engine.dispose();
  return decisions;
}

test("the module holds both relaxed dot products and no other kernel", () => {
  assert.ok(bytes.includes(Buffer.from([0xfd, 0x93, 0x02])), "no relaxed dot with its addition in its code");
  assert.ok(bytes.includes(Buffer.from([0xfd, 0x92, 0x02])), "no relaxed dot in pairs in its code");
  const text = bytes.toString("latin1");
  assert.ok(text.includes("wasm_relaxed_dot") && text.includes("wasm_relaxed_pairs"));
});

test("without the host's consent the module is neither validated nor chosen", (t) => {
  const flag = "--experimental-wasm-relaxed-simd";
  const known = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  if (!known.includes(flag)) return t.skip(`relaxed SIMD is no experiment in ${process.version}`);
  const found = inNode([flag.replace("--", "--no-")]);
  assert.equal(found.hasRelaxedSimd, false);
  assert.equal(found.kernel, "wasm_simd128");
});

test("with it, the choice is the kernel that multiplies rightly, and gives the same bits", async (t) => {
  let flags = ["--experimental-wasm-relaxed-simd"];
  let found;
  try {
    found = inNode(flags);
  } catch {
    found = inNode((flags = []));
  }
  if (!found.hasRelaxedSimd && process.versions.node.startsWith("18.")) {
    assert.equal(found.kernel, "wasm_simd128");
    return t.skip(`${process.version} knows relaxed SIMD by the numbers of a draft`);
  }
  assert.equal(found.hasRelaxedSimd, true, `${process.version} ${flags}`);
  // An engine by this module either refuses, or is right.
  const best = found.multipliesInPairs ? "relaxed_pairs" : "relaxed_dot";
  assert.equal(found.kernel, found.isRight ? `wasm_${best}` : "wasm_simd128");
  assert.equal(found.refusal, found.isRight ? null : "GR_STATUS_ARGUMENT");
  const decisions = await wanted();
  assert.deepEqual(found.decisions, decisions);
  assert.deepEqual(Object.keys(found.kernels), found.isRight ? ["relaxed_dot", "relaxed_pairs"] : []);
  for (const [kernel, { name, decisions: own }] of Object.entries(found.kernels)) {
    assert.equal(name, `wasm_${kernel}`);
    assert.deepEqual(own, decisions, name);
  }
});

test("a package deployed without it serves by the other, and says what is missing when asked for it", async (t) => {
  const copy = mkdtempSync(join(tmpdir(), "guardrank-"));
  t.after(() => rmSync(copy, { recursive: true }));
  cpSync(fileURLToPath(new URL("../../wasm/dist", import.meta.url)), copy, { recursive: true });
  writeFileSync(join(copy, "package.json"), '{"type": "module"}');   // Node 18 does not guess it
  rmSync(join(copy, "guardrank-relaxed.wasm"));
  const lean = await import(pathToFileURL(join(copy, "index.js")).href);
  const { hasRelaxedSimd } = await import(pathToFileURL(join(copy, "source.js")).href);
  const engine = await lean.Engine.create();
  assert.equal(engine.kernel, "wasm_simd128");
  engine.dispose();
  const missing = hasRelaxedSimd()
    ? { code: "ENOENT", message: /guardrank-relaxed\.wasm/ }
    : { status: "GR_STATUS_ARGUMENT" };
  await assert.rejects(lean.Engine.create(undefined, { kernel: "relaxed" }), missing);
});

// V8 11.3 (Node 20) gets a swizzle wrong there until it has compiled the module with all optimisations.
test("on a processor without AVX an engine is refused or right", async () => {
  let found;
  try {
    found = inNode(["--no-enable-avx"]);
  } catch (failure) {
    assert.match(failure.stderr, /GR_STATUS_ARGUMENT|not right there/);
    return;
  }
  assert.deepEqual(found.decisions, await wanted());
});
