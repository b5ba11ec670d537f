#include "core/frame/frame.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/frame/fact_path.h"
#include "core/frame/gather.h"
#include "core/frame/route_parts.h"

namespace guardrank {

namespace {

// One value in the arena as a column that all candidates share.
Status share(const void* value, FactType type, Arena* arena, Column* column) {
  Column made;
  made.type = type;
  made.n_rows = 1;
  std::span<std::byte> copy;
  GUARDRANK_TRY(arena->make_uninitialised(made.row_bytes(), &copy));
  __builtin_memcpy(copy.data(), value, copy.size());
  made.values = copy.data();
  *column = made;
  return Status::ok;
}

// What the route says under the name of a context fact; empty: nothing.
std::string_view route_value(const RouteKey& key, std::string_view name) {
  for (const RoutePart& part : route_parts)
    if (part.name == name) return key.*part.value;
  return {};
}

// Readers are quicker where nothing can be missing.
void forget_presence(Column* column) {
  if (column->present == nullptr || column->n_rows == 0) return;
  if (__builtin_memchr(column->present, 0, column->n_rows) == nullptr) column->present = nullptr;
}

bool has_value(const Column& column, std::uint32_t row) {
  return column.n_rows != 0 && column.is_present(column.row_of(row));
}

}  // namespace

Status Frame::open(const Request& request, Arena* arena) {
  *this = Frame();
  request_ = &request;
  arena_ = arena;
  if (request.n_candidates() > limits::candidates) return Status::limit;
  std::span<std::uint32_t> rows;
  GUARDRANK_TRY(arena->make_uninitialised(request.n_candidates(), &rows));
  for (std::uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  rows_ = rows;
  GUARDRANK_TRY(arena->make(facts().size(), &cache_));
  GUARDRANK_TRY(arena->make(facts().size(), &is_output_));
  const std::uint32_t now = facts().find(Namespace::time, "now");
  if (now == no_fact) return Status::ok;
  Column time;
  const std::int64_t micros = request.time();
  GUARDRANK_TRY(share(&micros, FactType::timestamp, arena, &time));
  set_column(now, time);
  return Status::ok;
}

void Frame::set_column(std::uint32_t fact, const Column& column) {
  cache_[fact] = column;
  is_output_[fact] = 1;
}

Status Frame::column(std::uint32_t fact, Column* column) {
  if (is_output_[fact] == 0 && cache_[fact].n_rows == 0) {
    GUARDRANK_TRY(gather(fact, &cache_[fact]));
    forget_presence(&cache_[fact]);
  }
  *column = cache_[fact];
  return Status::ok;
}

Status Frame::gather(std::uint32_t fact, Column* column) {
  const Fact& known = facts()[fact];
  if (known.space == Namespace::candidate || known.space == Namespace::pair) {
    return is_offer_id(known) && known.type == FactType::string
               ? gather_ids(column)
               : gather_candidates(fact, column);
  }
  const Column& given = request_->given(fact);
  const std::string_view route =
      known.space == Namespace::context && known.type == FactType::string
          ? route_value(request_->route(), known.name)
          : std::string_view();
  if (has_value(given, 0)) {
    *column = given;
  } else if (!route.empty()) {
    return share(&route, FactType::string, arena_, column);
  } else {
    *column = has_value(known.fallback, 0) ? known.fallback
                                           : missing_column(known.type, known.width);
  }
  return Status::ok;
}

bool Frame::is_catalog_in_order() const {
  return request_->is_whole_catalog() && rows_.size() == request_->n_candidates();
}

Status Frame::gather_ids(Column* column) {
  Column made;
  made.type = FactType::string;
  made.n_rows = n_rows();
  if (n_rows() == 0) {
    made = missing_column(FactType::string, 0);
  } else if (is_catalog_in_order()) {
    made.strings = request_->catalog()->ids.data();
  } else {
    std::span<std::string_view> ids;
    GUARDRANK_TRY(arena_->make(rows_.size(), &ids));
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = request_->offer_id(rows_[i]);
    made.strings = ids.data();
  }
  *column = made;
  return Status::ok;
}

// The catalog's column of a candidate fact, or null.
const Column* Frame::catalog_column(const Fact& fact) const {
  const Catalog* catalog = request_->catalog();
  if (catalog == nullptr || fact.space != Namespace::candidate) return nullptr;
  if (fact.catalog_column >= catalog->columns.size()) return nullptr;
  return &catalog->columns[fact.catalog_column].column;
}

Status Frame::gather_candidates(std::uint32_t fact, Column* column) {
  const Fact& known = facts()[fact];
  const Column& given = request_->given(fact);
  const Column* listed = catalog_column(known);
  const bool has_default = has_value(known.fallback, 0);
  // Snapshots are made so that these agree.
  if (listed != nullptr && (listed->type != known.type || listed->width != known.width)) {
    return Status::type;
  }
  if (n_rows() == 0 || (given.n_rows == 0 && listed == nullptr)) {
    *column = has_default ? known.fallback : missing_column(known.type, known.width);
    return Status::ok;
  }
  // Nothing to copy where one source answers for all rows as they stand.
  if (given.n_rows == 0 && is_catalog_in_order() && (listed->present == nullptr || !has_default)) {
    *column = *listed;
    return Status::ok;
  }
  if (given.n_rows == n_rows() && (given.present == nullptr || (!listed && !has_default))) {
    *column = given;
    return Status::ok;
  }
  if (given.n_rows == 0 && known.type != FactType::string_list && (listed->present == nullptr || !has_default)) {
    GUARDRANK_TRY(find_catalog_rows());
    if (!catalog_rows_.empty()) return take_rows(*listed, catalog_rows_, arena_, column);
  }
  std::span<Pick> picks;
  GUARDRANK_TRY(open_picks(rows_.size(), &picks));
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const std::uint32_t candidate = rows_[i];
    const std::uint32_t row = request_->catalog_row(candidate);
    if (given.n_rows != 0 && given.is_present(candidate)) {
      picks[i] = {&given, candidate};
    } else if (listed != nullptr && row != no_offer && listed->is_present(row)) {
      picks[i] = {listed, row};
    } else if (has_default) {
      picks[i] = {&known.fallback, 0};
    }
  }
  return gather_rows(known.type, known.width, picks, arena_, column);
}

Status Frame::find_catalog_rows() {
  if (has_catalog_rows_) return Status::ok;
  std::span<std::uint32_t> found;
  GUARDRANK_TRY(arena_->make_uninitialised(rows_.size(), &found));
  has_catalog_rows_ = true;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i] = request_->catalog_row(rows_[i]);
    largest = std::max(largest, found[i]);
  }
  static_assert(no_offer == UINT32_MAX);
  if (largest != no_offer) catalog_rows_ = found;
  return Status::ok;
}

// All missing. Rows only become fewer, so the room taken first does for every later gathering.
Status Frame::open_picks(std::size_t n, std::span<Pick>* picks) {
  if (picks_ == nullptr) {
    std::span<Pick> made;
    GUARDRANK_TRY(arena_->make(rows_.size(), &made));
    picks_ = made.data();
  }
  *picks = {picks_, n};
  std::fill(picks->begin(), picks->end(), Pick());
  return Status::ok;
}

// A stage's column, one row per kept row.
Status Frame::compact(std::span<const std::uint32_t> kept, Column* column) {
  if (column->type != FactType::string_list) return take_rows(*column, kept, arena_, column);
  std::span<Pick> picks;
  GUARDRANK_TRY(open_picks(kept.size(), &picks));
  for (std::size_t i = 0; i < picks.size(); ++i) {
    if (column->is_present(kept[i])) picks[i] = {column, kept[i]};
  }
  Column made;
  GUARDRANK_TRY(gather_rows(column->type, column->width, picks, arena_, &made));
  *column = made;
  return Status::ok;
}

Status Frame::keep(std::span<const std::uint32_t> kept) {
  encoded = {};
  logits = {};
  const std::uint32_t n_before = n_rows();
  if (kept.size() == n_before) return Status::ok;
  std::span<std::uint32_t> rows;
  GUARDRANK_TRY(arena_->make_uninitialised(kept.size(), &rows));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = rows_[kept[i]];
  for (std::uint32_t fact = 0; fact < cache_.size(); ++fact) {
    // What has one row is shared by all, or its only row goes with the last candidate.
    if (cache_[fact].n_rows <= 1) continue;
    if (is_output_[fact] != 0) {
      GUARDRANK_TRY(compact(kept, &cache_[fact]));
    } else {
      cache_[fact] = {};
    }
  }
  rows_ = rows;
  catalog_rows_ = {};
  has_catalog_rows_ = false;
  return Status::ok;
}

}  // namespace guardrank
