#include "models/audit/audit.h"

#include <memory>

#include "capi/src/kept_use.h"
#include "capi/src/session_lock.h"
#include "capi/src/verify.h"
#include "capi/tools/src/border.h"
#include "capi/tools/src/tools_text.h"

namespace {

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;
using guardrank::as_view;
using guardrank::tools::at_border;
using guardrank::tools::progress_of;
namespace audit = guardrank::audit;

void give(std::string text, gr_tools_text** out) {
  if (out == nullptr) return;
  auto owned = std::make_unique<gr_tools_text>();
  owned->text = std::move(text);
  *out = owned.release();
}

// Both texts or none: the page goes first, so that only the report can fail after it.
void give(audit::Audit result, gr_tools_text** report, gr_tools_text** page) {
  auto told = std::make_unique<gr_tools_text>();
  told->text = std::move(result.report);
  give(std::move(result.page), page);
  *report = told.release();
}

}  // namespace

extern "C" {

gr_status gr_tools_audit_population(const gr_tools_audit_options* options, gr_tools_text** report,
                                    gr_tools_text** page, gr_error** error) {
  Report outcome(error);
  if (options == nullptr) return outcome.null("options");
  if (report == nullptr) return outcome.null("report");
  return at_border(&outcome, [&] {
    gr_tools_audit_options known;
    GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, outcome.error()));
    give(audit::audit_population({as_view(known.specification), as_view(known.population),
                                  as_view(known.groups)},
                                 progress_of(known.progress, known.progress_user)),
         report, page);
    return Status::ok;
  });
}

gr_status gr_tools_audit_ranking(const gr_snapshot* snapshot, gr_session* session,
                                 const gr_tools_audit_options* options, gr_tools_text** report,
                                 gr_tools_text** page, gr_error** error) {
  Report outcome(error);
  if (snapshot == nullptr) return outcome.null("snapshot");
  if (session == nullptr) return outcome.null("session");
  if (options == nullptr) return outcome.null("options");
  if (report == nullptr) return outcome.null("report");
  outcome.use(session->allocator);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&outcome);
  session->decision.decision = {};     // what it showed is overwritten
  return at_border(&outcome, [&] {
    GUARDRANK_TRY(guardrank::check_prepared(*snapshot, outcome.error()));
    gr_tools_audit_options known;
    GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, outcome.error()));
    const guardrank::KeptUse kept(*snapshot, &session->session);
    audit::RankingInput input{as_view(known.specification), as_view(known.requests),
                              as_view(known.groups), &snapshot->snapshot.pipeline(),
                              &session->session, snapshot->allocator};
    give(audit::audit_ranking(input, progress_of(known.progress, known.progress_user)), report,
         page);
    return Status::ok;
  });
}

}  // extern "C"
