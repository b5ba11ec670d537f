// An origin as the command line names it: folder, keys, passphrase; and steps on it.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bindings/shell/library.h"

namespace guardrank::shell {

struct OriginOptions {
  std::string origin, staging;
  std::vector<std::string> keys;
  std::string passphrase_file, passphrase_variable;
  bool trusts_clock = false;
};

// --origin and --staging; with `signs` --key and the passphrase's as well.
void add_origin_options(CLI::App* command, OriginOptions* options, bool signs);
void add_passphrase_options(CLI::App* command, OriginOptions* options);
// Empty where none is named.
std::string read_passphrase(const OriginOptions& options);

using OriginStep = gr_status (*)(const gr_tools_origin*, gr_text, gr_tools_text**, gr_error**);
// Runs a step and gives its report. Shows progress on a terminal.
nlohmann::ordered_json run_step(const OriginOptions& options, OriginStep step,
                                const nlohmann::ordered_json& request);
// What a change of metadata changes, a line each.
std::string changes_text(const nlohmann::ordered_json& changes);
// The report of a step that signs, as text or JSON.
int print_step(const nlohmann::ordered_json& report, bool as_json);

}  // namespace guardrank::shell
