#include "core/frame/gather.h"

#include <algorithm>

namespace guardrank {

namespace {

// What a reader that does not look at `present` would find; no value is ever read from it.
constexpr std::uint8_t absent = 0;
constexpr std::uint32_t no_elements[2] = {0, 0};

template <typename T>
Status gather_array(std::span<const Pick> picks, const T* Column::* array, Arena* arena,
                    Column* column) {
  std::span<T> values;
  GUARDRANK_TRY(arena->make_uninitialised(picks.size(), &values));
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const Pick& pick = picks[i];
    values[i] = pick.column == nullptr ? T() : (pick.column->*array)[pick.row];
  }
  column->*array = values.data();
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

Status gather_vectors(std::span<const Pick> picks, Arena* arena, Column* column) {
  const std::size_t width = column->width;
  if (width != 0 && picks.size() > SIZE_MAX / width) return Status::memory;
  std::span<float> values;
  GUARDRANK_TRY(arena->make_uninitialised(picks.size() * width, &values));
  for (std::size_t i = 0; i < picks.size(); ++i) {
    float* out = values.data() + i * width;
    if (picks[i].column == nullptr) {
      std::fill_n(out, width, 0.0f);
    } else {
      std::copy_n(picks[i].column->floats + picks[i].row * width, width, out);
    }
  }
  column->floats = values.data();
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
  switch (type) {
    case FactType::f64:
      GUARDRANK_TRY(gather_array(picks, &Column::numbers, arena, &made));
      break;
    case FactType::i64:
    case FactType::timestamp:
      GUARDRANK_TRY(gather_array(picks, &Column::integers, arena, &made));
      break;
    case FactType::boolean:
      GUARDRANK_TRY(gather_array(picks, &Column::booleans, arena, &made));
      break;
    case FactType::string:
      GUARDRANK_TRY(gather_array(picks, &Column::strings, arena, &made));
      break;
    case FactType::string_list: GUARDRANK_TRY(gather_lists(picks, arena, &made)); break;
    case FactType::f32_vector: GUARDRANK_TRY(gather_vectors(picks, arena, &made)); break;
  }
  *column = made;
  return Status::ok;
}

}  // namespace guardrank
