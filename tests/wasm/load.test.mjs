// Every way of giving the module to Engine.create, and what the module promises about itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import * as whole from "../../wasm/dist/index.js";
import { bundleBytes, Engine, modulePath, requestOf, vectors } from "./support.mjs";

const bytes = readFileSync(modulePath);

async function version(source, options) {
  const engine = await Engine.create(source, options);
  const found = engine.version;
  engine.dispose();
  return found;
}

test("the package in one file is the package", async () => {
  const joined = await import("../../wasm/dist/guardrank.min.js");
  assert.deepEqual(Object.keys(joined).sort(), Object.keys(whole).sort());
  const engine = await joined.Engine.create();   // finds the module beside itself
  const [vector] = vectors().filter(({ expected }) => expected !== undefined);
  const snapshot = engine.open(bundleBytes(vector.bundle));
  assert.deepEqual(snapshot.rank(requestOf(vector)), vector.expected);
  engine.dispose();
});

test("the module imports nothing and is capped at 128 MB", async () => {
  const module = await WebAssembly.compile(bytes);
  assert.deepEqual(WebAssembly.Module.imports(module), []);
  const { memory } = new WebAssembly.Instance(module, {}).exports;
  const pages = memory.buffer.byteLength / 65536;
  assert.ok(pages < 64, `starts with ${pages} pages`);
  memory.grow(2048 - pages);
  assert.throws(() => memory.grow(1), RangeError);
});

test("it loads from the package, bytes, a module, an address and a response", async () => {
  const expected = JSON.parse(
    readFileSync(new URL("../../wasm/package.json", import.meta.url), "utf8"),
  ).version;
  const response = (type) => new Response(bytes, { headers: { "content-type": type } });
  const sources = {
    package: undefined,
    "typed array": bytes,
    "array buffer": new Uint8Array(bytes).buffer,
    module: await WebAssembly.compile(bytes),
    "file address": pathToFileURL(modulePath),
    "file address as text": pathToFileURL(modulePath).href,
    "streamed response": response("application/wasm"),
    "response of another type": response("application/octet-stream"),
    "promise of a response": Promise.resolve(response("application/wasm; charset=binary")),
  };
  for (const [name, source] of Object.entries(sources)) {
    assert.equal(await version(source), expected, name);
  }
});

test("a response that failed and bytes that are no module are refused", async () => {
  await assert.rejects(Engine.create(new Response("", { status: 404 })), /404/);
  await assert.rejects(Engine.create(Uint8Array.of(1, 2, 3)), WebAssembly.CompileError);
});

test("the kernel is chosen by name", async () => {
  for (const [kernel, name] of [["automatic", "wasm_simd128"], ["simd128", "wasm_simd128"]]) {
    usingEngine(await Engine.create(bytes, { kernel }), (engine) => {
      assert.equal(engine.kernel, name);
      assert.equal(engine.numericsVersion, 1);
    });
  }
  usingEngine(await Engine.create(undefined, { kernel: "simd128" }), (engine) => {
    assert.equal(engine.kernel, "wasm_simd128");
  });
  await assert.rejects(Engine.create(bytes, { kernel: "avx2" }), { status: "GR_STATUS_ARGUMENT" });
  // This module does not have the other's kernel, and says so rather than taking its own.
  await assert.rejects(Engine.create(bytes, { kernel: "relaxed" }), {
    status: "GR_STATUS_ARGUMENT",
  });
});

function usingEngine(engine, use) {
  use(engine);
  engine[Symbol.dispose]();
  assert.throws(() => engine.kernel, { code: 100 });
}
