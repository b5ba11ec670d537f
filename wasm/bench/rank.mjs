// Times in Node: loading the module, opening the bundle, ranking 1, 100 and 1000 candidates
// (medians). Usage: node wasm/bench/rank.mjs [--bundle FILE] [--request FILE] [--json]
// With fewer offers in the catalog than candidates asked for, it says so and ranks what is there.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { Engine } from "../dist/index.js";

const { values: options } = parseArgs({
  options: {
    bundle: { type: "string", default: "models/reference/cards.guardrank" },
    request: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const milliseconds = () => performance.now();

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Median time of one call in microseconds; at least `least` calls and 300 ms of them. */
function time(call, least = 20) {
  for (let round = 0; round < 5; round++) call();
  const times = [];
  const end = milliseconds() + 300;
  while (times.length < least || milliseconds() < end) {
    const start = milliseconds();
    call();
    times.push((milliseconds() - start) * 1000);
  }
  return median(times);
}

async function medianAsync(call, rounds = 9) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const start = milliseconds();
    await call();
    times.push((milliseconds() - start) * 1000);
  }
  return median(times);
}

const bundle = await readFile(options.bundle);
const base = options.request
  ? JSON.parse(await readFile(options.request, "utf8"))
  : { time: "2026-11-21T10:00:00Z" };
const rows = [];
rows.push({ what: "load the module", micros: await medianAsync(() => Engine.create()) });

const engine = await Engine.create();
rows.push({ what: "open the bundle", micros: time(() => engine.open(bundle).dispose()) });

const snapshot = engine.open(bundle);
const session = engine.session();
const { candidates: given, limit, ...context } = base;
const offers = snapshot.rank(context);
const names = [...offers.ranked, ...offers.excluded].map((entry) => entry.offer);
for (const wanted of [1, 100, 1000]) {
  const count = Math.min(wanted, names.length);
  const request = snapshot.request();
  request.json(JSON.stringify({
    ...context, candidates: names.slice(0, count).map((offer) => ({ offer })),
  }));
  const note = count < wanted ? ` (the catalog has ${count})` : "";
  rows.push({
    what: `rank ${wanted} candidates${note}`, micros: time(() => session.rank(request)),
  });
  request.dispose();
}

if (options.json) {
  console.log(JSON.stringify({ kernel: engine.kernel, bundleBytes: bundle.length, rows }));
} else {
  console.log(`kernel ${engine.kernel}, bundle of ${bundle.length} bytes, Node ${process.version}`);
  for (const { what, micros } of rows) console.log(what.padEnd(48), `${micros.toFixed(1)} us`);
}
