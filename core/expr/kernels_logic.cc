// && || ! and ?:, with CEL's rule that a decided side hides what is wrong with the other.
#include "core/expr/machine.h"
#include "core/expr/row_loop_choice.h"

namespace guardrank {
namespace {

// && and ||, in one: false decides the one and true the other, whatever the other side is.
void absorb_kernel(const Operation& operation, Machine& machine) {
  const std::uint8_t absorbing = operation.code == OpCode::logical_or ? 1 : 0;
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  const std::uint8_t* a = left.read<std::uint8_t>();
  const std::uint8_t* b = right.read<std::uint8_t>();
  std::uint8_t* out = target.write<std::uint8_t>();
  const std::uint32_t n = machine.n_rows;
  for (std::uint32_t i = 0; i < n; ++i)
    out[i] = static_cast<std::uint8_t>(((a[i] ^ absorbing) & (b[i] ^ absorbing)) ^ absorbing);
  if (left.states == nullptr && right.states == nullptr) return;
  const std::uint8_t* l = left.states_or_none();
  const std::uint8_t* r = right.states_or_none();
  std::uint8_t* states = target.own_states;
  unsigned any = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const bool is_decided = ((l[i] == state_value) & (a[i] == absorbing)) |
                            ((r[i] == state_value) & (b[i] == absorbing));
    const std::uint8_t state = is_decided ? state_value : joined(l[i], r[i]);
    out[i] = is_decided ? absorbing : out[i];
    states[i] = state;
    any |= state;
  }
  if (any != 0) name_causes(left, right, n, &target);
}

void not_kernel(const Operation& operation, Machine& machine) {
  const Lane& source = machine.lanes[operation.left];
  Lane& target = machine.lanes[operation.target];
  const std::uint8_t* in = source.read<std::uint8_t>();
  std::uint8_t* out = target.write<std::uint8_t>();
  const std::uint32_t n = machine.n_rows;
  for (std::uint32_t i = 0; i < n; ++i) out[i] = in[i] == 0 ? 1 : 0;
  settle(source, nullptr, n, false, &target);
}

// Two words that are one value.
struct Pair {
  std::uint64_t first, second;
};

template <typename Word>
void select_values(const Lane& condition, const Lane& first, const Lane& second, std::uint32_t n,
                   Lane* target) {
  const std::uint8_t* picks = condition.read<std::uint8_t>();
  const std::byte* a = first.read<std::byte>();
  const std::byte* b = second.read<std::byte>();
  std::byte* out = target->write<std::byte>();
  for (std::uint32_t i = 0; i < n; ++i) {
    Word one, other;
    __builtin_memcpy(&one, a + i * sizeof(Word), sizeof one);
    __builtin_memcpy(&other, b + i * sizeof(Word), sizeof other);
    const Word picked = picks[i] != 0 ? one : other;
    __builtin_memcpy(out + i * sizeof(Word), &picked, sizeof picked);
  }
}

void select_kernel(const Operation& operation, Machine& machine) {
  const Lane& condition = machine.lanes[operation.left];
  const Lane& first = machine.lanes[operation.right];
  const Lane& second = machine.lanes[operation.third];
  Lane& target = machine.lanes[operation.target];
  switch (value_bytes(operation.type)) {
    case 1: select_values<std::uint8_t>(condition, first, second, machine.n_rows, &target); break;
    case 8:
      row_loops().select_words(condition.read<std::uint8_t>(), first.read<std::uint64_t>(),
                               second.read<std::uint64_t>(), machine.n_rows,
                               target.write<std::uint64_t>());
      break;
    default: select_values<Pair>(condition, first, second, machine.n_rows, &target); break;
  }
  if (condition.states == nullptr && first.states == nullptr && second.states == nullptr) return;
  const std::uint8_t* picks = condition.read<std::uint8_t>();
  for (std::uint32_t i = 0; i < machine.n_rows; ++i) {
    const Lane& picked = picks[i] != 0 ? first : second;
    const Lane& decisive = condition.state(i) != state_value ? condition : picked;
    if (decisive.state(i) == state_value) target.own_states[i] = state_value;
    else copy_state(decisive, i, i, &target);
  }
  target.publish_states();
}

}  // namespace

Kernel logic_kernel(OpCode code) {
  switch (code) {
    case OpCode::logical_not: return not_kernel;
    case OpCode::logical_and:
    case OpCode::logical_or: return absorb_kernel;
    case OpCode::select: return select_kernel;
    default: return nullptr;
  }
}

}  // namespace guardrank
