/**
 * Ranks drawn cases (draw.cc has the form of the file) in WebAssembly; the lines that
 * sweep_replay prints. `packageAddress`: the npm package; `casesAddress`: the file, where `bytes`
 * does not bring it. Runs in Node and, sent there as text, in a page: it needs nothing around it.
 */
export async function replayCases({ packageAddress, casesAddress, bytes, kernel }) {
  const { Engine } = await import(packageAddress);
  const crypto = globalThis.crypto ?? (await import("node:crypto")).webcrypto;
  const file = bytes ?? new Uint8Array(await (await fetch(casesAddress)).arrayBuffer());
  let at = 0;

  const take = (size) => file.subarray(at, (at += size));
  const takeLine = () => {
    const line = new TextDecoder().decode(take(file.indexOf(10, at) - at));
    at++;
    return line.split(" ");
  };
  const digest = async (text) => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    return "sha256:" + [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const decide = (engine, bundle, requests, catalogCodesBytes, catalogSumsBytes) => {
    const snapshot = engine.open(bundle, { catalogCodesBytes, catalogSumsBytes });
    const texts = requests.map((request) => snapshot.rankText(request, { record: true }) + "\n");
    snapshot.dispose();
    return texts.join("");
  };

  const engine = await Engine.create(undefined, { kernel });
  const lines = [];
  while (at < file.length) {
    const [seed, bundleBytes, partialBytes, count] = takeLine();
    const bundle = take(Number(bundleBytes)).slice();
    const requests = Array.from({ length: Number(count) }, () => take(Number(takeLine()[0])).slice());
    const some = Number(partialBytes), noRoom = 1, room = 2 ** 30;
    const ways = [[noRoom, 0], [room, 0], [noRoom, some], [room, some], [room, room]]
      .map(([codes, sums]) => decide(engine, bundle, requests, codes, sums));
    lines.push([seed, ...(await Promise.all(ways.map(digest)))].join(" "));
  }
  const found = engine.kernel;
  engine.dispose();
  return { kernel: found, lines };
}
