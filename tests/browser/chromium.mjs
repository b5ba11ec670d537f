// Starts Chromium for a test, and the page's server with chosen files.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const { chromium } = createRequire(new URL("../../wasm/package.json", import.meta.url))(
  "playwright-core",
);

export function launch() {
  return chromium.launch({
    executablePath: process.env.GUARDRANK_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

/** Runs examples/web/serve.mjs; `address` is the page's, `stop` ends it. */
export async function serve(bundle, request) {
  const script = fileURLToPath(new URL("../../examples/web/serve.mjs", import.meta.url));
  const stdio = ["ignore", "pipe", "inherit"];
  const server = spawn(process.execPath, [script, bundle, request], { stdio });
  const [address] = await once(createInterface(server.stdout), "line");
  const stop = async () => {
    server.kill();
    await once(server, "exit");
  };
  return { address, stop };
}
