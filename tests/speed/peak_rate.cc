#include "tests/speed/peak_rate.h"

#include <algorithm>
#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

// Chains of sums hide an instruction's latency: ten would do for five cycles on two ports. The empty assembly
// makes what a chain starts from and what each step reads unknown, or equal chains would be computed once.
constexpr int n_chains = 12, n_chains_of_three = 4;  // of one instruction a step; of three
constexpr std::int64_t n_rounds = 200'000;

#if defined(__x86_64__)

__attribute__((target("ssse3"))) void run_ssse3() {
  __m128i sums[n_chains_of_three] = {}, codes = _mm_set1_epi8(1), weights = _mm_set1_epi8(1);
  const __m128i ones = _mm_set1_epi16(1);
  for (__m128i& sum : sums) __asm__ volatile("" : "+x"(sum));
  for (std::int64_t round = 0; round < n_rounds; ++round) {
#pragma GCC unroll 4
    for (__m128i& sum : sums) {
      __asm__ volatile("" : "+x"(codes));
      const __m128i pairs = _mm_maddubs_epi16(codes, weights);
      sum = _mm_add_epi32(sum, _mm_madd_epi16(pairs, ones));
    }
  }
  for (__m128i& sum : sums) __asm__ volatile("" : "+x"(sum));
}

__attribute__((target("avx2"))) void run_avx2() {
  __m256i sums[n_chains_of_three] = {}, codes = _mm256_set1_epi8(1), weights = _mm256_set1_epi8(1);
  const __m256i ones = _mm256_set1_epi16(1);
  for (__m256i& sum : sums) __asm__ volatile("" : "+x"(sum));
  for (std::int64_t round = 0; round < n_rounds; ++round) {
#pragma GCC unroll 4
    for (__m256i& sum : sums) {
      __asm__ volatile("" : "+x"(codes));
      const __m256i pairs = _mm256_maddubs_epi16(codes, weights);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
    }
  }
  for (__m256i& sum : sums) __asm__ volatile("" : "+x"(sum));
}

__attribute__((target("avx2,avxvnni"))) void run_avx_vnni() {
  __m256i sums[n_chains] = {}, codes = _mm256_set1_epi8(1), weights = _mm256_set1_epi8(1);
  for (__m256i& sum : sums) __asm__ volatile("" : "+x"(sum));
  for (std::int64_t round = 0; round < n_rounds; ++round) {
#pragma GCC unroll 12
    for (__m256i& sum : sums) {
      __asm__ volatile("" : "+x"(codes));
      sum = _mm256_dpbusd_avx_epi32(sum, codes, weights);
    }
  }
  for (__m256i& sum : sums) __asm__ volatile("" : "+x"(sum));
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) void run_avx512_vnni() {
  __m512i sums[n_chains] = {}, codes = _mm512_set1_epi8(1), weights = _mm512_set1_epi8(1);
  for (__m512i& sum : sums) __asm__ volatile("" : "+v"(sum));
  for (std::int64_t round = 0; round < n_rounds; ++round) {
#pragma GCC unroll 12
    for (__m512i& sum : sums) {
      __asm__ volatile("" : "+v"(codes));
      sum = _mm512_dpbusd_epi32(sum, codes, weights);
    }
  }
  for (__m512i& sum : sums) __asm__ volatile("" : "+v"(sum));
}

#endif

struct Rate {
  std::string_view kernel;
  void (*run)();
  int products;  // of a round
};

constexpr Rate rates[] = {
#if defined(__x86_64__)
    {"ssse3", run_ssse3, 16 * n_chains_of_three},
    {"avx2", run_avx2, 32 * n_chains_of_three},
    {"avx_vnni", run_avx_vnni, 32 * n_chains},
    {"avx512_vnni", run_avx512_vnni, 64 * n_chains},
#endif
    {"", nullptr, 0},
};

}  // namespace

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double peak_products_per_second(std::string_view kernel) {
  for (const Rate& rate : rates) {
    if (rate.kernel != kernel || rate.run == nullptr) continue;
    double best = 1e9;
    for (int i = 0; i < 20; ++i) {
      const double from = processor_seconds();
      rate.run();
      best = std::min(best, processor_seconds() - from);
    }
    return static_cast<double>(n_rounds) * rate.products / best;
  }
  return 0;
}
