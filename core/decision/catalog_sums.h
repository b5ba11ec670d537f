// What the catalog's offers add to the network's first layers, computed once per snapshot instead of
// once per request. Never changes a bit: the sums are rounded the same way on every path.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/catalog.h"
#include "core/feature/feature.h"
#include "core/model/network.h"

namespace guardrank {

struct CatalogSums {
  std::span<const std::int16_t> sums;              // by catalog row
  std::uint32_t n_rows = 0;                        // the catalog's first so many
  std::span<const std::uint32_t> facts;            // a request that gives one has sums of its own
};

// Computes the sums of as many offers as `budget_bytes` hold, from the catalog's first on; none for
// a model whose candidate fields depend on the time of the request, or where memory is refused.
Status build_catalog_sums(const FeaturePlan& features, const NetworkPlan& network,
                          const FactTable& facts, const Catalog& catalog,
                          const Allocator& allocator, std::uint64_t budget_bytes, Arena* arena,
                          CatalogSums* sums, Error* error);

// The kept sums of the frame's rows: null for offers without, and for those that the request gives
// a fact which the model reads. Empty where no row has any.
Status find_kept_sums(const CatalogSums& sums, Frame* frame, KeptSums* kept);

}  // namespace guardrank
