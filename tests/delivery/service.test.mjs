// The Node service: cold, warm, restarted without an origin, and with bad input.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";

import { Engine } from "../wasm/support.mjs";
import { bundle, example, freePort, installService, makeOrigin, release, request, start, untilUp } from "./support.mjs";

let files, nginx, origin, ranked, script;
before(async () => {
  const engine = await Engine.create();
  const whole = engine.open(readFileSync(bundle));
  ({ ranked } = whole.rank(request));
  engine.dispose();
  files = makeOrigin();
  script = installService(files.folder);
  const ports = [await freePort(), await freePort()];
  origin = `http://127.0.0.1:${ports[0]}/`;
  nginx = await start(example("nginx.sh"), [files.origin, ...ports.map(String)]);
  await untilUp(origin);
});
after(async () => {
  await nginx.stop();
  files.remove();
});

const words = () => [script, origin, files.root, join(files.folder, "cache"), release];
const post = (address, body) => fetch(address, { method: "POST", body });

test("it ranks, and after a restart without the origin it ranks on", async () => {
  for (const hasOrigin of [true, false]) {
    if (!hasOrigin) await nginx.stop();
    const service = await start(process.execPath, words());
    const answer = await post(service.line, JSON.stringify(request));
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    assert.equal(answer.headers.get("x-release"), release);
    assert.deepEqual(JSON.parse(text).ranked, ranked);
    const refused = await post(service.line, JSON.stringify({ ...request, context: { age: "old" } }));
    assert.equal(refused.status, 400);
    assert.equal((await refused.json()).error.name, "GR_STATUS_TYPE");
    assert.equal((await post(service.line, "no JSON")).status, 400);
    await service.stop();
  }
});

test("a release in shadow is scored and logged, and never shown", async () => {
  files.publish("1", { stage: "shadow", name: "next" });
  const again = await start(example("nginx.sh"), [files.origin, new URL(origin).port, String(await freePort())]);
  const service = await start(process.execPath, [...words(), "next"], { stdio: ["ignore", "pipe", "pipe"] });
  try {
    await untilUp(origin);
    const log = createInterface(service.child.stderr)[Symbol.asyncIterator]();
    const answer = await post(service.line, JSON.stringify(request));
    assert.equal(answer.headers.get("x-release"), release);
    const shown = await answer.json();
    assert.deepEqual([shown.ranked, shown.served.stage], [ranked, "full"]);
    let { value } = await log.next();
    while (!value.startsWith("shadow ")) ({ value } = await log.next());   // Node 18 warns of Ed25519
    assert.equal(value, `shadow next: ${ranked.map(({ offer }) => offer).join(" ")}`);
  } finally {
    await service.stop();
    await again.stop();
  }
});

test("without an origin and without a cache it says so and ends", () => {
  const { root } = files;
  const ended = spawnSync(process.execPath, [script, "http://127.0.0.1:9/", root, join(files.folder, "empty"), release],
                          { encoding: "utf8", timeout: 60_000 });
  assert.equal(ended.status, 1);
  assert.match(ended.stderr, /^error 7\d\d: /m);
  assert.equal(spawnSync(process.execPath, [script]).status, 2);
});
