// Writes tests/bench/RESULTS_WEB.md from what bench.mjs measured on this machine. Usage: node results.mjs
// DATA SIZE...
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";

/** Of issue 4's published goal: LiteRT.js int8 over guardrank, stateless and with sums kept. */
const goals = { relaxed: [3.3, 10], simd128: [1.5, 4.5] };
const loadGoal = 10;

const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const quantile = (numbers, share) =>
  sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];
const median = (numbers) => quantile(numbers, 0.5);
const least = (numbers) => sorted(numbers)[0];
const micros = (us) => (us < 100 ? us.toFixed(1) : Math.round(us).toLocaleString("en-US"));
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
const kilobytes = (bytes) => Math.round(bytes / 1000).toLocaleString("en-US");

function table(header, rows) {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n") + "\n";
}

function version(name) {
  const path = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(path, "utf8")).version}`;
}

function preamble(browserVersion) {
  const peers = ["onnxruntime-web", "@litertjs/core", "@tensorflow/tfjs-backend-wasm"].map(version);
  return `# Results in the browser

Written by \`./dev bench web\`. ${cpus()[0].model}, ${cpus().length} processors, the whole browser on one
of them. Chromium ${browserVersion}, headless, a page from loopback with a
process of its own per engine, in turns. ${peers.join(", ")}.

Times are from JavaScript values to an answer in JavaScript. "Processor" is processor time of the page's
main thread per request, the least of the turns' means: other work on the machine hardly disturbs
it. "Wall" is the median of the wall clock over all turns, p99 of the same: both grow with the load.

**guardrank** does the whole request: it writes the context's facts, hashes and encodes, checks two
eligibility rules, runs the network, calibrates, computes three terms and a guardrail, orders, and reads
out the first 20 offers and scores. "All candidates' facts sent as columns" writes every candidate's facts
too; "facts of the catalog" finds them in the bundle; "sums kept" opens the bundle with
\`catalogSumsBytes\`; "request filled before" ranks one request again without writing it.

**The peers** do the network only: they are given codes (hashed before) and dense numbers in typed arrays
and give logits in one; "network alone" is guardrank doing just that (with sums kept it is given the
catalog's rows). They have the same weights, one thread, SIMD and all their optimisations. "Typical"
is what an export gives (context repeated, an operator per layer), "fused" has what reads the input in one
product, "context once" multiplies the context once per request. ONNX Runtime's int8 is its quantiser's
(weights per channel; dynamic, or static on 20 drawn batches). LiteRT's int8 is TensorFlow's converter's
(weights and activations, calibrated on drawn requests), with a file of fixed shape for each number of
offers; LiteRT.js takes its build with relaxed SIMD. TensorFlow.js has float only.

"Error" is the worst difference of a logit from float64 over 1000 offers of the same request. "Memory" is
that of the page's WebAssembly at the end, its peak (no JavaScript heap); LiteRT.js holds three files by
then, one per number of offers. The page's clock counts 5 us: a wall time for one offer is a mean of 16
requests in a row.
`;
}

function speedTable(rows, counts) {
  const header = ["us per request", ...counts.map((n) => `processor N=${n}`),
    ...counts.map((n) => `wall N=${n}`), "p99 N=100", "p99 N=1000", "error", "memory MB"];
  return table(header, rows.map(({ setting, processor, samples, error, memory }) => [
    setting.name,
    ...counts.map((n) => micros(least(processor[n]))),
    ...counts.map((n) => micros(median(samples[n]))),
    ...[100, 1000].map((n) => micros(quantile(samples[n], 0.99))),
    error.toFixed(3),
    megabytes(memory),
  ]));
}

/** The least time of the peer's full graphs (those that are not given the context once). */
function best(rows, engine, kind, statistic) {
  const chosen = rows.filter(({ setting }) =>
    setting.engine === engine && setting.kind.startsWith(kind) && setting.graph !== "once");
  return Math.min(...chosen.map(statistic));
}

function kernels(rows) {
  return [...new Set(rows.map(({ kernel }) => kernel).filter(Boolean))].join(", ");
}

const statistics = {
  "processor time": (n) => ({ processor }) => least(processor[n]),
  "wall clock": (n) => ({ samples }) => median(samples[n]),
};
const ratioPeers = [["LiteRT.js int8", "litert"], ["ONNX Runtime Web int8", "onnx"]];

/** The peers' networks over guardrank's `engine` ("network" alone, or the whole request) in these modes. */
function ratioTable(rows, counts, own, modes, title) {
  const lines = [];
  for (const kernel of Object.keys(goals)) {
    const found = modes.map((mode) => rows.find(({ setting }) =>
      setting.engine === own && setting.kernel === kernel && setting.mode === mode));
    for (const [peer, engine] of ratioPeers) {
      for (const [name, statistic] of Object.entries(statistics)) {
        const ratios = (n) => found.map((row) =>
          (best(rows, engine, "int8", statistic(n)) / statistic(n)(row)).toFixed(1)).join(" / ");
        const goal = engine === "litert" ? goals[kernel].join(" / ") : "";
        lines.push([`${peer} / guardrank ${kernel}, ${name}`, ...counts.map(ratios), goal]);
      }
    }
  }
  return table([title, ...counts.map((n) => `N=${n}`), "goal at 1000: stateless / sums kept"], lines);
}

function loadTable(loads) {
  const pair = ([raw, brotli]) => `${kilobytes(raw)} / ${kilobytes(brotli)}`;
  const times = ({ wall, processor }) => (wall.length === 0
    ? ["", ""] : [least(processor).toFixed(1), median(wall).toFixed(1)]);
  const rows = loads.map(({ setting, fetched, atHand, code, model, memory }) => [
    setting.name, ...times(fetched), ...times(atHand), pair(code), pair(model), megabytes(memory),
  ]);
  return table(["to the first answer for 100 offers, ms", "fetched: processor", "wall",
    "bytes at hand: processor", "wall", "code KB / brotli", "model KB / brotli", "memory MB"], rows);
}

function sizeText({ size, rows, loads, rounds, counts, loadaverage }) {
  const [before, after] = loadaverage.map((each) => each.toFixed(2));
  const goal = size === "S" ? ` Goal for guardrank, bytes at hand: under ${loadGoal} ms.` : "";
  return `## Size ${size}

Load of the machine: ${before} before, ${after} after. Turns: ${rounds}. guardrank's kernels here: ${kernels(rows)}.

${speedTable(rows, counts)}
Ratios of times, the peer's best full graph (typical or fused) over guardrank's network:

${ratioTable(rows, counts, "network", ["columns", "sums"], "ratio: stateless / sums kept")}
The same over guardrank's whole request:

${ratioTable(rows, counts, "guardrank", ["columns", "catalog", "sums"], "ratio: columns / catalog / sums kept")}
Loading, each in a fresh page, of ${loads[0].fetched.wall.length}: least processor time of the page's process, all
threads (those that compile too), and median of the wall clock. "Fetched" is scripts, module and model from
loopback; "bytes at hand" compiles, instantiates, opens the bundle and ranks.${goal}

${loadTable(loads)}`;
}

const [data, ...sizes] = process.argv.slice(2);
const results = sizes.map((size) =>
  JSON.parse(readFileSync(resolve(data, `web/${size}/measured.json`), "utf8")));
const text = [preamble(results[0].browser), ...results.map(sizeText)].join("\n");
writeFileSync(new URL("../RESULTS_WEB.md", import.meta.url), text);
