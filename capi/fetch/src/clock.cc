#include "capi/fetch/src/clock.h"

#include <chrono>

namespace guardrank::fetch {
namespace {

template <typename Source>
std::int64_t micros_of() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Source::now().time_since_epoch()).count();
}

}  // namespace

std::int64_t wall_clock_micros() { return micros_of<std::chrono::system_clock>(); }
std::int64_t steady_micros() { return micros_of<std::chrono::steady_clock>(); }

}  // namespace guardrank::fetch
