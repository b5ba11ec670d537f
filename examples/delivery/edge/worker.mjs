// Ranks at the edge: POST a request as JSON, get the ranking. The module's code comes with the worker;
// models, policies and catalogs come from the origin, are verified, and stay in memory.
import { CacheStorageApi, Engine, GuardrankError, Store } from "guardrank/guardrank.min.js";
import engineModule from "guardrank/guardrank-relaxed.wasm";
import storeModule from "guardrank/guardrank-store.wasm";

// Of the isolate, so that the next request finds them warm.
let engine, store;

async function start(env, context) {
  engine ??= await Engine.create(engineModule);
  store ??= Store.open({
    origin: env.ORIGIN,
    releases: env.RELEASES.split(","),
    trustedRoot: Uint8Array.from(atob(env.ROOT), (character) => character.charCodeAt(0)),
    module: storeModule,
    storage: new CacheStorageApi(),   // the edge's own: a new isolate need not ask the origin
  }).catch((failure) => {
    store = undefined;   // the next request tries again
    throw failure;
  });
  if (store instanceof Promise) context.waitUntil(store.catch(() => {}));
  store = await store;
}

// What the model makes of the catalog is kept for each offer, within this many bytes: the same bits sooner.
const options = { catalogSumsBytes: 16 << 20 };

// The engine parses the request; it is parsed here too only where it may have a route. ("route" could
// be spelled with escapes.)
const routeOf = (text) =>
  (text.includes('"route"') || text.includes("\\") ? JSON.parse(text).route : undefined);

// Stage, arm, and where a fallback serves why, belong in the decision and its record. Of a release that serves
// everyone there is nothing to tell, and the request stays as it came.
function withServed(text, { served, fallback }) {
  const isPlain = served.stage === "full" && served.arm === undefined && fallback === undefined;
  return isPlain ? text : { ...JSON.parse(text), served };
}

async function rank(request, env, context) {
  if (store === undefined || store instanceof Promise) await start(env, context);
  const text = await request.text();
  const delivered = store.snapshot(engine, routeOf(text), options);
  // What the store began may end after this answer, and goes on where this request gives up.
  if (store.isBusy) context.waitUntil(store.settled());
  const { snapshot, ...how } = await delivered;
  return new Response(snapshot.rankText(withServed(text, how)), { headers: { "content-type": "application/json" } });
}

export default {
  async fetch(request, env, context) {
    if (request.url.endsWith("/empty")) return new Response("{}");
    try {
      return await rank(request, env, context);
    } catch (failure) {
      const error = failure instanceof GuardrankError ? failure.toJSON()
        : { error: { code: 200, name: "GR_STATUS_JSON", message: String(failure), where: "" } };
      return Response.json(error, { status: error.error.code >= 700 ? 503 : 400 });
    }
  },
};
