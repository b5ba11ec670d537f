// A snapshot's pipeline with parameters that may be changed between rankings.
#pragma once

#include <string_view>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/pack/memory.h"

namespace guardrank::plan {

// Shares the artifacts; has facts of its own, in which the parameters' values stand.
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
  void reset();   // the policy's own values

 private:
  pack::Memory memory_;
  FactTable facts_;
  Pipeline pipeline_;
  std::vector<double> values_;
};

}  // namespace guardrank::plan
