#include "capi/src/session_lock.h"

#include "core/record/record.h"

using guardrank::Bytes;
using guardrank::Error;
using guardrank::Report;
using guardrank::Status;

namespace {

// A replay ranks a request of its own, and reads the record from aligned memory that nobody else
// can change meanwhile.
Status replay(gr_session* session, const gr_snapshot& snapshot, Bytes record,
              guardrank::ReplayResult* result, Error* error) {
  guardrank::Arena arena(session->allocator, SIZE_MAX / 2);
  std::span<std::uint8_t> copy;
  if (arena.make_uninitialised(record.size(), &copy) != Status::ok) {
    return error->set(Status::memory, "record", {"the host gave no memory for a copy"});
  }
  if (!record.empty()) std::memcpy(copy.data(), record.data(), record.size());
  const guardrank::Pipeline& pipeline = snapshot.snapshot.pipeline();
  guardrank::Request request(*pipeline.facts, pipeline.catalog, session->allocator);
  return guardrank::replay(pipeline, copy, &session->session, &request, result, error);
}

Status write(gr_session* session, Bytes* record, Error* error) {
  const guardrank::Decision& decision = session->decision.decision;
  if (decision.pipeline == nullptr) {
    return error->set(Status::argument, "decision", {"its session has failed to rank since"});
  }
  return guardrank::write_record(decision, &session->session.arena(), record, error);
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
  Report report(error);
  if (decision == nullptr || record == nullptr) {
    return report.null(decision == nullptr ? "decision" : "record");
  }
  gr_session* session = decision->session;
  report.use(session->allocator);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  Bytes bytes;
  const Status status = write(session, &bytes, report.error());
  if (status == Status::ok) *record = {bytes.data(), bytes.size()};
  return report.finish(status);
}

gr_status gr_replay(gr_session* session, const gr_snapshot* snapshot, const uint8_t* record,
                    size_t size, gr_replay_result* result, gr_error** error) {
  Report report(error);
  if (session == nullptr) return report.null("session");
  if (snapshot == nullptr) return report.null("snapshot");
  if (record == nullptr) return report.null("record");
  if (result == nullptr) return report.null("result");
  report.use(session->allocator);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  session->decision.decision = {};
  guardrank::ReplayResult replayed;
  Status status = replay(session, *snapshot, {record, size}, &replayed, report.error());
  if (status == Status::ok) status = static_cast<Status>(write_result(replayed, result));
  return report.finish(status);
}

}  // extern "C"
