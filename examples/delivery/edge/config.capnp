# workerd serve config.capnp: the worker, the package it imports, where its origin is, and a cache such as edges have.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .edge),
    (name = "cache", worker = .cache),
    # The origin may be on this machine, as in the tests; a public one needs "public".
    (name = "origin", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const edge :Workerd.Worker = (
  compatibilityDate = "2025-10-01",
  globalOutbound = "origin",
  cacheApiOutbound = "cache",
  bindings = [
    (name = "ORIGIN", fromEnvironment = "GUARDRANK_ORIGIN"),
    (name = "RELEASES", fromEnvironment = "GUARDRANK_RELEASES"),
    (name = "ROOT", fromEnvironment = "GUARDRANK_ROOT"),
  ],
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "guardrank/guardrank-relaxed.wasm", wasm = embed "package/guardrank-relaxed.wasm"),
    (name = "guardrank/guardrank-store.wasm", wasm = embed "package/guardrank-store.wasm"),
    (name = "guardrank/guardrank.min.js", esModule = embed "package/guardrank.min.js"),
  ],
);

const cache :Workerd.Worker = (
  compatibilityDate = "2025-10-01",
  modules = [(name = "cache.mjs", esModule = embed "cache.mjs")],
);
