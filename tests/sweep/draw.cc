// Draws cases into a file: sweep_draw FILE FIRST COUNT. Prints what they exercise.
//
// A case is a line "SEED BUNDLE_BYTES PARTIAL_BYTES REQUESTS", the bundle, then each request after a
// line with its bytes. The same arguments give the same file.
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>

#include "tests/sweep/drawn_case.h"

using namespace guardrank::sweep;

namespace {

void write(const DrawnCase& drawn, std::ostream* out) {
  *out << drawn.seed << ' ' << drawn.bundle.size() << ' ' << drawn.partial_bytes << ' '
       << drawn.requests.size() << '\n';
  out->write(reinterpret_cast<const char*>(drawn.bundle.data()),
             static_cast<std::streamsize>(drawn.bundle.size()));
  for (const std::string& request : drawn.requests) *out << request.size() << '\n' << request;
}

void print(const Coverage& coverage) {
  std::cout << "{\"requests\": " << coverage.requests << ", \"ranked\": " << coverage.ranked
            << ", \"excluded\": " << coverage.excluded << ", \"explored\": " << coverage.explored
            << ", \"uncertain\": " << coverage.uncertain << ", \"two_stage\": " << coverage.two_stage
            << ", \"with_kept_sums\": " << coverage.with_kept_sums
            << ", \"partly_kept\": " << coverage.partly_kept
            << ", \"bundle_bytes\": " << coverage.bytes << "}\n";
}

int draw(const char* path, std::uint64_t first, std::uint64_t count) {
  std::ofstream out(path, std::ios::binary);
  Coverage coverage;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    write(draw_case(seed, &coverage), &out);
  if (!out.flush()) return std::cerr << "cannot write " << path << "\n", 1;
  print(coverage);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::cerr << "usage: sweep_draw FILE FIRST COUNT\n", 2;
  try {
    return draw(argv[1], std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  } catch (const std::exception& failure) {
    std::cerr << "sweep_draw: " << failure.what() << "\n";
    return 1;
  }
}
