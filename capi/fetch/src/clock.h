// What time it is for those who wait: the wall clock's, but never back, and no jumps while someone waits.
#pragma once

#include <cstdint>

namespace guardrank::fetch {

// Micros since 1970.
std::int64_t wall_clock_micros();
// Micros since some time of this machine's, without jumps.
std::int64_t steady_micros();

// Goes on steadily from the wall clock's time. A wall clock that was put ahead (or a machine that slept) is
// followed when `follow` is called; one that was put back is not, as metadata does not go back in time either.
class Clock {
 public:
  Clock() : ahead_(wall_clock_micros() - steady_micros()) {}
  std::int64_t now() const { return steady_micros() + ahead_; }
  void follow() {
    const std::int64_t ahead = wall_clock_micros() - steady_micros();
    if (ahead > ahead_) ahead_ = ahead;
  }

 private:
  std::int64_t ahead_;
};

}  // namespace guardrank::fetch
