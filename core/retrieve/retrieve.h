// Stage one (scoring.md, "Two stages"): of many eligible candidates, the few that the model scores.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/model.h"
#include "core/artifact/policy.h"
#include "core/frame/exclusion.h"
#include "core/frame/frame.h"

namespace guardrank {

struct RetrievalPlan {
  TwoStage figures;                                // is_set false: always a single stage
  const Retrieval* towers = nullptr;
  const StageOneVectors* vectors = nullptr;        // null: a single stage whatever the figures say
  std::span<const std::uint32_t> mandated;         // catalog rows
  std::span<const std::uint32_t> facts;            // ordinals: what the catalog's vectors stand for
};

// False when the policy's figures never call for stage one with at most `n_offers` candidates.
bool needs_stage_one(const TwoStage& figures, std::uint32_t n_offers);

// Status::reference where the figures call for stage one within this catalog and the model has no
// towers for it, the catalog no vectors, or those of another model; Status::dimension where the
// widths differ.
Status prepare_retrieval(const Model& model, const Policy& policy, const Catalog& catalog,
                         const FactTable& facts, Arena* arena, RetrievalPlan* plan, Error* error);

// What the figures say about `n_rows` eligible candidates. No clock takes part.
struct StageChoice {
  std::uint32_t n_kept = 0;                        // K; n_rows: stage one does not run
  std::uint32_t n_in_budget = 0;                   // K before it is raised to the limit
};
// `limit` as in a request: 0 asks for every candidate.
StageChoice choose_stages(const RetrievalPlan& plan, std::uint32_t n_rows, std::uint32_t limit);

// Keeps `n_kept` rows of the frame: those that bypass stage one, and of the others the ones whose
// vectors give the largest products with the request's, ties by offer id. Bypassing are mandated
// offers, offers that the catalog does not list, and those that the request gives facts of which
// the catalog has a column or the model a field. Where they leave room for fewer than the request's
// limit, that many others are kept all the same. Reads frame->context_codes.
Status retrieve(const RetrievalPlan& plan, std::uint32_t n_kept, Frame* frame,
                ExclusionList* exclusions);

// The parts, for those who measure and test. `vector`: plan.towers->dim codes.
Status make_context_vector(const Retrieval& towers, std::span<const std::uint8_t> codes,
                           Arena* arena, std::span<const std::int8_t>* vector);
// Exact: 16,384 products of s8 stay within 2^28.
std::int32_t multiply_codes(const std::int8_t* a, const std::int8_t* b, std::size_t n);
// The k-th smallest of different keys, k from 1 to their number; changes their order.
std::uint64_t find_smallest(std::span<std::uint64_t> keys, std::size_t k);

}  // namespace guardrank
