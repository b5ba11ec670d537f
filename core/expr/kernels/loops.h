// Loops that compilers make vectors of, with whatever instructions the including file may use.
#pragma once

#include "core/expr/kernels/row_loops.h"

namespace guardrank {
namespace {

struct Add { static double apply(double a, double b) { return a + b; } };
struct Subtract { static double apply(double a, double b) { return a - b; } };
struct Multiply { static double apply(double a, double b) { return a * b; } };
// IEEE: a quotient by zero is an infinity or NaN, on purpose.
struct Divide { static double apply(double a, double b) { return a / b; } };
// A NaN on either side is the result.
struct Least { static double apply(double a, double b) { return b < a || b != b ? b : a; } };
struct Greatest { static double apply(double a, double b) { return b > a || b != b ? b : a; } };

template <typename Operator>
void number_loop(const double* a, const double* b, std::uint32_t n, double* __restrict out) {
  for (std::uint32_t i = 0; i < n; ++i) out[i] = Operator::apply(a[i], b[i]);
}

template <typename T, Comparison comparison>
void compare_loop(const T* a, const T* b, std::uint32_t n, std::uint8_t* __restrict out) {
  for (std::uint32_t i = 0; i < n; ++i) {
    if constexpr (comparison == Comparison::less) out[i] = a[i] < b[i];
    else if constexpr (comparison == Comparison::less_equal) out[i] = a[i] <= b[i];
    else if constexpr (comparison == Comparison::equal) out[i] = a[i] == b[i];
    else out[i] = a[i] != b[i];
  }
}

void select_words(const std::uint8_t* picks, const std::uint64_t* a, const std::uint64_t* b,
                  std::uint32_t n, std::uint64_t* __restrict out) {
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint64_t mask = std::uint64_t{0} - (picks[i] != 0 ? 1 : 0);
    out[i] = (a[i] & mask) | (b[i] & ~mask);
  }
}

// From row `first` on.
std::uint32_t find_sized_from(std::uint32_t first, const std::size_t* sizes, std::uint32_t n,
                              std::size_t size, bool or_more, std::uint16_t* places) {
  const std::size_t slack = or_more ? SIZE_MAX / 2 : 0;
  std::uint32_t n_places = 0;
  for (std::uint32_t i = first; i < n; ++i) {
    places[n_places] = static_cast<std::uint16_t>(i);
    n_places += sizes[i * size_stride] - size <= slack ? 1 : 0;
  }
  return n_places;
}

constexpr RowLoops make_row_loops(decltype(RowLoops::find_sized) find_sized) {
  using C = Comparison;
  return {{number_loop<Add>, number_loop<Subtract>, number_loop<Multiply>, number_loop<Divide>,
           number_loop<Least>, number_loop<Greatest>},
          {compare_loop<double, C::less>, compare_loop<double, C::less_equal>,
           compare_loop<double, C::equal>, compare_loop<double, C::not_equal>},
          {compare_loop<std::int64_t, C::less>, compare_loop<std::int64_t, C::less_equal>,
           compare_loop<std::int64_t, C::equal>, compare_loop<std::int64_t, C::not_equal>},
          select_words,
          find_sized};
}

}  // namespace
}  // namespace guardrank
