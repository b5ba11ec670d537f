// What delivery costs: natively, in Node, in Chromium and at the edge, from nginx on loopback.
// Usage: node run.mjs BUNDLE REQUEST.json GUARDRANK DELIVERY_BENCH [OUT.md]
// BUNDLE and REQUEST.json are a size's of tests/bench/make_bundle.py. Prints a table; medians.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { FolderStorage } from "../../../wasm/dist/host/folder.js";
import { Engine, Store } from "../../../wasm/dist/index.js";
import { launch } from "../../browser/chromium.mjs";
import { example, freePort, start, untilUp } from "../../delivery/support.mjs";
import { processorMicros } from "../web/processor_time.mjs";

const [bundle, requestPath, guardrank, native, out] = process.argv.slice(2);
if (native === undefined) {
  console.error("usage: node run.mjs BUNDLE REQUEST.json GUARDRANK DELIVERY_BENCH [OUT.md]");
  process.exit(2);
}
const load = loadavg()[0].toFixed(1);   // before it makes its own
const folder = mkdtempSync(join(tmpdir(), "guardrank-bench-"));
execFileSync(example("make_origin.sh"), [folder, bundle, "bench"], { env: { ...process.env, GUARDRANK: guardrank } });
const ports = [await freePort(), await freePort()];
const origin = `http://127.0.0.1:${ports[0]}/`;
const nginx = await start(example("nginx.sh"), [join(folder, "origin"), ...ports.map(String)]);
await untilUp(origin);
const root = join(folder, "root.json");
const rows = [];
const add = (what, value, goal) => {
  rows.push([what, value, goal]);
  console.error(`${what}: ${value}`);
};
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function measureNative() {
  const told = execFileSync(native, [origin, root, "bench", join(folder, "native")], { encoding: "utf8" });
  const { cold_us: cold, restarted_us: restarted, mapped_us: mapped, warm_us: warm } = JSON.parse(told);
  add("native, from nothing to ready", `${(cold / 1000).toFixed(1)} ms`, "30 ms");
  add("native, from a folder that has it", `${(restarted / 1000).toFixed(1)} ms`, "");
  add("native, the same, mapped instead of read", `${(mapped / 1000).toFixed(1)} ms`, "");
  add("native, a snapshot at hand", `${warm.toFixed(2)} us`, "2 us");
}

async function measureNode() {
  const engine = await Engine.create();
  const times = { cold: [], restarted: [] };
  for (let i = 0; i < 10; ++i) {
    const cache = join(folder, `node-${i}`);
    for (const kind of ["cold", "restarted"]) {
      const from = performance.now();
      const store = await Store.open({
        origin, releases: ["bench"], trustedRoot: readFileSync(root), storage: new FolderStorage(cache),
      });
      await store.snapshot(engine, {}, { timeout: 10_000 });
      times[kind].push(performance.now() - from);
      await store.settled();
      store.dispose();
    }
  }
  const store = await Store.open({ origin, releases: ["bench"], trustedRoot: readFileSync(root) });
  await store.snapshot(engine, {}, { timeout: 10_000 });
  const from = performance.now();
  for (let i = 0; i < 20_000; ++i) await store.snapshot(engine);
  const warm = (performance.now() - from) / 20;
  add("Node, from nothing to ready", `${median(times.cold).toFixed(1)} ms`, "");
  add("Node, from a folder that has it", `${median(times.restarted).toFixed(1)} ms`, "");
  add("Node, a snapshot at hand", `${warm.toFixed(2)} us`, "");
  store.dispose();
  engine.dispose();
}

/** Addresses below the page's of what a cold store fetches: at once, and then what the timestamp and the word left for
 * first visits name. */
function fetchedFiles() {
  const list = (name) => readdirSync(join(folder, "origin", name)).map((file) => `origin/${name}/${file}`);
  const newest = (role) => list("metadata").filter((file) => file.endsWith(`.${role}.json`)).sort().at(-1);
  const metadata = ["timestamp.json", "2.root.json", "ahead/targets/bench.json"];
  const modules = ["guardrank/guardrank-relaxed.wasm", "guardrank/guardrank-store.wasm"];
  const first = [...modules, ...metadata.map((file) => `origin/metadata/${file}`)];
  return { first, then: [newest("snapshot"), newest("targets"), ...list("targets"), ...list("blobs")] };
}

/** In an empty page: the same bytes, in the order in which they can be known, and nothing done with them. */
async function fetchAlone({ first, then }) {
  const get = (path) => fetch(path, { cache: "no-store" }).then((answer) => answer.arrayBuffer());
  const from = performance.now();
  const modules = first.slice(0, 2).map(get);
  await Promise.all(first.slice(2).map(get));
  await Promise.all([...modules, ...then.map(get)]);
  return performance.now() - from;
}

/** What a fresh profile's page says of itself; or how long fetching alone takes it. */
async function visit(browser, address, run) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(address);
    return await run(page);
  } finally {
    await context.close();
  }
}

async function readTimes(page) {
  await page.waitForSelector("body[data-done]", { timeout: 20_000 });
  const state = await page.locator("#state").textContent();
  return /ready after ([\d.]+) ms, ranked in ([\d.]+) ms/.exec(state).slice(1).map(Number);
}

async function measureChromium() {
  const words = [example("serve_page.mjs"), join(folder, "origin"), root, "bench"];
  const server = await start(process.execPath, words);
  const browser = await launch();
  const files = fetchedFiles();
  const times = { alone: [], ready: [], ranked: [] };
  for (let i = 0; i < 15; ++i) {
    times.alone.push(await visit(browser, `${server.line}settings.json`, (page) => page.evaluate(fetchAlone, files)));
    const [ready, ranked] = await visit(browser, server.line, readTimes);
    times.ready.push(ready);
    times.ranked.push(ranked);
  }
  await browser.close();
  await server.stop();
  const [alone, ready, ranked] = [times.alone, times.ready, times.ranked].map(median);
  add("Chromium, an empty page fetches the same bytes in the same order", `${alone.toFixed(0)} ms`, "");
  add("Chromium, from nothing to ready", `${ready.toFixed(0)} ms`, "60 ms");
  add("of which beside the fetching", `${(ready - alone).toFixed(0)} ms`, "10 ms");
  add("Chromium, the first ranking of 1000 offers, 20 shown", `${ranked.toFixed(0)} ms`, "");
}

/** Asks over one connection, with little of its own: `ask(path)` resolves when the answer is whole. */
async function connectTo(port, body) {
  const socket = connect(port, "127.0.0.1").setNoDelay(true).setEncoding("latin1");
  await once(socket, "connect");
  let answer = "", ended;
  socket.on("data", (piece) => {
    answer += piece;
    const head = answer.indexOf("\r\n\r\n");
    const length = Number(/^content-length: (\d+)/im.exec(answer.slice(0, head))?.[1] ?? Number.NaN);
    if (head < 0 || answer.length < head + 4 + length) return;
    ended(answer);
    answer = "";
  });
  const ask = async (path) => {
    const told = new Promise((resolve) => { ended = resolve; });
    socket.write(`POST ${path} HTTP/1.1\r\nhost: edge\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const text = await told;
    if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(text);
    return text.length - text.indexOf("\r\n\r\n") - 4;
  };
  return { ask, close: () => socket.destroy() };
}

/** Beside the example's worker: one that reads the request and answers as many bytes, and does nothing else. */
function addEcho(work, config) {
  renameSync(join(work, "worker.mjs"), join(work, "ranks.mjs"));
  writeFileSync(join(work, "worker.mjs"), `import ranks from "./ranks.mjs";
const headers = { "content-type": "application/json" };
export default {
  async fetch(request, env, context) {
    const at = request.url.indexOf("/echo?");
    if (at < 0) return ranks.fetch(request, env, context);
    await request.text();
    return new Response("x".repeat(Number(request.url.slice(at + 6))), { headers });
  },
};
`);
  const own = '(name = "worker.mjs", esModule = embed "worker.mjs"),';
  return config.replace(own, `${own}\n    (name = "ranks.mjs", esModule = embed "ranks.mjs"),`);
}

async function measureEdge() {
  const work = join(folder, "edge");
  cpSync(example("edge"), work, { recursive: true });
  cpSync(join(example(""), "../../wasm/dist"), join(work, "package"), { recursive: true });
  const port = await freePort();
  const config = join(work, "config.capnp");
  writeFileSync(config, addEcho(work, readFileSync(config, "utf8").replace("127.0.0.1:8787", `127.0.0.1:${port}`)));
  const program = join(example(""), "../../tests/delivery/node_modules/@cloudflare/workerd-linux-64/bin/workerd");
  const { spawn } = await import("node:child_process");
  const worker = spawn(program, ["serve", "config.capnp"], {
    cwd: work, stdio: "inherit",
    env: { ...process.env, GUARDRANK_ORIGIN: origin, GUARDRANK_RELEASES: "bench",
           GUARDRANK_ROOT: readFileSync(root).toString("base64") },
  });
  await untilUp(`http://127.0.0.1:${port}/empty`);
  const whole = JSON.parse(readFileSync(requestPath, "utf8"));
  const catalog = Array.from({ length: 100 }, (_, i) => ({ offer: `o-${String(i).padStart(6, "0")}` }));
  const body = JSON.stringify({ ...whole, candidates: catalog, limit: 20, explain: false });
  const { ask, close } = await connectTo(port, body);
  const echo = `/echo?${await ask("/")}`, paths = ["/empty", echo, "/"];
  const times = Object.fromEntries(paths.map((path) => [path, []]));
  const processor = Object.fromEntries(paths.map((path) => [path, []]));
  for (let turn = 0; turn < 60; ++turn) {
    for (const path of paths) {
      const before = processorMicros(worker.pid);
      for (let i = 0; i < 50; ++i) {
        const from = performance.now();
        await ask(path);
        if (turn >= 20) times[path].push((performance.now() - from) * 1000);
      }
      if (turn >= 20) processor[path].push((processorMicros(worker.pid) - before) / 50);
    }
  }
  close();
  worker.kill();
  const beside = (found, base = "/empty") => `${(median(found["/"]) - median(found[base])).toFixed(0)} us`;
  add("edge, an empty worker, p50", `${median(times["/empty"]).toFixed(0)} us`, "");
  add("edge, 100 candidates, p50 beside it", beside(times), "150 us");
  add("edge, the same in processor time", beside(processor), "");
  add("edge, beside a worker that reads and answers as many bytes, p50", beside(times, echo), "");
  add("edge, the same in processor time", beside(processor, echo), "");
}

try {
  measureNative();
  await measureNode();
  await measureChromium();
  await measureEdge();
} finally {
  await nginx.stop();
  rmSync(folder, { recursive: true, force: true });
}
const size = (statSync(bundle).size / 1024).toFixed(0);
const [machine, day] = [cpus()[0].model.trim(), new Date().toISOString().slice(0, 10)];
const text = `# What delivery costs

\`./dev bench delivery\` on ${machine}, ${day}; a bundle of ${size} KB (the network of size S) from nginx on loopback,
one conditional or full request per file; medians; load of the machine before ${load}. "Ready" includes
verifying signatures and every section's hash, opening, and replaying the golden vectors. The empty page fetches what
the store does as soon as it can be known: both modules, a newer root, the timestamp and what was left for first visits;
then snapshot, targets, release and three artifacts at once.

| | measured | goal |
|---|---|---|
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}
`;
console.log(text);
if (out !== undefined) writeFileSync(out, text);
process.exit(0);
