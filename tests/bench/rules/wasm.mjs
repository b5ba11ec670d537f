// Times the rules in WebAssembly. Usage: node wasm.mjs FOLDER MODULE [--each]; writes FOLDER/wasm.bin,
// prints one line of JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { time } from "./timing.mjs";

const [folder, modulePath, flag] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(modulePath), {});
const rules = instance.exports;
rules._initialize();

/** Copies a file into the module; its address and size. */
function give(name) {
  const bytes = readFileSync(join(folder, name));
  const address = rules.rules_memory(bytes.length);
  new Uint8Array(rules.memory.buffer, address, bytes.length).set(bytes);
  return [address, bytes.length];
}

function check(status) {
  if (status === 0) return;
  const text = new Uint8Array(rules.memory.buffer, rules.rules_message(), 512);
  throw new Error(new TextDecoder().decode(text.subarray(0, text.indexOf(0))));
}

check(rules.rules_open(...give("workload.json"), ...give("request.json")));
if (flag === "--each") {
  for (let i = 0; i < rules.rules_count(); i++) {
    const { least } = time(() => check(rules.rules_run_one(i, 10)));
    console.log(`${i} ${(least / 10).toFixed(2)} us`);
  }
} else {
  const size = rules.rules_memory(4);
  const address = rules.rules_results(size);
  const bytes = new Uint32Array(rules.memory.buffer, size, 1)[0];
  writeFileSync(join(folder, "wasm.bin"), new Uint8Array(rules.memory.buffer, address, bytes));
  check(rules.rules_run(1));
  check(rules.rules_compile(200));
  const before = rules.rules_allocations();
  const run = time(() => check(rules.rules_run(1)));
  const allocations = Number(rules.rules_allocations() - before);
  const compile = time(() => check(rules.rules_compile(200)));
  console.log(JSON.stringify({
    run_us: run.median, least_us: run.least, compile_200_us: compile.median, allocations,
  }));
}
