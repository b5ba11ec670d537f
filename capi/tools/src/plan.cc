#include <memory>

#include "capi/tools/src/border.h"
#include "capi/tools/src/tools_text.h"
#include "models/plan/stages.h"

namespace {

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;
namespace pack = guardrank::pack;
namespace plan = guardrank::plan;

Status read_options(const gr_tools_plan_options* options, pack::PackInputs* inputs,
                    plan::StagesChoice* choice, std::string_view* requests, Error* error) {
  gr_tools_plan_options known;
  GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, error));
  for (const auto& [path, name] : {std::pair(known.model_folder, "options.model_folder"),
                                   std::pair(known.policy_path, "options.policy_path"),
                                   std::pair(known.catalog_path, "options.catalog_path")}) {
    if (path == nullptr) return error->set(Status::argument, name, {"must not be NULL"});
  }
  inputs->model_folder = known.model_folder;
  inputs->policy = known.policy_path;
  inputs->catalog = known.catalog_path;
  inputs->progress = guardrank::tools::progress_of(known.progress, known.progress_user);
  if (known.runs != 0) choice->n_runs = known.runs;
  if (known.limit != 0) choice->limit = known.limit;
  if (known.budget_us > 0) choice->budget_us = known.budget_us;
  if (known.min_value_recall > 0) choice->min_value_recall = known.min_value_recall;
  *requests = guardrank::as_view(known.requests);
  return Status::ok;
}

std::unique_ptr<gr_tools_text> owned(std::string text) {
  auto out = std::make_unique<gr_tools_text>();
  out->text = std::move(text);
  return out;
}

void give(std::unique_ptr<gr_tools_text> text, gr_tools_text** out) {
  if (out != nullptr) *out = text.release();
}

}  // namespace

extern "C" gr_status gr_tools_plan(const gr_tools_plan_options* options, gr_tools_text** policy,
                                   gr_tools_text** report, gr_tools_text** page,
                                   gr_error** error) {
  Report outcome(error);
  if (options == nullptr) return outcome.null("options");
  if (policy == nullptr) return outcome.null("policy");
  return guardrank::tools::at_border(&outcome, [&] {
    pack::PackInputs inputs;
    plan::StagesChoice choice;
    std::string_view requests;
    GUARDRANK_TRY(read_options(options, &inputs, &choice, &requests, outcome.error()));
    plan::StagesPlan result = plan::plan_stages(inputs, requests, choice);
    auto told = owned(std::move(result.report)), paged = owned(std::move(result.page));
    give(owned(std::move(result.policy)), policy);
    give(std::move(told), report);
    give(std::move(paged), page);
    return Status::ok;
  });
}
