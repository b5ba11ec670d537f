// Times the rules natively. Usage: rules_native FOLDER [--each [EXPRESSION]]; reads the folder's workload.json and
// request.json, writes native.bin, prints one line of JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/bench/rules/rules_world.h"

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Times {
  double median = 0, least = 0;
};

// Microseconds of one call, over 301 of them after as many to get warm.
template <typename Call>
Times time_us(Call call) {
  constexpr int calls = 301;
  std::vector<double> times;
  for (int i = 0; i < 2 * calls; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (call() != 0) std::fprintf(stderr, "rules_native: a call failed\n"), std::exit(1);
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - start;
    if (i >= calls) times.push_back(spent.count());
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[0]};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: rules_native FOLDER [--each]\n"), 2;
  const std::string folder = argv[1];
  const std::string workload = read(folder + "/workload.json");
  const std::string request = read(folder + "/request.json");
  if (rules_open(workload.data(), workload.size(), request.data(), request.size()) != 0)
    return std::fprintf(stderr, "rules_native: %s\n", rules_message()), 1;
  if (argc > 2 && std::strcmp(argv[2], "--each") == 0) {
    const bool is_one = argc > 3;
    const unsigned first = is_one ? static_cast<unsigned>(std::atoi(argv[3])) : 0;
    for (unsigned i = first; i < (is_one ? first + 1 : rules_count()); ++i)
      std::printf("%2u %8.2f us\n", i, time_us([i] { return rules_run_one(i, 10); }).least / 10);
    return 0;
  }
  std::size_t bytes = 0;
  const std::uint8_t* results = rules_results(&bytes);
  if (results == nullptr) return std::fprintf(stderr, "rules_native: no results\n"), 1;
  std::ofstream(folder + "/native.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(results), static_cast<std::streamsize>(bytes));
  if (rules_run(1) != 0 || rules_compile(200) != 0) return 1;
  const std::uint64_t before = rules_allocations();
  const Times run = time_us([] { return rules_run(1); });
  const std::uint64_t allocated = rules_allocations() - before;
  const Times compile = time_us([] { return rules_compile(200); });
  std::printf("{\"run_us\": %.3f, \"least_us\": %.3f, \"compile_200_us\": %.3f, "
              "\"allocations\": %llu}\n",
              run.median, run.least, compile.median, static_cast<unsigned long long>(allocated));
  return 0;
}
