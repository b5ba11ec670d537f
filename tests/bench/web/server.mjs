// The page's server on 127.0.0.1: the page, guardrank's package, the peers' packages, the models. It
// isolates the page from other origins, which makes its clock count 5 us, and remembers what it sent.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Serves until `close()`; `sent` are the paths of the files sent since it was last emptied. */
export async function serve(dataFolder) {
  const folders = {
    page: resolve(here, "page"),
    guardrank: resolve(here, "../../../wasm/dist"),
    network: resolve(here, "../../../build/wasm/tests/bench/web"),
    npm: resolve(here, "node_modules"),
    data: resolve(dataFolder),
  };
  const sent = [];

  const pathOf = (address) => {
    const [, root, ...rest] = new URL(address, "http://127.0.0.1").pathname.split("/");
    const folder = folders[root];
    const path = resolve(folder ?? here, ...rest.map(decodeURIComponent));
    return folder && path.startsWith(folder + sep) ? path : undefined;
  };

  const server = createServer(async (incoming, answer) => {
    const path = pathOf(incoming.url);
    try {
      const body = await readFile(path ?? "");
      sent.push(path);
      answer.writeHead(200, {
        "content-type": types[extname(path)] ?? "application/octet-stream",
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
      });
      answer.end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return { address, sent, close };
}
