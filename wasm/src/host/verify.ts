// Signatures of metadata, checked by WebCrypto: browsers, Node and edge runtimes have it.
import { webCrypto } from "./web_crypto.js";

/** As core/store/need.h numbers them. */
export const schemes = {
  1: "ed25519", 2: "ecdsa-sha2-nistp256", 3: "rsassa-pss-sha256", 4: "rsa-pkcs1v15-sha256",
} as const;
export type Scheme = (typeof schemes)[keyof typeof schemes];

/**
 * Whether `signature` is the key's on `message`. A key or signature that cannot be read is a bad one.
 * @param publicKey a PEM SubjectPublicKeyInfo, or for ed25519 64 hexadecimal digits
 */
export async function verifySignature(
  scheme: Scheme, publicKey: string, message: Uint8Array, signature: Uint8Array,
): Promise<boolean> {
  try {
    if (scheme === "ed25519") return await verifyEd25519(publicKey, message, signature);
    if (scheme === "ecdsa-sha2-nistp256") return await verifyEcdsa(publicKey, message, signature);
    if (scheme === "rsa-pkcs1v15-sha256") return await verifyPkcs1(publicKey, message, signature);
    return await verifyPss(publicKey, message, signature);
  } catch {
    return false;
  }
}

type Buffer = Uint8Array<ArrayBuffer>;
const copy = (bytes: Uint8Array): Buffer => new Uint8Array(bytes);

// Reading a key is a trip to another thread, as checking a signature is, and a repository has few keys.
const known = new Map<string, Promise<CryptoKey>>();
const mostKnown = 16;

function readKey(
  format: "raw" | "spki", text: string, algorithm: AlgorithmIdentifier | EcKeyImportParams | RsaHashedImportParams,
): Promise<CryptoKey> {
  const name = `${JSON.stringify(algorithm)} ${text}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const bytes = format === "raw" ? hexBytes(text) : pemBytes(text);
  const key = webCrypto().then((subtle) => subtle.importKey(format, bytes, algorithm, false, ["verify"]));
  if (known.size === mostKnown) known.clear();
  known.set(name, key);
  key.catch(() => known.delete(name));
  return key;
}

async function verifyEd25519(publicKey: string, message: Uint8Array, signature: Uint8Array) {
  const isHex = /^[0-9a-fA-F]{64}$/.test(publicKey.trim());
  const key = await readKey(isHex ? "raw" : "spki", publicKey.trim(), { name: "Ed25519" });
  return (await webCrypto()).verify({ name: "Ed25519" }, key, copy(signature), copy(message));
}

async function verifyEcdsa(publicKey: string, message: Uint8Array, signature: Uint8Array) {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const key = await readKey("spki", publicKey, curve);
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  return (await webCrypto()).verify(algorithm, key, rawFromDer(signature), copy(message));
}

/** Bits; as natively. */
const shortestModulus = 2048;

/** Signers use the digest's length as the salt's, older ones the longest that the key has room for. */
async function verifyPss(publicKey: string, message: Uint8Array, signature: Uint8Array) {
  const algorithm = { name: "RSA-PSS", hash: "SHA-256" };
  const key = await readKey("spki", publicKey, algorithm);
  const { modulusLength } = key.algorithm as RsaHashedKeyAlgorithm;
  if (modulusLength < shortestModulus) return false;
  const longest = Math.ceil((modulusLength - 1) / 8) - 32 - 2;
  const subtle = await webCrypto();
  for (const saltLength of [32, longest]) {
    const how = { name: "RSA-PSS", saltLength };
    if (await subtle.verify(how, key, copy(signature), copy(message))) return true;
  }
  return false;
}

async function verifyPkcs1(publicKey: string, message: Uint8Array, signature: Uint8Array) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await readKey("spki", publicKey, algorithm);
  if ((key.algorithm as RsaHashedKeyAlgorithm).modulusLength < shortestModulus) return false;
  return (await webCrypto()).verify(algorithm.name, key, copy(signature), copy(message));
}

function hexBytes(text: string): Buffer {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

function pemBytes(pem: string): Buffer {
  const body = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(pem)?.[1];
  if (body === undefined) throw new TypeError("not a PEM public key");
  return Uint8Array.from(atob(body.replace(/\s/g, "")), (character) => character.charCodeAt(0));
}

/** An ECDSA signature as X.509 writes it (SEQUENCE of two INTEGERs) to the r and s that WebCrypto reads. */
function rawFromDer(der: Uint8Array): Buffer {
  const raw = new Uint8Array(64);
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw new TypeError("not a sequence");
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1]!;
    if (der[at] !== 0x02 || length === 0 || at + 2 + length > der.length) {
      throw new TypeError("not an integer");
    }
    let digits = der.subarray(at + 2, at + 2 + length);
    if (digits[0] === 0) digits = digits.subarray(1);
    if (digits.length > 32) throw new TypeError("too large an integer");
    raw.set(digits, end - digits.length);
    at += 2 + length;
  }
  if (at !== der.length) throw new TypeError("bytes after the sequence");
  return raw;
}
