// A catalog artifact: offers as columns. Values stay in the artifact's bytes where their layout
// allows; strings become views into them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/container.h"
#include "core/base/text_index.h"
#include "core/frame/column.h"

namespace guardrank {

struct CatalogColumn {
  std::string_view name;                    // a candidate fact, without "offer."
  Column column;                            // n_rows = n_offers
};

inline constexpr std::uint32_t no_offer = UINT32_MAX;

// Stage one (core/retrieve): a vector per offer, made by one model.
struct StageOneVectors {
  Sha256Digest model{};                     // id of that model's artifact
  std::uint32_t dim = 0;
  float scale = 0;                          // of the codes
  const std::int8_t* codes = nullptr;       // n_offers * dim, by row; null: the catalog has none
};

struct Catalog {
  Container container;
  std::string_view name, version;
  std::uint32_t n_offers = 0;
  bool allows_unlisted = false;              // a request may bring offers that are not listed
  std::span<const std::string_view> ids;    // by row
  std::span<const std::uint32_t> order;     // rows in byte order of their ids
  std::span<const std::uint32_t> rank;      // by row: position in `order`
  TextIndex by_id;                          // closed: `order` is searched
  std::span<const std::int64_t> valid_from; // by row; INT64_MIN: no start. Empty: none has one
  std::span<const std::int64_t> valid_to;   // by row, exclusive; INT64_MAX: no end
  std::span<const CatalogColumn> columns;
  StageOneVectors stage_one;

  std::uint32_t find(std::string_view offer) const;   // row, or no_offer
};

Status open_catalog(Bytes bytes, Check check, Arena* arena, Catalog* catalog, Error* error);

}  // namespace guardrank
