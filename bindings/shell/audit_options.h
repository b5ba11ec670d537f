// What `guardrank audit` is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings/shell/command.h"
#include "bindings/shell/source.h"

namespace guardrank::shell {

struct AuditOptions {
  SourceOptions source;
  std::string population, requests, groups, key, out_html, out_json;
  std::string outcome, score, weight, position, list, head, by;
  std::string judge;
  std::optional<double> threshold, select_rate, max_loss, max_value_loss;
  std::optional<std::uint64_t> search;
  bool is_low_favorable = false, allows_missing = false, skips_steering = false;
  bool wants_alternatives = false;
  std::vector<std::string> group, reference, features, payouts, drop, vary;
  std::uint64_t min_group = 30, draws = 1000, seed = 1, depth = 0;
};

void add_audit_options(CLI::App* command, AuditOptions* options);
// Throws CLI::ValidationError for options that do not go together.
void check_audit_usage(const CLI::App* command, const AuditOptions& options);

}  // namespace guardrank::shell
