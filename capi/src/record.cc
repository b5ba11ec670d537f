#include "capi/src/kept_use.h"
#include "capi/src/session_lock.h"
#include "capi/src/verify.h"

#include "core/record/record.h"

using guardrank::Bytes;
using guardrank::Error;
using guardrank::Report;
using guardrank::Status;

namespace {

// A replay ranks a request of its own, and reads the record from aligned memory that nobody else
// can change meanwhile: where gr_rank_many's decisions were, which a replay ends.
Status replay(gr_session* session, const gr_snapshot& snapshot, Bytes record,
              const guardrank::ReplaySupplement& supplement, guardrank::ReplayResult* result,
              Error* error) {
  guardrank::Arena& arena = session->many;
  arena.reset();
  session->session.shards().begin();     // nothing is wanted yet
  std::span<std::uint8_t> copy;
  if (arena.make_uninitialised(record.size(), &copy) != Status::ok) {
    return error->no_memory("record");
  }
  if (!record.empty()) std::memcpy(copy.data(), record.data(), record.size());
  GUARDRANK_TRY(guardrank::check_prepared(snapshot, error));
  GUARDRANK_TRY(guardrank::verify_once(snapshot, error));
  const guardrank::Pipeline& pipeline = snapshot.snapshot.pipeline();
  guardrank::Request request(*pipeline.facts, pipeline.catalog, session->allocator,
                             session->limit_bytes);
  guardrank::KeptUse kept(snapshot, &session->session);
  Status status = Status::ok;
  do {
    status = guardrank::replay(pipeline, copy, supplement, &session->session, &request, result, error);
  } while (kept.makes_room(status, error));
  return status;
}

Bytes as_bytes(gr_bytes bytes) {
  return bytes.data == nullptr ? Bytes{} : Bytes{bytes.data, bytes.size};
}

Status read_options(const gr_record_options& given, guardrank::Arena* arena,
                    guardrank::RecordOptions* options, Error* error) {
  if (given.level < GR_RECORD_FULL || given.level > GR_RECORD_DIGEST)
    return error->wanted(Status::argument, "level", {"0, 1 or 2"}, {given.level});
  if (given.shown == nullptr && given.shown_count != 0)
    return error->set(Status::argument, "shown", {"must not be NULL"});
  std::span<std::string_view> shown;
  GUARDRANK_TRY(arena->make(given.shown_count, &shown));
  for (std::size_t i = 0; i < shown.size(); ++i) shown[i] = guardrank::as_view(given.shown[i]);
  options->level = static_cast<guardrank::RecordLevel>(given.level);
  options->shown = shown;
  options->salt = as_bytes(given.salt);
  if (given.previous != nullptr)
    options->previous = {given.previous, guardrank::Sha256Digest{}.size()};
  return Status::ok;
}

Status write(const gr_decision& handle, const gr_record_options& given, Bytes* record,
             Error* error) {
  const guardrank::Decision& decision = handle.decision;
  gr_session* session = handle.session;
  if (decision.pipeline == nullptr) {
    return error->set(Status::argument, "decision", {"its session has failed to rank since"});
  }
  guardrank::RecordOptions options;
  GUARDRANK_TRY(read_options(given, &session->session.arena(), &options, error));
  GUARDRANK_TRY(guardrank::check_shown(options.shown, *decision.pipeline->facts, error));
  return guardrank::write_record(decision, options, &session->session.arena(), record, error);
}

gr_status write_result(const guardrank::ReplayResult& replayed, gr_replay_result* result) {
  gr_replay_result known{};
  known.is_equal = replayed.is_equal ? 1 : 0;
  const std::string_view difference = replayed.first_difference.view();
  const std::size_t room = sizeof known.first_difference - 1;
  const std::size_t size = difference.size() < room ? difference.size() : room;
  if (size != 0) std::memcpy(known.first_difference, difference.data(), size);
  return guardrank::write_struct(known, result);
}

}  // namespace

extern "C" {

gr_status gr_decision_record(const gr_decision* decision, gr_bytes* record, gr_error** error) {
  return gr_decision_record_as(decision, nullptr, record, error);
}

gr_status gr_decision_record_as(const gr_decision* decision, const gr_record_options* options,
                                gr_bytes* record, gr_error** error) {
  Report report(error);
  if (decision == nullptr || record == nullptr) {
    return report.null(decision == nullptr ? "decision" : "record");
  }
  gr_session* session = decision->session;
  report.use(session->allocator);
  gr_record_options known{};
  if (const Status status = guardrank::read_struct(options, "options", &known, report.error());
      status != Status::ok)
    return report.finish(status);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  const bool is_kept = options == nullptr && !decision->record.empty();
  Bytes bytes = decision->record;
  const Status status =
      is_kept ? Status::ok : write(*decision, known, &bytes, report.error());
  if (status != Status::ok) return report.finish(status);
  if (options == nullptr) decision->record = bytes;
  *record = {bytes.data(), bytes.size()};
  return report.finish(Status::ok);
}

void gr_record_hash(const uint8_t* record, size_t size, uint8_t hash[32]) {
  if (hash == nullptr) return;
  const guardrank::Sha256Digest digest =
      guardrank::sha256(record == nullptr ? Bytes{} : Bytes{record, size});
  std::memcpy(hash, digest.data(), digest.size());
}

gr_status gr_record_open(const uint8_t* record, size_t size, gr_record_info* info,
                         gr_error** error) {
  Report report(error);
  if (record == nullptr || info == nullptr)
    return report.null(record == nullptr ? "record" : "info");
  guardrank::RecordView view;
  if (const Status status = guardrank::open_record({record, size}, &view, report.error());
      status != Status::ok)
    return report.finish(status);
  gr_record_info known{};
  known.level = static_cast<int32_t>(view.level);
  known.release = guardrank::as_text(view.release);
  known.engine = guardrank::as_text(view.engine);
  known.request = guardrank::as_text(view.request_json);
  known.has_previous = view.previous.empty() ? 0 : 1;
  if (!view.previous.empty())
    std::memcpy(known.previous, view.previous.data(), view.previous.size());
  return report.finish(static_cast<Status>(guardrank::write_struct(known, info)));
}

gr_status gr_replay(gr_session* session, const gr_snapshot* snapshot, const uint8_t* record,
                    size_t size, gr_replay_result* result, gr_error** error) {
  return gr_replay_with(session, snapshot, record, size, nullptr, result, error);
}

gr_status gr_replay_with(gr_session* session, const gr_snapshot* snapshot, const uint8_t* record,
                         size_t size, const gr_replay_options* options, gr_replay_result* result,
                         gr_error** error) {
  Report report(error);
  if (session == nullptr) return report.null("session");
  if (snapshot == nullptr) return report.null("snapshot");
  if (record == nullptr) return report.null("record");
  if (result == nullptr) return report.null("result");
  report.use(session->allocator);
  gr_replay_options known{};
  if (const Status status = guardrank::read_struct(options, "options", &known, report.error());
      status != Status::ok)
    return report.finish(status);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  session->decision.end(&session->session.arena());
  guardrank::ReplayResult replayed;
  const guardrank::ReplaySupplement supplement{guardrank::as_view(known.request_json),
                                               as_bytes(known.salt)};
  Status status =
      replay(session, *snapshot, {record, size}, supplement, &replayed, report.error());
  if (status == Status::ok) status = static_cast<Status>(write_result(replayed, result));
  return report.finish(status);
}

}  // extern "C"
