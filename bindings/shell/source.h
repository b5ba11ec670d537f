// What a command ranks with: a bundle, or trained weights with a policy and a catalog.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "bindings/shell/library.h"

namespace CLI {
class App;
}

namespace guardrank::shell {

struct SourceOptions {
  std::string bundle;
  std::string model, policy, catalog;
  std::string precision = "int8";
};

// --bundle, or --model, --policy, --catalog and --precision.
void add_source_options(CLI::App* command, SourceOptions* options);
// --model, --policy and --catalog alone, the first two required.
void add_weights_options(CLI::App* command, SourceOptions* options);

gr_tools_pack_options pack_options(const SourceOptions& options, class Progress* progress);

// A snapshot ready to rank, and the units of its terms for showing money.
struct Source {
  Engine engine;
  Snapshot snapshot;
  nlohmann::ordered_json inspection;        // as gr_artifact_inspect gives; null with float precision
};
Source open_source(const SourceOptions& options);

}  // namespace guardrank::shell
