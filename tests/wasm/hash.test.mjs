// Hashes of an artifact's sections, which WebCrypto computes for the store.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { hashSections } from "../../wasm/dist/host/hash.js";
import { webCrypto } from "../../wasm/dist/host/web_crypto.js";
import { Origin, partsOf } from "./origin.mjs";
import { bundleBytes, Engine, Store } from "./support.mjs";

const { model } = partsOf(bundleBytes("bundles/cards.guardrank"));

/** Read by hand: entries of 64 bytes behind a header of 64. */
function sections(artifact) {
  const view = new DataView(artifact.buffer, artifact.byteOffset, artifact.length);
  return Array.from({ length: view.getUint32(24, true) }, (_, index) => {
    const entry = 64 + 64 * index, start = Number(view.getBigUint64(entry + 8, true));
    return { stated: artifact.subarray(entry + 24, entry + 56),
             bytes: artifact.subarray(start, start + Number(view.getBigUint64(entry + 16, true))) };
  });
}

test("they are those of the table, and of the bytes", async () => {
  const hashes = await hashSections(model);
  const wanted = sections(model);
  assert.ok(wanted.length > 1);
  assert.equal(hashes.length, 32 * wanted.length);
  wanted.forEach(({ stated, bytes }, index) => {
    const hash = Buffer.from(hashes.subarray(32 * index, 32 * index + 32));
    assert.deepEqual(hash, Buffer.from(stated));
    assert.deepEqual(hash, createHash("sha256").update(bytes).digest());
  });
});

test("of bytes that changed they are others", async () => {
  const changed = Uint8Array.from(model);
  changed[changed.length - 1] ^= 1;
  const [before, after] = [await hashSections(model), await hashSections(changed)];
  assert.deepEqual(after.subarray(0, -32), before.subarray(0, -32));
  assert.notDeepEqual(after.subarray(-32), before.subarray(-32));
});

test("what is no whole artifact has none", async () => {
  assert.equal(await hashSections(model.subarray(0, 3000)), undefined);   // a piece of one
  assert.equal(await hashSections(new Uint8Array(1 << 16)), undefined);
  assert.equal(await hashSections(model.subarray(0, 20)), undefined);
  const many = Uint8Array.from(model);
  new DataView(many.buffer).setUint32(24, 0xffffffff, true);
  assert.equal(await hashSections(many), undefined);
  const far = Uint8Array.from(model);
  new DataView(far.buffer).setBigUint64(64 + 8, 0xffffffffffffffffn, true);   // a section beyond the end
  assert.equal((await hashSections(far)).length, (await hashSections(model)).length);
});

test("the store holds them against what was signed for", async (context) => {
  const bundle = bundleBytes("bundles/cards.guardrank");
  const engine = await Engine.create();
  const name = engine.open(bundle).rank({ time: "2026-11-21T10:00:00Z", context: { age: 34 } }).release;
  const origin = await new Origin().add(name, partsOf(bundle)).publish().listen();
  const subtle = await webCrypto(), { digest } = subtle;
  let asked = 0, isWrong = false;
  context.mock.method(subtle, "digest", async (...values) => {
    const hash = await digest.apply(subtle, values);
    ++asked;
    if (isWrong) new Uint8Array(hash)[31] ^= 1;
    return hash;
  });
  const open = () => Store.open({ origin: origin.address, releases: [name], trustedRoot: origin.root });
  try {
    const store = await open();
    await store.snapshot(engine);
    assert.ok(asked > 0);
    store.dispose();
    isWrong = true;
    const wary = await open();
    await assert.rejects(wary.snapshot(engine, {}, { timeout: 300 }), { name: "GuardrankError" });
    wary.dispose();
  } finally {
    await origin.close();
    engine.dispose();
  }
});

test("where WebCrypto is no global, as in Node 18, Node's module has it", async () => {
  const script = `
    delete globalThis.crypto;
    const { hashSections } = await import(${JSON.stringify(new URL("../../wasm/dist/host/hash.js", import.meta.url))});
    const bytes = new Uint8Array((await import("node:fs")).readFileSync(0));
    process.stdout.write(Buffer.from(await hashSections(bytes)).toString("hex") + typeof globalThis.crypto);`;
  const words = ["--input-type=module", "-e", script];
  const told = execFileSync(process.execPath, words, { input: model, encoding: "utf8" });
  assert.equal(told, `${Buffer.from(await hashSections(model)).toString("hex")}undefined`);
});
