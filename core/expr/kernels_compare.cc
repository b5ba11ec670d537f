// == != < <= > >= of one type or across number types. NaN equals nothing and stands nowhere.
#include <utility>

#include "core/expr/machine.h"
#include "core/expr/numeric_order.h"
#include "core/expr/row_loop_choice.h"
#include "core/expr/text_equality.h"

namespace guardrank {
namespace {

template <typename Left, typename Right>
void ordering_loop(const Operation& operation, const Left* a, const Right* b, std::uint32_t n,
                   std::uint8_t* out) {
  for (std::uint32_t i = 0; i < n; ++i)
    out[i] = (order(a[i], b[i]) & operation.accepted) != 0 ? 1 : 0;
}

const RowLoop<double, std::uint8_t>* loops_for(const double*) {
  return row_loops().compare_numbers;
}
const RowLoop<std::int64_t, std::uint8_t>* loops_for(const std::int64_t*) {
  return row_loops().compare_integers;
}

// There are loops for one half of the comparisons; the other half by exchange.
template <typename Number>
void number_loop(const Operation& operation, const Number* a, const Number* b, std::uint32_t n,
                 std::uint8_t* out) {
  const Orderings accepted = operation.accepted;
  const bool takes_equal = (accepted & ordered_equal) != 0;
  Comparison comparison = takes_equal ? Comparison::less_equal : Comparison::less;
  if (accepted == ordered_equal) comparison = Comparison::equal;
  else if ((accepted & ordered_less) != 0 && (accepted & ordered_greater) != 0)
    comparison = Comparison::not_equal;
  else if ((accepted & ordered_greater) != 0) std::swap(a, b);
  loops_for(a)[static_cast<unsigned>(comparison)](a, b, n, out);
}

// UTF-8 bytes stand in the order of their code points.
Orderings order_strings(std::string_view a, std::string_view b) {
  const int compared = a.compare(b);
  return compared < 0 ? ordered_less : compared > 0 ? ordered_greater : ordered_equal;
}

void string_loop(const Operation& operation, const std::string_view* a, const std::string_view* b,
                 std::uint32_t n, std::uint8_t* out) {
  for (std::uint32_t i = 0; i < n; ++i)
    out[i] = (order_strings(a[i], b[i]) & operation.accepted) != 0 ? 1 : 0;
}

template <typename Left, typename Right,
          void (*loop)(const Operation&, const Left*, const Right*, std::uint32_t, std::uint8_t*)>
void compare_kernel(const Operation& operation, Machine& machine) {
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  // Of two types the loop takes one on the left; what is unknown is told as it was written.
  const bool is_exchanged = left.type == ExprType::number && right.type != ExprType::number;
  const Lane& a = is_exchanged ? right : left;
  const Lane& b = is_exchanged ? left : right;
  loop(operation, a.read<Left>(), b.read<Right>(), machine.n_rows, target.write<std::uint8_t>());
  settle(left, &right, machine.n_rows, false, &target);
}

// Equality needs no order.
void equal_strings_kernel(const Operation& operation, Machine& machine) {
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  const auto* a = left.read<std::string_view>();
  const auto* b = right.read<std::string_view>();
  std::uint8_t* out = target.write<std::uint8_t>();
  const std::uint32_t n = machine.n_rows;
  if (left.is_uniform || right.is_uniform) {
    __builtin_memset(out, 0, n);
    match_texts(left.is_uniform ? b : a, n, {left.is_uniform ? a : b, 1}, TextPlace::whole, out);
  } else {
    for (std::uint32_t i = 0; i < n; ++i) out[i] = equal_texts(a[i], b[i]) ? 1 : 0;
  }
  if (operation.accepted != ordered_equal)
    for (std::uint32_t i = 0; i < n; ++i) out[i] ^= 1;
  settle(left, &right, n, false, &target);
}

constexpr Kernel order_strings_kernel =
    compare_kernel<std::string_view, std::string_view, string_loop>;

void string_kernel(const Operation& operation, Machine& machine) {
  const bool is_equality = operation.accepted == ordered_equal ||
                           operation.accepted == accepted_by(Function::not_equal);
  (is_equality ? equal_strings_kernel : order_strings_kernel)(operation, machine);
}

template <typename Number>
constexpr Kernel same_kernel = compare_kernel<Number, Number, number_loop<Number>>;
template <typename Left, typename Right>
constexpr Kernel mixed_kernel = compare_kernel<Left, Right, ordering_loop<Left, Right>>;

}  // namespace

Kernel comparison_kernel(OpCode code) {
  switch (code) {
    case OpCode::compare_integer: return same_kernel<std::int64_t>;
    case OpCode::compare_number: return same_kernel<double>;
    case OpCode::compare_boolean: return mixed_kernel<std::uint8_t, std::uint8_t>;
    case OpCode::compare_string: return string_kernel;
    case OpCode::compare_integer_number: return mixed_kernel<std::int64_t, double>;
    default: return nullptr;
  }
}

}  // namespace guardrank
