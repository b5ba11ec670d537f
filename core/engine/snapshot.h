// A release ready to rank: artifacts opened, names bound, expressions compiled, weights laid out.
// Immutable once prepared, but for what it keeps to rank sooner; sessions on many threads may share it.
#pragma once

#include <cstdint>

#include "core/artifact/release.h"
#include "core/decision/pipeline.h"

namespace guardrank {

struct SnapshotParts {
  Bytes model, policy, catalog, release;
  Bytes shards = {};                   // of open_model
};

class Snapshot {
 public:
  explicit Snapshot(const Allocator& allocator);
  ~Snapshot() { end_kept(); }
  Snapshot(const Snapshot&) = delete;               // its plans point into it
  Snapshot& operator=(const Snapshot&) = delete;

  // Opens a bundle's artifacts and prepares them. `bundle` must be 64-byte aligned and outlive the
  // snapshot. With `replays_golden` the golden vectors are replayed (Status::golden).
  Status open(Bytes bundle, Check check, KernelChoice kernel, bool replays_golden, Error* error);
  // The same of artifacts that came apart. `release` may be empty; else one of its routes names the
  // three (Status::reference).
  Status open_parts(const SnapshotParts& parts, Check check, KernelChoice kernel,
                    bool replays_golden, Error* error);
  // Replays the model's golden vectors (Status::golden).
  Status replay_golden(Error* error) const;
  // Computes ahead what follows from the catalog alone, as far as the budget goes (kept_catalog.h).
  // Before anyone ranks.
  Status keep_catalog(const KeptBudget& budget, Error* error);
  // The same step by step, as many as are left after the first call; the second takes one or more.
  void begin_kept(const KeptBudget& budget);
  Status keep_more(std::uint32_t most_steps, Error* error);
  std::uint32_t n_kept_steps_left() const { return builder_ == nullptr ? 0 : builder_->n_steps_left(); }
  // Gives the memory of that back. While and after which no session reads it (Session::set_reads_kept):
  // pipeline().kept, of which others may have copies, goes on naming it.
  void release_kept() { kept_arena_.release(); }

  // Hashes every section: that the bytes are those which the ids of its decisions name (Status::hash).
  Status verify(Error* error) const;
  // Another one for each snapshot whose contexts one session may keep (context_cache.h); until then it
  // keeps none. Once opened, before anyone ranks.
  void set_serial(std::uint64_t serial) { pipeline_.network.serial = serial; }

  const Pipeline& pipeline() const { return pipeline_; }
  const Release& release() const { return release_; }
  // The float reference of tools and tests may take the network's place. Before anyone ranks.
  void set_scorer(const LogitScorer& scorer) { pipeline_.scorer = scorer; }

 private:
  Status open_artifacts(const SnapshotParts& parts, Check check, Error* error);
  Status name_after_policy(Error* error);
  Status check_all_routes(Error* error) const;
  Status check_some_route(Error* error) const;
  Status finish(KernelChoice kernel, bool replays_golden, Error* error);
  Status bind(KernelChoice kernel, Error* error);
  Status prepare(KernelChoice kernel, Error* error);
  void end_kept();

  Allocator allocator_;
  Arena arena_;
  Release release_;
  Model model_;
  Policy policy_;
  Catalog catalog_;
  FactTable facts_;
  Pipeline pipeline_;
  Arena kept_arena_;
  KeptCatalogBuilder* builder_ = nullptr;          // while there are steps left
};

}  // namespace guardrank
