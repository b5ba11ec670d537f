#include <memory>

#include "capi/src/kept_use.h"
#include "capi/src/session_lock.h"
#include "capi/src/verify.h"
#include "capi/tools/src/border.h"
#include "capi/tools/src/evaluation.h"
#include "capi/tools/src/tools_text.h"
#include "models/pack/rows/request_lines.h"

namespace {

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;
namespace pack = guardrank::pack;

class Evaluator {
 public:
  Evaluator(const gr_snapshot* snapshot, gr_session* session)
      : pipeline_(snapshot->snapshot.pipeline()),
        session_(session),
        kept_(*snapshot, &session->session),
        request_(*pipeline_.facts, pipeline_.catalog, snapshot->allocator),
        evaluation_(pipeline_.model->heads) {}

  void add(std::string_view line) {
    memory_.arena().reset();
    const pack::LabelledRequest labelled = pack::take_labels(line, &memory_);
    if (labelled.labels == nullptr) throw pack::PackError(Status::missing, "labels", "missing");
    Error error;
    pack::throw_if(guardrank::read_request_json(labelled.request, &request_, &error), error);
    guardrank::Decision decision;
    pack::throw_if(guardrank::rank(pipeline_, request_, &session_->session, &decision, &error),
                   error);
    evaluation_.add(*labelled.labels, decision);
  }

  std::string report() const { return evaluation_.report(); }

 private:
  const guardrank::Pipeline& pipeline_;
  gr_session* session_;
  guardrank::KeptUse kept_;
  guardrank::Request request_;
  guardrank::tools::Evaluation evaluation_;
  pack::Memory memory_;
};

std::string evaluate(const gr_snapshot* snapshot, gr_session* session, std::string_view requests,
                     const pack::Progress& progress) {
  constexpr std::size_t progress_lines = 100;
  Evaluator evaluator(snapshot, session);
  const char* start = requests.data();
  pack::for_each_request_line(requests, [&](std::string_view line, std::size_t number) {
    evaluator.add(line);
    if (progress && number % progress_lines == 0)
      progress("evaluating", static_cast<std::uint64_t>(line.data() - start), requests.size());
  });
  return evaluator.report();
}

}  // namespace

extern "C" {

gr_status gr_tools_evaluate(const gr_snapshot* snapshot, gr_session* session, const char* requests,
                            size_t size, gr_tools_progress progress, void* progress_user,
                            gr_tools_text** report, gr_error** error) {
  Report outcome(error);
  if (snapshot == nullptr) return outcome.null("snapshot");
  if (session == nullptr) return outcome.null("session");
  if (requests == nullptr) return outcome.null("requests");
  if (report == nullptr) return outcome.null("report");
  outcome.use(session->allocator);
  const guardrank::SessionLock lock(session);
  if (!lock.is_held()) return lock.busy(&outcome);
  session->decision.decision = {};     // what it showed is overwritten
  return guardrank::tools::at_border(&outcome, [&] {
    GUARDRANK_TRY(guardrank::check_prepared(*snapshot, outcome.error()));
    auto told = std::make_unique<gr_tools_text>();
    told->text = evaluate(snapshot, session, {requests, size},
                          guardrank::tools::progress_of(progress, progress_user));
    *report = told.release();
    return Status::ok;
  });
}

}  // extern "C"
