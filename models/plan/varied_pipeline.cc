#include "models/plan/varied_pipeline.h"

#include <algorithm>
#include <cmath>

#include "core/base/limits.h"
#include "models/pack/pack_error.h"

namespace guardrank::plan {

void require_bounds(const Parameter& parameter) {
  if (!std::isfinite(parameter.minimum) || !std::isfinite(parameter.maximum))
    throw pack::PackError(Status::argument, "parameter",
                          std::string(parameter.name) +
                              " has no minimum or no maximum to move between");
}

VariedPipeline::VariedPipeline(const Pipeline& pipeline)
    : pipeline_(pipeline), kept_(pipeline.kept), own_heads_(pipeline.calibration.facts) {
  values_.resize(pipeline.policy->parameters.size());   // never grows: facts point into it
  copy_inputs(pipeline);
  copy_facts(*pipeline.facts);
  for (const std::uint32_t fact : model_facts_) add_absent(fact);
  pipeline_.facts = &facts_;
  reset();
}

// In the same order: ordinals stay.
void VariedPipeline::copy_facts(const FactTable& facts) {
  const std::size_t room = facts.size() + model_facts_.size();
  const auto capacity = static_cast<std::uint32_t>(std::min<std::size_t>(room, limits::facts));
  Error error;
  pack::throw_if(facts_.open(capacity, &memory_.arena(), &error), error);
  for (Fact fact : facts.facts()) {
    if (fact.space == Namespace::parameter) {
      fact.fallback = Column{};
      fact.fallback.n_rows = 1;
      fact.fallback.numbers = &values_[find(fact.name)];
    }
    pack::throw_if(facts_.add(fact, nullptr, &error), error);
  }
  absent_.assign(facts.size(), no_fact);
}

void VariedPipeline::copy_inputs(const Pipeline& own) {
  for (const std::span<const std::uint32_t> facts : own.features.inputs)
    own_inputs_.insert(own_inputs_.end(), facts.begin(), facts.end());
  inputs_ = own_inputs_;                         // never grows: fields point into it
  std::size_t first = 0;
  for (const std::span<const std::uint32_t> facts : own.features.inputs) {
    fields_.push_back(std::span(inputs_).subspan(first, facts.size()));
    first += facts.size();
  }
  heads_.assign(own_heads_.begin(), own_heads_.end());
  pipeline_.features.inputs = fields_;
  pipeline_.calibration.facts = heads_;
  model_facts_ = own_inputs_;
  for (const HeadFacts& head : heads_)
    if (head.segment != no_fact) model_facts_.push_back(head.segment);
  std::sort(model_facts_.begin(), model_facts_.end());
  model_facts_.erase(std::unique(model_facts_.begin(), model_facts_.end()), model_facts_.end());
}

// Among the parameters, where no request and no catalog looks; one for each type and width.
void VariedPipeline::add_absent(std::uint32_t fact) {
  const Fact& own = facts_[fact];
  const std::string_view name = memory_.text(
      "absent " + std::string(fact_type_name(own.type)) + " " + std::to_string(own.width));
  Fact absent = fact_of(Namespace::parameter, own.type, name, false);
  absent.width = own.width;
  Error error;
  pack::throw_if(facts_.add(absent, &absent_[fact], &error), error);
}

void VariedPipeline::withhold(std::span<const std::uint32_t> facts) {
  const auto told = [&](std::uint32_t fact) {
    const bool is_withheld = std::find(facts.begin(), facts.end(), fact) != facts.end();
    return is_withheld ? absent_[fact] : fact;
  };
  std::transform(own_inputs_.begin(), own_inputs_.end(), inputs_.begin(), told);
  for (std::size_t h = 0; h < heads_.size(); ++h)
    if (heads_[h].segment != no_fact) heads_[h].segment = told(own_heads_[h].segment);
  const bool is_of_offers = std::any_of(facts.begin(), facts.end(), [&](std::uint32_t fact) {
    return facts_[fact].space == Namespace::candidate;
  });
  pipeline_.kept = is_of_offers ? KeptCatalog{} : kept_;
}

std::size_t VariedPipeline::find(std::string_view parameter) const {
  const std::span<const Parameter> parameters = pipeline_.policy->parameters;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (parameters[i].name == parameter) return i;
  throw pack::PackError(Status::name, "parameter",
                        "the policy has no parameter \"" + std::string(parameter) + "\"");
}

void VariedPipeline::reset() {
  for (std::size_t i = 0; i < values_.size(); ++i)
    values_[i] = pipeline_.policy->parameters[i].value;
  withhold({});
}

}  // namespace guardrank::plan
