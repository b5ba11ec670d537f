// Ranks the requests of the reference bundles with the native command, prints each ranking as a
// table, ranks the same requests in WebAssembly and compares the two, records included, bit for bit.
// Usage: node demo.mjs [cards|goods ...]; `./dev demo` builds what it needs.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Engine } from "../../wasm/dist/index.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const command = join(root, "build/dev/bindings/shell/guardrank");
const reference = join(root, "models/reference");

function guardrank(...words) {
  return execFileSync(command, words, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
}

/** Prints the native ranking of one request and gives it as JSON with its record. */
function rankNatively(bundle, line, folder) {
  const path = join(folder, "request.json");
  writeFileSync(path, line);
  process.stdout.write(guardrank("rank", "--bundle", bundle, "--request", path));
  return guardrank("rank", "--bundle", bundle, "--request", path, "--json", "--with-record").trim();
}

function demonstrate(engine, name, folder) {
  const bundle = join(reference, `${name}.guardrank`);
  const bytes = readFileSync(bundle);
  const snapshot = engine.open(bytes, { full: true });
  const lines = readFileSync(join(reference, name, "requests.jsonl"), "utf8").trim().split("\n");
  let equal = 0;
  for (const [index, line] of lines.entries()) {
    const shown = line.length > 110 ? `${line.slice(0, 110)} ...` : line;
    console.log(`\n\x1b[1m${name} ${index + 1} of ${lines.length}\x1b[0m  ${shown}`);
    const native = JSON.parse(rankNatively(bundle, line, folder));
    const wasm = snapshot.rank(JSON.parse(line), { record: true });
    const isEqual = JSON.stringify(native) === JSON.stringify(wasm);
    const replays = snapshot.replay(wasm.record).isEqual;
    if (isEqual && replays) equal += 1;
    else console.log(`DIFFERENT in WebAssembly: request ${index + 1} of ${name}`);
  }
  snapshot.dispose();
  return { name, requests: lines.length, equal, kilobytes: bytes.length / 1024 };
}

const names = process.argv.length > 2 ? process.argv.slice(2) : ["cards", "goods"];
const folder = mkdtempSync(join(tmpdir(), "guardrank-demo-"));
try {
  const engine = await Engine.create();
  const results = names.map((name) => demonstrate(engine, name, folder));
  console.log();
  for (const { name, requests, equal, kilobytes } of results) {
    console.log(`${name} (${kilobytes.toFixed(0)} KB): ${equal} of ${requests} decisions have the same bits ` +
      "natively and in WebAssembly, records included, and replay");
  }
  process.exitCode = results.every(({ requests, equal }) => requests === equal) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
