// One call at a time in a session: the second is told so rather than made to wait.
#pragma once

#include "capi/src/report.h"

namespace guardrank {

class SessionLock {
 public:
  explicit SessionLock(gr_session* session)
      : session_(session),
        is_held_(!session->is_busy.exchange(true, std::memory_order_acquire)) {}
  ~SessionLock() {
    if (is_held_) session_->is_busy.store(false, std::memory_order_release);
  }
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;

  bool is_held() const { return is_held_; }
  gr_status busy(Report* report) const {
    return report->finish(report->error()->set(Status::session_busy, "session",
                                               {"another call is running in it"}));
  }

 private:
  gr_session* session_;
  bool is_held_;
};

}  // namespace guardrank
