// Functions that take values of whatever type, row by row.
#include "core/expr/machine.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

EvalProblem as_type(const Call& call, ExprValue* result) {
  *result = call[0];   // whether the type is right is asked when it is stored
  return EvalProblem::none;
}

ValueFunction find_value_function(Function function) {
  if (is_comparison(function)) return compare_values;
  if (is_time_part(function)) return time_part;
  switch (function) {
    case Function::negate: case Function::add: case Function::subtract: case Function::multiply:
    case Function::divide: case Function::modulo: return add_values;
    case Function::least: case Function::greatest: case Function::absolute:
    case Function::exponential: case Function::logarithm: case Function::square_root:
      return calculate;
    case Function::decayed_count: return count_decayed;
    case Function::sum: return add_elements;
    case Function::in: case Function::index: case Function::select_field: case Function::has_field:
      return look_up;
    case Function::make_list: case Function::make_map: return make_collection;
    case Function::to_timestamp: case Function::to_duration: return convert_to_time;
    case Function::to_string: case Function::to_bytes: return convert_to_text;
    case Function::to_int: case Function::to_uint: case Function::to_double:
    case Function::to_bool: case Function::type_of: return convert;
    case Function::size: case Function::contains: case Function::starts_with:
    case Function::ends_with: return search_text;
    case Function::matches: return match_text;
    default: return as_type;
  }
}

// The first operand that is unknown, else the first that is an error, else none.
const Lane* first_without_value(const Operation& operation, const Machine& machine,
                                std::uint32_t row) {
  const Lane* failed = nullptr;
  for (std::uint32_t i = 0; i < operation.n_operands; ++i) {
    const Lane& lane = machine.lanes[operation.operands[i]];
    if (lane.state(row) == state_unknown) return &lane;
    if (lane.state(row) == state_error && failed == nullptr) failed = &lane;
  }
  return failed;
}

}  // namespace

void generic_kernel(const Operation& operation, Machine& machine) {
  const ValueFunction function = find_value_function(operation.function);
  bool may_fail = false;
  for (std::uint32_t i = 0; i < operation.n_operands; ++i)
    may_fail = may_fail || machine.lanes[operation.operands[i]].states != nullptr;
  Lane& target = machine.lanes[operation.target];
  target.write<std::byte>();
  bool has_failures = false;
  for (std::uint32_t row = 0; row < machine.n_rows && machine.status == Status::ok; ++row) {
    target.own_states[row] = state_value;
    ExprValue result;
    EvalProblem problem = EvalProblem::none;
    const Lane* failed = may_fail ? first_without_value(operation, machine, row) : nullptr;
    if (failed == nullptr) {
      for (std::uint32_t i = 0; i < operation.n_operands; ++i)
        machine.arguments[i] = value_at(machine.lanes[operation.operands[i]], row);
      problem = function({operation, machine, row}, &result);
    }
    const EvalProblem misfit = store_value(result, row, &target);
    if (failed != nullptr) {
      copy_state(*failed, row, row, &target);
    } else if (problem != EvalProblem::none || misfit != EvalProblem::none) {
      target.own_states[row] = state_error;
      target.own_problems[row] = problem != EvalProblem::none ? problem : misfit;
    } else {
      continue;
    }
    has_failures = true;
  }
  if (has_failures) target.publish_states();
}

}  // namespace guardrank
