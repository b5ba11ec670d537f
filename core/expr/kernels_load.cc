// Operations without operands of their own kind: literals, facts, and a context value over rows.
#include "core/expr/registers.h"

namespace guardrank {
namespace {

template <typename T>
void fill(const T& value, std::uint32_t n_rows, Lane* target) {
  T* out = target->write<T>();
  for (std::uint32_t i = 0; i < n_rows; ++i) out[i] = value;
}

// The presence of the tile's rows as states; false when all are there.
bool load_states(const Column& column, const Operation& operation, const Tile& tile, Lane* target) {
  target->states = nullptr;
  if (column.n_rows != 0 && column.present == nullptr) return false;
  bool has_missing = false;
  for (std::uint32_t i = 0; i < tile.n_rows; ++i) {
    const bool is_there =
        column.n_rows != 0 && column.present[column.row_of(tile.first_row + i)] != 0;
    target->own_states[i] = is_there ? state_value : state_unknown;
    target->own_missing[i] = operation.fact;
    has_missing = has_missing || !is_there;
  }
  if (!has_missing) return false;
  target->states = target->own_states;
  target->missing = target->own_missing;
  target->problems = target->own_problems;
  return true;
}

template <typename T>
void load_values(const Column& column, const T* values, const Operation& operation,
                 const Tile& tile, Lane* target) {
  const bool has_missing = load_states(column, operation, tile, target);
  if (!has_missing && column.n_rows > 1) {
    target->values = values + tile.first_row;
    return;
  }
  T* out = static_cast<T*>(target->own_values);
  for (std::uint32_t i = 0; i < tile.n_rows; ++i)
    out[i] = target->state(i) == state_value ? values[column.row_of(tile.first_row + i)] : T{};
  target->values = out;
}

void load_lists(const Column& column, const Operation& operation, const Tile& tile, Lane* target) {
  load_states(column, operation, tile, target);
  StringList* out = static_cast<StringList*>(target->own_values);
  for (std::uint32_t i = 0; i < tile.n_rows; ++i) {
    out[i] = {};
    if (target->state(i) != state_value) continue;
    const std::uint32_t row = column.row_of(tile.first_row + i);
    const std::uint32_t begin = column.list_offsets[row], end = column.list_offsets[row + 1];
    out[i] = {column.strings + begin, end - begin};
  }
  target->values = out;
}

// Takes over the one state of a context value for all rows.
void widen_state(const Lane& source, std::uint32_t n_rows, Lane* target) {
  target->states = nullptr;
  if (source.state(0) == state_value) return;
  for (std::uint32_t i = 0; i < n_rows; ++i) {
    target->own_states[i] = source.states[0];
    if (source.states[0] == state_unknown) target->own_missing[i] = source.missing[0];
    else target->own_problems[i] = source.problems[0];
  }
  target->states = target->own_states;
  target->missing = target->own_missing;
  target->problems = target->own_problems;
}

}  // namespace

void constant_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  Lane& target = lanes[operation.target];
  const Constant& constant = operation.constant;
  switch (constant.type) {
    case ExprType::number: fill(constant.number, tile.n_rows, &target); break;
    case ExprType::string: fill(constant.string, tile.n_rows, &target); break;
    case ExprType::boolean:
    case ExprType::null:
      fill(static_cast<std::uint8_t>(constant.integer), tile.n_rows, &target);
      break;
    default: fill(constant.integer, tile.n_rows, &target); break;
  }
}

void load_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  const Column& column = tile.columns[operation.load];
  Lane& target = lanes[operation.target];
  switch (operation.type) {
    case ExprType::number:
      load_values(column, column.numbers, operation, tile, &target);
      break;
    case ExprType::boolean:
      load_values(column, column.booleans, operation, tile, &target);
      break;
    case ExprType::string:
      load_values(column, column.strings, operation, tile, &target);
      break;
    case ExprType::string_list: load_lists(column, operation, tile, &target); break;
    default: load_values(column, column.integers, operation, tile, &target); break;
  }
}

void has_fact_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  const Column& column = tile.columns[operation.load];
  std::uint8_t* out = lanes[operation.target].write<std::uint8_t>();
  for (std::uint32_t i = 0; i < tile.n_rows; ++i) {
    const std::uint32_t row = column.row_of(tile.first_row + i);
    out[i] = column.n_rows != 0 && column.is_present(row) ? 1 : 0;
  }
}

void broadcast_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  const Lane& source = lanes[operation.left];
  Lane& target = lanes[operation.target];
  switch (operation.type) {
    case ExprType::boolean:
    case ExprType::null: fill(*source.read<std::uint8_t>(), tile.n_rows, &target); break;
    case ExprType::number: fill(*source.read<double>(), tile.n_rows, &target); break;
    case ExprType::string: fill(*source.read<std::string_view>(), tile.n_rows, &target); break;
    case ExprType::string_list: fill(*source.read<StringList>(), tile.n_rows, &target); break;
    default: fill(*source.read<std::int64_t>(), tile.n_rows, &target); break;
  }
  widen_state(source, tile.n_rows, &target);
}

}  // namespace guardrank
