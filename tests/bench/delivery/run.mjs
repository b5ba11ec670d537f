// What delivery costs: natively, in Node, in Chromium and at the edge, from nginx on loopback.
// Usage: node run.mjs BUNDLE REQUEST.json GUARDRANK DELIVERY_BENCH [OUT.md]
// BUNDLE and REQUEST.json are a size's of tests/bench/make_bundle.py. Prints a table; medians.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { FolderStorage } from "../../../wasm/dist/host/folder.js";
import { Engine, Store } from "../../../wasm/dist/index.js";
import { launch } from "../../browser/chromium.mjs";
import { example, freePort, start, untilUp } from "../../delivery/support.mjs";

const [bundle, requestPath, guardrank, native, out] = process.argv.slice(2);
if (native === undefined) {
  console.error("usage: node run.mjs BUNDLE REQUEST.json GUARDRANK DELIVERY_BENCH [OUT.md]");
  process.exit(2);
}
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
  const { cold_us: cold, restarted_us: restarted, warm_us: warm } = JSON.parse(told);
  add("native, from nothing to ready", `${(cold / 1000).toFixed(1)} ms`, "30 ms");
  add("native, from a folder that has it", `${(restarted / 1000).toFixed(1)} ms`, "");
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

async function measureChromium() {
  const words = [example("serve_page.mjs"), join(folder, "origin"), root, "bench"];
  const server = await start(process.execPath, words);
  const browser = await launch();
  const times = [];
  for (let i = 0; i < 9; ++i) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.line);
    await page.waitForSelector("body[data-done]", { timeout: 20_000 });
    const state = await page.locator("#state").textContent();
    times.push(Number(/after (\d+) ms/.exec(state)?.[1] ?? Number.NaN));
    await context.close();
  }
  await browser.close();
  await server.stop();
  add("Chromium, from nothing to the first ranking", `${median(times).toFixed(0)} ms`, "60 ms");
}

/** Milliseconds of one keep-alive request. */
function ask(agent, port, path, body) {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const sent = httpRequest({ agent, port, path, method: "POST", host: "127.0.0.1" }, (answer) => {
      answer.on("data", () => {});
      answer.on("end", () => (answer.statusCode === 200 ? resolve(performance.now() - from)
        : reject(new Error(`the worker answered ${answer.statusCode}`))));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function measureEdge() {
  const work = join(folder, "edge");
  cpSync(example("edge"), work, { recursive: true });
  cpSync(join(example(""), "../../wasm/dist"), join(work, "package"), { recursive: true });
  const port = await freePort();
  const config = join(work, "config.capnp");
  writeFileSync(config, readFileSync(config, "utf8").replace("127.0.0.1:8787", `127.0.0.1:${port}`));
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
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { empty: [], rank: [] };
  for (let i = 0; i < 1500; ++i) {
    const empty = await ask(agent, port, "/empty", body);
    const rank = await ask(agent, port, "/", body);
    if (i >= 500) times.empty.push(empty), times.rank.push(rank);
  }
  agent.destroy();
  worker.kill();
  const [empty, rank] = [median(times.empty) * 1000, median(times.rank) * 1000];
  add("edge, an empty worker, p50", `${empty.toFixed(0)} us`, "");
  add("edge, 100 candidates, p50 beside it", `${(rank - empty).toFixed(0)} us`, "150 us");
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

\`./dev bench delivery\` on ${machine}, ${day}; a bundle of ${size} KB (size S) from nginx on loopback,
one conditional or full request per file; medians. "Ready" includes verifying signatures and every section's
hash, opening, and replaying the golden vectors.

| | measured | goal |
|---|---|---|
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}
`;
console.log(text);
if (out !== undefined) writeFileSync(out, text);
process.exit(0);
