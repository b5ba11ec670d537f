// Progress on a terminal: one line on standard error, rewritten; nothing where that is not one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace guardrank::shell {

class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` 0: unknown. At most ten times a second, and at each end of a step.
  void show(std::string_view step, std::uint64_t done, std::uint64_t total);
  // Takes the line away, before other output.
  void clear();

  // As guardrank-tools calls it; `user` is a Progress.
  static void report(void* user, const char* step, std::uint64_t done, std::uint64_t total);

 private:
  bool is_terminal_;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace guardrank::shell
