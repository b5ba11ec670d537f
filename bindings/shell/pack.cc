#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/report_text.h"
#include "bindings/shell/source.h"

namespace guardrank::shell {
namespace {

struct Options {
  SourceOptions source;
  std::string out, report;
  std::uint32_t shard_rows = 0;
  bool is_single_stage = false;
};

// Proves the new bundle by opening it as a reader would, before it takes its place.
void prove(std::string_view bytes) {
  const Engine engine = create_engine();
  const Artifact artifact = open_artifact(engine.get(), bytes, GR_CHECK_FULL);
  create_snapshot(engine.get(), artifact.get());
}

int pack(const Options& options, bool as_json) {
  Progress progress;
  gr_tools_pack_options wanted = pack_options(options.source, &progress);
  wanted.single_stage = options.is_single_stage ? 1 : 0;
  wanted.shard_rows = options.shard_rows;
  gr_tools_text *packed = nullptr, *reported = nullptr;
  check([&](gr_error** error) { return gr_tools_pack(&wanted, &packed, &reported, error); });
  const ToolsText bundle(packed), report(reported);
  const std::string_view bytes = view(gr_tools_text_view(bundle.get()));
  const std::string_view json = view(gr_tools_text_view(report.get()));
  progress.clear();
  prove(bytes);
  if (!options.report.empty()) write_output(options.report, json);
  write_output(options.out, bytes);
  if (options.out == "-" || options.report == "-") return 0;
  if (as_json) {
    std::cout << json << '\n';
  } else {
    std::cout << report_text(nlohmann::ordered_json::parse(json)) << "wrote " << options.out
              << ", " << bytes.size() << " bytes\n";
  }
  return 0;
}

}  // namespace

void add_pack(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command =
      app->add_subcommand("pack", "Trained weights, a policy and a catalog to a bundle");
  const auto options = std::make_shared<Options>();
  add_weights_options(command, &options->source);
  add_json_option(command, common);
  command->add_option("--out", options->out, "Bundle to write")->required();
  command->add_option("--report", options->report, "Write the packer's report (JSON) here");
  command->add_flag("--single-stage", options->is_single_stage,
                    "Leave the policy's two_stage out: every eligible offer is scored");
  command->add_option("--shard-rows", options->shard_rows,
                      "Cut embedding tables of context fields with more rows in shards of so many: "
                      "published, a reader fetches the shard of its user's row alone");
  (*actions)[command] = [options, common] { return pack(*options, common->as_json); };
}

}  // namespace guardrank::shell
