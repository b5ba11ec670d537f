#include "core/feature/load.h"

#include <algorithm>

#include "core/base/math.h"

namespace guardrank {
namespace {

// n_rows 0: nothing was given, so every row is missing.
bool is_given(const Column& input, std::uint32_t row) {
  return input.n_rows != 0 && input.is_present(input.row_of(row));
}

bool has_rows(const Column& input, std::uint32_t n_rows) {
  return input.n_rows <= 1 || input.n_rows == n_rows;
}

Status open_rows(std::uint32_t n_rows, Arena* arena, WorkingColumn* column) {
  column->n_rows = n_rows;
  std::span<std::uint8_t> both;
  GUARDRANK_TRY(arena->make_uninitialised(std::size_t{n_rows} * 2, &both));
  column->present = both.first(n_rows);
  column->was_missing = both.subspan(n_rows);
  return Status::ok;
}

// One value, or none, stands for every row.
bool is_shared(const Column& input, const WorkingColumn& column) {
  return input.n_rows != column.n_rows || column.n_rows == 1;
}

void load_presence(const Column& input, WorkingColumn* column) {
  const std::span<std::uint8_t> present = column->present;
  if (is_shared(input, *column) || input.present == nullptr) {
    const bool is_there = !present.empty() && is_given(input, 0);
    std::fill(present.begin(), present.end(), std::uint8_t{is_there});
  } else {
    for (std::size_t row = 0; row < present.size(); ++row) present[row] = input.present[row] != 0;
  }
  for (std::size_t row = 0; row < present.size(); ++row) column->was_missing[row] = present[row] ^ 1;
}

// 0 where a value is missing, whatever stands in its place. The plain loop is the common case and the
// one that compilers turn into vectors.
template <typename T, typename Read>
Status load_values(const Column& input, Arena* arena, WorkingColumn* column, std::span<T>* values,
                   const Read& read) {
  GUARDRANK_TRY(arena->make_uninitialised(column->n_rows, values));
  if (is_shared(input, *column)) {
    const bool is_there = !values->empty() && is_given(input, 0);
    std::fill(values->begin(), values->end(), is_there ? static_cast<T>(read(0)) : T());
  } else {
    for (std::uint32_t row = 0; row < column->n_rows; ++row) (*values)[row] = read(row);
    if (input.present != nullptr) column->clear_missing(*values);
  }
  return Status::ok;
}

Status load_numbers(const Column& input, Arena* arena, WorkingColumn* column) {
  if (input.type == FactType::i64) {
    return load_values(input, arena, column, &column->numbers,
                       [&](std::uint32_t row) { return static_cast<double>(input.integers[row]); });
  }
  GUARDRANK_TRY(load_values(input, arena, column, &column->numbers,
                            [&](std::uint32_t row) { return input.numbers[row]; }));
  drop_beyond(largest_double, column);
  return Status::ok;
}

Status load_integers(const Column& input, Arena* arena, WorkingColumn* column) {
  if (input.type != FactType::f64) {
    return load_values(input, arena, column, &column->integers,
                       [&](std::uint32_t row) { return input.integers[row]; });
  }
  bool is_whole = true;
  GUARDRANK_TRY(load_values(input, arena, column, &column->integers, [&](std::uint32_t row) {
    const double number = input.numbers[row];
    const bool fits = number >= -0x1p53 && number <= 0x1p53 && number == round_half_even(number);
    is_whole = is_whole && (fits || !input.is_present(row));
    return fits ? static_cast<std::int64_t>(number) : 0;
  }));
  return is_whole ? Status::ok : Status::type;
}

Status load_vectors(const Column& input, std::uint32_t width, Arena* arena, WorkingColumn* column) {
  column->width = width;
  GUARDRANK_TRY(arena->make(std::size_t{column->n_rows} * width, &column->numbers));
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    if (column->present[row] == 0) continue;
    const float* floats = input.floats + std::size_t{input.row_of(row)} * width;
    double* numbers = column->numbers.data() + std::size_t{row} * width;
    for (std::uint32_t i = 0; i < width; ++i) numbers[i] = static_cast<double>(floats[i]);
  }
  drop_beyond(largest_double, column);
  return Status::ok;
}

Status load_lists(const Column& input, Arena* arena, WorkingColumn* column) {
  GUARDRANK_TRY(arena->make(std::size_t{column->n_rows} + 1, &column->list_offsets));
  std::uint64_t total = 0;
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    if (column->present[row] != 0) {
      const std::uint32_t* offsets = input.list_offsets + input.row_of(row);
      total += offsets[1] - offsets[0];
      if (offsets[1] == offsets[0]) column->drop(row);
    }
    if (total > UINT32_MAX) return Status::limit;
    column->list_offsets[row + 1] = static_cast<std::uint32_t>(total);
  }
  GUARDRANK_TRY(arena->make(static_cast<std::size_t>(total), &column->texts));
  std::uint32_t at = 0;
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    if (column->present[row] == 0) continue;
    const std::uint32_t* offsets = input.list_offsets + input.row_of(row);
    for (std::uint32_t i = offsets[0]; i < offsets[1]; ++i) column->texts[at++] = input.strings[i];
  }
  return Status::ok;
}

bool suits(const Field& field, const Column& input) {
  if (input.n_rows == 0) return true;
  if (field.type == FactType::f32_vector && input.width != field.width) return false;
  if (input.type == field.type) return true;
  return (field.type == FactType::f64 && input.type == FactType::i64) ||
         (field.type == FactType::i64 && input.type == FactType::f64);
}

Status load_typed(const Field& field, const Column& input, Arena* arena, WorkingColumn* column) {
  switch (field.type) {
    case FactType::f64: return load_numbers(input, arena, column);
    case FactType::i64:
    case FactType::timestamp: return load_integers(input, arena, column);
    case FactType::boolean:
      return load_values(input, arena, column, &column->booleans, [&](std::uint32_t row) {
        return static_cast<std::uint8_t>(input.booleans[row] != 0);
      });
    case FactType::string:
      return load_values(input, arena, column, &column->texts,
                         [&](std::uint32_t row) { return input.strings[row]; });
    case FactType::string_list: return load_lists(input, arena, column);
    case FactType::f32_vector: return load_vectors(input, field.width, arena, column);
  }
  return Status::type;
}

// Bytes that a cross takes from one value; `out` may be null to count only.
std::size_t join_value(const Column& input, std::uint32_t row, char* out) {
  char integer_bytes[8];
  std::string_view bytes;
  if (input.type == FactType::string) {
    bytes = input.strings[row];
  } else {
    const std::uint64_t value = input.type == FactType::boolean
                                    ? std::uint64_t{input.booleans[row] != 0}
                                    : static_cast<std::uint64_t>(input.integers[row]);
    for (int i = 0; i < 8; ++i) integer_bytes[i] = static_cast<char>(value >> (8 * i));
    bytes = {integer_bytes, sizeof integer_bytes};
  }
  if (out != nullptr) {
    for (int i = 0; i < 4; ++i) *out++ = static_cast<char>(bytes.size() >> (8 * i));
    for (const char byte : bytes) *out++ = byte;
  }
  return 4 + bytes.size();
}

bool all_given(std::span<const Column> inputs, std::uint32_t row) {
  for (const Column& input : inputs) {
    if (!is_given(input, row)) return false;
  }
  return true;
}

std::size_t join_row(std::span<const Column> inputs, std::uint32_t row, char* out) {
  std::size_t size = 0;
  for (const Column& input : inputs) {
    size += join_value(input, input.row_of(row), out == nullptr ? nullptr : out + size);
  }
  return size;
}

}  // namespace

Form form_of(FactType type) {
  switch (type) {
    case FactType::f64: return Form::number;
    case FactType::i64: return Form::integer;
    case FactType::boolean: return Form::boolean;
    case FactType::string: return Form::text;
    case FactType::timestamp: return Form::timestamp;
    case FactType::string_list: return Form::text_list;
    case FactType::f32_vector: return Form::vector;
  }
  return Form::none;
}

bool may_join(FactType type) {
  return type == FactType::string || type == FactType::i64 || type == FactType::boolean ||
         type == FactType::timestamp;
}

Status load_column(const Field& field, const Column& input, std::uint32_t n_rows, Arena* arena,
                   WorkingColumn* column) {
  if (!suits(field, input) || !has_rows(input, n_rows)) return Status::type;
  *column = {};
  column->form = form_of(field.type);
  GUARDRANK_TRY(open_rows(n_rows, arena, column));
  load_presence(input, column);
  return load_typed(field, input, arena, column);
}

Status load_cross(std::span<const Column> inputs, std::uint32_t n_rows, Arena* arena,
                  WorkingColumn* column) {
  for (const Column& input : inputs) {
    const bool is_usable = input.n_rows == 0 || may_join(input.type);
    if (!is_usable || !has_rows(input, n_rows)) return Status::type;
  }
  *column = {};
  column->form = Form::joined;
  GUARDRANK_TRY(open_rows(n_rows, arena, column));
  GUARDRANK_TRY(arena->make(n_rows, &column->texts));
  std::uint64_t total = 0;
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    column->present[row] = all_given(inputs, row);
    column->was_missing[row] = column->present[row] ^ 1;
    if (column->present[row] != 0) total += join_row(inputs, row, nullptr);
  }
  // One long value crossed with many rows may pass what a 32-bit machine can address.
  if (total > SIZE_MAX) return Status::memory;
  std::span<char> bytes;
  GUARDRANK_TRY(arena->make_uninitialised(static_cast<std::size_t>(total), &bytes));
  char* out = bytes.data();
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    if (column->present[row] == 0) continue;
    const std::size_t size = join_row(inputs, row, out);
    column->texts[row] = {out, size};
    out += size;
  }
  return Status::ok;
}

}  // namespace guardrank
