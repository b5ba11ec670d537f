/** WebCrypto's functions: a global everywhere but in Node 18, which has them in a module. */
export async function webCrypto(): Promise<SubtleCrypto> {
  if (globalThis.crypto !== undefined) return globalThis.crypto.subtle;
  const { webcrypto } = await import("node:crypto");
  return webcrypto.subtle as SubtleCrypto;
}
