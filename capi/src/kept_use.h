// Rankings with what the snapshot keeps of its catalog, as long as there is memory for both.
#pragma once

#include "capi/src/handles.h"

namespace guardrank {

// do { status = rank(...); } while (use.makes_room(status, error));
class KeptUse {
 public:
  // Of a session's rankings; of others, which look at `reads`, where it is null.
  KeptUse(const gr_snapshot& snapshot, Session* session);
  ~KeptUse();
  KeptUse(const KeptUse&) = delete;
  KeptUse& operator=(const KeptUse&) = delete;

  bool reads() const { return reads_; }
  // Whether to try once more: the host refused memory while what is kept was in use, which it is no more.
  bool makes_room(Status status, Error* error);

 private:
  void end();

  gr_snapshot& snapshot_;
  Session* session_;
  bool reads_;
};

}  // namespace guardrank
