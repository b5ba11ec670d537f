// A session's ranking with what the snapshot keeps of its catalog, as long as there is memory for both.
#pragma once

#include "capi/src/handles.h"

namespace guardrank {

// do { status = rank(...); } while (use.makes_room(status, error));
class KeptUse {
 public:
  KeptUse(const gr_snapshot& snapshot, Session* session);
  ~KeptUse();
  KeptUse(const KeptUse&) = delete;
  KeptUse& operator=(const KeptUse&) = delete;

  // Whether to try once more: the host refused memory, and there was something to give back.
  bool makes_room(Status status, Error* error);

 private:
  gr_snapshot& snapshot_;
  Session* session_;
};

}  // namespace guardrank
