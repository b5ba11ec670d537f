#include "core/base/big_natural.h"

#include <algorithm>
#include <bit>

namespace guardrank {

BigNatural::BigNatural(std::uint64_t value) : size_(2) {
  words_[0] = static_cast<std::uint32_t>(value);
  words_[1] = static_cast<std::uint32_t>(value >> 32);
  trim();
}

BigNatural& BigNatural::operator=(const BigNatural& other) {
  size_ = other.size_;
  std::copy_n(other.words_, other.size_, words_);
  return *this;
}

void BigNatural::trim() {
  while (size_ > 0 && words_[size_ - 1] == 0) --size_;
}

int BigNatural::n_bits() const {
  return size_ == 0 ? 0 : 32 * size_ - std::countl_zero(words_[size_ - 1]);
}

void BigNatural::multiply_add(std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (int i = 0; i < size_; ++i) {
    carry += std::uint64_t{words_[i]} * factor;
    words_[i] = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) words_[size_++] = static_cast<std::uint32_t>(carry);
}

void BigNatural::multiply_power_of_ten(int exponent) {
  for (; exponent >= 9; exponent -= 9) multiply_add(1'000'000'000, 0);
  for (; exponent > 0; --exponent) multiply_add(10, 0);
}

void BigNatural::shift_left(int n_bits) {
  if (size_ == 0) return;
  const int n_words = n_bits / 32;
  const int rest = n_bits % 32;
  if (rest != 0) multiply_add(std::uint32_t{1} << rest, 0);
  std::copy_backward(words_, words_ + size_, words_ + size_ + n_words);
  std::fill_n(words_, n_words, 0);
  size_ += n_words;
}

void BigNatural::add(const BigNatural& other) {
  std::uint64_t carry = 0;
  const int longest = std::max(size_, other.size_);
  for (int i = 0; i < longest; ++i) {
    carry += std::uint64_t{i < size_ ? words_[i] : 0} + (i < other.size_ ? other.words_[i] : 0);
    words_[i] = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  size_ = longest;
  if (carry != 0) words_[size_++] = static_cast<std::uint32_t>(carry);
}

void BigNatural::subtract(const BigNatural& other) {
  std::uint64_t borrow = 0;
  for (int i = 0; i < size_; ++i) {
    const std::uint64_t taken = borrow + (i < other.size_ ? other.words_[i] : 0);
    borrow = words_[i] < taken ? 1 : 0;
    words_[i] = static_cast<std::uint32_t>(words_[i] - taken);
  }
  trim();
}

int BigNatural::compare(const BigNatural& a, const BigNatural& b) {
  if (a.size_ != b.size_) return a.size_ - b.size_;
  for (int i = a.size_ - 1; i >= 0; --i) {
    if (a.words_[i] != b.words_[i]) return a.words_[i] < b.words_[i] ? -1 : 1;
  }
  return 0;
}

}  // namespace guardrank
