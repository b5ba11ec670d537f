// A snapshot's pipeline with parameters that may be changed between rankings, and facts that may be
// kept from its model.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/pack/memory.h"

namespace guardrank::plan {

// Throws PackError (Status::argument) for a parameter without a minimum or a maximum.
void require_bounds(const Parameter& parameter);

// Shares the artifacts; has facts of its own, in which the parameters' values stand, and beside them one
// fact of each type that no request can give.
class VariedPipeline {
 public:
  explicit VariedPipeline(const Pipeline& pipeline);
  VariedPipeline(const VariedPipeline&) = delete;
  VariedPipeline& operator=(const VariedPipeline&) = delete;

  const Pipeline& pipeline() const { return pipeline_; }
  // Index into the policy's parameters; throws PackError (Status::name).
  std::size_t find(std::string_view parameter) const;
  const Parameter& parameter(std::size_t which) const {
    return pipeline_.policy->parameters[which];
  }
  double value(std::size_t which) const { return values_[which]; }
  void set(std::size_t which, double value) { values_[which] = value; }

  // Facts that the model reads: of its fields, of what they cross, of its calibrators' segments.
  // Ordinals, ascending.
  const std::vector<std::uint32_t>& model_facts() const { return model_facts_; }
  // Tells the model, in place of what it was kept from before, that these of its facts are missing.
  // Rules, guardrails, terms and placement read them as they are. Stage one's vectors of offers stay as
  // the catalog has them.
  void withhold(std::span<const std::uint32_t> facts);

  void reset();   // the policy's own values, nothing withheld

 private:
  void copy_facts(const FactTable& facts);
  void copy_inputs(const Pipeline& own);
  void add_absent(std::uint32_t fact);

  pack::Memory memory_;
  FactTable facts_;
  Pipeline pipeline_;
  KeptCatalog kept_;                             // of all facts
  std::vector<double> values_;
  std::vector<std::uint32_t> model_facts_;
  std::vector<std::uint32_t> absent_;            // by ordinal of a model's fact: who stands in for it
  std::vector<std::uint32_t> inputs_, own_inputs_;   // of all fields, one after another
  std::vector<std::span<const std::uint32_t>> fields_;
  std::vector<HeadFacts> heads_;
  std::span<const HeadFacts> own_heads_;
};

}  // namespace guardrank::plan
