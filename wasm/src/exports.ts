// The functions of guardrank.h as WebAssembly shows them: a pointer, a size and a uint32_t are
// numbers (pass an unsigned, get it back signed), a 64-bit integer is a BigInt, a struct passed by
// value is a pointer to it, a struct returned by value is a first argument that points to room.
export interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;

  gr_version(): number;
  gr_abi_version(): number;
  gr_numerics_version(): number;
  gr_status_name(status: number): number;

  gr_error_code(error: number): number;
  gr_error_message(text: number, error: number): void;
  gr_error_where(text: number, error: number): void;
  gr_error_expected(text: number, error: number): void;
  gr_error_found(text: number, error: number): void;
  gr_error_free(error: number): void;

  gr_engine_create(options: number, engine: number, error: number): number;
  gr_engine_free(engine: number): void;
  gr_engine_kernel(text: number, engine: number): void;

  gr_artifact_open(
    engine: number, bytes: number, size: number, options: number, artifact: number, error: number,
  ): number;
  gr_artifact_free(artifact: number): void;
  gr_artifact_id(text: number, artifact: number): void;
  gr_artifact_kind(text: number, artifact: number): void;

  gr_snapshot_create(
    engine: number, bundle: number, options: number, snapshot: number, error: number,
  ): number;
  gr_snapshot_create_from(
    engine: number, parts: number, options: number, snapshot: number, error: number,
  ): number;
  gr_snapshot_prepare(snapshot: number, steps: number, left: number, error: number): number;
  gr_snapshot_free(snapshot: number): void;
  gr_snapshot_trim(snapshot: number): number;
  gr_snapshot_fact(snapshot: number, space: number, name: number): number;
  gr_snapshot_head_count(snapshot: number): number;
  gr_snapshot_head_name(text: number, snapshot: number, head: number): void;
  gr_snapshot_term_count(snapshot: number): number;
  gr_snapshot_term_name(text: number, snapshot: number, term: number): void;
  gr_snapshot_offer_count(snapshot: number): number;

  gr_request_create(snapshot: number, request: number, error: number): number;
  gr_request_reset(request: number): void;
  gr_request_free(request: number): void;
  gr_request_from_json(request: number, json: number, size: number, error: number): number;
  gr_request_set_id(request: number, id: number, error: number): number;
  gr_request_set_time(request: number, micros: bigint): void;
  gr_request_set_seed(request: number, seed: bigint): void;
  gr_request_set_limit(request: number, limit: number): void;
  gr_request_set_route(request: number, name: number, value: number, error: number): number;
  gr_request_set_candidates(request: number, offers: number, count: number, error: number): number;
  gr_request_set_context_f64(request: number, fact: number, value: number, error: number): number;
  gr_request_set_context_i64(request: number, fact: number, value: bigint, error: number): number;
  gr_request_set_context_bool(request: number, fact: number, value: number, error: number): number;
  gr_request_set_context_text(request: number, fact: number, value: number, error: number): number;
  gr_request_set_context_time(request: number, fact: number, micros: bigint, error: number): number;
  gr_request_set_context_texts(
    request: number, fact: number, values: number, count: number, error: number,
  ): number;
  gr_request_set_context_vector(
    request: number, fact: number, values: number, count: number, error: number,
  ): number;
  gr_request_set_column(request: number, fact: number, column: number, error: number): number;

  gr_session_create(engine: number, session: number, error: number): number;
  gr_session_free(session: number): void;
  gr_session_peak_bytes(session: number): bigint;
  gr_session_wanted_shard(session: number, index: number, shard: number): number;
  gr_session_add_shard(session: number, bytes: number, size: number, error: number): number;
  gr_rank(session: number, request: number, decision: number, error: number): number;
  gr_rank_many(session: number, requests: number, count: number, decisions: number, error: number): number;

  gr_decision_ranked_count(decision: number): number;
  gr_decision_excluded_count(decision: number): number;
  gr_decision_ranked(decision: number, position: number, ranked: number): number;
  gr_decision_head(decision: number, position: number, head: number, outcome: number): number;
  gr_decision_term_micros(
    decision: number, position: number, term: number, micros: number,
  ): number;
  gr_decision_excluded(decision: number, index: number, excluded: number): number;
  gr_decision_reason(decision: number, index: number, reason: number, out: number): number;
  gr_decision_json(decision: number, with_record: number, json: number, error: number): number;
  gr_decision_record_as(
    decision: number, options: number, record: number, error: number,
  ): number;
  gr_replay_with(
    session: number, snapshot: number, record: number, size: number, options: number,
    result: number, error: number,
  ): number;

  gr_buffer_create(size: number): number;
  gr_buffer_free(buffer: number, size: number): void;

  // guardrank-store.wasm alone.
  gr_store_create(engine: number, options: number, now: bigint, store: number, error: number): number;
  gr_store_free(store: number): void;
  gr_store_next(store: number, now: bigint, need: number): number;
  gr_store_provide(store: number, answer: number, now: bigint): number;
  gr_store_is_wanted(store: number, need: bigint): number;
  gr_store_want(
    store: number, route: number, deadline: bigint, now: bigint, ticket: number, error: number,
  ): number;
  gr_store_want_shadow(
    store: number, route: number, index: number, deadline: bigint, now: bigint, ticket: number, error: number,
  ): number;
  gr_store_want_shard(
    store: number, sha256: number, bytes: bigint, deadline: bigint, now: bigint, ticket: number,
    error: number,
  ): number;
  gr_store_take(store: number, ticket: bigint, now: bigint, delivered: number): number;
  gr_store_next_trial(store: number, now: bigint, trial: number, delivered: number): number;
  gr_store_tried(store: number, trial: bigint, status: number, now: bigint): void;
  gr_store_cancel(store: number, ticket: bigint): void;
  gr_store_next_ended(store: number, now: bigint): bigint;
  gr_store_describe(store: number, state: number): number;
}
