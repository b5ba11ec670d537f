// A static server for the page, the package and an origin's files, on 127.0.0.1, with a strict
// Content-Security-Policy. Usage: node serve_page.mjs ORIGIN_FOLDER ROOT.json RELEASE [PORT]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createHash } from "node:crypto";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("page/", import.meta.url));
const packageFiles = fileURLToPath(new URL("../../wasm/dist/", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
  ".json": "application/json", ".wasm": "application/wasm",
};
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
  "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";

const [origin, root, release, port = "0"] = process.argv.slice(2);
if (release === undefined) {
  console.error("usage: node serve_page.mjs ORIGIN_FOLDER ROOT.json RELEASE [PORT]");
  process.exit(2);
}

/** The file behind a path; the path is normal, so nothing leads out of a folder. */
function file(path) {
  if (path === "/root.json") return root;
  if (path.startsWith("/guardrank/")) return join(packageFiles, path.slice(11));
  if (path.startsWith("/origin/")) return join(origin, path.slice(8));
  return join(page, path.slice(1));
}

async function answer(request, response) {
  const asked = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  const path = asked === "/" ? "/index.html" : asked;
  const content = path === "/settings.json" ? Buffer.from(JSON.stringify({ release }))
    : await readFile(file(path));
  const tag = `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
  if (request.headers["if-none-match"] === tag) return response.writeHead(304, { etag: tag }).end();
  return response.writeHead(200, {
    "content-type": types[extname(path)] ?? "application/octet-stream", etag: tag,
    "cache-control": "no-cache", "content-security-policy": policy, "x-content-type-options": "nosniff",
  }).end(content);
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(404).end());
});
server.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
