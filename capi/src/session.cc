#include <cstring>
#include <new>
#include <span>
#include <type_traits>

#include "capi/include/guardrank_store.h"
#include "capi/src/kept_use.h"
#include "capi/src/session_lock.h"

using guardrank::Report;
using guardrank::SessionLock;
using guardrank::Status;

namespace {

Status check_requests(std::span<const gr_request* const> requests, guardrank::Error* error) {
  for (size_t i = 0; i < requests.size(); ++i) {
    const guardrank::Text<64> where{"requests[", i, "]"};
    if (requests[i] == nullptr) return error->set(Status::argument, where, {"it is null"});
    if (requests[i]->snapshot == requests[0]->snapshot) continue;
    return error->set(Status::argument, where, {"it is of another snapshot than the first"});
  }
  return Status::ok;
}

// The handles that a host gets, and what `rank_many` fills and reads.
Status open_many(gr_session* session, std::span<const gr_request* const> requests,
                 std::span<gr_decision>* made, std::span<guardrank::Decision*>* decisions,
                 std::span<const guardrank::Request*>* cores) {
  guardrank::Arena& arena = session->many;
  arena.reset();
  if (requests.size() > SIZE_MAX / 2 / sizeof(gr_decision)) return Status::memory;
  void* memory = arena.allocate(requests.size() * sizeof(gr_decision),
                                alignof(gr_decision));
  if (memory == nullptr) return Status::memory;
  GUARDRANK_TRY(arena.make(requests.size(), decisions));
  GUARDRANK_TRY(arena.make(requests.size(), cores));
  *made = {static_cast<gr_decision*>(memory), requests.size()};
  for (size_t i = 0; i < requests.size(); ++i) {
    gr_decision* handle = ::new (&(*made)[i]) gr_decision(session, &session->session.arena());
    (*decisions)[i] = &handle->decision;
    (*cores)[i] = &requests[i]->request;
  }
  return Status::ok;
}

Status rank_many(gr_session* session, std::span<const gr_request* const> requests,
                 std::span<gr_decision>* made, guardrank::Error* error) {
  static_assert(std::is_trivially_destructible_v<gr_decision>);   // an arena runs no destructor
  std::span<guardrank::Decision*> decisions;
  std::span<const guardrank::Request*> cores;
  if (open_many(session, requests, made, &decisions, &cores) != Status::ok) {
    return error->no_memory("session");
  }
  const gr_snapshot& snapshot = *requests[0]->snapshot;
  guardrank::KeptUse kept(snapshot, &session->session);
  Status status = Status::ok;
  do {
    status = guardrank::rank_many(snapshot.snapshot.pipeline(), cores, &session->session, decisions, error);
  } while (kept.makes_room(status, error));
  return status;
}

}  // namespace

extern "C" {

gr_status gr_session_create(const gr_engine* engine, gr_session** session, gr_error** error) {
  Report report(error);
  if (engine == nullptr || session == nullptr) {
    return report.null(engine == nullptr ? "engine" : "session");
  }
  report.use(engine->allocator);
  auto* created = guardrank::create_handle<gr_session>(engine->allocator, *engine);
  if (created == nullptr) return report.no_memory("session");
  *session = created;
  return report.finish(Status::ok);
}

void gr_session_free(gr_session* session) {
  if (session != nullptr) guardrank::free_handle(session->allocator, session);
}

uint64_t gr_session_peak_bytes(const gr_session* session) {
  if (session == nullptr) return 0;
  auto* own = const_cast<gr_session*>(session);
  return own->session.arena().peak_bytes() + own->session.contexts().held_bytes() +
         own->session.shards().held_bytes() + own->many.peak_bytes();
}

gr_status gr_session_wanted_shard(const gr_session* session, uint32_t index, gr_wanted_shard* shard) {
  if (session == nullptr || shard == nullptr) return GR_STATUS_ARGUMENT;
  const auto wanted = const_cast<gr_session*>(session)->session.shards().wanted();
  if (index >= wanted.size()) return GR_STATUS_ARGUMENT;
  const guardrank::WantedShard& found = wanted[index];
  gr_wanted_shard out{};
  out.shard = found.shard;
  out.field = guardrank::as_text(found.field);
  out.bytes = found.n_bytes;
  std::memcpy(out.sha256, found.hash.data(), found.hash.size());
  return guardrank::write_struct(out, shard);
}

gr_status gr_session_add_shard(gr_session* session, const uint8_t* bytes, size_t size,
                               gr_error** error) {
  Report report(error);
  if (session == nullptr || bytes == nullptr) {
    return report.null(session == nullptr ? "session" : "bytes");
  }
  report.use(session->allocator);
  const SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  const Status status = session->session.shards().add({bytes, size});
  if (status == Status::memory) return report.no_memory("shard");
  if (status != Status::ok) {
    report.error()->set(status, "shard", {"its bytes are none that the last ranking wants"});
  }
  return report.finish(status);
}

gr_status gr_rank(gr_session* session, const gr_request* request, const gr_decision** decision,
                  gr_error** error) {
  Report report(error);
  if (session == nullptr) return report.null("session");
  if (request == nullptr) return report.null("request");
  if (decision == nullptr) return report.null("decision");
  report.use(session->allocator);
  const SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  const guardrank::Pipeline& pipeline = request->snapshot->snapshot.pipeline();
  session->decision.end(&session->session.arena());
  guardrank::KeptUse kept(*request->snapshot, &session->session);
  Status status = Status::ok;
  do {
    status = guardrank::rank(pipeline, request->request, &session->session,
                             &session->decision.decision, report.error());
  } while (kept.makes_room(status, report.error()));
  if (status != Status::ok) session->decision.end(&session->session.arena());
  if (status == Status::ok) *decision = &session->decision;
  return report.finish(status);
}

gr_status gr_rank_many(gr_session* session, const gr_request* const* requests, size_t count,
                       const gr_decision** decisions, gr_error** error) {
  Report report(error);
  if (session == nullptr) return report.null("session");
  if (count != 0 && requests == nullptr) return report.null("requests");
  if (count != 0 && decisions == nullptr) return report.null("decisions");
  report.use(session->allocator);
  const SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&report);
  session->decision.end(&session->session.arena());
  if (count == 0) return report.finish(Status::ok);
  std::span<gr_decision> made;
  Status status = check_requests({requests, count}, report.error());
  if (status == Status::ok) status = rank_many(session, {requests, count}, &made, report.error());
  for (size_t i = 0; status == Status::ok && i < count; ++i) decisions[i] = &made[i];
  return report.finish(status);
}

}  // extern "C"
