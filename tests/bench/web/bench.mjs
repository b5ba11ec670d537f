// Measures guardrank and its peers in Chromium. Usage: node bench.mjs DATA SIZE...
// Writes DATA/web/SIZE/measured.json, what results.mjs makes tables of. DATA holds SIZE.guardrank and
// web/SIZE, as run.sh makes them. Start it on one core (taskset). GUARDRANK_BENCH_MILLISECONDS is how
// long a turn is (400), GUARDRANK_BENCH_ROUNDS how many turns (3), GUARDRANK_BENCH_LOADS how many loads (7).
//
// Every engine has a page (a process) of its own, all open at once, and they take turns: what else
// runs on the machine disturbs all alike.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { resolve } from "node:path";

import { downloads } from "./downloads.mjs";
import { mainThreadMicros, processOf, processorMicros } from "./processor_time.mjs";
import { serve } from "./server.mjs";
import { loadSettings, settings } from "./settings.mjs";

const { chromium } = createRequire(new URL("../../../wasm/package.json", import.meta.url))(
  "playwright-core",
);
const counts = [{ n: 1, batch: 16 }, { n: 100, batch: 1 }, { n: 1000, batch: 1 }];
const rounds = Number(process.env.GUARDRANK_BENCH_ROUNDS ?? 3);
const leastSamples = 20;
const milliseconds = Number(process.env.GUARDRANK_BENCH_MILLISECONDS ?? 400);
const nLoads = Number(process.env.GUARDRANK_BENCH_LOADS ?? 7);

function launch() {
  return chromium.launch({
    executablePath: process.env.GUARDRANK_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

/** A fresh page in a context of its own; `call(name, ...values)` calls a function of page/bench.js. */
async function openPage(browser, address, size) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const trouble = [];
  page.on("pageerror", (failure) => trouble.push(String(failure)));
  await page.goto(`${address}/page/index.html`);
  const call = (name, ...values) => page.evaluate(
    async ([name, values]) => (await import("/page/bench.js"))[name](...values), [name, values],
  );
  if (!(await page.evaluate(() => globalThis.crossOriginIsolated))) throw new Error("not isolated");
  await call("fetchInputs", `/data/web/${size}/inputs.json`);
  return { page, call, trouble, close: () => context.close() };
}

/** One setting's page, ready; undefined, and said, where the browser refuses it. */
async function openSetting(browser, server, size, setting) {
  const page = await openPage(browser, server.address, size);
  try {
    await page.call("load", setting, 100);
    const error = await page.call("worstError", 1000);
    const lists = () => Object.fromEntries(counts.map(({ n }) => [n, []]));
    const kernel = await page.call("kernel");
    return { setting, page, error, kernel, samples: lists(), processor: lists() };
  } catch (failure) {
    console.error(`${setting.name}: left out: ${String(failure).split("\n")[0]}`, page.trouble);
    await page.close();
    return undefined;
  }
}

/**
 * Adds samples of the wall clock, and one mean of processor time over all of them, without what it
 * costs the page to be called.
 */
async function takeTurn({ setting, page, samples, processor, pid }, { n, batch }) {
  await page.call("warmUp", n, milliseconds);
  const beforeCall = mainThreadMicros(pid);
  await page.call("warmUp", n, 0);
  const start = mainThreadMicros(pid);
  const calling = start - beforeCall;
  const times = await page.call("measure", n, milliseconds, leastSamples, batch);
  const mean = (mainThreadMicros(pid) - start - calling) / (times.length * batch);
  if (!(mean > 1)) throw new Error(`${setting.name}: ${mean} us of processor time cannot be`);
  processor[n].push(mean);
  samples[n].push(...times);
}

async function measureSpeed(browser, server, size) {
  const opened = [];
  for (const setting of settings(size)) {
    const each = await openSetting(browser, server, size, setting);
    if (each) opened.push({ ...each, pid: await processOf(browser, each.page.page) });
  }
  for (let round = 0; round < rounds; round++) {
    for (const count of counts) {
      for (const each of opened) await takeTurn(each, count);
    }
  }
  const rows = [];
  for (const { page, ...each } of opened) {
    rows.push({ ...each, memory: await page.call("memoryBytes") });
    await page.close();
  }
  return rows;
}

/** Adds how long a fresh page takes by `way`, by the wall clock and in processor time. */
async function timeLoad(browser, server, size, way, setting, times) {
  const each = await openPage(browser, server.address, size);
  const pid = await processOf(browser, each.page);
  if (way === "loadFromBytes") await each.call("fetchBytes", setting);
  server.sent.length = 0;
  const start = processorMicros(pid);
  times.wall.push(await each.call(way, setting, 100));
  times.processor.push((processorMicros(pid) - start) / 1000);
  const memory = await each.call("memoryBytes");
  await each.close();
  return memory;
}

async function measureLoad(browser, server, size) {
  const rows = [];
  for (const setting of loadSettings(size)) {
    const row = { setting, fetched: { wall: [], processor: [] }, atHand: { wall: [], processor: [] } };
    for (let round = 0; round < nLoads; round++) {
      row.memory = await timeLoad(browser, server, size, "load", setting, row.fetched);
      row.files = [...new Set(server.sent)];
      if (setting.engine !== "guardrank") continue;
      await timeLoad(browser, server, size, "loadFromBytes", setting, row.atHand);
    }
    const model = resolve(data, setting.model.slice("/data/".length).replace("*", "100"));
    rows.push({ ...row, ...downloads(row.files, model, data) });
  }
  return rows;
}

const [data, ...sizes] = process.argv.slice(2);
const server = await serve(data);
const browser = await launch();
try {
  for (const size of sizes) {
    const [loadBefore] = loadavg();
    console.error(`size ${size}: loading`);
    const loads = await measureLoad(browser, server, size);
    console.error(`size ${size}: ranking`);
    const rows = await measureSpeed(browser, server, size);
    const measured = {
      size, loads, rows, rounds, counts: counts.map(({ n }) => n), browser: browser.version(),
      loadaverage: [loadBefore, loadavg()[0]],
    };
    writeFileSync(resolve(data, `web/${size}/measured.json`), JSON.stringify(measured));
  }
} finally {
  await browser.close();
  await server.close();
}
