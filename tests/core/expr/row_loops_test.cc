// Every choice of the loops over rows against C++'s own operators, over values that are odd.
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/expr/kernels/row_loops.h"

namespace guardrank {
namespace {

struct Choice {
  const char* name;
  const RowLoops* loops;
};

std::vector<Choice> choices() {
  std::vector<Choice> found{{"portable", &portable_row_loops}};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) found.push_back({"avx2", &avx2_row_loops});
  else MESSAGE("this processor has no AVX2: its loops were not run");
#endif
  return found;
}

constexpr double odd_numbers[] = {
    0.0, -0.0, 1.0, -1.0, 0x1p-1074, -0x1p-1074, 0x1p1023, 0.1, 3.5, -7.25,
    std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
    std::numeric_limits<double>::quiet_NaN()};
constexpr std::int64_t odd_integers[] = {0,         1,         -1,        INT64_MIN, INT64_MAX,
                                         INT64_MIN + 1, 1ll << 32, -(1ll << 32), (1ll << 32) - 1};

template <typename T, std::size_t n_odd>
std::vector<T> draw(const T (&odd)[n_odd], std::size_t n, std::mt19937* random) {
  std::vector<T> made;
  for (std::size_t i = 0; i < n; ++i) made.push_back(odd[(*random)() % n_odd]);
  return made;
}

// The same bits, but any NaN for a NaN.
bool is_same(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

double expected(unsigned loop, double a, double b) {
  switch (loop) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a / b;
    default: break;
  }
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (loop == 4) return b < a ? b : a;   // of equal ones, zeros of both signs, the left one
  return b > a ? b : a;
}

template <typename T>
bool expected(Comparison comparison, T a, T b) {
  switch (comparison) {
    case Comparison::less: return a < b;
    case Comparison::less_equal: return a <= b;
    case Comparison::equal: return a == b;
    case Comparison::not_equal: return a != b;
  }
  return false;
}

template <typename T>
void check_comparisons(const RowLoop<T, std::uint8_t>* loops, const std::vector<T>& a,
                       const std::vector<T>& b) {
  for (unsigned loop = 0; loop < n_comparisons; ++loop) {
    CAPTURE(loop);
    std::vector<std::uint8_t> out(a.size() + 1, 9);
    loops[loop](a.data(), b.data(), static_cast<std::uint32_t>(a.size()), out.data());
    for (std::size_t i = 0; i < a.size(); ++i)
      CHECK(out[i] == (expected(static_cast<Comparison>(loop), a[i], b[i]) ? 1 : 0));
    CHECK(out[a.size()] == 9);
  }
}

TEST_CASE("loops over numbers give what the operators give") {
  std::mt19937 random(20261122);
  for (const Choice& choice : choices()) {
    CAPTURE(choice.name);
    for (std::size_t n = 0; n < 70; ++n) {
      CAPTURE(n);
      const auto a = draw(odd_numbers, n, &random), b = draw(odd_numbers, n, &random);
      for (unsigned loop = 0; loop < n_number_loops; ++loop) {
        CAPTURE(loop);
        std::vector<double> out(n + 1, 42.0);
        choice.loops->numbers[loop](a.data(), b.data(), static_cast<std::uint32_t>(n), out.data());
        for (std::size_t i = 0; i < n; ++i) CHECK(is_same(out[i], expected(loop, a[i], b[i])));
        CHECK(out[n] == 42.0);
      }
      check_comparisons(choice.loops->compare_numbers, a, b);
      check_comparisons(choice.loops->compare_integers, draw(odd_integers, n, &random),
                        draw(odd_integers, n, &random));
    }
  }
}

TEST_CASE("a pick takes whole words, whatever byte says yes") {
  std::mt19937_64 random(20261122);
  for (const Choice& choice : choices()) {
    CAPTURE(choice.name);
    for (std::uint32_t n = 0; n < 70; ++n) {
      std::vector<std::uint64_t> a(n), b(n), out(n + 1, 7);
      std::vector<std::uint8_t> picks(n);
      for (std::uint32_t i = 0; i < n; ++i) {
        a[i] = random(), b[i] = random();
        picks[i] = static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random() % 256);
      }
      choice.loops->select_words(picks.data(), a.data(), b.data(), n, out.data());
      for (std::uint32_t i = 0; i < n; ++i) CHECK(out[i] == (picks[i] != 0 ? a[i] : b[i]));
      CHECK(out[n] == 7);
    }
  }
}

TEST_CASE("rows of one size, and of at least that size") {
  std::mt19937_64 random(20261122);
  for (const Choice& choice : choices()) {
    CAPTURE(choice.name);
    for (std::uint32_t n = 0; n < 300; n = n < 20 ? n + 1 : n * 2 - 1) {
      // Exactly as many words as there are, so that a sanitizer sees a read beyond the last.
      std::vector<std::size_t> words(n == 0 ? 0 : n * size_stride - 1);
      for (std::size_t& word : words) word = random() % 4 == 0 ? SIZE_MAX : random() % 4 + 3;
      for (const bool or_more : {false, true}) {
        for (const std::size_t size : {0u, 4u, 5u}) {
          std::vector<std::uint16_t> wanted, places(n + spare_places);
          for (std::uint32_t i = 0; i < n; ++i) {
            const std::size_t there = words[i * size_stride];
            // No text is as long as half the memory.
            const bool is_wanted = or_more ? there >= size && there <= SIZE_MAX / 2 : there == size;
            if (is_wanted) wanted.push_back(static_cast<std::uint16_t>(i));
          }
          places.resize(choice.loops->find_sized(words.data(), n, size, or_more, places.data()));
          CHECK(places == wanted);
        }
      }
    }
  }
}

}  // namespace
}  // namespace guardrank
