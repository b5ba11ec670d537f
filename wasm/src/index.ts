/// <reference lib="esnext.disposable" preserve="true" />
/** guardrank: an embeddable ranking engine. Start at `Engine.create()`. */
export { type ColumnOptions, type ColumnValues } from "./column.js";
export { Decision, type Exclusion, type HeadColumns } from "./decision.js";
export { Engine, type EngineOptions, type Kernel, type OpenOptions, type SnapshotParts } from "./engine.js";
export { GuardrankError } from "./error.js";
export type * from "./ranking.js";
export { Request, type ContextValue, type Route, type ServedBy, type Timestamp } from "./request.js";
export { Session, type WantedShard } from "./session.js";
export { Snapshot, type Namespace } from "./snapshot.js";
export { type ModuleSource } from "./source.js";
export type { StepOptions } from "./steps.js";
export { IndexedDbStorage } from "./host/indexed_db.js";
export { CacheStorageApi, MemoryStorage, OpfsStorage, type Storage } from "./host/storage.js";
export { Store, type WaitOptions } from "./store.js";
export type { Served, StoreOptions, StoreState } from "./store_options.js";
