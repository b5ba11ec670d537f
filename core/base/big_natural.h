// A natural number of bounded size, for exact conversions between decimal and binary.
#pragma once

#include <cstdint>

namespace guardrank {

// Little-endian words. The caller keeps results within `max_words`: the largest in use are the
// digits of a parsed number and powers of ten with exponents up to 1,120 (see number_parse.cc).
class BigNatural {
 public:
  static constexpr int max_words = 128;

  explicit BigNatural(std::uint64_t value = 0);
  BigNatural(const BigNatural& other) { *this = other; }
  BigNatural& operator=(const BigNatural& other);

  bool is_zero() const { return size_ == 0; }
  int n_bits() const;
  void multiply_add(std::uint32_t factor, std::uint32_t addend);
  void multiply_power_of_ten(int exponent);
  void shift_left(int n_bits);
  void add(const BigNatural& other);
  void subtract(const BigNatural& other);   // other <= *this

  // Negative, zero or positive as a < b, a == b, a > b.
  static int compare(const BigNatural& a, const BigNatural& b);

 private:
  void trim();

  int size_ = 0;                            // words in use; the last is not zero
  std::uint32_t words_[max_words];          // those beyond `size_` are not set
};

}  // namespace guardrank
