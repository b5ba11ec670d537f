// A static server for the page on 127.0.0.1, with the strictest Content-Security-Policy that lets
// a page compile WebAssembly. Usage: node serve.mjs BUNDLE REQUEST.json [PORT]
// Prints the address; port 0, the default, takes a free one.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const packageFiles = fileURLToPath(new URL("../../wasm/dist/", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const [bundle, request, port = "0"] = process.argv.slice(2);
if (request === undefined) {
  console.error("usage: node serve.mjs BUNDLE REQUEST.json [PORT]");
  process.exit(2);
}

/** The file behind a path of the site, from a fixed set. */
function file(path) {
  if (path === "/") return resolve(here, "index.html");
  if (path === "/rank.js") return resolve(here, "rank.js");
  if (path === "/bundle.guardrank") return resolve(bundle);
  if (path === "/request.json") return resolve(request);
  const name = /^\/guardrank\/((?:host\/)?[a-z_-]+\.(?:js|wasm))$/.exec(path)?.[1];
  return name && resolve(packageFiles, name);
}

const server = createServer(async (incoming, answer) => {
  try {
    const path = file(new URL(incoming.url, "http://127.0.0.1").pathname);
    const body = await readFile(path ?? "");
    answer.writeHead(200, {
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
    });
    answer.end(body);
  } catch {
    answer.writeHead(404).end();
  }
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
