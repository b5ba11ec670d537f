// Finding the loop of an operation, and the states that strict operations share.
#include "core/expr/registers.h"

namespace guardrank {

Kernel find_kernel(OpCode code) {
  switch (code) {
    case OpCode::constant: return constant_kernel;
    case OpCode::load: return load_kernel;
    case OpCode::has_fact: return has_fact_kernel;
    case OpCode::broadcast: return broadcast_kernel;
    default: break;
  }
  for (const auto find : {arithmetic_kernel, comparison_kernel, logic_kernel, membership_kernel})
    if (const Kernel kernel = find(code); kernel != nullptr) return kernel;
  return nullptr;
}

void settle(const Lane& left, const Lane* right, std::uint32_t n_rows, bool has_problems,
            Lane* target) {
  const bool has_states = left.states != nullptr || (right != nullptr && right->states != nullptr);
  target->states = nullptr;
  if (!has_states && !has_problems) return;
  for (std::uint32_t i = 0; i < n_rows; ++i) {
    const std::uint8_t l = left.state(i);
    const std::uint8_t r = right == nullptr ? state_value : right->state(i);
    if (l == state_value && r == state_value) {
      const bool failed = has_problems && target->own_problems[i] != EvalProblem::none;
      target->own_states[i] = failed ? state_error : state_value;
    } else if (l == state_unknown || (l == state_error && r != state_unknown)) {
      copy_state(left, i, target);
    } else {
      copy_state(*right, i, target);
    }
  }
  target->states = target->own_states;
  target->missing = target->own_missing;
  target->problems = target->own_problems;
}

}  // namespace guardrank
