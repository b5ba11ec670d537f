// Lists and maps: made, indexed, searched.
#include "core/base/limits.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

// A list's index: int, uint, or a double that is whole.
bool whole_index(const ExprValue& value, std::uint64_t* index) {
  *index = value.natural;
  if (value.kind == ExprType::unsigned_integer) return true;
  if (value.kind == ExprType::integer) return value.integer >= 0;
  if (value.kind != ExprType::number || !(value.number >= 0 && value.number < 0x1p32)) return false;
  *index = static_cast<std::uint64_t>(value.number);
  return static_cast<double>(*index) == value.number;
}

EvalProblem take_element(const ExprValue& list, const ExprValue& key, ExprValue* result) {
  std::uint64_t index = 0;
  if (!is_numeric(key.kind)) return EvalProblem::no_overload;
  if (!whole_index(key, &index) || index >= list.size) return EvalProblem::bad_index;
  *result = element_of(list, static_cast<std::uint32_t>(index));
  return EvalProblem::none;
}

EvalProblem take_value(const ExprValue& map, const ExprValue& key, ExprValue* result) {
  const ExprValue* found = find_key(map, key);
  if (found == nullptr) return EvalProblem::no_such_key;
  *result = *found;
  return EvalProblem::none;
}

EvalProblem is_in(const Call& call, const ExprValue& sought, const ExprValue& all,
                  ExprValue* result) {
  bool is_found = false;
  if (all.kind == ExprType::map) {
    is_found = find_key(all, sought) != nullptr;
  } else if (all.kind == ExprType::list) {
    std::uint64_t steps = limits::evaluation_row_steps;
    for (std::uint32_t i = 0; i < all.size && !is_found && steps > 0; ++i)
      is_found = equal_values(sought, element_of(all, i), &steps);
    if (!call.charge(limits::evaluation_row_steps - steps)) return EvalProblem::limit;
  } else {
    return EvalProblem::no_overload;
  }
  *result = ExprValue::of(is_found);
  return EvalProblem::none;
}

}  // namespace

EvalProblem look_up(const Call& call, ExprValue* result) {
  const ExprValue& first = call[0];
  const bool is_map = first.kind == ExprType::map;
  switch (call.function()) {
    case Function::in: return is_in(call, first, call[1], result);
    case Function::index:
      if (is_map) return take_value(first, call[1], result);
      return first.kind == ExprType::list ? take_element(first, call[1], result)
                                          : EvalProblem::no_overload;
    case Function::has_field:
      *result = ExprValue::of(is_map && find_key(first, call.operation.constant) != nullptr);
      return is_map ? EvalProblem::none : EvalProblem::no_overload;
    default:
      return is_map ? take_value(first, call.operation.constant, result)
                    : EvalProblem::no_overload;
  }
}

EvalProblem make_collection(const Call& call, ExprValue* result) {
  const std::uint32_t n = call.size();
  const bool is_map = call.function() == Function::make_map;
  auto* elements = static_cast<ExprValue*>(call.take(n * sizeof(ExprValue)));
  if (elements == nullptr) return EvalProblem::limit;
  for (std::uint32_t i = 0; i < n; ++i) {
    elements[i] = call[i];
    if (is_map && i % 2 == 0 && !is_key(call[i])) return EvalProblem::bad_key;
  }
  *result = ExprValue::of_list(elements, is_map ? n / 2 : n);
  if (!is_map) return EvalProblem::none;
  result->kind = ExprType::map;
  return sort_entries(elements, n / 2) ? EvalProblem::none : EvalProblem::repeated_key;
}

}  // namespace guardrank
