#include "core/frame/given_rows.h"

#include <algorithm>
#include <bit>

namespace guardrank {

namespace {

// `make_rows` and `own_rows` took these arrays from the request's arena: they are ours to write.
template <typename T>
T* writable(const T* array) {
  return const_cast<T*>(array);
}

template <typename T>
Status make_array(std::size_t count, Arena* arena, const T** array) {
  std::span<T> made;
  GUARDRANK_TRY(arena->make(count, &made));
  *array = made.data();
  return Status::ok;
}

template <typename T>
Status copy_array(std::size_t count, Arena* arena, const T** array) {
  std::span<T> made;
  GUARDRANK_TRY(arena->make(count, &made));
  std::copy_n(*array, count, made.begin());
  *array = made.data();
  return Status::ok;
}

// Place for the values of all rows, copies of `from` or zeros.
Status make_values(std::size_t n_rows, const void* from, Arena* arena, Column* column) {
  const std::size_t bytes = column->row_bytes();
  if (bytes != 0 && n_rows > SIZE_MAX / bytes) return Status::memory;
  std::span<std::byte> made;
  GUARDRANK_TRY(arena->make_uninitialised(n_rows * bytes, &made));
  column->values = made.data();
  if (made.empty()) return Status::ok;
  if (from == nullptr) __builtin_memset(made.data(), 0, made.size());
  else __builtin_memcpy(made.data(), from, made.size());
  return Status::ok;
}

// Elements that fit where `n` are: lists grow in powers of two.
std::size_t list_capacity(std::size_t n) { return n == 0 ? 0 : std::bit_ceil(n); }

// Makes place for `count` elements in row `row`, whatever it had.
Status resize_list(std::uint32_t row, std::size_t count, Arena* arena, Column* column) {
  std::uint32_t* offsets = writable(column->list_offsets);
  const std::size_t total = offsets[column->n_rows];
  const std::size_t first = offsets[row];
  const std::size_t last = offsets[row + 1];
  const std::size_t wanted = total - (last - first) + count;
  if (wanted > UINT32_MAX) return Status::memory;
  std::string_view* elements = writable(column->strings);
  if (wanted > list_capacity(total)) {
    std::span<std::string_view> grown;
    GUARDRANK_TRY(arena->make(list_capacity(wanted), &grown));
    std::copy_n(elements, first, grown.begin());
    std::copy_n(elements + last, total - last, grown.data() + first + count);
    column->strings = grown.data();
  } else if (first + count < last) {
    std::copy(elements + last, elements + total, elements + first + count);
  } else {
    std::copy_backward(elements + last, elements + total, elements + wanted);
  }
  // Wraps where the row shrinks, and comes out right.
  const auto change = static_cast<std::uint32_t>(count - (last - first));
  for (std::size_t i = std::size_t{row} + 1; i <= column->n_rows; ++i) offsets[i] += change;
  return Status::ok;
}

Status store_list(std::span<const std::string_view> list, std::uint32_t row, Arena* arena,
                  Column* column) {
  // Texts first: a failure must leave the column as it was.
  std::span<std::string_view> copies;
  GUARDRANK_TRY(arena->make(list.size(), &copies));
  for (std::size_t i = 0; i < list.size(); ++i) {
    GUARDRANK_TRY(copy_text(list[i], arena, &copies[i]));
  }
  GUARDRANK_TRY(resize_list(row, list.size(), arena, column));
  std::copy(copies.begin(), copies.end(), writable(column->strings) + column->list_offsets[row]);
  return Status::ok;
}

// Lists of the host, copied.
Status own_lists(Arena* arena, Column* column) {
  // The first list need not start at the host's first element.
  const std::size_t n = column->n_rows;
  const std::uint32_t first = column->list_offsets[0];
  const std::size_t total = column->list_offsets[n] - first;
  std::span<std::string_view> elements;
  GUARDRANK_TRY(arena->make(list_capacity(total), &elements));
  std::copy_n(column->strings + first, total, elements.begin());
  column->strings = elements.data();
  GUARDRANK_TRY(copy_array(n + 1, arena, &column->list_offsets));
  for (std::size_t i = 0; i <= n; ++i) writable(column->list_offsets)[i] -= first;
  return Status::ok;
}

}  // namespace

Status copy_text(std::string_view text, Arena* arena, std::string_view* copy) {
  *copy = {};
  if (text.empty()) return Status::ok;
  char* bytes = static_cast<char*>(arena->allocate(text.size(), 1));
  if (bytes == nullptr) return Status::memory;
  std::copy_n(text.data(), text.size(), bytes);
  *copy = {bytes, text.size()};
  return Status::ok;
}

Status make_rows(const Fact& fact, std::uint32_t n_rows, Arena* arena, Column* column) {
  Column made;
  made.type = fact.type;
  made.n_rows = n_rows;
  made.width = fact.width;
  GUARDRANK_TRY(make_array(n_rows, arena, &made.present));
  if (fact.type == FactType::string_list)
    GUARDRANK_TRY(make_array(std::size_t{n_rows} + 1, arena, &made.list_offsets));
  GUARDRANK_TRY(make_values(n_rows, nullptr, arena, &made));
  *column = made;
  return Status::ok;
}

Status own_rows(Arena* arena, Column* column) {
  Column made = *column;
  const std::size_t n = column->n_rows;
  if (made.present != nullptr) {
    GUARDRANK_TRY(copy_array(n, arena, &made.present));
  } else {
    GUARDRANK_TRY(make_array(n, arena, &made.present));
    std::fill_n(writable(made.present), n, std::uint8_t{1});
  }
  if (made.type == FactType::string_list) GUARDRANK_TRY(own_lists(arena, &made));
  else GUARDRANK_TRY(make_values(n, column->values, arena, &made));
  *column = made;
  return Status::ok;
}

Status store_value(const Value& value, std::uint32_t row, Arena* arena, Column* column) {
  if (value.is_missing) {
    writable(column->present)[row] = 0;
    return Status::ok;
  }
  switch (column->type) {
    case FactType::f64: writable(column->numbers)[row] = value.number; break;
    case FactType::i64:
    case FactType::timestamp: writable(column->integers)[row] = value.integer; break;
    case FactType::boolean: writable(column->booleans)[row] = value.boolean ? 1 : 0; break;
    case FactType::string: {
      std::string_view copy;
      GUARDRANK_TRY(copy_text(value.string, arena, &copy));
      writable(column->strings)[row] = copy;
      break;
    }
    case FactType::string_list: GUARDRANK_TRY(store_list(value.strings, row, arena, column)); break;
    case FactType::f32_vector:
      std::copy(value.floats.begin(), value.floats.end(),
                writable(column->floats) + std::size_t{row} * column->width);
      break;
  }
  writable(column->present)[row] = 1;
  return Status::ok;
}

Value value_of(const Column& column, std::uint32_t row) {
  Value value;
  value.type = column.type;
  value.is_missing = !column.is_present(row);
  if (value.is_missing) return value;
  switch (column.type) {
    case FactType::f64: value.number = column.numbers[row]; break;
    case FactType::i64:
    case FactType::timestamp: value.integer = column.integers[row]; break;
    case FactType::boolean: value.boolean = column.booleans[row] != 0; break;
    case FactType::string: value.string = column.strings[row]; break;
    case FactType::string_list: {
      const std::uint32_t first = column.list_offsets[row];
      value.strings = {column.strings + first, column.list_offsets[row + 1] - first};
      break;
    }
    case FactType::f32_vector:
      value.floats = {column.floats + std::size_t{row} * column.width, column.width};
      break;
  }
  return value;
}

}  // namespace guardrank
