#include "capi/src/kept_use.h"

namespace guardrank {

KeptUse::KeptUse(const gr_snapshot& snapshot, Session* session)
    : snapshot_(const_cast<gr_snapshot&>(snapshot)), session_(session) {
  session->set_reads_kept(snapshot_.kept.enter());
}

KeptUse::~KeptUse() { snapshot_.kept.leave(&snapshot_.snapshot); }

bool KeptUse::makes_room(Status status, Error* error) {
  if (status != Status::memory || !session_->arena().is_refused()) return false;
  if (!snapshot_.kept.drop(&snapshot_.snapshot)) return false;
  snapshot_.kept.leave(&snapshot_.snapshot);
  session_->arena().release();
  error->clear();
  session_->set_reads_kept(snapshot_.kept.enter());
  return true;
}

}  // namespace guardrank
