// Random numbers and texts, the same for a seed on every machine: of the standard library only the
// generator is used, whose output the standard fixes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace guardrank::sweep {

class Drawing {
 public:
  explicit Drawing(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  double between(double least, double most) {
    return least + (most - least) * static_cast<double>(random_() >> 11) * 0x1p-53;
  }
  std::uint64_t bits() { return random_(); }
  template <typename T>
  T pick(const std::vector<T>& all) {
    return all[below(static_cast<std::uint32_t>(all.size()))];
  }

 private:
  std::mt19937_64 random_;
};

// Every bit of a double, as JSON and the rule language write one.
inline std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  const std::string written = text;
  return written.find_first_of(".e") == std::string::npos ? written + ".0" : written;
}

inline std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// "a, b, c"
inline std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace guardrank::sweep
