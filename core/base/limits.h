// Every limit of the engine, in one place. A limit is checked before memory is taken for what it
// bounds; crossing one gives Status::limit and a message that names it. Tests stand at, below
// and above each.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guardrank::limits {

// Requests
inline constexpr std::uint32_t candidates = 1'000'000;    // per request
inline constexpr std::uint32_t request_json_bytes = 256u << 20;
inline constexpr std::uint32_t json_depth = 32;
inline constexpr std::uint32_t string_bytes = 64u << 10;  // one string value of a fact
inline constexpr std::uint32_t list_elements = 4096;      // one list value of a fact
inline constexpr std::uint32_t offer_id_bytes = 256;
inline constexpr std::uint32_t request_id_bytes = 256;

// Artifacts
inline constexpr std::uint64_t artifact_bytes = std::uint64_t{16} << 30;
inline constexpr std::uint32_t sections = 64;
inline constexpr std::uint32_t chunk_bytes = 4u << 20;    // one piece of an artifact
inline constexpr std::uint32_t flatbuffer_depth = 16;     // nesting of tables; those read nest less
inline constexpr std::uint32_t flatbuffer_tables = 200'000;
inline constexpr std::uint32_t offers = 10'000'000;       // rows of a catalog
inline constexpr std::uint32_t facts = 4096;              // declared facts, all namespaces
inline constexpr std::uint32_t release_bytes = 16u << 20; // a release document from an origin
inline constexpr std::uint32_t routes = 4096;             // of a release
inline constexpr std::uint32_t routed_releases = 65'536;  // that one table of routes holds
inline constexpr std::uint32_t table_routes = 1'000'000;  // of all of them
inline constexpr std::uint32_t shadow_routes = 4;         // that score one request beside the primary
inline constexpr std::uint32_t fallback_releases = 4;     // of one chain
inline constexpr std::uint32_t predecessors = 4;          // of a release, in its signed target
inline constexpr std::uint32_t name_bytes = 256;          // a name or id inside an artifact

// Models
inline constexpr std::uint32_t fields = 1024;
inline constexpr std::uint32_t transforms_per_field = 16;
inline constexpr std::uint32_t cross_inputs = 16;         // fields that one cross reads
inline constexpr std::uint32_t vector_width = 4096;       // n of an f32[n] field
inline constexpr std::uint32_t embedding_dim = 1024;
inline constexpr std::uint32_t embedding_rows = 100'000'000;
inline constexpr std::uint32_t shard_bytes = 4u << 20;    // of a table in shards, one of them
inline constexpr std::uint32_t vocabulary_values = 1'000'000;
inline constexpr std::uint32_t levels = 8;
inline constexpr std::uint32_t experts_per_level = 64;
inline constexpr std::uint32_t heads = 32;
inline constexpr std::uint32_t layers = 16;               // per expert or tower
inline constexpr std::uint32_t layer_width = 16'384;      // inputs or outputs of a layer
inline constexpr std::uint32_t calibrator_knots = 10'000;
inline constexpr std::uint32_t calibrator_segments = 4096;
inline constexpr std::uint32_t golden_requests = 4;
inline constexpr std::uint32_t golden_rows = 16;

// Policies
inline constexpr std::uint32_t rules = 4096;
inline constexpr std::uint32_t terms = 64;
inline constexpr std::uint32_t guardrails = 256;
inline constexpr std::uint32_t parameters = 1024;
inline constexpr std::uint32_t mandated_offers = 64;
inline constexpr std::uint32_t caps = 64;
inline constexpr std::uint32_t diversity_facts = 16;
inline constexpr std::uint32_t expression_bytes = 16u << 10;
inline constexpr std::uint32_t expression_depth = 64;
inline constexpr std::uint32_t expression_nodes = 4096;
inline constexpr std::uint32_t thresholds = 64;   // parts of a rule that a change is looked for in
inline constexpr std::uint32_t expression_list = 1u << 16;   // elements of a list that it makes
inline constexpr std::uint32_t expression_text = 1u << 18;   // bytes of a string that it makes
inline constexpr std::uint64_t evaluation_row_steps = 1u << 20;
inline constexpr std::uint64_t evaluation_steps = std::uint64_t{1} << 30;  // of all rows
inline constexpr std::size_t evaluation_heap_bytes = std::size_t{64} << 20;  // texts, lists, maps
inline constexpr std::size_t salt_bytes = 16;            // least secret of a commitment
inline constexpr std::uint32_t pattern_bytes = 1024;         // of a regular expression
inline constexpr std::uint32_t pattern_states = 2048;
inline constexpr std::uint32_t pattern_repeat = 1000;
inline constexpr std::uint32_t pattern_depth = 32;
inline constexpr std::uint32_t slots = 10'000;            // positions that placement fills

// Signed metadata (core/store): of one client
inline constexpr std::uint32_t metadata_root_bytes = 512u << 10;       // of a file, as the next three
inline constexpr std::uint32_t metadata_timestamp_bytes = 16u << 10;
inline constexpr std::uint32_t metadata_snapshot_bytes = 2u << 20;
inline constexpr std::uint32_t metadata_targets_bytes = 5u << 20;
inline constexpr std::size_t metadata_memory = std::size_t{128} << 20;  // all that is held, parsed
inline constexpr std::uint32_t metadata_keys = 1024;                   // in one file
inline constexpr std::uint32_t metadata_role_keys = 64;                // of one role
inline constexpr std::uint32_t metadata_signatures = 128;              // on one file
inline constexpr std::uint32_t metadata_signature_bytes = 1024;        // of one; RSA of 8192 bits
inline constexpr std::uint32_t metadata_verifications = 8;             // asked for at a time
inline constexpr std::uint32_t metadata_root_rotations = 256;          // followed by one refresh
inline constexpr std::uint32_t metadata_delegations = 1024;            // of one role
inline constexpr std::uint32_t metadata_search_roles = 32;             // looked into for one target
inline constexpr std::uint32_t metadata_held_roles = 64;               // delegated ones kept verified
inline constexpr std::uint32_t target_path_bytes = 1024;

// Memory (defaults; the host may set its own budgets)
inline constexpr std::size_t session_bytes = std::size_t{2} << 30;
inline constexpr std::size_t context_cache_bytes = std::size_t{256} << 10;      // per session
inline constexpr std::size_t shard_cache_bytes = std::size_t{16} << 20;         // per session
inline constexpr std::uint64_t catalog_codes_bytes = std::uint64_t{64} << 20;   // per snapshot

}  // namespace guardrank::limits
