#include "core/frame/gather.h"

#include <algorithm>

namespace guardrank {

namespace {

// What a reader that does not look at `present` would find; no value is ever read from it.
constexpr std::uint8_t absent = 0;
constexpr std::uint32_t no_elements[2] = {0, 0};

// Values of `width` bytes, known to the compiler; the same with `bytes` where it is not.
template <std::size_t width>
void copy_picks(std::span<const Pick> picks, std::size_t bytes, std::byte* out) {
  const std::size_t step = width != 0 ? width : bytes;
  for (const Pick& pick : picks) {
    if (pick.column == nullptr) __builtin_memset(out, 0, step);
    else __builtin_memcpy(out, static_cast<const std::byte*>(pick.column->values) + pick.row * step,
                          step);
    out += step;
  }
}

Status gather_values(std::span<const Pick> picks, Arena* arena, Column* column) {
  const std::size_t bytes = column->row_bytes();
  if (bytes != 0 && picks.size() > SIZE_MAX / bytes) return Status::memory;
  std::span<std::byte> values;
  GUARDRANK_TRY(arena->make_uninitialised(picks.size() * bytes, &values));
  column->values = values.data();
  if (bytes == 1) copy_picks<1>(picks, bytes, values.data());
  else if (bytes == 8) copy_picks<8>(picks, bytes, values.data());
  else if (bytes == sizeof(std::string_view))
    copy_picks<sizeof(std::string_view)>(picks, bytes, values.data());
  else copy_picks<0>(picks, bytes, values.data());
  return Status::ok;
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
