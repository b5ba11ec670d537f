#include "capi/src/session_lock.h"

using guardrank::Report;
using guardrank::SessionLock;
using guardrank::Status;

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
  return const_cast<gr_session*>(session)->session.arena().peak_bytes();
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
  const Status status = guardrank::rank(pipeline, request->request, &session->session,
                                        &session->decision.decision, report.error());
  if (status != Status::ok) session->decision.decision = {};
  session->decision.explanation = {&session->decision.decision, &session->session.arena()};
  if (status == Status::ok) *decision = &session->decision;
  return report.finish(status);
}

}  // extern "C"
