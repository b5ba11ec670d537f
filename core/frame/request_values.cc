// Values and whole columns of facts: who may set what, and how many.
#include "core/base/limits.h"
#include "core/frame/fact_path.h"
#include "core/frame/given_rows.h"
#include "core/frame/request.h"
#include "core/frame/value_check.h"

namespace guardrank {

namespace {

// True when the column has the arrays of its type.
bool has_arrays(const Column& column) {
  if (column.type != FactType::string_list) return column.values != nullptr;
  if (column.list_offsets == nullptr) return false;
  return column.strings != nullptr || column.list_offsets[column.n_rows] == 0;
}

// That offsets never go down, before any is followed: the last says how many texts there are.
Status check_offsets(const Fact& fact, const Column& column, std::uint32_t n_rows, Error* error) {
  if (column.type != FactType::string_list) return Status::ok;
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    if (column.list_offsets[row + 1] < column.list_offsets[row])
      return error->set(Status::argument, fact_path(fact, row).view(), {"list offsets go down"});
  }
  return Status::ok;
}

bool is_number(FactType type) { return type == FactType::f64 || type == FactType::i64; }

// What the rows of a column need not be looked at for.
Status check_shape(const Fact& fact, const Column& column, std::uint32_t n_rows, Error* error) {
  const FactPath name{namespace_name(fact.space), ".", fact.name};
  if (column.n_rows != n_rows) {
    return error->wanted(Status::argument, name.view(), {n_rows, " rows"}, {column.n_rows});
  }
  if (column.type != fact.type && !(is_number(column.type) && is_number(fact.type))) {
    return error->wanted(Status::type, name.view(), {"a column of ", fact_type_name(fact.type)},
                         {fact_type_name(column.type)});
  }
  if (column.type == FactType::f32_vector && column.width != fact.width) {
    return error->wanted(Status::type, name.view(), {fact.width, " numbers a row"},
                         {column.width});
  }
  if (n_rows != 0 && !has_arrays(column)) {
    return error->set(Status::argument, name.view(), {"the array of its values is null"});
  }
  return n_rows == 0 ? Status::ok : check_offsets(fact, column, n_rows, error);
}

// What a reader of the row relies on.
Status check_row(const Fact& fact, const Column& column, std::uint32_t row, Error* error) {
  if (column.type == FactType::boolean && column.is_present(row) && column.booleans[row] > 1) {
    return error->wanted(Status::type, fact_path(fact, row).view(), {"0 or 1"},
                         {column.booleans[row]});
  }
  return Status::ok;
}

// Seen at once, without a look at each row: numbers of the fact's own type, of which none is to be refused.
bool is_plain(const Fact& known, const Column& column, std::uint32_t n_rows) {
  if (column.type != known.type) return false;
  if (column.type == FactType::i64 || column.type == FactType::timestamp) return true;
  if (column.type != FactType::f64 || column.present != nullptr) return false;
  // An exponent of ones and one more reaches the top bit: additions, which compilers make vectors of.
  constexpr std::uint64_t exponent = 0x7FF0000000000000, one = 0x0010000000000000;
  std::uint64_t reached = 0;
  for (std::uint32_t row = 0; row < n_rows; ++row)
    reached |= (__builtin_bit_cast(std::uint64_t, column.numbers[row]) & exponent) + one;
  return reached >> 63 == 0;
}

}  // namespace

Status Request::check_fact(std::uint32_t fact, Namespace space, Error* error) const {
  if (fact >= fact_table_->size()) {
    return error->wanted(Status::argument, "fact", {"an ordinal below ", fact_table_->size()},
                         {fact});
  }
  const Fact& known = (*fact_table_)[fact];
  if (known.space == space) return Status::ok;
  return error->wanted(Status::argument, known.name, {"a fact of ", namespace_name(space)},
                       {"one of ", namespace_name(known.space)});
}

Status Request::check_may_set(const Fact& fact, std::uint32_t row, Error* error) const {
  if (row >= n_candidates_) {
    return error->wanted(Status::argument, "candidates", {"a row below ", n_candidates_}, {row});
  }
  if (is_offer_id(fact)) {
    return error->set(Status::argument, fact_path(fact, row).view(),
                      {"it is the candidate's own id and cannot be given"});
  }
  // An offer that the catalog does not list has no facts that a request could override.
  if (fact.space == Namespace::candidate && !fact.may_override && catalog_row(row) != no_offer) {
    return error->set(Status::argument, fact_path(fact, row).view(),
                      {"the policy does not let a request set it"});
  }
  return Status::ok;
}

Status Request::set_context(std::uint32_t fact, const Value& value, Error* error) {
  GUARDRANK_TRY(check_fact(fact, Namespace::context, error));
  return set_row(0, fact, value, error);
}

Status Request::set_candidate(std::uint32_t row, std::uint32_t fact, const Value& value,
                              Error* error) {
  GUARDRANK_TRY(check_fact(fact, Namespace::candidate, error));
  GUARDRANK_TRY(check_may_set((*fact_table_)[fact], row, error));
  return set_row(row, fact, value, error);
}

Status Request::set_pair(std::uint32_t row, std::uint32_t fact, const Value& value, Error* error) {
  GUARDRANK_TRY(check_fact(fact, Namespace::pair, error));
  GUARDRANK_TRY(check_may_set((*fact_table_)[fact], row, error));
  return set_row(row, fact, value, error);
}

Status Request::open_given() {
  if (!given_.empty()) return Status::ok;
  std::span<Column> given;
  GUARDRANK_TRY(arena_.make(fact_table_->size(), &given));
  GUARDRANK_TRY(arena_.make(fact_table_->size(), &is_borrowed_));
  given_ = given;
  return Status::ok;
}

// Writes a checked value; on failure what was given before stands.
Status Request::store_row(std::uint32_t row, std::uint32_t fact, const Value& value) {
  GUARDRANK_TRY(open_given());
  const Fact& known = (*fact_table_)[fact];
  Column column = given_[fact];
  if (column.n_rows == 0) {
    if (value.is_missing) return Status::ok;
    const std::uint32_t n_rows = known.space == Namespace::context ? 1 : n_candidates_;
    GUARDRANK_TRY(make_rows(known, n_rows, &arena_, &column));
  } else if (is_borrowed_[fact] != 0) {
    GUARDRANK_TRY(own_rows(&arena_, &column));
  }
  GUARDRANK_TRY(store_value(value, row, &arena_, &column));
  given_[fact] = column;
  is_borrowed_[fact] = 0;
  return Status::ok;
}

Status Request::set_row(std::uint32_t row, std::uint32_t fact, const Value& value, Error* error) {
  const Fact& known = (*fact_table_)[fact];
  Value stored;
  GUARDRANK_TRY(check_value(known, row, value, &stored, error));
  if (store_row(row, fact, stored) != Status::ok) {
    return error->no_memory(fact_path(known, row).view());
  }
  has_candidate_facts_ |= known.space != Namespace::context;
  return Status::ok;
}

// The fact's space says how many rows; that of the context has one.
Status Request::set_column(std::uint32_t fact, const Column& column, Error* error) {
  const bool is_known = fact < fact_table_->size();
  const Namespace space = is_known ? (*fact_table_)[fact].space : Namespace::candidate;
  const bool is_context = space == Namespace::context;
  const bool is_given = is_context || space == Namespace::pair;
  GUARDRANK_TRY(check_fact(fact, is_given ? space : Namespace::candidate, error));
  const Fact& known = (*fact_table_)[fact];
  const std::uint32_t n_rows = is_context ? 1 : n_candidates_;
  GUARDRANK_TRY(check_shape(known, column, n_rows, error));
  if (n_rows == 0) return Status::ok;
  // A row without a value sets nothing; the id of an offer can be given in none.
  if (!is_context && is_offer_id(known)) return check_may_set(known, 0, error);
  for (std::uint32_t row = 0; !is_context && !known.may_override && row < n_rows; ++row) {
    if (column.is_present(row)) GUARDRANK_TRY(check_may_set(known, row, error));
  }
  const bool is_converted = column.type != known.type;
  Column kept = column;
  if (open_given() != Status::ok ||
      (is_converted && make_rows(known, n_rows, &arena_, &kept) != Status::ok)) {
    return error->no_memory(fact_path(known, 0).view());
  }
  const std::uint32_t n_checked = is_plain(known, column, n_rows) ? 0 : n_rows;
  for (std::uint32_t row = 0; row < n_checked; ++row) {
    Value stored;
    GUARDRANK_TRY(check_row(known, column, row, error));
    GUARDRANK_TRY(check_value(known, row, value_of(column, row), &stored, error));
    if (is_converted) GUARDRANK_TRY(store_value(stored, row, &arena_, &kept));
  }
  given_[fact] = kept;
  is_borrowed_[fact] = is_converted ? 0 : 1;
  has_candidate_facts_ |= !is_context;
  return Status::ok;
}

}  // namespace guardrank
