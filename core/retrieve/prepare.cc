#include <algorithm>

#include "core/retrieve/retrieve.h"

namespace guardrank {
namespace {

constexpr std::string_view policy_place = "two_stage", vectors_place = "catalog.stage_one";

bool reads(std::span<const Field> fields, std::string_view fact) {
  for (const Field& field : fields) {
    if (field.side != Side::candidate) continue;
    if (field.name == fact) return true;
    if (std::find(field.inputs.begin(), field.inputs.end(), fact) != field.inputs.end())
      return true;
  }
  return false;
}

Status collect_facts(const Model& model, const FactTable& facts, Arena* arena,
                     RetrievalPlan* plan) {
  std::span<std::uint32_t> found;
  GUARDRANK_TRY(arena->make(facts.size(), &found));
  std::size_t n = 0;
  for (std::uint32_t ordinal = 0; ordinal < facts.size(); ++ordinal) {
    const Fact& fact = facts[ordinal];
    if (fact.space == Namespace::candidate &&
        (fact.catalog_column != no_column || reads(model.fields, fact.name)))
      found[n++] = ordinal;
  }
  plan->facts = found.first(n);
  return Status::ok;
}

Status collect_mandated(const Policy& policy, const Catalog& catalog, Arena* arena,
                        RetrievalPlan* plan) {
  std::span<std::uint32_t> found;
  GUARDRANK_TRY(arena->make(policy.mandated.size(), &found));
  std::size_t n = 0;
  for (const MandatedOffer& offer : policy.mandated) {
    const std::uint32_t row = catalog.find(offer.offer);
    if (row != no_offer) found[n++] = row;   // others are unlisted, which bypass anyway
  }
  plan->mandated = found.first(n);
  return Status::ok;
}

Status check_vectors(const Model& model, const StageOneVectors& vectors, Error* error) {
  if (!model.retrieval.is_set)
    return error->set(Status::reference, policy_place,
                      {"calls for stage one, for which the model has no towers"});
  if (vectors.codes == nullptr)
    return error->set(Status::reference, policy_place,
                      {"calls for stage one, for which the catalog has no vectors"});
  if (vectors.model != model.container.id) {
    const DigestText wanted = digest_text(model.container.id), found = digest_text(vectors.model);
    return error->wanted(Status::reference, vectors_place,
                         {std::string_view{wanted.data(), wanted.size()}},
                         {std::string_view{found.data(), found.size()}});
  }
  if (vectors.dim == model.retrieval.dim) return Status::ok;
  return error->wanted(Status::dimension, vectors_place, {model.retrieval.dim}, {vectors.dim});
}

}  // namespace

bool needs_stage_one(const TwoStage& figures, std::uint32_t n_offers) {
  return figures.is_set && n_offers != 0 &&
         !(figures.fixed_us + figures.c2_us * n_offers <= figures.budget_us);
}

Status prepare_retrieval(const Model& model, const Policy& policy, const Catalog& catalog,
                         const FactTable& facts, Arena* arena, RetrievalPlan* plan,
                         Error* error) {
  plan->figures = policy.two_stage;
  if (!needs_stage_one(policy.two_stage, catalog.n_offers)) return Status::ok;
  GUARDRANK_TRY(check_vectors(model, catalog.stage_one, error));
  plan->towers = &model.retrieval;
  plan->vectors = &catalog.stage_one;
  if (collect_facts(model, facts, arena, plan) == Status::ok &&
      collect_mandated(policy, catalog, arena, plan) == Status::ok)
    return Status::ok;
  return error->no_memory(policy_place);
}

}  // namespace guardrank
