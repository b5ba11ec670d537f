// Which offers a request ranks.
#include <algorithm>
#include <bit>

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/sort.h"
#include "core/base/utf8.h"
#include "core/frame/given_rows.h"
#include "core/frame/request.h"

namespace guardrank {

namespace {

using Place = Text<Error::max_part_bytes>;

Place place_of(std::size_t row) { return {"candidates[", row, "].offer"}; }

Status check_id(std::string_view offer, std::size_t row, Error* error) {
  if (offer.size() > limits::offer_id_bytes) {
    return error->over_limit(place_of(row).view(), limits::offer_id_bytes,
                             " bytes (limits::offer_id_bytes)", offer.size());
  }
  if (!is_valid_utf8(offer)) {
    return error->set(Status::utf8, place_of(row).view(), {"invalid UTF-8"});
  }
  if (offer.empty()) {
    return error->set(Status::unknown_offer, place_of(row).view(), {"an offer needs an id"});
  }
  return Status::ok;
}

Status twice(std::string_view offer, std::size_t a, std::size_t b, Error* error) {
  return error->set(Status::duplicate_offer, place_of(std::max(a, b)).view(),
                    {"offer '", offer, "' stands twice, first at candidates[", std::min(a, b),
                     "]"});
}

// n log n comparisons whatever the ids.
Status refuse_duplicates_by_order(std::span<const std::string_view> offers,
                                  std::span<std::uint32_t> rows, Error* error) {
  for (std::uint32_t i = 0; i < offers.size(); ++i) rows[i] = i;
  const auto before = [&](std::uint32_t a, std::uint32_t b) { return offers[a] < offers[b]; };
  rows = rows.first(offers.size());
  sort_rows(rows, before);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::string_view offer = offers[rows[i]];
    if (offer == offers[rows[i - 1]]) return twice(offer, rows[i - 1], rows[i], error);
  }
  return Status::ok;
}

struct Named {
  std::span<const std::string_view> offers;
  std::span<const std::uint32_t> rows;   // of the catalog, or no_offer

  // A listed offer's row stands for its id.
  std::uint64_t hash(std::size_t i) const {
    return rows[i] == no_offer ? xxh64(offers[i], 0) : rows[i] * 0x9E3779B97F4A7C15 >> 32;
  }
  bool is_same(std::size_t a, std::size_t b) const {
    return rows[a] == rows[b] && (rows[a] != no_offer || offers[a] == offers[b]);
  }
};

// A hash set at most half full. Ids made to collide would make it quadratic, so a search that takes
// long gives up in favour of sorting.
Status refuse_duplicates(const Named& named, Arena* arena, Error* error) {
  constexpr int longest_search = 64;
  constexpr std::uint32_t empty = UINT32_MAX;
  const std::span<const std::string_view> offers = named.offers;
  std::span<std::uint32_t> slots;
  if (arena->make(std::bit_ceil(offers.size() * 2 + 2), &slots) != Status::ok) {
    return error->no_memory("candidates");
  }
  std::fill(slots.begin(), slots.end(), empty);
  for (std::uint32_t i = 0; i < offers.size(); ++i) {
    std::size_t slot = static_cast<std::size_t>(named.hash(i)) & (slots.size() - 1);
    int n_searched = 0;
    for (; slots[slot] != empty; slot = (slot + 1) & (slots.size() - 1)) {
      if (named.is_same(slots[slot], i)) return twice(offers[i], slots[slot], i, error);
      if (++n_searched > longest_search) return refuse_duplicates_by_order(offers, slots, error);
    }
    slots[slot] = i;
  }
  return Status::ok;
}

}  // namespace

Status check_candidate_count(std::size_t count, Error* error) {
  if (count <= limits::candidates) return Status::ok;
  return error->over_limit("candidates", limits::candidates, " (limits::candidates)", count);
}

Status Request::check_candidates_are_open(Error* error) const {
  if (has_candidates_) {
    return error->set(Status::argument, "candidates", {"they were set already"});
  }
  if (has_candidate_facts_) {
    return error->set(Status::argument, "candidates", {"they must be set before their facts"});
  }
  return Status::ok;
}

Status Request::set_candidates(std::span<const std::string_view> offers, Error* error) {
  GUARDRANK_TRY(check_candidates_are_open(error));
  GUARDRANK_TRY(check_candidate_count(offers.size(), error));
  std::span<std::uint32_t> rows;
  std::span<std::string_view> ids;
  if (arena_.make(offers.size(), &rows) != Status::ok ||
      arena_.make(offers.size(), &ids) != Status::ok) {
    return error->no_memory("candidates");
  }
  const bool allows_unlisted = catalog_ == nullptr || catalog_->allows_unlisted;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    GUARDRANK_TRY(check_id(offers[i], i, error));
    rows[i] = catalog_ == nullptr ? no_offer : catalog_->find(offers[i]);
    if (rows[i] != no_offer) {
      ids[i] = catalog_->ids[rows[i]];
    } else if (!allows_unlisted) {
      return error->wanted(Status::unknown_offer, place_of(i).view(), {"an offer of the catalog"},
                           {"'", offers[i], "'"});
    } else if (copy_text(offers[i], &arena_, &ids[i]) != Status::ok) {
      return error->no_memory("candidates");
    }
  }
  GUARDRANK_TRY(refuse_duplicates({ids, rows}, &arena_, error));
  rows_ = rows;
  offers_ = ids;
  n_candidates_ = static_cast<std::uint32_t>(offers.size());
  is_whole_catalog_ = false;
  has_candidates_ = true;
  return Status::ok;
}

Status Request::set_whole_catalog(Error* error) {
  GUARDRANK_TRY(check_candidates_are_open(error));
  if (catalog_ != nullptr) GUARDRANK_TRY(check_candidate_count(catalog_->n_offers, error));
  has_candidates_ = true;
  return Status::ok;
}

}  // namespace guardrank
