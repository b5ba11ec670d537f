#include "capi/src/kept_use.h"

namespace guardrank {

KeptUse::KeptUse(const gr_snapshot& snapshot, Session* session)
    : snapshot_(const_cast<gr_snapshot&>(snapshot)), session_(session),
      reads_(snapshot_.kept.enter(&snapshot_.snapshot)) {
  if (session != nullptr) session->set_reads_kept(reads_);
}

KeptUse::~KeptUse() { end(); }

void KeptUse::end() {
  if (session_ != nullptr) session_->set_reads_kept(false);
  if (reads_) snapshot_.kept.leave(&snapshot_.snapshot);
  reads_ = false;
}

bool KeptUse::makes_room(Status status, Error* error) {
  if (!reads_ || status != Status::memory || !session_->arena().is_refused()) return false;
  snapshot_.kept.drop(&snapshot_.snapshot);
  end();
  session_->arena().release();
  error->clear();
  return true;
}

}  // namespace guardrank
