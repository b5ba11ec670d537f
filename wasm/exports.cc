// The module is the C interface and nothing else: which functions it exports stands in
// capi/symbols.txt, what they do in capi/src. This file defines nothing; it pins the layouts that
// src/layout.ts spells out, so that a changed struct stops the build and not a program.
#include <cstddef>

#include "capi/include/guardrank.h"

static_assert(GR_ABI_VERSION == 1);
static_assert(sizeof(gr_text) == 8 && sizeof(gr_bytes) == 8);
static_assert(sizeof(gr_engine_options) == 40 && offsetof(gr_engine_options, kernel) == 4 &&
              offsetof(gr_engine_options, session_limit_bytes) == 24 &&
              offsetof(gr_engine_options, context_cache_bytes) == 32);
static_assert(sizeof(gr_artifact_options) == 16 && offsetof(gr_artifact_options, check) == 4);
static_assert(sizeof(gr_snapshot_options) == 24 && offsetof(gr_snapshot_options, skip_golden) == 4 &&
              offsetof(gr_snapshot_options, catalog_sums_bytes) == 8 &&
              offsetof(gr_snapshot_options, catalog_codes_bytes) == 16);
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
