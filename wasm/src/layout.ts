// Where the fields of guardrank.h's structs stand in the module's memory (wasm32). wasm/exports.cc
// holds the same numbers against the header when the module is built.

export const textBytes = 8; // { data, size }

export const engine_options = {
  size: 48, kernel: 4, session_limit_bytes: 24, context_cache_bytes: 32, shard_cache_bytes: 40,
};
export const artifact_options = { size: 16, check: 4 };
export const snapshot_options = {
  size: 32, skip_golden: 4, catalog_sums_bytes: 8, catalog_codes_bytes: 16, in_steps: 24,
};
export const column = {
  size: 44, type: 4, n_rows: 8, present: 12, numbers: 16, integers: 20, booleans: 24, texts: 28,
  list_offsets: 32, floats: 36, width: 40,
};
export const ranked = {
  size: 40, candidate: 4, offer: 8, score_micros: 16, propensity: 24, is_mandated: 32,
};
export const head_outcome = {
  size: 40, is_value_head: 4, logit: 8, corrected: 16, probability: 24, reach: 32,
};
export const excluded = { size: 28, candidate: 4, offer: 8, stage: 16, reason_count: 24 };
export const reason = {
  size: 56, rule: 4, code: 12, text: 20, adverse_action: 28, value: 36, missing: 44,
  principal_rank: 52,
};
export const replay_result = {
  size: 168, is_equal: 4, first_difference: 8, first_difference_bytes: 160,
};

export const wanted_shard = { size: 56, shard: 4, field: 8, bytes: 16, sha256: 24 };

export const record_options = {
  size: 28, level: 4, shown: 8, shown_count: 12, salt: 16, previous: 24,
};
export const replay_options = { size: 20, request_json: 4, salt: 12 };

/** gr_record_level */
export const recordLevel = { full: 0, redacted: 1, digest: 2 } as const;

/** gr_type */
export const type = {
  f64: 0, i64: 1, bool: 2, string: 3, timestamp: 4, string_list: 5, f32_vector: 6,
} as const;

/** gr_namespace */
export const namespace = { context: 0, candidate: 1, pair: 2 } as const;

/** GR_NO_FACT, as the i32 that the module returns. */
export const noFact = -1;

export const snapshot_parts = { size: 24, model: 8, policy: 12, catalog: 16, release: 20 };
export const route_values = {
  size: 56, product: 8, market: 16, segment: 24, partner: 32, surface: 40, unit: 48,
};
export const store_options = {
  size: 112, release_count: 4, releases: 8, trusted_root: 12, memory_bytes: 24, disk_bytes: 32,
  artifact_bytes: 40, memory_policy: 48, disk_policy: 52, tickets: 56, fetches: 60,
  check_micros: 64, retry_micros: 72, seed: 80, tries_next: 88,
  bytes_per_second: 96, bytes_per_day: 104,
};
export const need = {
  size: 112, kind: 4, id: 8, origin: 16, scheme: 20, path: 24, offset: 32, max_bytes: 40,
  is_range: 48, entity_tag: 56, public_key: 64, message: 72, signature: 80, key: 88, bytes: 96,
  at_micros: 104,
};
export const answer = {
  size: 56, outcome: 4, id: 8, bytes: 16, entity_tag: 24, detail: 32, section_hashes: 40,
  retry_after_micros: 48,
};
export const delivered = {
  size: 96, state: 4, status: 8, is_fallback: 12, release: 16, model: 24, policy: 32, catalog: 40,
  release_bytes: 48, stage: 56, arm: 64, instead_of: 72, shard: 80, trouble: 88,
};
export const store_state = {
  size: 112, has_looked: 4, revision: 8, status: 16, is_disk_writable: 20, message: 24, root: 32,
  timestamp: 40, snapshot: 48, targets: 56, expires_micros: 64, memory_bytes: 72, disk_bytes: 80,
  fetched_bytes: 88, reused_bytes: 96, warming: 104, pinned: 108,
};
