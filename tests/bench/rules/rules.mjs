// Runs the rule language and its peers over one workload, compares what they computed, prints the
// table. Usage: node rules.mjs FOLDER NATIVE MODULE CEL_GO, each but the folder a file to run; peers
// that are not there are named as such. Exits 1 when results differ.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [folder, native, module, celGo] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const peers = join(here, "../peers");
const node = process.execPath;
const hasPeers = existsSync(join(peers, "node_modules"));
const contenders = [
  { name: "guardrank, native", file: "native.bin", command: [native, folder], goal: 60 },
  { name: "guardrank, WASM in Node", file: "wasm.bin", goal: 250,
    command: [node, join(here, "wasm.mjs"), folder, module] },
  { name: "cel-go", file: "cel_go.bin", command: existsSync(celGo) ? [celGo, folder] : null },
  { name: "@marcbachmann/cel-js", file: "cel_js.bin",
    command: hasPeers ? [node, join(peers, "cel_js.mjs"), folder] : null },
  { name: "@gorules/zen-engine", file: "zen.bin", isDecimal: true,
    command: hasPeers ? [node, join(peers, "zen.mjs"), folder] : null },
];

const workload = JSON.parse(readFileSync(join(folder, "workload.json"), "utf8"));
const nRows = workload.offers.length;
const firstTerm = Math.ceil((nRows * workload.rules.length) / 8) * 8;

/** The first place where results differ, or null; Zen computes with decimals, the others alike. */
function difference(expected, actual, isDecimal) {
  if (expected.length !== actual.length) return "their number";
  for (let at = 0; at < firstTerm; at++) {
    if (expected[at] === actual[at]) continue;
    const rule = workload.rules[Math.floor(at / nRows)];
    return `${rule.id} of offer ${at % nRows}: ${expected[at]}, ${actual[at]}`;
  }
  for (let at = firstTerm; at < expected.length; at += 8) {
    const wanted = expected.readDoubleLE(at), found = actual.readDoubleLE(at);
    const room = isDecimal ? 1e-9 * Math.max(1, Math.abs(wanted)) : 0;
    if (Math.abs(wanted - found) <= room) continue;
    const cell = (at - firstTerm) / 8, term = workload.terms[Math.floor(cell / nRows)];
    return `${term.id} of offer ${cell % nRows}: ${wanted}, ${found}`;
  }
  return null;
}

function run({ name, command, file, isDecimal }) {
  if (command === null) return null;
  const line = JSON.parse(execFileSync(command[0], command.slice(1), { encoding: "utf8" }));
  const wrong = difference(readFileSync(join(folder, "native.bin")),
    readFileSync(join(folder, file)), isDecimal);
  if (wrong === null) return line;
  console.log(`${name} computes something else: ${wrong}`);
  process.exitCode = 1;
  return line;
}

const number = (value, digits) => (value === undefined ? "-" : value.toFixed(digits));

console.log(`${workload.rules.length} rules and ${workload.terms.length} terms over ${nRows} offers; `
  + `${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}`);
console.log(`${"".padEnd(26)}${["median us", "least us", "ratio", "goal us", "200 rules us",
  "allocations"].map((title) => title.padStart(13)).join("")}`);
let first = null;
for (const contender of contenders) {
  const line = run(contender);
  if (line === null) {
    console.log(`${contender.name.padEnd(26)} not here: not measured`);
    continue;
  }
  first ??= line;
  const cells = [number(line.run_us, 1), number(line.least_us, 1),
    number(line.least_us / first.least_us, 1), number(contender.goal, 0),
    number(line.compile_200_us, 0), number(line.allocations, 0)];
  console.log(contender.name.padEnd(26) + cells.map((cell) => cell.padStart(13)).join(""));
}
const passed = readFileSync(join(folder, "native.bin"));
const yes = passed.subarray(0, nRows * workload.rules.length).reduce((sum, byte) => sum + byte, 0);
console.log(`results agree (Zen's decimals to 1e-9) except where said; ${(yes / nRows / workload.rules.length * 100)
  .toFixed(0)}% of the rules hold`);
