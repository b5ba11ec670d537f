// What follows from the catalog alone, computed once per snapshot instead of once per request: the
// network's codes of each offer, and what those add to its first layers. Never changes a bit: codes
// and sums are rounded the same way on every path.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/catalog.h"
#include "core/feature/feature.h"
#include "core/frame/request.h"
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
// candidate fields depend on the time of the request, or where memory is refused. What it is given must
// outlive it.
class KeptCatalogBuilder {
 public:
  KeptCatalogBuilder(const FeaturePlan& features, const NetworkPlan& network, const FactTable& facts,
                     const Catalog& catalog, const Allocator& allocator);

  // `kept` lies in `arena`, and has no rows yet.
  void open(const KeptBudget& budget, Arena* arena, KeptCatalog* kept);
  // Adds the rows of the next offers, up to so many tiles of them: what `kept` has serves at any time.
  Status step(std::uint32_t n_steps, Error* error);
  std::uint32_t n_steps_left() const;

 private:
  Status add_rows(std::uint32_t n, Error* error);
  std::uint32_t rows_left(std::uint32_t n_rows) const { return n_rows > next_ ? n_rows - next_ : 0; }

  const FeaturePlan& features_;
  const NetworkPlan& network_;
  const FactTable& facts_;
  const Catalog& catalog_;
  Request request_;
  Arena arena_;
  KeptCatalog* kept_ = nullptr;
  std::span<std::uint8_t> codes_;
  std::span<std::int16_t> sums_;
  std::uint32_t n_coded_ = 0, n_summed_ = 0;       // to come to
  std::uint32_t next_ = 0, end_ = 0;               // of the catalog's rows
};

// What is kept of the frame's rows: not of offers that the request gives a fact which the model
// reads.
Status find_kept_candidates(const KeptCatalog& catalog, Frame* frame, KeptCandidates* kept);

}  // namespace guardrank
