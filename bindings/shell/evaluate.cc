#include <iostream>
#include <memory>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/report_text.h"
#include "bindings/shell/source.h"
#include "bindings/shell/sweep.h"

namespace guardrank::shell {
namespace {

struct Options {
  SourceOptions source;
  std::string requests;
  SweepOptions sweep;
};

int evaluate(const Options& options, bool as_json) {
  const Source source = open_source(options.source);
  const std::string requests = read_lines(options.requests);
  if (options.sweep.is_asked())
    return run_sweep(options.sweep, source.snapshot.get(), requests, as_json);
  const Session session = create_session(source.engine.get());
  Progress progress;
  gr_tools_text* reported = nullptr;
  check([&](gr_error** error) {
    return gr_tools_evaluate(source.snapshot.get(), session.get(), requests.data(),
                             requests.size(), Progress::report, &progress, &reported, error);
  });
  progress.clear();
  const ToolsText report(reported);
  const std::string_view json = view(gr_tools_text_view(report.get()));
  if (as_json) std::cout << json << '\n';
  else std::cout << report_text(nlohmann::ordered_json::parse(json));
  return 0;
}

}  // namespace

void add_evaluate(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("evaluate", "Measure heads on labelled requests, or what parameters trade");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  command->add_option("--requests", options->requests,
                      "JSON lines, or -: requests, for heads with \"labels\": {\"<head>\": "
                      "[0, 1, null, ...]}, one per candidate; null is outside the population: no figure "
                      "counts it. NDCG and hit rate at 10 count only what was shown as found")
      ->required();
  add_sweep_options(command, &options->sweep);
  (*actions)[command] = [options, common] { return evaluate(*options, common->as_json); };
}

}  // namespace guardrank::shell
