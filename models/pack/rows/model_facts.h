// The facts that a model's fields read, with nothing of a policy or a catalog: enough to encode and
// score rows apart from a bundle.
#pragma once

#include <span>

#include "core/artifact/catalog.h"
#include "core/feature/feature.h"
#include "core/frame/fact_table.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

// `fields` must outlive it. Throws PackError, Status::model_json, as the engine does on loading.
class ModelFacts {
 public:
  explicit ModelFacts(std::span<const Field> fields);
  ModelFacts(const ModelFacts&) = delete;
  ModelFacts& operator=(const ModelFacts&) = delete;

  const FactTable& table() const { return table_; }
  const FeaturePlan& plan() const { return plan_; }
  const Catalog& catalog() const { return catalog_; }  // no offers; any may be named

 private:
  Memory memory_;
  FactTable table_;
  FeaturePlan plan_;
  Catalog catalog_;
};

}  // namespace guardrank::pack
