// Releases are kept in the browser (the origin private file system; the Cache API where that is
// missing), so that the next visit ranks without a download.
import { CacheStorageApi, Engine, OpfsStorage, Store } from "./guardrank/index.js";

async function storage() {
  try {
    if (!("createWritable" in FileSystemFileHandle.prototype)) throw new Error("no writable streams");
    await navigator.storage.getDirectory();
    return new OpfsStorage();
  } catch {
    return new CacheStorageApi();
  }
}

async function start() {
  const { release } = await (await fetch("settings.json")).json();
  const root = await (await fetch("root.json")).arrayBuffer();
  const began = performance.now();
  const [engine, store] = await Promise.all([
    Engine.create(),
    Store.open({
      origin: new URL("origin/", location.href).href, releases: [release],
      trustedRoot: new Uint8Array(root), storage: await storage(),
    }),
  ]);
  return { engine, store, began };
}

let started;

onmessage = async ({ data: request }) => {
  try {
    const isFirst = started === undefined;
    started ??= start().catch((failure) => {
      started = undefined;   // the next request tries again
      throw failure;
    });
    const { engine, store, began } = await started;
    const { snapshot, release } = await store.snapshot(engine, {}, { timeout: 10_000 });
    const ranking = snapshot.rank(request);
    const after = isFirst ? `, ready after ${Math.round(performance.now() - began)} ms` : "";
    postMessage({ ranking, state: `${release}, metadata ${store.state().versions.timestamp}${after}` });
  } catch (failure) {
    postMessage({ error: failure.message });
  }
};
