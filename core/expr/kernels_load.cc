// Operations without operands of their own kind: literals, facts, and values of a shallower level.
#include "core/expr/machine.h"

namespace guardrank {
namespace {

void fail_all(EvalProblem problem, std::uint32_t n_rows, Lane* target) {
  for (std::uint32_t i = 0; i < n_rows; ++i) {
    target->own_states[i] = state_error;
    target->own_problems[i] = problem;
  }
  target->publish_states();
}

// The presence of the tile's rows as states; false when all are there.
bool load_states(const Column& column, const Operation& operation, const Machine& machine,
                 Lane* target) {
  target->states = nullptr;
  if (column.n_rows != 0 && column.present == nullptr) return false;
  const std::uint32_t n = machine.n_rows;
  std::uint8_t* states = target->own_states;
  if (column.n_rows <= 1) {
    if (column.n_rows == 1 && column.present[0] != 0) return false;
    __builtin_memset(states, state_unknown, n);
  } else {
    const std::uint8_t* present = column.present + machine.first_row;
    if (__builtin_memchr(present, 0, n) == nullptr) return false;
    for (std::uint32_t i = 0; i < n; ++i) states[i] = present[i] != 0 ? state_value : state_unknown;
  }
  std::uint32_t* missing = target->own_missing;
  for (std::uint32_t i = 0; i < n; ++i) missing[i] = operation.fact;
  target->publish_states();
  return true;
}

// Where nothing is missing the column itself is the lane; numbers may stand for what is missing too,
// for whatever they are, nothing is done with them.
template <typename T>
void load_values(const Column& column, const T* values, const Machine& machine, bool has_missing,
                 Lane* target) {
  const bool takes_any = sizeof(T) == 8 && values != nullptr;
  if (column.n_rows > 1 && (!has_missing || takes_any)) {
    target->values = values + machine.first_row;
    return;
  }
  T* out = static_cast<T*>(target->own_values);
  for (std::uint32_t i = 0; i < machine.n_rows; ++i)
    out[i] = target->state(i) == state_value ? values[column.row_of(machine.first_row + i)] : T{};
  target->values = out;
}

ExprValue list_at(const Column& column, std::uint32_t row) {
  const std::uint32_t begin = column.list_offsets[row];
  ExprValue list;
  list.kind = ExprType::list;
  list.holds_texts = true;
  list.size = column.list_offsets[row + 1] - begin;
  list.texts = column.strings + begin;
  return list;
}

// Times and lists, value by value; lists also as they stand, where none that is missing is among them.
void load_made(const Column& column, const Machine& machine, bool has_missing, Lane* target) {
  ExprValue* out = static_cast<ExprValue*>(target->own_values);
  target->values = out;
  const bool is_time = column.type == FactType::timestamp;
  const std::uint32_t n = machine.n_rows, step = column.n_rows > 1 ? 1 : 0;
  std::uint32_t row = machine.first_row * step;
  if (step != 0 && !is_time && !has_missing)
    target->flat = {column.strings, column.list_offsets + row};
  for (std::uint32_t i = 0; i < n; ++i, row += step) {
    if (has_missing && target->states[i] != state_value) out[i] = {};
    else out[i] = is_time ? ExprValue::of_micros(column.integers[row]) : list_at(column, row);
  }
}

}  // namespace

void constant_kernel(const Operation& operation, Machine& machine) {
  Lane& target = machine.lanes[operation.target];
  target.write<std::byte>();
  const EvalProblem problem = store_value(operation.constant, 0, &target);
  copy_values(target.own_values, nullptr, target.type, machine.n_rows, target.own_values);
  target.is_uniform = true;
  if (problem != EvalProblem::none) fail_all(problem, machine.n_rows, &target);
}

void failure_kernel(const Operation& operation, Machine& machine) {
  Lane& target = machine.lanes[operation.target];
  __builtin_memset(target.write<std::byte>(), 0, machine.n_rows * value_bytes(target.type));
  fail_all(operation.problem, machine.n_rows, &target);
}

void load_kernel(const Operation& operation, Machine& machine) {
  const Column& column = machine.columns[operation.load];
  Lane& target = machine.lanes[operation.target];
  const bool has_missing = load_states(column, operation, machine, &target);
  switch (operation.type) {
    case ExprType::number:
      return load_values(column, column.numbers, machine, has_missing, &target);
    case ExprType::boolean:
      return load_values(column, column.booleans, machine, has_missing, &target);
    case ExprType::string:
      return load_values(column, column.strings, machine, has_missing, &target);
    case ExprType::integer:
      return load_values(column, column.integers, machine, has_missing, &target);
    default: return load_made(column, machine, has_missing, &target);
  }
}

void has_fact_kernel(const Operation& operation, Machine& machine) {
  const Column& column = machine.columns[operation.load];
  std::uint8_t* out = machine.lanes[operation.target].write<std::uint8_t>();
  const std::uint32_t n = machine.n_rows;
  if (column.n_rows > 1 && column.present != nullptr) {
    const std::uint8_t* present = column.present + machine.first_row;
    for (std::uint32_t i = 0; i < n; ++i) out[i] = present[i] != 0 ? 1 : 0;
    return;
  }
  __builtin_memset(out, column.n_rows != 0 && column.is_present(0) ? 1 : 0, n);
}

void widen_kernel(const Operation& operation, Machine& machine) {
  const Lane& above = machine.lanes[operation.left];
  Lane& target = machine.lanes[operation.target];
  copy_rows(above, machine.parents, machine.n_rows, &target);
  target.is_uniform = machine.parents == nullptr || above.is_uniform;
}

}  // namespace guardrank
