#include "bindings/shell/progress.h"

#include <cstdio>

#include <unistd.h>

namespace guardrank::shell {

Progress::Progress() : is_terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { clear(); }

void Progress::show(std::string_view step, std::uint64_t done, std::uint64_t total) {
  if (!is_terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_ && done != total) return;
  next_ = now + std::chrono::milliseconds(100);
  is_shown_ = true;
  std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(step.size()), step.data());
  if (total != 0) {
    std::fprintf(stderr, " %llu/%llu", static_cast<unsigned long long>(done),
                 static_cast<unsigned long long>(total));
  } else if (done != 0) {
    std::fprintf(stderr, " %llu", static_cast<unsigned long long>(done));
  }
  std::fflush(stderr);
}

void Progress::clear() {
  if (!is_shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  is_shown_ = false;
}

void Progress::report(void* user, const char* step, std::uint64_t done, std::uint64_t total) {
  static_cast<Progress*>(user)->show(step, done, total);
}

}  // namespace guardrank::shell
