// What follows from the catalog alone, computed once per snapshot instead of once per request: the
// network's codes of each offer, and what those add to its first layers. Never changes a bit: codes
// and sums are rounded the same way on every path.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/catalog.h"
#include "core/feature/feature.h"
#include "core/model/network.h"

namespace guardrank {

// Rows by catalog row, of the catalog's first offers.
template <typename T>
struct KeptRows {
  std::span<const T> values;
  std::size_t per_row = 0;
  std::uint32_t n_rows = 0;

  const T* row(std::uint32_t catalog_row) const {   // null: not kept; no_offer is beyond every catalog
    return catalog_row < n_rows ? values.data() + catalog_row * per_row : nullptr;
  }
};

struct KeptCatalog {
  KeptRows<std::uint8_t> codes;                    // a hundred or two bytes an offer
  KeptRows<std::int16_t> sums;                     // some thousands
  std::span<const std::uint32_t> facts;            // a request that gives one has rows of its own

  bool is_empty() const { return codes.n_rows == 0 && sums.n_rows == 0; }
};

struct KeptBudget {
  std::uint64_t codes_bytes = 0, sums_bytes = 0;
};

// Keeps as many offers as the budget holds, from the catalog's first on; none for a model whose
// candidate fields depend on the time of the request, or where memory is refused.
Status keep_catalog(const FeaturePlan& features, const NetworkPlan& network,
                    const FactTable& facts, const Catalog& catalog, const Allocator& allocator,
                    const KeptBudget& budget, Arena* arena, KeptCatalog* kept, Error* error);

// What is kept of the frame's rows: not of offers that the request gives a fact which the model
// reads.
Status find_kept_candidates(const KeptCatalog& catalog, Frame* frame, KeptCandidates* kept);

}  // namespace guardrank
