#include "models/plan/varied_pipeline.h"

#include "models/pack/pack_error.h"

namespace guardrank::plan {

VariedPipeline::VariedPipeline(const Pipeline& pipeline) : pipeline_(pipeline) {
  const std::span<const Parameter> parameters = pipeline.policy->parameters;
  values_.resize(parameters.size());   // never grows: facts point into it
  reset();
  Error error;
  pack::throw_if(facts_.open(pipeline.facts->size(), &memory_.arena(), &error), error);
  for (Fact fact : pipeline.facts->facts()) {
    if (fact.space == Namespace::parameter) {
      fact.fallback = Column{};
      fact.fallback.n_rows = 1;
      fact.fallback.numbers = &values_[find(fact.name)];
    }
    pack::throw_if(facts_.add(fact, nullptr, &error), error);
  }
  pipeline_.facts = &facts_;
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
}

}  // namespace guardrank::plan
