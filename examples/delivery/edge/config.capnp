# workerd serve config.capnp: the worker, the package it imports, and where its origin is.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .edge),
    # The origin may be on this machine, as in the tests; a public one needs "public".
    (name = "origin", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const edge :Workerd.Worker = (
  compatibilityDate = "2025-10-01",
  globalOutbound = "origin",
  bindings = [
    (name = "ORIGIN", fromEnvironment = "GUARDRANK_ORIGIN"),
    (name = "RELEASES", fromEnvironment = "GUARDRANK_RELEASES"),
    (name = "ROOT", fromEnvironment = "GUARDRANK_ROOT"),
  ],
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "guardrank/guardrank-relaxed.wasm", wasm = embed "package/guardrank-relaxed.wasm"),
    (name = "guardrank/guardrank-store.wasm", wasm = embed "package/guardrank-store.wasm"),
    (name = "guardrank/index.js", esModule = embed "package/index.js"),
    (name = "guardrank/column.js", esModule = embed "package/column.js"),
    (name = "guardrank/decision.js", esModule = embed "package/decision.js"),
    (name = "guardrank/engine.js", esModule = embed "package/engine.js"),
    (name = "guardrank/error.js", esModule = embed "package/error.js"),
    (name = "guardrank/layout.js", esModule = embed "package/layout.js"),
    (name = "guardrank/library.js", esModule = embed "package/library.js"),
    (name = "guardrank/memory.js", esModule = embed "package/memory.js"),
    (name = "guardrank/ranking.js", esModule = embed "package/ranking.js"),
    (name = "guardrank/request.js", esModule = embed "package/request.js"),
    (name = "guardrank/session.js", esModule = embed "package/session.js"),
    (name = "guardrank/snapshot.js", esModule = embed "package/snapshot.js"),
    (name = "guardrank/source.js", esModule = embed "package/source.js"),
    (name = "guardrank/store.js", esModule = embed "package/store.js"),
    (name = "guardrank/store_options.js", esModule = embed "package/store_options.js"),
    (name = "guardrank/host/ahead.js", esModule = embed "package/host/ahead.js"),
    (name = "guardrank/host/download.js", esModule = embed "package/host/download.js"),
    (name = "guardrank/host/needs.js", esModule = embed "package/host/needs.js"),
    (name = "guardrank/host/storage.js", esModule = embed "package/host/storage.js"),
    (name = "guardrank/host/verify.js", esModule = embed "package/host/verify.js"),
  ],
);
