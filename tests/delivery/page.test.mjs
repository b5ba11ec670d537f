// The page in Chromium: a worker fetches, verifies, keeps and ranks under a strict policy.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch } from "../browser/chromium.mjs";
import { Engine } from "../wasm/support.mjs";
import { bundle, example, makeOrigin, release, request, start } from "./support.mjs";

let browser, context, files, server, wanted;
before(async () => {
  const engine = await Engine.create();
  wanted = engine.open(readFileSync(bundle)).rank(request).ranked;
  engine.dispose();
  files = makeOrigin();
  server = await start(process.execPath, [example("serve_page.mjs"), files.origin, files.root, release]);
  browser = await launch();
  context = await browser.newContext();
});
after(async () => {
  await browser?.close();
  await server.stop();
  files.remove();
});

/** Opens the page, waits for its ranking; what it shows and what it asked the origin for. */
async function visit() {
  const page = await context.newPage();
  const asked = [], complaints = [];
  page.on("pageerror", (failure) => complaints.push(String(failure)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  context.on("request", (each) => asked.push(new URL(each.url()).pathname));
  try {
    await page.goto(server.line);
    await page.waitForSelector("body[data-done]", { timeout: 15_000 });
    return {
      ranked: await page.locator("#ranked li").allTextContents(),
      error: await page.locator("#error").textContent(),
      state: await page.locator("#state").textContent(),
      asked, complaints,
    };
  } finally {
    context.removeAllListeners("request");
    await page.close();
  }
}

const lines = () => wanted.map(({ offer, score_micros }) => `${offer}  ${(Number(score_micros) / 1e6).toFixed(2)}`);

test("the first visit fetches and ranks as Node does", async () => {
  const { ranked, error, state, complaints } = await visit();
  assert.equal(error, "");
  assert.deepEqual(ranked, lines());
  assert.match(state, new RegExp(`^${release}, metadata \\d+, ready after [\\d.]+ ms, ranked in [\\d.]+ ms$`));
  assert.deepEqual(complaints, []);
});

test("the next visit has its artifacts in the browser", async () => {
  const { ranked, asked } = await visit();
  assert.deepEqual(ranked, lines());
  assert.deepEqual(asked.filter((path) => path.startsWith("/origin/blobs/")), []);
});

test("an artifact that was changed on the origin is not shown", async () => {
  await context.close();
  context = await browser.newContext();
  const kept = join(files.folder, "kept");
  cpSync(files.origin, kept, { recursive: true });
  const { readdirSync } = await import("node:fs");
  for (const name of readdirSync(join(files.origin, "blobs"))) {
    const path = join(files.origin, "blobs", name), bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
  }
  const { ranked, error } = await visit();
  assert.deepEqual(ranked, []);
  assert.notEqual(error, "");
  cpSync(kept, files.origin, { recursive: true });
});
