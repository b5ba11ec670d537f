// Holds the WebAssembly module against tests/size/budget.json and prints the table: bytes and
// brotli bytes per room, and of the whole. Exits 1 when anything is over its budget; how far the
// whole is from its target is printed and fails nothing.
// Usage: node tests/size/check.mjs BUILD_FOLDER_OF_WASM [--json | --write], --write making today's
// sizes and 2% the budget (for a reviewed change).
//
// A function belongs to the room whose object file defines it (the first, for templates and private
// names that several define); one that the optimiser inlined counts where it ended up. A room's
// brotli figure is that of its functions' bytes alone; the whole compresses better than the sum.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { functions, sections } from "./wasm_sections.mjs";

const [folder, flag] = process.argv.slice(2);
const budget = JSON.parse(readFileSync(new URL("./budget.json", import.meta.url), "utf8"));
const module = readFileSync(join(folder, "guardrank.wasm"));
const named = readFileSync(join(folder, "guardrank.named.wasm"));
const symbols = readFileSync(join(folder, "guardrank.linked.wasm.symbols"), "utf8");

function brotli(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params }).length;
}

/** The room of an object file: "model", "capi". */
function room(path) {
  const core = /guardrank_core\.dir\/(?:\.\/)?([a-z_]+)\//.exec(path)?.[1];
  return core ?? "capi";
}

/** Symbol to room, from lines of "OBJECT: ADDRESS TYPE SYMBOL". */
function symbolRooms() {
  const rooms = new Map();
  for (const line of symbols.split("\n")) {
    const [, path, symbol] = /^(.+): +\S+ [a-zA-Z] (.+)$/.exec(line) ?? [];
    if (symbol !== undefined && !rooms.has(symbol)) rooms.set(symbol, room(path));
  }
  return rooms;
}

/** The bytes of each room, and those that are no function's. */
function split() {
  const rooms = symbolRooms();
  const parts = new Map();
  const add = (name, bytes) => parts.set(name, [...(parts.get(name) ?? []), bytes]);
  for (const { name, bytes } of functions(named)) {
    const symbol = name.replace(/(\.\d+|_\d+)$/, "");
    add(rooms.get(name) ?? rooms.get(symbol) ?? "libc", bytes);
  }
  for (const { id, bytes } of sections(module)) {
    if (id === 11) add("data", bytes);
    else if (id !== 10) add("tables", bytes);
  }
  return [...parts].map(([name, pieces]) => ({ name, bytes: Buffer.concat(pieces) }));
}

const rows = split().map(({ name, bytes }) => ({
  name, raw: bytes.length, brotli: brotli(bytes), budget: budget.rooms_brotli[name] ?? 0,
}));
for (const name of Object.keys(budget.rooms_brotli)) {
  if (!rows.some((row) => row.name === name)) {
    rows.push({ name, raw: 0, brotli: 0, budget: budget.rooms_brotli[name] });
  }
}
rows.sort((a, b) => a.name.localeCompare(b.name));
// The module that fetches is one figure.
const fetching = readFileSync(join(folder, "guardrank-store.wasm"));
rows.push({
  name: "store module", raw: fetching.length, brotli: brotli(fetching), budget: budget.store_module_brotli ?? 0,
});
rows.push({
  name: "module", raw: module.length, brotli: brotli(module), budget: budget.module_brotli,
});

/** Today's sizes and room for what a compiler's patch release changes. */
function writeBudget() {
  const withRoom = (bytes) => Math.ceil((bytes * 1.02 + 50) / 100) * 100;
  const rooms = rows.filter(({ name, raw }) => !name.endsWith("module") && raw > 0);
  budget.module_brotli = withRoom(rows.at(-1).brotli);
  budget.store_module_brotli = withRoom(rows.at(-2).brotli);
  budget.rooms_brotli = Object.fromEntries(rooms.map(({ name, brotli: small }) => [name, withRoom(small)]));
  writeFileSync(new URL("./budget.json", import.meta.url), `${JSON.stringify(budget, null, 2)}\n`);
}

if (flag === "--write") {
  writeBudget();
} else if (flag === "--json") {
  console.log(JSON.stringify(rows));
} else {
  console.log("room               raw   brotli   budget");
  for (const { name, raw, brotli: small, budget: most } of rows) {
    const over = small > most ? "  over" : "";
    const numbers = [raw, small, most].map((value) => String(value).padStart(9)).join("");
    console.log(name.padEnd(13) + numbers + over);
  }
}
const beyond = rows.at(-1).brotli - budget.target_brotli;
if (flag === undefined && beyond > 0) {
  console.log(`the module is ${beyond} brotli bytes over its target of ${budget.target_brotli}`);
}
process.exitCode = flag !== "--write" && rows.some((row) => row.brotli > row.budget) ? 1 : 0;
