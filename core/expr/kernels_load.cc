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
  bool has_missing = false;
  for (std::uint32_t i = 0; i < machine.n_rows; ++i) {
    const bool is_there =
        column.n_rows != 0 && column.present[column.row_of(machine.first_row + i)] != 0;
    target->own_states[i] = is_there ? state_value : state_unknown;
    target->own_missing[i] = operation.fact;
    has_missing = has_missing || !is_there;
  }
  if (has_missing) target->publish_states();
  return has_missing;
}

// Where nothing is missing the column itself is the lane.
template <typename T>
void load_values(const Column& column, const T* values, const Machine& machine, bool has_missing,
                 Lane* target) {
  if (!has_missing && column.n_rows > 1) {
    target->values = values + machine.first_row;
    return;
  }
  T* out = static_cast<T*>(target->own_values);
  for (std::uint32_t i = 0; i < machine.n_rows; ++i)
    out[i] = target->state(i) == state_value ? values[column.row_of(machine.first_row + i)] : T{};
  target->values = out;
}

// Times and lists, value by value.
void load_made(const Column& column, const Machine& machine, Lane* target) {
  ExprValue* out = static_cast<ExprValue*>(target->own_values);
  for (std::uint32_t i = 0; i < machine.n_rows; ++i) {
    out[i] = {};
    if (target->state(i) != state_value) continue;
    const std::uint32_t row = column.row_of(machine.first_row + i);
    if (column.type == FactType::timestamp) {
      out[i] = ExprValue::of_micros(column.integers[row]);
      continue;
    }
    const std::uint32_t begin = column.list_offsets[row], end = column.list_offsets[row + 1];
    out[i] = ExprValue::of_list(nullptr, end - begin);
    out[i].holds_texts = true;
    out[i].texts = column.strings + begin;
  }
  target->values = out;
}

}  // namespace

void constant_kernel(const Operation& operation, Machine& machine) {
  Lane& target = machine.lanes[operation.target];
  target.write<std::byte>();
  const EvalProblem problem = store_value(operation.constant, 0, &target);
  copy_values(target.own_values, nullptr, target.type, machine.n_rows, target.own_values);
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
    default: return load_made(column, machine, &target);
  }
}

void has_fact_kernel(const Operation& operation, Machine& machine) {
  const Column& column = machine.columns[operation.load];
  std::uint8_t* out = machine.lanes[operation.target].write<std::uint8_t>();
  for (std::uint32_t i = 0; i < machine.n_rows; ++i) {
    const std::uint32_t row = column.row_of(machine.first_row + i);
    out[i] = column.n_rows != 0 && column.is_present(row) ? 1 : 0;
  }
}

void widen_kernel(const Operation& operation, Machine& machine) {
  copy_rows(machine.lanes[operation.left], machine.parents, machine.n_rows,
            &machine.lanes[operation.target]);
}

}  // namespace guardrank
