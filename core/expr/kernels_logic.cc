// && || ! and ?:, with CEL's rule that a decided side hides what is wrong with the other.
#include "core/expr/registers.h"

namespace guardrank {
namespace {

void publish_states(Lane* target) {
  target->states = target->own_states;
  target->missing = target->own_missing;
  target->problems = target->own_problems;
}

// `absorbing`: the value that decides whatever the other side is (false for &&, true for ||).
template <std::uint8_t absorbing>
void absorb_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  const Lane& left = lanes[operation.left];
  const Lane& right = lanes[operation.right];
  Lane& target = lanes[operation.target];
  const std::uint8_t* a = left.read<std::uint8_t>();
  const std::uint8_t* b = right.read<std::uint8_t>();
  std::uint8_t* out = target.write<std::uint8_t>();
  for (std::uint32_t i = 0; i < tile.n_rows; ++i)
    out[i] = static_cast<std::uint8_t>(absorbing == 0 ? a[i] & b[i] : a[i] | b[i]);
  if (left.states == nullptr && right.states == nullptr) return;
  for (std::uint32_t i = 0; i < tile.n_rows; ++i) {
    const std::uint8_t l = left.state(i), r = right.state(i);
    const bool is_decided = (l == state_value && a[i] == absorbing) ||
                            (r == state_value && b[i] == absorbing);
    if (is_decided) out[i] = absorbing;
    if (is_decided || (l == state_value && r == state_value)) target.own_states[i] = state_value;
    else if (l == state_unknown || (l == state_error && r != state_unknown))
      copy_state(left, i, &target);
    else copy_state(right, i, &target);
  }
  publish_states(&target);
}

void strict_or_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  const Lane& left = lanes[operation.left];
  const Lane& right = lanes[operation.right];
  Lane& target = lanes[operation.target];
  const std::uint8_t* a = left.read<std::uint8_t>();
  const std::uint8_t* b = right.read<std::uint8_t>();
  std::uint8_t* out = target.write<std::uint8_t>();
  for (std::uint32_t i = 0; i < tile.n_rows; ++i) out[i] = a[i] | b[i];
  settle(left, &right, tile.n_rows, false, &target);
}

void not_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  const Lane& source = lanes[operation.left];
  Lane& target = lanes[operation.target];
  const std::uint8_t* in = source.read<std::uint8_t>();
  std::uint8_t* out = target.write<std::uint8_t>();
  for (std::uint32_t i = 0; i < tile.n_rows; ++i) out[i] = in[i] == 0 ? 1 : 0;
  settle(source, nullptr, tile.n_rows, false, &target);
}

template <typename T>
void select_values(const Lane& condition, const Lane& first, const Lane& second, std::uint32_t n,
                   Lane* target) {
  const std::uint8_t* picks = condition.read<std::uint8_t>();
  const T* a = first.read<T>();
  const T* b = second.read<T>();
  T* out = target->write<T>();
  for (std::uint32_t i = 0; i < n; ++i) out[i] = picks[i] != 0 ? a[i] : b[i];
}

void select_kernel(const Operation& operation, const Tile& tile, std::span<Lane> lanes) {
  const Lane& condition = lanes[operation.left];
  const Lane& first = lanes[operation.right];
  const Lane& second = lanes[operation.third];
  Lane& target = lanes[operation.target];
  switch (operation.type) {
    case ExprType::boolean:
    case ExprType::null:
      select_values<std::uint8_t>(condition, first, second, tile.n_rows, &target);
      break;
    case ExprType::number:
      select_values<double>(condition, first, second, tile.n_rows, &target);
      break;
    case ExprType::string:
      select_values<std::string_view>(condition, first, second, tile.n_rows, &target);
      break;
    case ExprType::string_list:
      select_values<StringList>(condition, first, second, tile.n_rows, &target);
      break;
    default:
      select_values<std::int64_t>(condition, first, second, tile.n_rows, &target);
      break;
  }
  if (condition.states == nullptr && first.states == nullptr && second.states == nullptr) return;
  const std::uint8_t* picks = condition.read<std::uint8_t>();
  for (std::uint32_t i = 0; i < tile.n_rows; ++i) {
    const Lane& picked = picks[i] != 0 ? first : second;
    const Lane& decisive = condition.state(i) != state_value ? condition : picked;
    if (decisive.state(i) == state_value) target.own_states[i] = state_value;
    else copy_state(decisive, i, &target);
  }
  publish_states(&target);
}

}  // namespace

Kernel logic_kernel(OpCode code) {
  switch (code) {
    case OpCode::logical_not: return not_kernel;
    case OpCode::logical_and: return absorb_kernel<0>;
    case OpCode::logical_or: return absorb_kernel<1>;
    case OpCode::strict_or: return strict_or_kernel;
    case OpCode::select: return select_kernel;
    default: return nullptr;
  }
}

}  // namespace guardrank
