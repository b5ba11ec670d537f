// Releases are kept in the browser's IndexedDB, so that the next visit ranks without a download.
import { Engine, IndexedDbStorage, Store } from "./guardrank/guardrank.min.js";

async function start() {
  const [{ release }, root] = await Promise.all([
    fetch("settings.json").then((answer) => answer.json()),
    fetch("root.json").then((answer) => answer.arrayBuffer()),
  ]);
  const began = performance.now();
  const [engine, store] = await Promise.all([
    Engine.create(),
    Store.open({
      origin: new URL("origin/", location.href).href, releases: [release],
      trustedRoot: new Uint8Array(root), storage: new IndexedDbStorage(),
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
    const ready = performance.now() - began;
    const ranking = await store.rank(snapshot, request);   // which fetches its user's shard, where there are any
    const ranked = performance.now() - began - ready;
    const after = isFirst ? `, ready after ${ready.toFixed(1)} ms, ranked in ${ranked.toFixed(1)} ms` : "";
    postMessage({ ranking, state: `${release}, metadata ${store.state().versions.timestamp}${after}` });
  } catch (failure) {
    postMessage({ error: failure.message });
  }
};
