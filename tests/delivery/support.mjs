// Programs of examples/delivery, started and ended; an origin made by the command.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const example = (name) => join(root, "examples/delivery", name);
export const bundle = join(root, "tests/conformance/bundles/cards.guardrank");
export const guardrank = process.env.GUARDRANK ?? join(root, "build/dev/bindings/shell/guardrank");
export const release = "cards";
export const request = {
  time: "2026-11-21T10:00:00Z", seed: 5, context: { age: 34, state: "CA", income: 80000 },
};

/** A folder with origin/, root.json and keys/; `remove` it. */
export function makeOrigin() {
  const folder = mkdtempSync(join(tmpdir(), "guardrank-delivery-"));
  execFileSync(example("make_origin.sh"), [folder, bundle, release], {
    env: { ...process.env, GUARDRANK: guardrank }, stdio: ["ignore", "ignore", "inherit"],
  });
  return {
    folder, origin: join(folder, "origin"), root: join(folder, "root.json"),
    publish: (version, { stage = "full", name = release } = {}) => run(
      folder, ["publish", "--version", version, "--bundle", bundle, "--stage", stage, "--release", name]),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The service as a program that has the package installed: its script. */
export function installService(folder) {
  mkdirSync(join(folder, "service/node_modules"), { recursive: true });
  symlinkSync(join(root, "wasm"), join(folder, "service/node_modules/guardrank"));
  copyFileSync(example("service.mjs"), join(folder, "service/service.mjs"));
  return join(folder, "service/service.mjs");
}

function run(folder, words) {
  const key = join(folder, "keys/publisher.pem");
  return execFileSync(guardrank, [words[0], "--origin", join(folder, "origin"), "--key", key, ...words.slice(1)]);
}

/** Starts a program that prints a line when it is ready; `line` is that, `stop` ends it. */
export async function start(program, words, options = {}) {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"], ...options });
  const [line] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(([code]) => { throw new Error(`${program} ended with ${code}`); }),
  ]);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill();
    await once(child, "exit");
  };
  return { line, stop, child };
}

/** A port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until something answers there. */
export async function untilUp(address) {
  for (let i = 0; i < 100; ++i) {
    try {
      return await fetch(address);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing answers at ${address}`);
}

/** Calls until it gives something true. */
export async function until(call, milliseconds = 5000) {
  for (const end = Date.now() + milliseconds; Date.now() < end;) {
    const found = await call();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not come about");
}
