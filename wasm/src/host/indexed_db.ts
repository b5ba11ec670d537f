// A storage in IndexedDB: in pages and workers of every browser. What it holds is listed once, when it is
// opened; what is not there is known without a trip to the browser's own process, and a write is not
// waited for. The browser keeps writes in their order, so that a page that ends too soon leaves what one
// that ended a little earlier would have left.
import { listing, type Storage } from "./storage.js";

/** Files by key; sizes apart, so that listing them does not read what stands in them. */
const tables = ["files", "sizes"];

interface Opened {
  database: IDBDatabase;
  /** Bytes by key. What another page writes later is not in it: here it is fetched as if it were not there. */
  sizes: Map<string, number>;
}

export class IndexedDbStorage implements Storage {
  private opened: Promise<Opened> | undefined;
  private readonly writing = new Set<Promise<void>>();
  private failure: unknown;

  /** @param name of the database, so that several stores of one page stay apart */
  constructor(private readonly name = "guardrank") {}

  async read(key: string): Promise<Uint8Array | undefined> {
    const { sizes } = await this.open();
    if (key.endsWith("/")) {
      const under = [...sizes].filter(([each]) => each.startsWith(key));
      return listing(under.map(([each, size]) => [each.slice(key.length), size]));
    }
    if (!sizes.has(key)) return undefined;
    return this.within("readonly", ({ transaction }) => result(transaction.objectStore("files").get(key)));
  }

  /** Resolves when the browser has it; a write that fails later fails the next one. */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    const own = new Uint8Array(bytes);   // a view's whole buffer would be stored
    await this.change(({ transaction, sizes }) => {
      transaction.objectStore("files").put(own, key);
      transaction.objectStore("sizes").put(own.length, key);
      sizes.set(key, own.length);
      return [key];
    });
  }

  async remove(key: string): Promise<void> {
    await this.change(({ transaction, sizes }) => {
      const gone = [...sizes.keys()].filter((each) => each === key || (key.endsWith("/") && each.startsWith(key)));
      for (const each of gone) {
        for (const table of tables) transaction.objectStore(table).delete(each);
        sizes.delete(each);
      }
      return gone;
    });
  }

  /** Resolves when all that was written is kept, or has failed. */
  async flush(): Promise<void> {
    while (this.writing.size !== 0) await Promise.all(this.writing);
  }

  private open(): Promise<Opened> {
    return this.opened ??= this.openDatabase().catch((failure) => {
      this.opened = undefined;
      throw failure;
    });
  }

  private async openDatabase(): Promise<Opened> {
    const request = indexedDB.open(this.name, 1);
    request.onupgradeneeded = () => {
      for (const table of tables) request.result.createObjectStore(table);
    };
    const database = await result(request);
    const forget = () => { this.opened = undefined; };
    // Whoever wants to remove it need not wait for this page.
    database.onversionchange = () => {
      database.close();
      forget();
    };
    database.onclose = forget;
    const known = database.transaction("sizes", "readonly").objectStore("sizes");
    const [keys, sizes] = await Promise.all([result(known.getAllKeys()), result(known.getAll())]);
    return { database, sizes: new Map(keys.map((key, index) => [String(key), sizes[index]])) };
  }

  /** Begins a transaction and what `use` asks of it. */
  private async within<Value>(
    mode: IDBTransactionMode, use: (opened: Opened & { transaction: IDBTransaction }) => Value,
  ): Promise<Value> {
    for (let isAgain = false; ; isAgain = true) {
      const opened = await this.open();
      try {
        return use({ ...opened, transaction: opened.database.transaction(tables, mode, { durability: "relaxed" }) });
      } catch (failure) {
        if (isAgain || (failure as DOMException).name !== "InvalidStateError") throw failure;
        this.opened = undefined;   // closed, and nobody told us
      }
    }
  }

  private async change(use: (opened: Opened & { transaction: IDBTransaction }) => string[]): Promise<void> {
    await this.within("readwrite", (opened) => {
      if (this.failure !== undefined) {
        const { failure } = this;
        this.failure = undefined;
        throw failure;
      }
      const keys = use(opened);
      const ended = new Promise<void>((resolve) => {
        opened.transaction.oncomplete = () => resolve();
        opened.transaction.onabort = () => {
          this.failure = opened.transaction.error ?? new Error("the browser took a write back");
          for (const key of keys) opened.sizes.delete(key);
          resolve();
        };
      });
      this.writing.add(ended);
      void ended.then(() => this.writing.delete(ended));
    });
  }
}

function result<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database cannot be read"));
  });
}
