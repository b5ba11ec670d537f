// Replays drawn cases in this Node: node node.mjs FILE simd128|relaxed_dot|relaxed_pairs. Code 77 where this Node has
// no relaxed SIMD that multiplies rightly (the package then takes the other module).
import { readFileSync } from "node:fs";

import { replayCases } from "./replay.mjs";

const [file, kernel] = process.argv.slice(2);
const packageAddress = new URL("../../wasm/dist/index.js", import.meta.url).href;
let answer;
try {
  answer = await replayCases({ packageAddress, bytes: new Uint8Array(readFileSync(file)), kernel });
} catch (failure) {
  // The simd128 module is the one left, and refuses to be the other.
  const isRefused = kernel !== "simd128" && failure.where === "kernel";
  console.error(String(failure));
  process.exit(isRefused ? 77 : 1);
}
if (answer.kernel !== `wasm_${kernel}`) process.exit(77);
console.log(answer.lines.join("\n"));
