// Run by relaxed.test.mjs in a Node of its own: prints which kernel Engine.create chose, whether the
// host's relaxed dot product is right, and the conformance vectors' decisions.
import { readFileSync } from "node:fs";

import { hasRelaxedSimd } from "../../wasm/dist/source.js";
import { decide, Engine, vectors } from "./support.mjs";

/**
 * The sum of four products in each lane, by a module of a few bytes: f() of
 * i32x4.relaxed_dot_i8x16_i7x16_add_s over constants, its first lane.
 */
function relaxedDot(weight, code) {
  const splat = (byte) => [0xfd, 0x0c, ...new Array(16).fill(byte)];
  const body = [0, ...splat(weight), ...splat(code), ...splat(0), 0xfd, 0x93, 0x02, 0xfd, 0x1b, 0, 0x0b];
  const module = Uint8Array.of(
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0,
    10, body.length + 2, 1, body.length, ...body,
  );
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports;
  return f();
}

const supported = hasRelaxedSimd();
const engine = await Engine.create();
let refusal = null;
const kernels = {};   // each that this host runs rightly, by what it was asked for
if (supported) {
  const address = new URL("../../wasm/dist/guardrank-relaxed.wasm", import.meta.url);
  try {
    (await Engine.create(readFileSync(address))).dispose();
  } catch (failure) {
    refusal = failure.status ?? String(failure);
  }
  for (const kernel of ["relaxed_dot", "relaxed_pairs"]) {
    try {
      const chosen = await Engine.create(readFileSync(address), { kernel });
      kernels[kernel] = { name: chosen.kernel, decisions: vectors().map((vector) => decide(chosen, vector)) };
      chosen.dispose();
    } catch (failure) {
      if (failure.where !== "kernel") throw failure;
    }
  }
}
console.log(JSON.stringify({
  hasRelaxedSimd: supported,
  kernel: engine.kernel,
  isRight: supported && relaxedDot(0x80, 0x7f) === 4 * 127 * -128,
  multipliesInPairs: supported && relaxedDot(0x80, 0xff) === -65536,
  refusal,
  kernels,
  decisions: vectors().map((vector) => decide(engine, vector)),
}));
