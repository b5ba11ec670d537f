// `in` a constant list, for the types that have one.
#include <algorithm>

#include "core/expr/machine.h"
#include "core/expr/text_equality.h"

namespace guardrank {
namespace {

constexpr std::uint32_t linear_elements = 8;   // up to here a scan beats a binary search
constexpr std::uint32_t linear_texts = 32;

template <typename T>
bool contains(const T* elements, std::uint32_t n_elements, const T& value) {
  if (n_elements > linear_elements)
    return std::binary_search(elements, elements + n_elements, value, ElementOrder());
  bool found = false;
  for (std::uint32_t i = 0; i < n_elements; ++i) found = found || elements[i] == value;
  return found;
}
// Only exact comparisons: NaN must not reach the search, which it would confuse.
bool contains(const double* elements, std::uint32_t n_elements, const double& value) {
  return value == value && contains<double>(elements, n_elements, value);
}

template <typename T>
void find_all(const T* values, std::uint32_t n, const T* elements, std::uint32_t n_elements,
              std::uint8_t* out) {
  for (std::uint32_t i = 0; i < n; ++i) out[i] = contains(elements, n_elements, values[i]) ? 1 : 0;
}
// A few texts element by element over all rows.
void find_all(const std::string_view* texts, std::uint32_t n, const std::string_view* elements,
              std::uint32_t n_elements, std::uint8_t* out) {
  if (n_elements > linear_texts)
    return find_all<std::string_view>(texts, n, elements, n_elements, out);
  __builtin_memset(out, 0, n);
  match_texts(texts, n, {elements, n_elements}, TextPlace::whole, out);
}

template <typename T>
void in_literals_kernel(const Operation& operation, Machine& machine) {
  const Lane& source = machine.lanes[operation.left];
  Lane& target = machine.lanes[operation.target];
  const std::uint32_t n = machine.n_rows;
  find_all(source.read<T>(), n, static_cast<const T*>(operation.elements), operation.n_elements,
           target.write<std::uint8_t>());
  settle(source, nullptr, n, false, &target);
}

}  // namespace

Kernel membership_kernel(OpCode code) {
  switch (code) {
    case OpCode::in_integers: return in_literals_kernel<std::int64_t>;
    case OpCode::in_numbers: return in_literals_kernel<double>;
    case OpCode::in_strings: return in_literals_kernel<std::string_view>;
    default: return nullptr;
  }
}

}  // namespace guardrank
