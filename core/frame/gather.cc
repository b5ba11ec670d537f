#include "core/frame/gather.h"

#include <algorithm>

namespace guardrank {

namespace {

// What a reader that does not look at `present` would find; no value is ever read from it.
constexpr std::uint8_t absent = 0;
constexpr std::uint32_t no_elements[2] = {0, 0};

// Values of `width` bytes, known to the compiler; the same with `bytes` where it is not. `at(i, step)`:
// where value i of so many bytes stands, null: missing.
template <std::size_t width, typename At>
void copy_each(std::size_t n, std::size_t bytes, const At& at, std::byte* out) {
  const std::size_t step = width != 0 ? width : bytes;
  for (std::size_t i = 0; i < n; ++i, out += step) {
    const std::byte* from = at(i, step);
    if (from == nullptr) __builtin_memset(out, 0, step);
    else __builtin_memcpy(out, from, step);
  }
}

template <typename At>
Status copy_values(std::size_t n, const At& at, Arena* arena, Column* column) {
  const std::size_t bytes = column->row_bytes();
  if (bytes != 0 && n > SIZE_MAX / bytes) return Status::memory;
  std::span<std::byte> values;
  GUARDRANK_TRY(arena->make_uninitialised(n * bytes, &values));
  column->values = values.data();
  if (bytes == 1) copy_each<1>(n, bytes, at, values.data());
  else if (bytes == 8) copy_each<8>(n, bytes, at, values.data());
  else if (bytes == sizeof(std::string_view))
    copy_each<sizeof(std::string_view)>(n, bytes, at, values.data());
  else copy_each<0>(n, bytes, at, values.data());
  return Status::ok;
}

const std::byte* value_at(const Column& column, std::size_t row, std::size_t bytes) {
  return static_cast<const std::byte*>(column.values) + row * bytes;
}

Status gather_values(std::span<const Pick> picks, Arena* arena, Column* column) {
  const auto at = [&](std::size_t i, std::size_t bytes) {
    const Pick& pick = picks[i];
    return pick.column == nullptr ? nullptr : value_at(*pick.column, pick.row, bytes);
  };
  return copy_values(picks.size(), at, arena, column);
}

std::uint32_t list_size(const Pick& pick) {
  if (pick.column == nullptr) return 0;
  return pick.column->list_offsets[pick.row + 1] - pick.column->list_offsets[pick.row];
}

Status gather_lists(std::span<const Pick> picks, Arena* arena, Column* column) {
  std::span<std::uint32_t> offsets;
  GUARDRANK_TRY(arena->make_uninitialised(picks.size() + 1, &offsets));
  std::uint64_t total = 0;
  offsets[0] = 0;
  for (std::size_t i = 0; i < picks.size(); ++i) {
    total += list_size(picks[i]);
    if (total > UINT32_MAX) return Status::memory;
    offsets[i + 1] = static_cast<std::uint32_t>(total);
  }
  std::span<std::string_view> elements;
  GUARDRANK_TRY(arena->make(static_cast<std::size_t>(total), &elements));
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const Pick& pick = picks[i];
    if (list_size(pick) == 0) continue;
    const std::string_view* first = pick.column->strings + pick.column->list_offsets[pick.row];
    std::copy_n(first, list_size(pick), elements.begin() + offsets[i]);
  }
  column->strings = elements.data();
  column->list_offsets = offsets.data();
  return Status::ok;
}

// No array at all when every row is there.
Status gather_present(std::span<const Pick> picks, Arena* arena, Column* column) {
  const auto is_missing = [](const Pick& pick) { return pick.column == nullptr; };
  if (std::none_of(picks.begin(), picks.end(), is_missing)) return Status::ok;
  std::span<std::uint8_t> present;
  GUARDRANK_TRY(arena->make_uninitialised(picks.size(), &present));
  for (std::size_t i = 0; i < picks.size(); ++i) present[i] = is_missing(picks[i]) ? 0 : 1;
  column->present = present.data();
  return Status::ok;
}

}  // namespace

Column missing_column(FactType type, std::uint32_t width) {
  Column column;
  column.type = type;
  column.n_rows = 1;
  column.width = width;
  column.present = &absent;
  column.list_offsets = no_elements;
  return column;
}

Status take_rows(const Column& from, std::span<const std::uint32_t> rows, Arena* arena, Column* column) {
  Column made = from;
  made.n_rows = static_cast<std::uint32_t>(rows.size());
  const auto at = [&](std::size_t i, std::size_t bytes) { return value_at(from, rows[i], bytes); };
  GUARDRANK_TRY(copy_values(rows.size(), at, arena, &made));
  if (from.present != nullptr) {
    std::span<std::uint8_t> present;
    GUARDRANK_TRY(arena->make_uninitialised(rows.size(), &present));
    for (std::size_t i = 0; i < rows.size(); ++i) present[i] = from.present[rows[i]];
    made.present = present.data();
  }
  *column = made;
  return Status::ok;
}

Status gather_rows(FactType type, std::uint32_t width, std::span<const Pick> picks, Arena* arena,
                   Column* column) {
  Column made;
  made.type = type;
  made.n_rows = static_cast<std::uint32_t>(picks.size());
  made.width = width;
  GUARDRANK_TRY(gather_present(picks, arena, &made));
  if (type == FactType::string_list) GUARDRANK_TRY(gather_lists(picks, arena, &made));
  else GUARDRANK_TRY(gather_values(picks, arena, &made));
  *column = made;
  return Status::ok;
}

}  // namespace guardrank
