// An origin on loopback and stores that follow it, both gone when a test is over.
import { Store } from "./support.mjs";

/** For waits that no test is about: a busy machine is no fault of the store's. */
export const patient = { timeout: 20_000 };

/** Resolves once `holds()`; fails when that does not come about. */
export async function until(holds, milliseconds = 20_000) {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it did not come about: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

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
