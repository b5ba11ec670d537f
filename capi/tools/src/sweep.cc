#include "models/plan/sweep.h"

#include <memory>

#include "capi/src/kept_use.h"
#include "capi/src/verify.h"
#include "capi/tools/src/border.h"
#include "capi/tools/src/tools_text.h"

namespace {

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;
namespace plan = guardrank::plan;

std::string_view as_view(gr_text text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

void give(std::string text, gr_tools_text** out) {
  if (out == nullptr) return;
  auto owned = std::make_unique<gr_tools_text>();
  owned->text = std::move(text);
  *out = owned.release();
}

void give(plan::PlanReport result, gr_tools_text** report, gr_tools_text** page) {
  auto told = std::make_unique<gr_tools_text>();
  told->text = std::move(result.report);
  give(std::move(result.page), page);
  *report = told.release();
}

Status read_targets(const gr_tools_sweep_options& options, plan::TargetChoice* choice,
                    Error* error) {
  if (options.targets == nullptr)
    return error->set(Status::argument, "options.targets", {"must not be NULL"});
  for (uint32_t i = 0; i < options.target_count; ++i) {
    const gr_tools_target& target = options.targets[i];
    choice->targets.push_back({std::string(as_view(target.figure)), target.at_least,
                               std::string(as_view(target.parameter))});
  }
  return Status::ok;
}

Status run(const gr_snapshot* snapshot, const gr_tools_sweep_options& options,
           plan::PlanReport* result, Error* error) {
  const guardrank::KeptUse kept(*snapshot, nullptr);
  guardrank::Pipeline pipeline = snapshot->snapshot.pipeline();
  if (!kept.reads()) pipeline.kept = {};
  const auto progress = guardrank::tools::progress_of(options.progress, options.progress_user);
  const std::string_view requests = as_view(options.requests);
  if (options.target_count > 0) {
    plan::TargetChoice choice;
    if (options.depth != 0) choice.depth = options.depth;
    GUARDRANK_TRY(read_targets(options, &choice, error));
    *result = plan::meet_targets(pipeline, requests, choice, progress);
    return Status::ok;
  }
  plan::SweepChoice choice;
  if (options.points != 0) choice.n_points = options.points;
  if (options.depth != 0) choice.depth = options.depth;
  if (options.least_segment != 0) choice.least_segment = options.least_segment;
  choice.segment = std::string(as_view(options.segment));
  for (uint32_t i = 0; i < options.parameter_count; ++i)
    choice.parameters.emplace_back(as_view(options.parameters[i]));
  *result = plan::sweep(pipeline, requests, choice, progress);
  return Status::ok;
}

}  // namespace

extern "C" gr_status gr_tools_sweep(const gr_snapshot* snapshot,
                                    const gr_tools_sweep_options* options, gr_tools_text** report,
                                    gr_tools_text** page, gr_error** error) {
  Report outcome(error);
  if (snapshot == nullptr) return outcome.null("snapshot");
  if (options == nullptr) return outcome.null("options");
  if (report == nullptr) return outcome.null("report");
  return guardrank::tools::at_border(&outcome, [&] {
    GUARDRANK_TRY(guardrank::check_prepared(*snapshot, outcome.error()));
    gr_tools_sweep_options known;
    GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, outcome.error()));
    if (known.parameter_count > 0 && known.parameters == nullptr)
      return outcome.error()->set(Status::argument, "options.parameters", {"must not be NULL"});
    plan::PlanReport result;
    GUARDRANK_TRY(run(snapshot, known, &result, outcome.error()));
    give(std::move(result), report, page);
    return Status::ok;
  });
}
