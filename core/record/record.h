// A decision as bytes from which anyone with the same artifacts can compute it again.
#pragma once

#include "core/decision/pipeline.h"

namespace guardrank {

// FlatBuffers root Record (models/schema/record.fbs), deterministic: the same decision gives the
// same bytes. Memory from `arena`.
Status write_record(const Decision& decision, Arena* arena, Bytes* record, Error* error);

struct RecordView {
  std::string_view release, engine, request_json;
  std::uint32_t numerics = 0, level = 0;
  ArtifactIds ids;
};

// Verifies the bytes (Status::truncated, identifier, verify, version) and gives what a replay needs
// to find artifacts. `record` must be 8-byte aligned; the view points into it.
Status open_record(Bytes record, RecordView* view, Error* error);

struct ReplayResult {
  bool is_equal = false;
  Text<160> first_difference;               // "ranked[2].score_micros: 183 recorded, 184 now"
};

// Ranks the recorded request again and compares every recorded outcome, bit for bit. `request` must
// be made for the pipeline's facts and catalog; it is overwritten.
// Status::reference when the pipeline's artifacts are not the recorded ones.
Status replay(const Pipeline& pipeline, Bytes record, Session* session, Request* request,
              ReplayResult* result, Error* error);

}  // namespace guardrank
