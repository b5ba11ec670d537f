#include "core/placement/value_groups.h"

#include "core/base/hash.h"
#include "core/base/sort.h"

namespace guardrank {
namespace {

// One row's value as a number, or as text.
struct Key {
  std::uint64_t bits = 0;
  std::string_view text;

  bool operator==(const Key& other) const { return bits == other.bits && text == other.text; }
  bool operator<(const Key& other) const {
    return bits != other.bits ? bits < other.bits : text < other.text;
  }
  std::uint64_t hash() const { return xxh64(text, bits * 0x9E3779B97F4A7C15u); }
};

Key key_of(const Column& column, std::uint32_t row) {
  Key key;
  switch (column.type) {
    case FactType::string: key.text = column.strings[row]; break;
    case FactType::boolean: key.bits = column.booleans[row]; break;
    case FactType::f64:
      key.bits = __builtin_bit_cast(std::uint64_t, column.numbers[row] + 0.0);  // -0 becomes 0
      break;
    default: key.bits = static_cast<std::uint64_t>(column.integers[row]); break;
  }
  return key;
}

// Open addressing over the rows that stand for their groups. Values made to collide would make
// it quadratic, so a search that takes long is given up.
class GroupTable {
 public:
  GroupTable(const Column& column, std::span<std::uint32_t> codes)
      : column_(column), codes_(codes) {}

  Status open(Arena* arena) {
    std::size_t size = 16;
    while (size < 2 * codes_.size()) size *= 2;
    return arena->make(size, &slots_);
  }

  // 0 when the search was given up.
  std::uint32_t code_of(std::uint32_t row) {
    constexpr int longest_search = 64;
    const Key key = key_of(column_, row);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(key.hash()) & mask;
    for (int i = 0; i < longest_search; ++i, at = (at + 1) & mask) {
      if (slots_[at] == 0) {
        slots_[at] = row + 1;
        return ++n_groups_;
      }
      const std::uint32_t first = slots_[at] - 1;
      if (key_of(column_, first) == key) return codes_[first];
    }
    return 0;
  }
  std::uint32_t n_groups() const { return n_groups_; }

 private:
  const Column& column_;
  std::span<std::uint32_t> codes_;
  std::span<std::uint32_t> slots_;   // row + 1 of the group's first; 0: free
  std::uint32_t n_groups_ = 0;
};

bool group_by_table(const Column& column, GroupTable* table, std::span<std::uint32_t> codes) {
  for (std::uint32_t row = 0; row < codes.size(); ++row) {
    if (!column.is_present(row)) continue;
    codes[row] = table->code_of(row);
    if (codes[row] == 0) return false;
  }
  return true;
}

// n log n comparisons whatever the values. Returns the number of groups.
std::uint32_t group_by_order(const Column& column, std::span<std::uint32_t> rows,
                             std::span<std::uint32_t> codes) {
  std::size_t size = 0;
  for (std::uint32_t row = 0; row < codes.size(); ++row) {
    codes[row] = 0;
    if (column.is_present(row)) rows[size++] = row;
  }
  rows = rows.subspan(0, size);
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    return key_of(column, a) < key_of(column, b);
  };
  sort_rows(rows, before);
  std::uint32_t n_groups = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const bool is_new = i == 0 || !(key_of(column, rows[i]) == key_of(column, rows[i - 1]));
    n_groups += is_new ? 1 : 0;
    codes[rows[i]] = n_groups;
  }
  return n_groups;
}

}  // namespace

bool can_group(FactType type) {
  return type != FactType::string_list && type != FactType::f32_vector;
}

Status group_values(Frame* frame, std::uint32_t fact, ValueGroups* groups) {
  Column column;
  GUARDRANK_TRY(frame->column(fact, &column));
  std::span<std::uint32_t> codes;
  GUARDRANK_TRY(frame->arena().make(frame->n_rows(), &codes));
  *groups = {codes, 0};
  if (column.n_rows == 0 || !can_group(column.type)) return Status::ok;
  if (column.n_rows == 1) {
    if (!column.is_present(0)) return Status::ok;
    for (std::uint32_t& code : codes) code = 1;
    groups->n_groups = 1;
    return Status::ok;
  }
  GroupTable table(column, codes);
  GUARDRANK_TRY(table.open(&frame->arena()));
  if (group_by_table(column, &table, codes)) {
    groups->n_groups = table.n_groups();
    return Status::ok;
  }
  std::span<std::uint32_t> rows;
  GUARDRANK_TRY(frame->arena().make(codes.size(), &rows));
  groups->n_groups = group_by_order(column, rows, codes);
  return Status::ok;
}

}  // namespace guardrank
