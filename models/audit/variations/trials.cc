#include "models/audit/variations/trials.h"

#include <algorithm>

#include "models/pack/metrics/metrics.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using pack::throw_if;

std::size_t find_head(const Pipeline& pipeline, std::string_view name) {
  const auto& heads = pipeline.model->heads;
  const auto found = std::find_if(heads.begin(), heads.end(),
                                  [&](const Head& head) { return head.name == name; });
  return static_cast<std::size_t>(found - heads.begin());
}

// The same terms with nothing that removes or places: a variation may show what the policy would not.
Policy without_rules(const Policy& policy) {
  Policy open = policy;
  open.rules = {};
  open.guardrails = {};
  open.mandated = {};
  open.caps = {};
  open.diversity = {};
  open.exploration = {};
  return open;
}

Pipeline without_rules(const Pipeline& pipeline, const Policy* open) {
  Pipeline valuing = pipeline;
  valuing.policy = open;
  valuing.eligibility.policy = open;
  valuing.eligibility.rules = {};
  valuing.retrieval = {};
  valuing.value.policy = open;
  valuing.placement = {};
  valuing.placement.policy = open;
  return valuing;
}

}  // namespace

Trials::Trials(const RankingInput& input, const RankingChoice& choice, std::string_view head)
    : session_(input.session),
      depth_(choice.depth),
      head_(find_head(*input.pipeline, head)),
      varied_(*input.pipeline),
      moves_(find_moves(varied_, choice.variations)),
      open_policy_(without_rules(*input.pipeline->policy)),
      valuing_(without_rules(varied_.pipeline(), &open_policy_)),
      request_(*varied_.pipeline().facts, input.pipeline->catalog, input.allocator) {}

std::vector<Outcomes> Trials::run(std::span<const std::string_view> lines,
                                  std::span<const Variation> variations,
                                  const std::function<void(std::uint64_t done)>& ranked) {
  std::vector<Outcomes> outcomes(variations.size());
  std::uint64_t n_ranked = 0;
  for (const std::string_view line : lines) {
    Error error;
    throw_if(read_request_json(line, &request_, &error), error);
    value_candidates();
    for (std::size_t v = 0; v < variations.size(); ++v) {
      outcomes[v].push_back(rank_by(variations[v]));
      if (ranked && ++n_ranked % 64 == 0) ranked(n_ranked);
    }
  }
  varied_.reset();
  return outcomes;
}

// By the policy's own parameters, which the request's facts hold, and a model that is told everything.
void Trials::value_candidates() {
  varied_.reset();
  worths_.assign(request_.n_candidates(), {});
  Error error;
  Decision decision;
  throw_if(rank(valuing_, request_, session_, &decision, &error), error);
  for (std::size_t row = 0; row < decision.candidates.size(); ++row)
    worths_[decision.candidates[row]] = {static_cast<double>(decision.scores.score[row]) / 1e6,
                                         decision.heads[head_].probability[row]};
}

RequestOutcome Trials::rank_by(const Variation& variation) {
  apply(moves_, variation, &varied_);
  const std::uint32_t limit = request_.limit();
  request_.set_limit(0);                 // as the audit ranks: one stage
  Error error;
  Decision decision;
  throw_if(rank(varied_.pipeline(), request_, session_, &decision, &error), error);
  request_.set_limit(limit);
  std::size_t depth = depth_ != 0 ? depth_ : limit != 0 ? limit : SIZE_MAX;
  depth = std::min(depth, decision.ranked.size());
  RequestOutcome outcome;
  outcome.is_shown = !decision.ranked.empty();
  for (std::size_t i = 0; i < depth; ++i) {
    const Worth& worth = worths_[decision.candidates[decision.ranked[i].row]];
    outcome.reach += pack::exposure_at(i) * worth.probability;
    outcome.value += pack::exposure_at(i) * worth.value;
  }
  return outcome;
}

}  // namespace guardrank::audit
