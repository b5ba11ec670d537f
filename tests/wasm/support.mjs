// What the tests of the npm package share: the package as built, and the conformance vectors.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export * from "../../wasm/dist/index.js";

const conformance = fileURLToPath(new URL("../conformance/", import.meta.url));
export const modulePath = fileURLToPath(new URL("../../wasm/dist/guardrank.wasm", import.meta.url));

/** The file of a vector's bundle. */
export function bundlePath(name) {
  return join(conformance, name);
}

/** The bundle of a vector, as bytes. */
export function bundleBytes(name) {
  return new Uint8Array(readFileSync(bundlePath(name)));
}

/** Every conformance vector; see tests/conformance/README.md for the form. */
export function vectors() {
  const folder = join(conformance, "vectors");
  return readdirSync(folder).filter((name) => name.endsWith(".json")).sort()
    .map((name) => ({ name, ...JSON.parse(readFileSync(join(folder, name), "utf8")) }));
}

/** A vector's request as `rank` takes it: an object, a text, or bytes that are no text. */
export function requestOf({ request, request_text, request_base64 }) {
  if (request_base64 !== undefined) return new Uint8Array(Buffer.from(request_base64, "base64"));
  return request_text ?? request;
}

/** The names of bundles that vectors rank on, each once. */
export function bundles() {
  const folder = join(conformance, "bundles");
  return readdirSync(folder).filter((name) => name.endsWith(".guardrank")).sort()
    .map((name) => join("bundles", name));
}

/** The type of each fact that a bundle knows, by "ctx.age", "offer.apr", "pair.seen". */
export function factTypes(bundle) {
  const types = JSON.parse(readFileSync(join(conformance, "bundles/facts.json"), "utf8"));
  return new Map(Object.entries(types[bundle]));
}

/** A vector's decision as the engine wrote it, or the code of its refusal. */
export function decide(engine, vector) {
  const snapshot = engine.open(bundleBytes(vector.bundle));
  try {
    return snapshot.rankText(requestOf(vector));
  } catch (failure) {
    return failure.code;
  } finally {
    snapshot.dispose();
  }
}

/** What a call throws; fails when it does not. */
export function thrown(call) {
  try {
    call();
  } catch (failure) {
    return failure;
  }
  throw new Error("nothing was thrown");
}
