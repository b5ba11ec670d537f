// The command over https with certificates of our own, HTTP/2, and what comes compressed: each as far as the
// libcurl here has it, and said where it has not.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlain } from "node:http";
import { createSecureServer } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { guardrank, makeOrigin, release } from "./support.mjs";

// As the library says itself; the command need not be there.
const ask = "import ctypes; f = ctypes.CDLL('libcurl.so.4').curl_version; f.restype = ctypes.c_char_p; " +
  "print(f().decode())";
const made = spawnSync("python3", ["-c", ask], { encoding: "utf8" }).stdout ?? "";
const lacks = (library) => !made.includes(` ${library}/`) && `libcurl here is without ${library}`;
const zstd = (bytes) => execFileSync("zstd", ["-q", "-c"], { input: bytes });
const hasZstd = spawnSync("zstd", ["--version"]).status === 0;

let files, certificates;

/** A CA, and a certificate of its for `name`. */
function certify(folder, name) {
  const openssl = (...words) => execFileSync("openssl", words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
          "-out", "ca.pem", "-days", "2", "-subj", "/CN=tests");
  openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
          "-out", "server.csr", "-subj", "/CN=origin");
  writeFileSync(join(folder, "names"), `subjectAltName=${name}\n`);
  openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
          "-out", "server.pem", "-days", "2", "-extfile", "names");
  const read = (file) => readFileSync(join(folder, file));
  return { ca: join(folder, "ca.pem"), key: read("server.key"), cert: read("server.pem") };
}

before(() => {
  files = makeOrigin();
  certificates = ["IP:127.0.0.1", "DNS:elsewhere.invalid"].map((name) =>
    certify(mkdtempSync(join(tmpdir(), "guardrank-ca-")), name));
});
after(() => {
  files?.remove();
  for (const { ca } of certificates ?? []) rmSync(join(ca, ".."), { recursive: true });
});

/** Serves the origin's files through `make(listener)`; `answer` may change an answer. */
async function serving(make, answer, run) {
  const seen = [];
  const listener = (request, response) => {
    seen.push({ version: request.httpVersion, accepts: request.headers["accept-encoding"] ?? "", path: request.url });
    try {
      const given = { status: 200, headers: {}, body: readFileSync(join(files.origin, request.url)) };
      answer(request, given);
      response.writeHead(given.status, given.headers).end(given.body);
    } catch {
      response.writeHead(404).end();
    }
  };
  const server = make(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(server.address().port, seen);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function fetchRelease(address, ...words) {
  const cache = mkdtempSync(join(tmpdir(), "guardrank-transport-"));
  const child = spawn(guardrank, ["fetch", "--origin", address, "--root", files.root, "--cache", cache,
                                  "--release", release, "--timeout-ms", "4000", "--json", ...words]);
  let out = "";
  child.stdout.on("data", (part) => { out += part; });
  const code = await new Promise((resolve) => child.on("close", resolve));
  rmSync(cache, { recursive: true });
  return { code, told: JSON.parse(out) };
}

const secure = ({ key, cert }) => (listener) => createSecureServer({ key, cert, allowHTTP1: true }, listener);
const nothing = () => {};

test("https is believed by the given certificates alone", () =>
  serving(secure(certificates[0]), nothing, async (port) => {
    const address = `https://127.0.0.1:${port}`;
    const { code, told } = await fetchRelease(address, "--ca-file", certificates[0].ca);
    assert.equal(code, 0, JSON.stringify(told));
    assert.equal(told.release, release);
    for (const words of [[], ["--ca-file", certificates[1].ca], ["--ca-file", "/nowhere.pem"]]) {
      const refused = await fetchRelease(address, ...words);
      assert.equal(refused.code, 1);
      assert.equal(refused.told.error.name, "GR_STATUS_NETWORK");
    }
  }));

test("a certificate of another host is refused", () =>
  serving(secure(certificates[1]), nothing, async (port, seen) => {
    const { code, told } = await fetchRelease(`https://127.0.0.1:${port}`, "--ca-file", certificates[1].ca);
    assert.equal(code, 1);
    assert.equal(told.error.name, "GR_STATUS_NETWORK");
    assert.deepEqual(seen, []);
  }));

test("HTTP/2 where both have it, HTTP/1.1 else", { skip: lacks("nghttp2") }, async () => {
  await serving(secure(certificates[0]), nothing, async (port, seen) => {
    const { code } = await fetchRelease(`https://127.0.0.1:${port}`, "--ca-file", certificates[0].ca);
    assert.equal(code, 0);
    assert.deepEqual([...new Set(seen.map(({ version }) => version))], ["2.0"]);
  });
  await serving((listener) => createPlain(listener), nothing, async (port, seen) => {
    assert.equal((await fetchRelease(`http://127.0.0.1:${port}`)).code, 0);
    assert.deepEqual([...new Set(seen.map(({ version }) => version))], ["1.1"]);
  });
});

for (const [name, feature, compress] of [
  ["gzip", "zlib", gzipSync], ["br", "brotli", brotliCompressSync], ["zstd", "zstd", zstd],
]) {
  const skip = lacks(feature) || (name === "zstd" && !hasZstd && "no zstd command to compress with");
  test(`${name} on the wire, with limits on what it becomes`, { skip }, async () => {
    let n = 0;
    const encode = (request, given) => {
      assert.ok(request.headers["accept-encoding"].split(/, */).includes(name));
      given.headers["content-encoding"] = name;
      given.body = compress(given.body);
      n += given.body.length;
    };
    await serving((listener) => createPlain(listener), encode, async (port) => {
      const { code, told } = await fetchRelease(`http://127.0.0.1:${port}`);
      assert.equal(code, 0, JSON.stringify(told));
      assert.ok(n > 0);
    });
    // Small on the wire, and 64 MiB when expanded.
    const bomb = compress(Buffer.alloc(64 << 20));
    const burst = (request, given) => {
      if (!request.url.startsWith("/blobs/")) return;
      given.headers["content-encoding"] = name;
      given.body = bomb;
    };
    await serving((listener) => createPlain(listener), burst, async (port) => {
      const { code, told } = await fetchRelease(`http://127.0.0.1:${port}`);
      assert.equal(code, 1);
      assert.ok(["GR_STATUS_HASH", "GR_STATUS_DEADLINE"].includes(told.error.name), told.error.name);
    });
  });
}
