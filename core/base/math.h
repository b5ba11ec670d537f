// Arithmetic that gives the same bits everywhere: basic operations in a fixed order, no libm.
// Every function here is exact about its special cases; NaNs are canonical (positive quiet).
#pragma once

#include <cstdint>
#include <span>

namespace guardrank {

// exp and log in double: error under 1 ulp; overflow gives infinity, underflow gradual to 0.
double deterministic_exp(double x);
double deterministic_log(double x);    // log(0) = -inf, negative: NaN
double deterministic_log1p(double x);
double deterministic_sqrt(double x);   // correctly rounded; negative: NaN
// exp in float for the gates' softmax: argument clamped to [-87, 0] by the caller's subtraction.
float deterministic_exp(float x);

// 1 / (1 + exp(-z)), and its inverse with p clamped away from 0 and 1 by the smallest double step.
double sigmoid(double logit);
double logit(double probability);
// sigmoid of each number in place, and exp of each number of at most 0: the same bits, sooner.
void sigmoids(std::span<double> values);
void exps_below_one(std::span<double> values);

// Half to even, in the engine's floating-point environment (below).
double round_half_even(double x);
float round_half_even(float x);

// Currency units to micros. False when x is NaN or the result leaves int64.
bool to_micros(double currency_units, std::int64_t* micros);

// Sum of two int64; false on overflow (then `sum` is untouched).
bool add_checked(std::int64_t a, std::int64_t b, std::int64_t* sum);

inline bool is_finite(double x) {
  constexpr std::uint64_t exponent = 0x7ff0000000000000;
  return (__builtin_bit_cast(std::uint64_t, x) & exponent) != exponent;
}
bool is_nan(double x);

// Sets round-to-nearest, no flush to zero, no traps; puts the host's settings back on leaving.
class FloatingPointEnvironment {
 public:
  FloatingPointEnvironment();
  ~FloatingPointEnvironment();
  FloatingPointEnvironment(const FloatingPointEnvironment&) = delete;
  FloatingPointEnvironment& operator=(const FloatingPointEnvironment&) = delete;

 private:
  [[maybe_unused]] std::uint64_t saved_ = 0;  // nothing to save on WebAssembly
};

}  // namespace guardrank
