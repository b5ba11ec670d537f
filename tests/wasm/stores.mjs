// An origin on loopback and stores that follow it, both gone when a test is over.
import { Store } from "./support.mjs";

/** Calls run(origin, open): `open` makes stores with these options, more or others where it is given any. */
export async function withStores(origin, defaults, run) {
  await origin.listen();
  const stores = [];
  const open = async (options = {}) => {
    const store = await Store.open({
      origin: origin.address, trustedRoot: origin.root, ...defaults, ...options,
    });
    stores.push(store);
    return store;
  };
  try {
    await run(origin, open);
  } finally {
    for (const store of stores) store.dispose();
    await origin.close();
  }
}
