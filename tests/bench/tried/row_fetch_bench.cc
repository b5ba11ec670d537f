// What fetching embeddings costs by their width: rows at random from a table of int8 codes, or of
// int4 codes that are spread to bytes. Usage: row_fetch_bench [ROWS]
//
// 1000 rows at random into a tile's codes, the next ones asked for ahead as core/model does; the table
// is in memory, its size is what it is. The time is of processor, the least of many turns.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <vector>

namespace {

constexpr std::size_t n_fetched = 1000;
constexpr std::size_t ahead = 16;

double seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// A row's bytes as they are.
template <std::size_t dim>
void copy_row(const std::uint8_t* from, std::uint8_t* to) {
  std::memcpy(to, from, dim);
}

// Two codes a byte, 15 levels in steps of 9 around the zero point, eight at a time: no carry leaves a
// byte, since 15 * 9 + 1 fits.
template <std::size_t dim>
void spread_row(const std::uint8_t* from, std::uint8_t* to) {
  constexpr std::uint64_t ones = 0x0101010101010101, low = 15 * ones;
  for (std::size_t i = 0; i < dim / 2; i += 8) {
    std::uint64_t pairs = 0;
    std::memcpy(&pairs, from + i, 8);
    const std::uint64_t first = (pairs & low) * 9 + ones, second = (pairs >> 4 & low) * 9 + ones;
    std::memcpy(to + i, &first, 8);
    std::memcpy(to + dim / 2 + i, &second, 8);
  }
}

template <std::size_t row_bytes, typename Fetch>
double nanoseconds_per_row(std::size_t n_rows, Fetch fetch, std::size_t dim) {
  std::mt19937_64 random(1);
  std::vector<std::uint8_t> table(n_rows * row_bytes + 64), codes(n_fetched * dim);
  for (std::uint8_t& byte : table) byte = static_cast<std::uint8_t>(random());
  const std::uint8_t* base = table.data() + (64 - reinterpret_cast<std::uintptr_t>(table.data()) % 64);
  n_rows -= 1;
  std::vector<std::size_t> rows(n_fetched);
  double least = 1;
  unsigned sum = 0;
  for (std::size_t turn = 0; turn < 2000; ++turn) {
    for (std::size_t& row : rows) row = random() % n_rows;
    const double from = seconds();
    for (std::size_t i = 0; i < n_fetched; ++i) {
      if (i + ahead < n_fetched) __builtin_prefetch(base + rows[i + ahead] * row_bytes);
      fetch(base + rows[i] * row_bytes, codes.data() + i * dim);
    }
    least = std::min(least, seconds() - from);
    sum += codes[turn % codes.size()];
  }
  if (sum == 1) std::printf(" ");
  return least / n_fetched * 1e9;
}

template <std::size_t dim>
void compare(std::size_t n_rows) {
  const double wide = nanoseconds_per_row<dim>(n_rows, copy_row<dim>, dim);
  const double narrow = nanoseconds_per_row<dim / 2>(n_rows, spread_row<dim>, dim);
  std::printf("%8zu rows of %2zu codes: int8 %5.1f MB %6.1f ns a row, int4 %5.1f MB %6.1f ns\n", n_rows, dim,
              1e-6 * static_cast<double>(n_rows * dim), wide, 0.5e-6 * static_cast<double>(n_rows * dim), narrow);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::size_t> sizes = {10'000, 100'000, 1'000'000, 4'000'000};
  if (argc > 1) sizes = {static_cast<std::size_t>(std::atoll(argv[1]))};
  for (const std::size_t n_rows : sizes) {
    compare<16>(n_rows);
    compare<64>(n_rows);
  }
  return 0;
}
