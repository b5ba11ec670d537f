// A ranking service: POST a request as JSON, get the ranking. Releases come from an origin, are verified,
// and stay in memory and in a folder, so that a restart serves without asking.
// Usage: node service.mjs ORIGIN ROOT.json CACHE_FOLDER RELEASE... [--port=N]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { Engine, GuardrankError, Store } from "guardrank";
import { FolderStorage } from "guardrank/folder";

const words = process.argv.slice(2);
const port = Number(words.find((word) => word.startsWith("--port="))?.slice(7) ?? 0);
const [origin, root, folder, ...releases] = words.filter((word) => !word.startsWith("--"));
if (releases.length === 0) {
  console.error("usage: node service.mjs ORIGIN ROOT.json CACHE_FOLDER RELEASE... [--port=N]");
  process.exit(2);
}

const engine = await Engine.create();
const store = await Store.open({
  origin, releases,
  trustedRoot: await readFile(root),
  storage: new FolderStorage(folder),
  onChange: ({ status, message }) => console.error(`releases: ${status} ${message}`),
}).catch((failure) => {
  console.error(`error ${failure.code}: ${failure.message}`);
  process.exit(1);
});

const longest = 1 << 20;

async function body(request) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > longest) throw new RangeError(`a request has at most ${longest} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

async function answer(request, response) {
  const text = await body(request);
  const asked = JSON.parse(text);
  const { snapshot, release, fallback, served } = await store.snapshot(engine, asked.route);
  const ranking = snapshot.rankText({ ...asked, served });   // which stage and arm, and where a fallback serves: why
  response.writeHead(200, {
    "content-type": "application/json", "x-release": release,
    ...(fallback === undefined ? {} : { "x-fallback": fallback }),
  });
  response.end(ranking);
  scoreShadows(asked).catch((failure) => console.error(`shadow: ${failure.message}`));
}

// What a release in shadow would have shown is logged, and never shown.
async function scoreShadows(asked) {
  for (const { snapshot, release, served } of await store.shadows(engine, asked.route)) {
    const { ranked } = snapshot.rank({ ...asked, served });
    console.error(`shadow ${release}: ${ranked.map(({ offer }) => offer).join(" ")}`);
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((failure) => {
    const error = failure instanceof GuardrankError ? failure.toJSON()
      : { error: { code: 200, name: "GR_STATUS_JSON", message: String(failure), where: "" } };
    response.writeHead(error.error.code >= 700 ? 503 : 400, { "content-type": "application/json" });
    response.end(JSON.stringify(error));
  });
});
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    server.close();
    server.closeAllConnections();
    // What was fetched gets to the folder; an origin that is away is not waited for.
    await Promise.race([store.settled(), new Promise((end) => setTimeout(end, 3000))]);
    store.dispose();
    engine.dispose();
  });
}
