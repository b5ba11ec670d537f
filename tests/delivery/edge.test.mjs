// The edge worker in workerd: ranks what it fetched from an origin, over HTTP on loopback.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Origin, partsOf } from "../wasm/origin.mjs";
import { bundleBytes, Engine } from "../wasm/support.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const example = join(here, "../../examples/delivery/edge");
const bundle = bundleBytes("bundles/cards.guardrank");
const request = { time: "2026-11-21T10:00:00Z", seed: 5, route: { product: "card" },
                  context: { age: 34, state: "CA", income: 80000 } };
let origin, whole, name, worker, address;

/**
 * Starts workerd on a port of its own choosing, with nothing fetched yet; `cacheOf`: with the cache of another
 * one, as a host's isolates share theirs.
 */
async function startWorker(cacheOf) {
  const folder = mkdtempSync(join(tmpdir(), "guardrank-edge-"));
  cpSync(join(here, "../../wasm/dist"), join(folder, "package"), { recursive: true });
  for (const name of ["worker.mjs", "cache.mjs"]) cpSync(join(example, name), join(folder, name));
  writeFileSync(join(folder, "config.capnp"), config(cacheOf));
  const program = join(here, "node_modules/@cloudflare/workerd-linux-64/bin/workerd");
  const worker = spawn(program, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder, env: { ...process.env, ...environment() },
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const ports = {};
  for await (const lines of worker.stdio[3]) {
    for (const line of String(lines).split("\n").filter(Boolean)) {
      const { event, socket, port } = JSON.parse(line);
      if (event === "listen") ports[socket] = port;
    }
    if (ports.http === undefined || ports.cache === undefined) continue;
    const stop = async () => {
      worker.kill();
      await once(worker, "exit");
      rmSync(folder, { recursive: true });
    };
    return { address: `http://127.0.0.1:${ports.http}/`, cache: `127.0.0.1:${ports.cache}`, stop };
  }
  throw new Error("workerd did not start");
}

/** The example's, with free ports and its cache within reach. */
function config(cacheOf) {
  const text = readFileSync(join(example, "config.capnp"), "utf8").replace("127.0.0.1:8787", "127.0.0.1:0")
    .replace("sockets = [", `sockets = [
      (name = "cache", address = "127.0.0.1:0", http = (style = proxy), service = "cache"),`);
  if (cacheOf === undefined) return text;
  return text.replace("worker = .cache", `external = (address = "${cacheOf}", http = (style = proxy))`);
}

const environment = () => ({
  GUARDRANK_ORIGIN: origin.address, GUARDRANK_RELEASES: name,
  GUARDRANK_ROOT: origin.root.toString("base64"),
});

before(async () => {
  const engine = await Engine.create();
  whole = engine.open(bundle);
  name = whole.rank(request).release;
  origin = await new Origin().add(name, partsOf(bundle)).publish().listen();
  worker = await startWorker();
  ({ address } = worker);
});
after(async () => {
  await worker.stop();
  await origin.close();
});

const written = (body) => (typeof body === "string" ? body : JSON.stringify(body));
const post = (body, to = address) => fetch(to, { method: "POST", body: written(body) });

test("an origin that is away is said so, and tried again", async () => {
  origin.fault = (path, response) => response.destroy();
  const answer = await post(request);
  assert.equal(answer.status, 503);
  assert.match((await answer.json()).error.name, /^GR_STATUS_/);
  origin.fault = (path, response, next) => next();
});

test("the edge decides as Node does, to the byte", async () => {
  const answer = await post(request);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.equal(text, whole.rankText(request));
});

test("a warm request asks the origin nothing", async () => {
  origin.asked();
  for (let i = 0; i < 20; ++i) assert.equal((await post({ ...request, seed: i })).status, 200);
  assert.deepEqual(origin.asked(), []);
});

test("bad input is the caller's error", async () => {
  const answer = await post({ ...request, context: { age: "old" } });
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).error.code, 203);
  assert.equal((await post("{")).status, 400);
});

test("one slow artifact costs the requests that wait for it, not those after", async () => {
  const other = await startWorker();
  try {
    origin.fault = (path, response, next) => setTimeout(next, path.startsWith("blobs/") ? 1500 : 0);
    assert.equal((await post(request, other.address)).status, 503);
    origin.fault = (path, response, next) => next();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal((await post(request, other.address)).status, 200);
  } finally {
    origin.fault = (path, response, next) => next();
    await other.stop();
  }
});

test("a new isolate finds in the edge's cache what another one fetched, also without the origin", async () => {
  await post(request);
  const deadline = Date.now() + 10_000;
  let text;
  do {   // what was fetched is written after the answer
    const other = await startWorker(worker.cache);
    origin.fault = (path, response) => response.destroy();
    try {
      const answer = await post(request, other.address);
      text = answer.status === 200 ? await answer.text() : undefined;
    } finally {
      origin.fault = (path, response, next) => next();
      await other.stop();
    }
  } while (text === undefined && Date.now() < deadline);
  assert.equal(text, whole.rankText(request));
});
