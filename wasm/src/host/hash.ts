// SHA-256 of an artifact's sections by WebCrypto: a thread of its own, and the processor's instructions
// for it, where the module's code has to make do with what the browser compiled in haste.
import { webCrypto } from "./web_crypto.js";

const magic = [0x47, 0x52, 0x44, 0x52, 0x41, 0x4e, 0x4b, 0]; // GRDRANK
const headerBytes = 64;
const entryBytes = 64;
const mostSections = 64;

/** Below this many bytes the trip to another thread costs more than it saves. */
const leastBytes = 1 << 11;

/**
 * The hashes one after another, in the order of the section table (models/schema/README.md); undefined
 * where it is not worth it, or the bytes are no artifact. Whether the table is right is the store's
 * business: for another part of the bytes it finds another hash.
 */
export async function hashSections(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (bytes.length < leastBytes || magic.some((byte, at) => bytes[at] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = (at: number) => Number(view.getBigUint64(at, true));
  const count = view.getUint32(24, true);
  if (number(16) !== bytes.length) return undefined;   // a piece of one
  if (count > mostSections || headerBytes + count * entryBytes > bytes.length) return undefined;
  const hashes = new Uint8Array(32 * count), subtle = await webCrypto();
  await Promise.all(Array.from({ length: count }, async (_, index) => {
    const entry = headerBytes + index * entryBytes, start = number(entry + 8);
    const section = bytes.subarray(start, start + number(entry + 16)) as Uint8Array<ArrayBuffer>;
    hashes.set(new Uint8Array(await subtle.digest("SHA-256", section)), 32 * index);
  }));
  return hashes;
}
