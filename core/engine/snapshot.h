// A release ready to rank: artifacts opened, names bound, expressions compiled, weights laid out.
// Immutable once prepared; sessions on many threads may share it.
#pragma once

#include <cstdint>

#include "core/artifact/release.h"
#include "core/decision/pipeline.h"

namespace guardrank {

class Snapshot {
 public:
  explicit Snapshot(const Allocator& allocator);

  // Opens a bundle's artifacts and prepares them. `bytes` must be 64-byte aligned and outlive the
  // snapshot. With `replay_golden` the golden vectors are replayed (Status::golden).
  Status open(Bytes bundle, Check check, KernelChoice kernel, bool replay_golden, Error* error);

  const Pipeline& pipeline() const { return pipeline_; }
  const Release& release() const { return release_; }
  const Sha256Digest& bundle_id() const { return bundle_id_; }
  // The float reference of tools and tests may take the network's place.
  void set_scorer(const LogitScorer& scorer) { pipeline_.scorer = scorer; }

 private:
  Status bind(Error* error);
  Status replay_golden(Error* error);

  Arena arena_;
  Release release_;
  Model model_;
  Policy policy_;
  Catalog catalog_;
  FactTable facts_;
  Pipeline pipeline_;
  Sha256Digest bundle_id_{};
};

}  // namespace guardrank
