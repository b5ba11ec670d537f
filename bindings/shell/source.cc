#include "bindings/shell/source.h"

#include <CLI/CLI.hpp>

#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"

namespace guardrank::shell {
namespace {

std::string_view bytes_of(const ToolsText& text) { return view(gr_tools_text_view(text.get())); }

// In full: what a decision or a replay says of artifacts' ids must hold for their bytes.
void open_bundle(std::string_view bytes, Source* source) {
  const Artifact artifact = open_artifact(source->engine.get(), bytes, GR_CHECK_FULL);
  source->snapshot = create_snapshot(source->engine.get(), artifact.get());
  gr_text json{};
  check([&](gr_error** error) { return gr_artifact_inspect(artifact.get(), &json, error); });
  source->inspection = nlohmann::ordered_json::parse(view(json));
}

void open_weights(const SourceOptions& options, Source* source) {
  Progress progress;
  const gr_tools_pack_options pack = pack_options(options, &progress);
  if (options.precision == "float") {
    gr_snapshot* snapshot = nullptr;
    check([&](gr_error** error) {
      return gr_tools_snapshot_float(source->engine.get(), &pack, &snapshot, error);
    });
    source->snapshot.reset(snapshot);
    return;
  }
  gr_tools_text* packed = nullptr;
  check([&](gr_error** error) { return gr_tools_pack(&pack, &packed, nullptr, error); });
  const ToolsText bundle(packed);
  open_bundle(bytes_of(bundle), source);
}

}  // namespace

void add_weights_options(CLI::App* command, SourceOptions* options) {
  command->add_option("--model", options->model, "Folder of trained weights (model.json, ...)")
      ->required();
  command->add_option("--policy", options->policy, "Policy, YAML or JSON, or -")->required();
  command->add_option("--catalog", options->catalog,
                      "Catalog, CSV or JSON, or -; without, requests bring their own offers");
}

void add_source_options(CLI::App* command, SourceOptions* options) {
  auto* bundle = command->add_option("--bundle", options->bundle, "Bundle to rank with");
  auto* model = command->add_option("--model", options->model,
                                    "Folder of trained weights, instead of a bundle");
  auto* policy = command->add_option("--policy", options->policy, "Policy, YAML or JSON, or -");
  command->add_option("--catalog", options->catalog, "Catalog, CSV or JSON, or -")->needs(model);
  command->add_option("--precision", options->precision,
                      "float or int8 (what serves); float needs --model")
      ->check(CLI::IsMember({"float", "int8"}))
      ->needs(model);
  model->needs(policy)->excludes(bundle);
  policy->needs(model);
  command->callback([command, options] {
    if (options->bundle.empty() && options->model.empty()) {
      throw CLI::RequiredError(command->get_name() + ": --bundle, or --model and --policy");
    }
  });
}

gr_tools_pack_options pack_options(const SourceOptions& options, Progress* progress) {
  gr_tools_pack_options pack{};
  pack.struct_size = sizeof pack;
  pack.model_folder = options.model.c_str();
  pack.policy_path = options.policy.c_str();
  pack.catalog_path = options.catalog.empty() ? nullptr : options.catalog.c_str();
  pack.progress = Progress::report;
  pack.progress_user = progress;
  return pack;
}

Source open_source(const SourceOptions& options) {
  Source source;
  source.engine = create_engine();
  if (options.bundle.empty()) open_weights(options, &source);
  else open_bundle(read_artifact(options.bundle), &source);
  return source;
}

}  // namespace guardrank::shell
