// The stages in order: one prepared pipeline and one request in, one decision out. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/catalog.h"
#include "core/calibration/calibration.h"
#include "core/decision/kept_catalog.h"
#include "core/eligibility/eligibility.h"
#include "core/feature/feature.h"
#include "core/model/network.h"
#include "core/model/shard_cache.h"
#include "core/placement/placement.h"
#include "core/retrieve/retrieve.h"
#include "core/value/value.h"

namespace guardrank {

// Who turns encoded fields into logits: the int8 network, or the float reference in tools.
struct LogitScorer {
  const void* self = nullptr;
  Status (*score)(const void* self, Frame* frame) = nullptr;   // null: the network
};

struct ArtifactIds {
  Sha256Digest release{}, model{}, policy{}, catalog{};
};

struct Pipeline {
  const FactTable* facts = nullptr;
  const Model* model = nullptr;
  const Policy* policy = nullptr;
  const Catalog* catalog = nullptr;
  std::string_view release_name;
  ArtifactIds ids;
  EligibilityPlan eligibility;
  RetrievalPlan retrieval;
  FeaturePlan features;
  NetworkPlan network;
  KeptCatalog kept;
  CalibrationPlan calibration;
  ValuePlan value;
  PlacementPlan placement;
  LogitScorer scorer;
  std::span<const std::string_view> fact_names;      // by ordinal, as rules write it: "ctx.age"
};

// `removed`: scored candidates that a term, a probability or a guardrail then excluded. `is_raised`:
// more were scored than the policy's budget has room for.
struct StageCounts {
  std::uint32_t candidates = 0, eligible = 0, retrieved = 0, scored = 0, removed = 0;
  bool is_two_stage = false, is_raised = false;
};

// What came to the guardrails, by row: for the explanation.
struct GuardrailInputs {
  std::span<const std::uint32_t> candidates;         // request index, ascending
  std::span<const HeadOutcome> heads;
};

// Columns by row of those that got through; `ranked` points into them. All in the session's arena,
// valid until its next ranking.
struct Decision {
  const Pipeline* pipeline = nullptr;
  const Request* request = nullptr;
  StageCounts stages;
  std::span<const std::uint32_t> candidates;         // request index by row
  std::span<const HeadOutcome> heads;
  Scores scores;
  std::span<const Placed> ranked;                    // in order of position
  GuardrailInputs guarded;
  const ExclusionList* exclusions = nullptr;         // in the order found; holds the reasons
  std::span<const Exclusion> excluded;               // the same, by stage, then candidate
};

// Memory of one thread's rankings.
class Session {
 public:
  // `limit_bytes` of the rankings, `cache_bytes` of contexts seen before, `shard_bytes` of tables that
  // are apart from their models.
  Session(const Allocator& allocator, std::size_t limit_bytes, std::size_t cache_bytes = 0,
          std::size_t shard_bytes = limits::shard_cache_bytes);
  Arena& arena() { return arena_; }
  ContextCache& contexts() { return contexts_; }
  ShardCache& shards() { return shards_; }
  // Whether rankings read what their snapshot keeps of its catalog (kept_catalog.h). They do unless told
  // otherwise.
  bool reads_kept() const { return reads_kept_; }
  void set_reads_kept(bool reads_kept) { reads_kept_ = reads_kept; }

 private:
  Arena arena_;
  ContextCache contexts_;
  ShardCache shards_;
  bool reads_kept_ = true;
};

// Ranks. The decision is valid until the session's next call. Allocates nothing from the host once
// a request of the same shape has been ranked. Status::missing, where session->shards() names what it
// wants: rows of tables that are apart from the model; to be asked again with them.
Status rank(const Pipeline& pipeline, const Request& request, Session* session, Decision* decision,
            Error* error);

// Ranks requests together: what each is told is what `rank` would tell it, to the bit, and the work
// on the network's weights is shared. All decisions are valid until the session's next call. Where
// one fails, all do.
Status rank_many(const Pipeline& pipeline, std::span<const Request* const> requests,
                 Session* session, std::span<Decision* const> decisions, Error* error);

// The JSON form of contracts.md; `record` (may be empty) is written as base64. Where the request
// said "explain": false, heads, terms and the texts of reasons are left out.
Status write_decision_json(const Decision& decision, Bytes record, Arena* arena,
                           std::string_view* text);

}  // namespace guardrank
