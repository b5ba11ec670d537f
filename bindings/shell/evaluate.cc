#include <iostream>
#include <memory>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/report_text.h"
#include "bindings/shell/source.h"

namespace guardrank::shell {
namespace {

struct Options {
  SourceOptions source;
  std::string requests;
};

int evaluate(const Options& options, bool as_json) {
  const Source source = open_source(options.source);
  const Session session = create_session(source.engine.get());
  const std::string requests = read_input(options.requests);
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
  CLI::App* command = app->add_subcommand("evaluate", "Measure heads on labelled requests");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  command->add_option("--requests", options->requests,
                      "JSON lines: requests with \"labels\": {\"<head>\": [0, 1, null, ...]}, or -")
      ->required();
  (*actions)[command] = [options, common] { return evaluate(*options, common->as_json); };
}

}  // namespace guardrank::shell
