// A decision as bytes from which anyone with the same artifacts can compute it again.
#pragma once

#include "core/decision/pipeline.h"
#include "core/decision/version.h"

namespace guardrank {

// What a record lets its reader see (policy.md of the design).
enum class RecordLevel : std::uint8_t {
  full = 0,       // everything: replays by itself
  redacted = 1,   // values of the request that are not shown are commitments
  digest = 2,     // who decided, and a commitment to the full record
};

struct RecordOptions {
  RecordLevel level = RecordLevel::full;
  // Redacted: what stays readable, as "ctx.state", "offer.apr", "pair.seen", "route.market" and
  // "request_id". Names that the request does not give are no error; see check_shown.
  std::span<const std::string_view> shown;
  Bytes salt;       // redacted, digest: limits::salt_bytes or more, secret, for this record only
  Bytes previous;   // SHA-256 of the record before it in a chain, or empty
  std::string_view engine = engine_version;   // a replay writes the recorded one
};

// Whether these names may stay readable: Status::name for one that no request can give a value under,
// protected_fact for a protected fact. Apart from write_record, so that records that were written
// before this was looked at still replay.
Status check_shown(std::span<const std::string_view> shown, const FactTable& facts, Error* error);

// FlatBuffers root Record (models/schema/record.fbs), deterministic: the same decision and options
// give the same bytes. Memory from `arena`. Status::argument: a salt too short, a `previous` that
// is no digest.
Status write_record(const Decision& decision, const RecordOptions& options, Arena* arena,
                    Bytes* record, Error* error);

struct RecordView {
  std::string_view release, engine, request_json;   // the request with commitments where redacted
  std::uint32_t numerics = 0;
  RecordLevel level = RecordLevel::full;
  ArtifactIds ids;
  Bytes previous;                                    // 32 bytes, or none
};

// Verifies the bytes (Status::truncated, identifier, verify, version) and gives what a replay needs
// to find artifacts. `record` must be 8-byte aligned; the view points into it.
Status open_record(Bytes record, RecordView* view, Error* error);

struct ReplayResult {
  bool is_equal = false;
  Text<160> first_difference;               // "ranked[2].score_micros: 183 recorded, 184 now"
};

// What a record that is not full leaves out.
struct ReplaySupplement {
  std::string_view request_json;             // the request as it was
  Bytes salt;
};

// Ranks the recorded request again and compares every recorded outcome, bit for bit; of a redacted
// record also whether the supplied values are those that it commits to. `request` must be made for
// the pipeline's facts and catalog; it is overwritten.
// Status::reference when the pipeline's artifacts are not the recorded ones; Status::missing and
// Status::argument when the supplement lacks what the record's level needs, or has what it does not.
Status replay(const Pipeline& pipeline, Bytes record, const ReplaySupplement& supplement,
              Session* session, Request* request, ReplayResult* result, Error* error);

}  // namespace guardrank
