// The part of `evaluate` that moves parameters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "bindings/shell/library.h"

namespace guardrank::shell {

struct SweepOptions {
  bool is_sweep = false;
  std::vector<std::string> parameters, targets;
  std::uint32_t points = 9, depth = 10, least_segment = 20;
  std::string segment, html;

  bool is_asked() const { return is_sweep || !targets.empty(); }
};

void add_sweep_options(CLI::App* command, SweepOptions* options);
int run_sweep(const SweepOptions& options, const gr_snapshot* snapshot,
              const std::string& requests, bool as_json);

}  // namespace guardrank::shell
