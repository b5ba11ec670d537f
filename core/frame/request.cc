#include "core/frame/request.h"

#include "core/base/limits.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/frame/given_rows.h"

namespace guardrank {

Value Value::of(double value) {
  Value made;
  made.is_missing = false;
  made.number = value;
  return made;
}

Value Value::of(std::int64_t value) {
  Value made;
  made.type = FactType::i64;
  made.is_missing = false;
  made.integer = value;
  return made;
}

Value Value::of(bool value) {
  Value made;
  made.type = FactType::boolean;
  made.is_missing = false;
  made.boolean = value;
  return made;
}

Value Value::of(std::string_view value) {
  Value made;
  made.type = FactType::string;
  made.is_missing = false;
  made.string = value;
  return made;
}

Request::Request(const FactTable& facts, const Catalog* catalog, const Allocator& allocator,
                 std::size_t limit_bytes)
    : fact_table_(&facts), catalog_(catalog), arena_(allocator, limit_bytes) {
  reset();
}

void Request::reset() {
  arena_.reset();
  given_ = {};
  is_borrowed_ = {};
  rows_ = {};
  offers_ = {};
  n_candidates_ = catalog_ == nullptr ? 0 : catalog_->n_offers;
  has_candidates_ = false;
  has_candidate_facts_ = false;
  is_whole_catalog_ = true;
  route_ = {};
  served_ = {};
  request_id_ = {};
  time_ = 0;
  seed_ = 0;
  limit_ = 0;
  explain_ = true;
}

// A text of the request itself, checked and copied.
Status Request::set_label(std::string_view name, std::string_view text, std::size_t max_bytes,
                          std::string_view* label, Error* error) {
  if (text.size() > max_bytes) {
    return error->over_limit(name, max_bytes, " bytes", text.size());
  }
  if (!is_valid_utf8(text)) return error->set(Status::utf8, name, {"invalid UTF-8"});
  if (copy_text(text, &arena_, label) != Status::ok) {
    return error->no_memory(name);
  }
  return Status::ok;
}

Status Request::set_request_id(std::string_view id, Error* error) {
  std::string_view label;
  GUARDRANK_TRY(set_label("request_id", id, limits::request_id_bytes, &label, error));
  request_id_ = label;
  return Status::ok;
}

Status Request::set_route(const RouteKey& key, Error* error) {
  constexpr std::size_t most = limits::string_bytes;
  RouteKey copy;
  GUARDRANK_TRY(set_label("route.product", key.product, most, &copy.product, error));
  GUARDRANK_TRY(set_label("route.market", key.market, most, &copy.market, error));
  GUARDRANK_TRY(set_label("route.segment", key.segment, most, &copy.segment, error));
  GUARDRANK_TRY(set_label("route.partner", key.partner, most, &copy.partner, error));
  GUARDRANK_TRY(set_label("route.surface", key.surface, most, &copy.surface, error));
  GUARDRANK_TRY(set_label("route.unit", key.unit, most, &copy.unit, error));
  route_ = copy;
  return Status::ok;
}

Status Request::set_served(const Served& served, Error* error) {
  Served copy;
  for (std::size_t i = 0; i < served.size(); ++i) {
    const Text<32> name({"served.", served_names[i]});
    GUARDRANK_TRY(set_label(name, served[i], limits::name_bytes, &copy[i], error));
  }
  served_ = copy;
  return Status::ok;
}

std::uint32_t Request::catalog_row(std::uint32_t row) const {
  return is_whole_catalog_ ? row : rows_[row];
}

std::string_view Request::offer_id(std::uint32_t row) const {
  return is_whole_catalog_ ? catalog_->ids[row] : offers_[row];
}

bool Request::offer_before(std::uint32_t a, std::uint32_t b) const {
  const std::uint32_t row_a = catalog_row(a);
  const std::uint32_t row_b = catalog_row(b);
  if (row_a != no_offer && row_b != no_offer && !catalog_->rank.empty()) {
    return catalog_->rank[row_a] < catalog_->rank[row_b];
  }
  return offer_id(a) < offer_id(b);
}

}  // namespace guardrank
