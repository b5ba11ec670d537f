#include "models/lint/lint.h"

#include <memory>

#include "capi/tools/src/border.h"
#include "capi/tools/src/tools_text.h"

namespace {

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;
namespace lint = guardrank::lint;

Status read_inputs(const gr_tools_lint_options* options, lint::LintInputs* inputs, Error* error) {
  gr_tools_lint_options known;
  GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, error));
  if (known.policy_path == nullptr)
    return error->set(Status::argument, "options.policy_path", {"must not be NULL"});
  inputs->policy = known.policy_path;
  if (known.catalog_path != nullptr) inputs->catalog = known.catalog_path;
  if (known.model_folder != nullptr) inputs->model_folder = known.model_folder;
  for (uint32_t i = 0; i < known.test_count; ++i) {
    if (known.test_paths == nullptr || known.test_paths[i] == nullptr)
      return error->set(Status::argument, "options.test_paths", {"must not be NULL"});
    inputs->tests.emplace_back(known.test_paths[i]);
  }
  inputs->now = known.now_micros;
  inputs->progress = guardrank::tools::progress_of(known.progress, known.progress_user);
  return Status::ok;
}

}  // namespace

extern "C" gr_status gr_tools_lint(const gr_tools_lint_options* options, gr_tools_text** report,
                                   gr_error** error) {
  Report outcome(error);
  if (options == nullptr) return outcome.null("options");
  if (report == nullptr) return outcome.null("report");
  return guardrank::tools::at_border(&outcome, [&] {
    lint::LintInputs inputs;
    GUARDRANK_TRY(read_inputs(options, &inputs, outcome.error()));
    auto told = std::make_unique<gr_tools_text>();
    told->text = lint::lint(inputs);
    *report = told.release();
    return Status::ok;
  });
}
