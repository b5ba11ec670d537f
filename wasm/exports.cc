// The module is the C interface and nothing else: which functions it exports stands in
// capi/symbols.txt, what they do in capi/src. This file defines nothing; it pins the layouts that
// src/layout.ts spells out, so that a changed struct stops the build and not a program.
#include <cstddef>

#include "capi/include/guardrank_store.h"

static_assert(GR_ABI_VERSION == 1);
static_assert(sizeof(gr_text) == 8 && sizeof(gr_bytes) == 8);
static_assert(sizeof(gr_engine_options) == 48 && offsetof(gr_engine_options, kernel) == 4 &&
              offsetof(gr_engine_options, session_limit_bytes) == 24 &&
              offsetof(gr_engine_options, context_cache_bytes) == 32 &&
              offsetof(gr_engine_options, shard_cache_bytes) == 40);
static_assert(sizeof(gr_wanted_shard) == 56 && offsetof(gr_wanted_shard, shard) == 4 &&
              offsetof(gr_wanted_shard, field) == 8 && offsetof(gr_wanted_shard, bytes) == 16 &&
              offsetof(gr_wanted_shard, sha256) == 24);
static_assert(sizeof(gr_artifact_options) == 16 && offsetof(gr_artifact_options, check) == 4);
static_assert(sizeof(gr_snapshot_options) == 32 && offsetof(gr_snapshot_options, skip_golden) == 4 &&
              offsetof(gr_snapshot_options, catalog_sums_bytes) == 8 &&
              offsetof(gr_snapshot_options, catalog_codes_bytes) == 16 &&
              offsetof(gr_snapshot_options, in_steps) == 24);
static_assert(sizeof(gr_column) == 44 && offsetof(gr_column, type) == 4 &&
              offsetof(gr_column, n_rows) == 8 && offsetof(gr_column, present) == 12 &&
              offsetof(gr_column, numbers) == 16 && offsetof(gr_column, integers) == 20 &&
              offsetof(gr_column, booleans) == 24 && offsetof(gr_column, texts) == 28 &&
              offsetof(gr_column, list_offsets) == 32 && offsetof(gr_column, floats) == 36 &&
              offsetof(gr_column, width) == 40);
static_assert(sizeof(gr_ranked) == 40 && offsetof(gr_ranked, candidate) == 4 &&
              offsetof(gr_ranked, offer) == 8 && offsetof(gr_ranked, score_micros) == 16 &&
              offsetof(gr_ranked, propensity) == 24 && offsetof(gr_ranked, is_mandated) == 32);
static_assert(sizeof(gr_head_outcome) == 40 && offsetof(gr_head_outcome, is_value_head) == 4 &&
              offsetof(gr_head_outcome, logit) == 8 && offsetof(gr_head_outcome, corrected) == 16 &&
              offsetof(gr_head_outcome, probability) == 24 &&
              offsetof(gr_head_outcome, reach) == 32);
static_assert(sizeof(gr_excluded) == 28 && offsetof(gr_excluded, candidate) == 4 &&
              offsetof(gr_excluded, offer) == 8 && offsetof(gr_excluded, stage) == 16 &&
              offsetof(gr_excluded, reason_count) == 24);
static_assert(sizeof(gr_reason) == 56 && offsetof(gr_reason, rule) == 4 &&
              offsetof(gr_reason, code) == 12 && offsetof(gr_reason, text) == 20 &&
              offsetof(gr_reason, adverse_action) == 28 && offsetof(gr_reason, value) == 36 &&
              offsetof(gr_reason, missing) == 44 && offsetof(gr_reason, principal_rank) == 52);
static_assert(sizeof(gr_record_options) == 28 && offsetof(gr_record_options, level) == 4 &&
              offsetof(gr_record_options, shown) == 8 &&
              offsetof(gr_record_options, shown_count) == 12 &&
              offsetof(gr_record_options, salt) == 16 &&
              offsetof(gr_record_options, previous) == 24);
static_assert(sizeof(gr_replay_options) == 20 && offsetof(gr_replay_options, request_json) == 4 &&
              offsetof(gr_replay_options, salt) == 12);
static_assert(GR_RECORD_FULL == 0 && GR_RECORD_REDACTED == 1 && GR_RECORD_DIGEST == 2);
static_assert(sizeof(gr_replay_result) == 168 && offsetof(gr_replay_result, is_equal) == 4 &&
              offsetof(gr_replay_result, first_difference) == 8);
static_assert(sizeof(gr_snapshot_parts) == 24 && offsetof(gr_snapshot_parts, model) == 8 &&
              offsetof(gr_snapshot_parts, release) == 20);
static_assert(sizeof(gr_route_values) == 56 && offsetof(gr_route_values, product) == 8 &&
              offsetof(gr_route_values, unit) == 48);
static_assert(sizeof(gr_store_options) == 112 && offsetof(gr_store_options, release_count) == 4 &&
              offsetof(gr_store_options, releases) == 8 &&
              offsetof(gr_store_options, trusted_root) == 12 &&
              offsetof(gr_store_options, memory_bytes) == 24 &&
              offsetof(gr_store_options, disk_bytes) == 32 &&
              offsetof(gr_store_options, artifact_bytes) == 40 &&
              offsetof(gr_store_options, memory_policy) == 48 &&
              offsetof(gr_store_options, disk_policy) == 52 &&
              offsetof(gr_store_options, tickets) == 56 &&
              offsetof(gr_store_options, fetches) == 60 &&
              offsetof(gr_store_options, check_micros) == 64 &&
              offsetof(gr_store_options, retry_micros) == 72 &&
              offsetof(gr_store_options, seed) == 80 &&
              offsetof(gr_store_options, tries_next) == 88 &&
              offsetof(gr_store_options, bytes_per_second) == 96 &&
              offsetof(gr_store_options, bytes_per_day) == 104);
static_assert(sizeof(gr_need) == 112 && offsetof(gr_need, kind) == 4 && offsetof(gr_need, id) == 8 &&
              offsetof(gr_need, origin) == 16 && offsetof(gr_need, scheme) == 20 &&
              offsetof(gr_need, path) == 24 && offsetof(gr_need, offset) == 32 &&
              offsetof(gr_need, max_bytes) == 40 && offsetof(gr_need, is_range) == 48 &&
              offsetof(gr_need, entity_tag) == 56 && offsetof(gr_need, public_key) == 64 &&
              offsetof(gr_need, message) == 72 && offsetof(gr_need, signature) == 80 &&
              offsetof(gr_need, key) == 88 && offsetof(gr_need, bytes) == 96 &&
              offsetof(gr_need, at_micros) == 104);
static_assert(sizeof(gr_answer) == 56 && offsetof(gr_answer, outcome) == 4 &&
              offsetof(gr_answer, id) == 8 && offsetof(gr_answer, bytes) == 16 &&
              offsetof(gr_answer, entity_tag) == 24 && offsetof(gr_answer, detail) == 32 &&
              offsetof(gr_answer, section_hashes) == 40 &&
              offsetof(gr_answer, retry_after_micros) == 48);
static_assert(sizeof(gr_delivered) == 96 && offsetof(gr_delivered, state) == 4 &&
              offsetof(gr_delivered, status) == 8 && offsetof(gr_delivered, is_fallback) == 12 &&
              offsetof(gr_delivered, release) == 16 && offsetof(gr_delivered, model) == 24 &&
              offsetof(gr_delivered, policy) == 32 && offsetof(gr_delivered, catalog) == 40 &&
              offsetof(gr_delivered, release_bytes) == 48 && offsetof(gr_delivered, stage) == 56 &&
              offsetof(gr_delivered, arm) == 64 && offsetof(gr_delivered, instead_of) == 72 &&
              offsetof(gr_delivered, shard) == 80 && offsetof(gr_delivered, trouble) == 88);
static_assert(sizeof(gr_store_state) == 112 && offsetof(gr_store_state, has_looked) == 4 &&
              offsetof(gr_store_state, revision) == 8 && offsetof(gr_store_state, status) == 16 &&
              offsetof(gr_store_state, is_disk_writable) == 20 &&
              offsetof(gr_store_state, message) == 24 && offsetof(gr_store_state, root) == 32 &&
              offsetof(gr_store_state, timestamp) == 40 &&
              offsetof(gr_store_state, snapshot) == 48 && offsetof(gr_store_state, targets) == 56 &&
              offsetof(gr_store_state, expires_micros) == 64 &&
              offsetof(gr_store_state, memory_bytes) == 72 &&
              offsetof(gr_store_state, disk_bytes) == 80 &&
              offsetof(gr_store_state, fetched_bytes) == 88 &&
              offsetof(gr_store_state, reused_bytes) == 96 &&
              offsetof(gr_store_state, warming) == 104 && offsetof(gr_store_state, pinned) == 108);
