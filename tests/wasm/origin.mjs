// An origin for tests: a conformance bundle's artifacts with signed metadata (TUF 1.0, ed25519), made
// here from the specification, behind an HTTP server that can be told to misbehave.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Keys sorted, no spaces: the canonical form for what the metadata here holds. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

function makeKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
  const value = { keytype: "ed25519", scheme: "ed25519", keyval: { public: raw } };
  return { id: sha256(canonical(value)), value, privateKey };
}

/** The artifacts in a bundle, by kind; the container's form is in models/schema/README.md. */
export function partsOf(bundle) {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.length);
  const names = { 16: "model", 17: "policy", 18: "catalog", 19: "release" };
  const parts = {};
  for (let i = 0; i < view.getUint32(24, true); ++i) {
    const entry = 64 + 64 * i, name = names[view.getUint32(entry, true)];
    if (name === undefined) continue;
    const offset = Number(view.getBigUint64(entry + 8, true));
    parts[name] = bundle.slice(offset, offset + Number(view.getBigUint64(entry + 16, true)));
  }
  return parts;
}

/** SHA-256 of header and section table. */
function idOf(artifact) {
  const sections = new DataView(artifact.buffer, artifact.byteOffset).getUint32(24, true);
  return sha256(artifact.subarray(0, 64 + 64 * sections));
}

/** A release that names another model: the id replaced, and every hash above it made anew. */
export function withModel(release, { model }, id) {
  const bytes = Buffer.from(release), old = Buffer.from(idOf(model), "hex");
  const digest = (part) => createHash("sha256").update(part).digest();
  const at = bytes.indexOf(old);
  Buffer.from(id, "hex").copy(bytes, at);
  const sections = bytes.readUInt32LE(24);
  for (let i = 0; i < sections; ++i) {
    const entry = 64 + 64 * i;
    const offset = Number(bytes.readBigUInt64LE(entry + 8)), length = Number(bytes.readBigUInt64LE(entry + 16));
    digest(bytes.subarray(offset, offset + length)).copy(bytes, entry + 24);
  }
  digest(Buffer.concat([bytes.subarray(0, 32), bytes.subarray(64, 64 + 64 * sections)])).copy(bytes, 32);
  return bytes;
}

const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");

export class Origin {
  files = new Map();
  version = 0;
  targets = {};
  key = makeKey();
  requests = [];
  /** Called with (path, response, next, request); by default next(). */
  fault = (path, response, next) => next();

  constructor() {
    const role = { keyids: [this.key.id], threshold: 1 };
    const roles = { root: role, timestamp: role, snapshot: role, targets: role };
    this.root = this.signed({
      _type: "root", consistent_snapshot: true, keys: { [this.key.id]: this.key.value }, roles,
      version: 1, expires: inDays(30),
    });
    this.files.set("metadata/1.root.json", this.root);
  }

  signed(content) {
    const body = { spec_version: "1.0.31", ...content };
    const signature = sign(null, Buffer.from(canonical(body)), this.key.privateKey).toString("hex");
    return Buffer.from(JSON.stringify({ signatures: [{ keyid: this.key.id, sig: signature }], signed: body }));
  }

  /** A release's artifacts beside what is there; `release()` makes them visible. */
  add(name, { model, policy, catalog, release }) {
    for (const blob of [model, policy, catalog]) this.files.set(`blobs/${idOf(blob)}`, Buffer.from(blob));
    const hash = sha256(release), path = `${name}.release`, before = this.targets[path];
    if (before?.hashes.sha256 !== hash) {
      const custom = before && { custom: { guardrank: { previous: [before.hashes.sha256] } } };
      this.targets[path] = { length: release.length, hashes: { sha256: hash }, ...custom };
    }
    this.files.set(`targets/${hash}.${name}.release`, Buffer.from(release));
    return this;
  }

  /** As `guardrank publish` does it for first visits: what each release leads to, beside the metadata. */
  leaveWord() {
    for (const [path, { hashes, custom }] of Object.entries(this.targets)) {
      const { artifacts } = custom?.guardrank ?? {};
      const word = { hashes, ...(artifacts && { custom: { guardrank: { artifacts } } }) };
      this.files.set(`metadata/ahead/targets/${path.replace(/release$/, "json")}`, Buffer.from(JSON.stringify(word)));
    }
    this.leavesWord = true;
    return this;
  }

  /** New targets, snapshot and timestamp; the timestamp, which readers begin with, last. */
  publish({ days = 7 } = {}) {
    const version = ++this.version, expires = inDays(days);
    const files = {
      targets: { _type: "targets", version, expires, targets: this.targets },
      snapshot: { _type: "snapshot", version, expires, meta: { "targets.json": { version } } },
    };
    for (const [name, content] of Object.entries(files)) {
      this.files.set(`metadata/${version}.${name}.json`, this.signed(content));
    }
    const meta = { "snapshot.json": { version } };
    const told = this.leavesWord && { "x-guardrank-versions": { targets: version } };
    this.files.set("metadata/timestamp.json", this.signed({ _type: "timestamp", version, expires, meta, ...told }));
    return this;
  }

  async listen() {
    this.server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url, "http://x").pathname).slice(1);
      this.requests.push({ path, headers: request.headers });
      this.fault(path, response, () => this.answer(path, request, response), request);
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.address = `http://127.0.0.1:${this.server.address().port}/`;
    return this;
  }

  answer(path, request, response) {
    const bytes = this.files.get(path);
    if (bytes === undefined) return response.writeHead(404).end();
    const tag = `"${sha256(bytes).slice(0, 16)}"`;
    if (request.headers["if-none-match"] === tag) return response.writeHead(304).end();
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (first !== undefined) {
      const part = bytes.subarray(Number(first), Number(last) + 1);
      const told = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`;
      return response.writeHead(206, { "content-range": told, "content-length": part.length }).end(part);
    }
    return response.writeHead(200, { etag: tag, "content-length": bytes.length }).end(bytes);
  }

  /** Paths asked for since the last call. */
  asked() {
    return this.requests.splice(0).map(({ path }) => path);
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
