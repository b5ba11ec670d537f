// One engine in a process of its own, through the C interface: whole requests of all offers of a bundle (limit
// 20), and what the memory of the process grows by. Usage: process_bench BUNDLE CONTEXT.json [SUMS_BYTES]
// Prints one line, tabs between: ms from the file to the first ranking, median and 99th percentile of later ones in
// us, most memory in KB beyond what the process had before it read the file, bytes of the file. Of the clock.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "tests/bench/opened_bundle.h"

namespace {

double milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

// "VmRSS" or "VmHWM", the most it has been, in KB.
long memory_kb(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    long value = 0;
    if (word == name + ":" && file >> value) return value;
  }
  std::fprintf(stderr, "bench: /proc/self/status has no %s\n", name.c_str());
  std::exit(1);
}

// Lent to the engine, as a host would that has it in a file: for good.
gr_artifact* open_file(const char* path, std::size_t* size) {
  const int file = ::open(path, O_RDONLY);
  struct stat about {};
  if (file < 0 || fstat(file, &about) != 0) std::exit((std::perror(path), 1));
  *size = static_cast<std::size_t>(about.st_size);
  void* bytes = mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) std::exit((std::perror(path), 1));
  gr_error* error = nullptr;
  gr_artifact* artifact = nullptr;
  gr_artifact_options options{};
  options.struct_size = sizeof options;
  options.release = [](void*, const std::uint8_t*, std::size_t) {};
  check(gr_artifact_open(bench.engine, static_cast<const std::uint8_t*>(bytes), *size, &options, &artifact, &error),
        error);
  return artifact;
}

// In ms, sorted: five or more, as many as take two seconds. (Peers that take ten for fewer get fewer.)
std::vector<double> time_rankings(const gr_request* request) {
  std::vector<double> times;
  for (double total = 0; times.size() < 5 || (total < 2000 && times.size() < 2000); total += times.back()) {
    const double from = milliseconds();
    rank(request);
    times.push_back(milliseconds() - from);
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: process_bench BUNDLE CONTEXT.json [SUMS_BYTES]\n");
    return 2;
  }
  bench.context = read(argv[2]);
  const long base = memory_kb("VmRSS");
  const double from = milliseconds();
  std::size_t size = 0;
  gr_error* error = nullptr;
  check(gr_engine_create(nullptr, &bench.engine, &error), error);
  bench.artifact = open_file(argv[1], &size);
  bench.snapshot = create_snapshot(0, argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0);
  check(gr_session_create(bench.engine, &bench.session, &error), error);
  gr_request* request = make_request();
  rank(request);
  const double loaded = milliseconds() - from;
  const std::vector<double> times = time_rankings(request);
  gr_request_free(request);
  const double median = times[times.size() / 2], p99 = times[times.size() * 99 / 100];
  std::printf("%.3f\t%.1f\t%.1f\t%ld\t%zu\n", loaded, median * 1e3, p99 * 1e3, memory_kb("VmHWM") - base, size);
  return 0;
}
