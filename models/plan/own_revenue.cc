#include "models/plan/own_revenue.h"

#include "core/frame/frame.h"
#include "models/pack/pack_error.h"

namespace guardrank::plan {
namespace {

void check(Status status) {
  if (status != Status::ok) throw pack::PackError(status, "revenue", "no memory for its terms");
}

}  // namespace

OwnRevenue::OwnRevenue(const Pipeline& own) : own_(own), policy_(*own.policy) {
  for (std::size_t t = 0; t < own.policy->terms.size(); ++t) {
    if (own.policy->terms[t].kind != TermKind::revenue) continue;
    terms_.push_back(own.policy->terms[t]);
    programs_.push_back(own.value.terms[t]);
  }
  policy_.terms = terms_;
  plan_ = {&policy_, programs_};
}

const std::vector<std::vector<std::int64_t>>& OwnRevenue::of(const Decision& decision) {
  const std::span<const std::uint32_t> candidates = decision.candidates;
  micros_.assign(terms_.size(), std::vector<std::int64_t>(candidates.size(), 0));
  if (candidates.empty()) return micros_;
  Arena& arena = memory_.arena();
  arena.reset();
  Frame frame;
  ExclusionList exclusions(&arena);
  Scores scores;
  check(frame.open(*decision.request, &arena));
  check(frame.keep(candidates));           // the frame's first rows are the candidates by index
  set_outcomes(own_.calibration, decision.heads, &frame);
  const std::span<const Fact> facts = own_.facts->facts();
  for (std::uint32_t fact = 0; fact < facts.size(); ++fact)
    if (facts[fact].space == Namespace::parameter) frame.set_column(fact, facts[fact].fallback);
  check(apply_value(plan_, &frame, &exclusions, &scores));
  std::size_t row = 0;
  for (std::size_t i = 0; i < frame.n_rows(); ++i) {   // some of the candidates, in their order
    while (candidates[row] != frame.rows()[i]) ++row;
    for (std::size_t t = 0; t < terms_.size(); ++t) micros_[t][row] = scores.terms[t][i];
  }
  return micros_;
}

}  // namespace guardrank::plan
