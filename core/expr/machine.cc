#include "core/expr/machine.h"

#include "core/base/limits.h"

namespace guardrank {
namespace {

template <std::size_t width>
void copy_as(const void* from, const std::uint32_t* rows, std::uint32_t n_rows, void* out) {
  const std::byte* in = static_cast<const std::byte*>(from);
  std::byte* to = static_cast<std::byte*>(out);
  if (rows == nullptr) {
    std::byte first[width];
    __builtin_memcpy(first, in, width);
    for (std::uint32_t i = 0; i < n_rows; ++i) __builtin_memcpy(to + i * width, first, width);
    return;
  }
  for (std::uint32_t i = 0; i < n_rows; ++i)
    __builtin_memcpy(to + i * width, in + rows[i] * width, width);
}

}  // namespace

std::size_t value_bytes(ExprType type) {
  switch (type) {
    case ExprType::boolean: return 1;
    case ExprType::integer: case ExprType::unsigned_integer: case ExprType::number: return 8;
    case ExprType::string: return sizeof(std::string_view);
    default: return sizeof(ExprValue);
  }
}

ExprValue value_at(const Lane& lane, std::uint32_t row) {
  switch (lane.type) {
    case ExprType::boolean: return ExprValue::of(lane.read<std::uint8_t>()[row] != 0);
    case ExprType::integer: return ExprValue::of(lane.read<std::int64_t>()[row]);
    case ExprType::unsigned_integer: return ExprValue::of(lane.read<std::uint64_t>()[row]);
    case ExprType::number: return ExprValue::of(lane.read<double>()[row]);
    case ExprType::string: return ExprValue::of(lane.read<std::string_view>()[row]);
    default: return lane.read<ExprValue>()[row];
  }
}

EvalProblem store_value(const ExprValue& value, std::uint32_t row, Lane* lane) {
  const bool holds = lane->type == value.kind || lane->type == ExprType::dyn;
  const ExprValue kept = holds ? value : ExprValue{};
  switch (lane->type) {
    case ExprType::boolean:
      static_cast<std::uint8_t*>(lane->own_values)[row] = static_cast<std::uint8_t>(kept.integer);
      break;
    case ExprType::integer: case ExprType::unsigned_integer: case ExprType::number:
      static_cast<std::uint64_t*>(lane->own_values)[row] = kept.natural;
      break;
    case ExprType::string:
      static_cast<std::string_view*>(lane->own_values)[row] =
          holds ? kept.text() : std::string_view{};
      break;
    default: static_cast<ExprValue*>(lane->own_values)[row] = kept; break;
  }
  return holds ? EvalProblem::none : EvalProblem::no_overload;
}

void copy_state(const Lane& from, std::uint32_t from_row, std::uint32_t row, Lane* to) {
  const std::uint8_t state = from.state(from_row);
  to->own_states[row] = state;
  if (state == state_unknown) to->own_missing[row] = from.missing[from_row];
  else if (state == state_error) to->own_problems[row] = from.problems[from_row];
}

void copy_values(const void* from, const std::uint32_t* rows, ExprType type, std::uint32_t n_rows,
                 void* out) {
  switch (value_bytes(type)) {
    case 1: return copy_as<1>(from, rows, n_rows, out);
    case 8: return copy_as<8>(from, rows, n_rows, out);
    default: return copy_as<16>(from, rows, n_rows, out);
  }
}

void copy_rows(const Lane& from, const std::uint32_t* rows, std::uint32_t n_rows, Lane* to) {
  copy_values(from.values, rows, from.type, n_rows, to->write<std::byte>());
  if (from.states == nullptr) return;
  for (std::uint32_t i = 0; i < n_rows; ++i) copy_state(from, rows == nullptr ? 0 : rows[i], i, to);
  to->publish_states();
}

void take_states(const Lane& from, std::uint32_t n_rows, Lane* to) {
  __builtin_memcpy(to->own_states, from.states, n_rows);
  __builtin_memcpy(to->own_missing, from.missing, n_rows * sizeof *from.missing);
  __builtin_memcpy(to->own_problems, from.problems, n_rows);
  to->publish_states();
}

void name_causes(const Lane& left, const Lane& right, std::uint32_t n_rows, Lane* target) {
  for (std::uint32_t i = 0; i < n_rows; ++i) {
    const std::uint8_t state = target->own_states[i];
    if (state == state_value) continue;
    if (left.state(i) == state) copy_state(left, i, i, target);
    else if (right.state(i) == state) copy_state(right, i, i, target);
  }
  target->publish_states();
}

void settle(const Lane& left, const Lane* right, std::uint32_t n_rows, bool has_problems,
            Lane* target) {
  target->states = nullptr;
  const Lane& other = right == nullptr ? left : *right;
  if (left.states == nullptr && other.states == nullptr && !has_problems) return;
  if (!has_problems && (left.states == nullptr || other.states == nullptr || &left == &other))
    return take_states(left.states == nullptr ? other : left, n_rows, target);
  const std::uint8_t* l = left.states_or_none();
  const std::uint8_t* r = other.states_or_none();
  std::uint8_t* states = target->own_states;
  for (std::uint32_t i = 0; i < n_rows; ++i) states[i] = joined(l[i], r[i]);
  for (std::uint32_t i = 0; has_problems && i < n_rows; ++i)
    if (target->own_states[i] == state_value && target->own_problems[i] != EvalProblem::none)
      target->own_states[i] = state_error;
  name_causes(left, other, n_rows, target);
}

void* ValueHeap::take(std::size_t bytes) {
  bytes = (bytes + 15) / 16 * 16;
  if (bytes > chunk_.size() - used_) {
    constexpr std::size_t first_bytes = 16u << 10;
    std::size_t wanted = chunk_.size() * 2 < first_bytes ? first_bytes : chunk_.size() * 2;
    if (wanted < bytes) wanted = bytes;
    std::span<std::byte> chunk;
    status_ = taken_ + wanted > limits::evaluation_heap_bytes
                  ? Status::limit
                  : arena_.make_uninitialised(wanted, &chunk);
    if (status_ != Status::ok) return nullptr;
    taken_ += wanted;
    chunk_ = chunk;
    used_ = 0;
  }
  void* result = chunk_.data() + used_;
  used_ += bytes;
  return result;
}

bool Machine::charge_the_last(std::uint64_t* left, std::uint64_t steps) {
  const bool has_enough = *left >= steps;
  const std::uint64_t taken = has_enough ? steps : *left;
  *left -= taken;
  if (all_steps_left < taken) status = Status::limit;
  all_steps_left -= all_steps_left < taken ? all_steps_left : taken;
  return has_enough;
}

void* Machine::take(std::uint32_t row, std::size_t bytes) {
  constexpr std::size_t bytes_per_step = 16;
  if (!charge(row, bytes / bytes_per_step) || status != Status::ok) return nullptr;
  void* memory = heap->take(bytes);
  if (memory == nullptr) status = heap->status();
  return memory;
}

void Machine::run(std::uint32_t first_operation, std::uint32_t n_operations) {
  for (const Operation& operation : program->operations.subspan(first_operation, n_operations)) {
    Lane& target = lanes[operation.target];
    target.type = operation.type;
    target.is_uniform = false;
    target.flat = {};
    if (status == Status::ok) operation.kernel(operation, *this);
  }
}

Kernel find_kernel(OpCode code) {
  switch (code) {
    case OpCode::constant: return constant_kernel;
    case OpCode::failure: return failure_kernel;
    case OpCode::load: return load_kernel;
    case OpCode::has_fact: return has_fact_kernel;
    case OpCode::widen: return widen_kernel;
    case OpCode::generic: return generic_kernel;
    case OpCode::macro: return macro_kernel;
    default: break;
  }
  for (const auto find : {arithmetic_kernel, comparison_kernel, logic_kernel, membership_kernel,
                          text_kernel})
    if (const Kernel kernel = find(code); kernel != nullptr) return kernel;
  return nullptr;
}

}  // namespace guardrank
