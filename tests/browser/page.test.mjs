// The web example in Chromium under a strict Content-Security-Policy, and the conformance vectors
// through the same package there.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { bundleBytes, vectors } from "../wasm/support.mjs";
import { launch, serve } from "./chromium.mjs";

let browser;
let folder;
before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), "guardrank-browser-"));
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

function file(name, content) {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** Shows the page with a bundle and a request: its texts, and what the browser complained of. */
async function show(bundle, request, use = async () => {}) {
  const server = await serve(bundle, request);
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (failure) => complaints.push(String(failure)));
  try {
    await page.goto(server.address);
    await page.waitForSelector("body[data-done]");
    const texts = {
      ranked: await page.locator("#ranked li").allTextContents(),
      excluded: await page.locator("#excluded").textContent(),
      error: await page.locator("#error").textContent(),
    };
    return { ...texts, complaints, used: await use(page) };
  } finally {
    await page.close();
    await server.stop();
  }
}
