// Artifacts made for tests, byte by byte after models/schema/README.md and release.fbs: containers of given
// sections, releases with any routes, chunk lists.
import { createHash } from "node:crypto";

const digest = (bytes) => createHash("sha256").update(bytes).digest();
const sectionKinds = { root: 1, embeddings: 2, weights: 3, golden: 4, columns: 5, stage_one: 6 };

/** SHA-256 of header and section table, in hexadecimal digits. */
export function idOf(artifact) {
  const sections = new DataView(artifact.buffer, artifact.byteOffset).getUint32(24, true);
  return digest(artifact.subarray(0, 64 + 64 * sections)).toString("hex");
}

/** The sections of an artifact, in order: { kind, bytes }. */
export function sectionsOf(artifact) {
  const view = new DataView(artifact.buffer, artifact.byteOffset, artifact.length);
  return Array.from({ length: view.getUint32(24, true) }, (_, i) => {
    const entry = 64 + 64 * i, offset = Number(view.getBigUint64(entry + 8, true));
    const length = Number(view.getBigUint64(entry + 16, true));
    const bytes = Uint8Array.from(artifact.subarray(offset, offset + length));
    return { kind: view.getUint32(entry, true), offset, bytes };
  });
}

/** A container of a kind (1 model, 2 policy, 3 catalog, 4 release). */
export function container(kind, sections) {
  const up = (n) => Math.ceil(n / 64) * 64;
  let end = 64 + 64 * sections.length;
  const placed = sections.map(({ kind: of, bytes }) => {
    const offset = up(end);
    end = offset + bytes.length;
    return { kind: of, bytes, offset };
  });
  const out = Buffer.alloc(end);
  Buffer.from("GRDRANK\0").copy(out);
  out.writeUInt32LE(kind, 8);
  out.writeUInt32LE(1, 12);
  out.writeBigUInt64LE(BigInt(end), 16);
  out.writeUInt32LE(sections.length, 24);
  out.writeUInt32LE(1, 28);
  placed.forEach(({ kind: of, bytes, offset }, i) => {
    const entry = 64 + 64 * i;
    out.writeUInt32LE(of, entry);
    out.writeBigUInt64LE(BigInt(offset), entry + 8);
    out.writeBigUInt64LE(BigInt(bytes.length), entry + 16);
    digest(bytes).copy(out, entry + 24);
    Buffer.from(bytes).copy(out, offset);
  });
  digest(Buffer.concat([out.subarray(0, 32), out.subarray(64, 64 + 64 * sections.length)])).copy(out, 32);
  return out;
}

/** FlatBuffers, written forwards: a table before what it points to. Every field has eight bytes. */
class Flat {
  bytes = Buffer.alloc(1 << 16);
  end = 8;

  take(size, alignment) {
    this.end = Math.ceil(this.end / alignment) * alignment;
    const at = this.end;
    this.end += size;
    return at;
  }
  /** fields: [[slot, { number } | { double } | { byte } | { point: () => position }]...] */
  table(fields) {
    const slots = 1 + Math.max(...fields.map(([slot]) => slot));
    const vtable = this.take(4 + 2 * slots, 2), table = this.take(8 + 8 * fields.length, 8);
    this.bytes.writeUInt16LE(4 + 2 * slots, vtable);
    this.bytes.writeUInt16LE(8 + 8 * fields.length, vtable + 2);
    this.bytes.writeInt32LE(table - vtable, table);
    fields.forEach(([slot, value], i) => {
      const at = table + 8 + 8 * i;
      this.bytes.writeUInt16LE(8 + 8 * i, vtable + 4 + 2 * slot);
      if (value.double !== undefined) this.bytes.writeDoubleLE(value.double, at);
      else if (value.byte !== undefined) this.bytes.writeUInt8(value.byte, at);
      else if (value.number !== undefined) this.bytes.writeBigUInt64LE(BigInt(value.number), at);
      else this.bytes.writeUInt32LE(value.point() - at, at);
    });
    return table;
  }
  run(bytes, isText) {
    const at = this.take(4 + bytes.length + (isText ? 1 : 0), 4);
    this.bytes.writeUInt32LE(bytes.length, at);
    Buffer.from(bytes).copy(this.bytes, at + 4);
    return at;
  }
  tables(list) {
    const at = this.take(4 + 4 * list.length, 4);
    this.bytes.writeUInt32LE(list.length, at);
    list.forEach((fields, i) => {
      const place = at + 4 + 4 * i;
      this.bytes.writeUInt32LE(this.table(fields) - place, place);
    });
    return at;
  }
}

/**
 * A release artifact. routes: [{ model, policy, catalog (bytes), product?, arm?, stage?, weight?, tier?,
 * fallback?, chunks? }], chunks: of the model, the list's SHA-256.
 */
export function release(name, version, routes) {
  const flat = new Flat();
  const text = (value) => ({ point: () => flat.run(Buffer.from(value), true) });
  const id = (hex) => ({ point: () => flat.run(Buffer.from(hex, "hex"), false) });
  const stages = ["offline", "shadow", "canary", "ab", "full"], tiers = ["origin", "disk", "warm", "pinned"];
  const blobs = new Map();
  for (const { model, policy, catalog, chunks } of routes) {
    for (const part of [model, policy, catalog]) {
      blobs.set(idOf(part), [part.length, part === model && chunks || "0".repeat(64)]);
    }
  }
  const routeTables = routes.map((route) => [
    [0, text(route.product ?? "")], [5, text(route.arm ?? "")],
    [6, { byte: stages.indexOf(route.stage ?? "full") }], [7, { double: route.weight ?? 1 }],
    [8, id(idOf(route.model))], [9, id(idOf(route.policy))], [10, id(idOf(route.catalog))],
    [11, text(route.fallback ?? "")], [12, { byte: tiers.indexOf(route.tier ?? "warm") }],
  ]);
  const blobTables = [...blobs].map(([of, [bytes, chunks]]) => [[0, id(of)], [1, { number: bytes }], [2, id(chunks)]]);
  const root = flat.table([
    [0, text(name)], [1, text(version)], [2, { point: () => flat.tables(routeTables) }],
    [5, { point: () => flat.tables(blobTables) }],
  ]);
  flat.bytes.writeUInt32LE(root, 0);
  flat.bytes.write("GRRE", 4);
  return container(4, [{ kind: sectionKinds.root, bytes: flat.bytes.subarray(0, flat.end) }]);
}

/**
 * A small artifact's pieces (core/artifact/chunk_cut.h: header and table with the first section, then each
 * section by itself; runs under 16 KiB are not cut further) and its list.
 */
export function cut(artifact) {
  const starts = sectionsOf(artifact).slice(1).map(({ offset }) => offset);
  const borders = [0, ...starts, artifact.length];
  const pieces = borders.slice(1).map((end, i) => Buffer.from(artifact.subarray(borders[i], end)))
    .filter((piece) => piece.length !== 0);
  if (pieces.some((piece) => piece.length > 16 << 10)) throw new Error("too large to be cut by hand");
  const list = Buffer.alloc(32 + 40 * pieces.length);
  list.write("GRCHUNKS");
  list.writeUInt32LE(1, 8);
  list.writeUInt32LE(pieces.length, 12);
  list.writeBigUInt64LE(BigInt(artifact.length), 16);
  pieces.forEach((piece, i) => {
    digest(piece).copy(list, 32 + 40 * i);
    list.writeUInt32LE(piece.length, 64 + 40 * i);
  });
  const hashOf = (bytes) => digest(bytes).toString("hex");
  return { list, hash: hashOf(list), pieces: pieces.map((bytes) => ({ bytes, hash: hashOf(bytes) })) };
}
