// The subcommands. Each adds itself to the app, and to `actions` what runs when it is chosen.
#pragma once

#include <functional>
#include <map>

#include <CLI/CLI.hpp>

namespace guardrank::shell {

// Gives the exit code; throws a Failure for bad input.
using Actions = std::map<const CLI::App*, std::function<int()>>;

// Options that every subcommand has.
struct CommonOptions {
  bool as_json = false;
};

void add_rank(CLI::App* app, CommonOptions* common, Actions* actions);
void add_explain(CLI::App* app, CommonOptions* common, Actions* actions);
void add_explain_route(CLI::App* app, CommonOptions* common, Actions* actions);
void add_inspect(CLI::App* app, CommonOptions* common, Actions* actions);
void add_verify(CLI::App* app, CommonOptions* common, Actions* actions);
void add_pack(CLI::App* app, CommonOptions* common, Actions* actions);
void add_plan(CLI::App* app, CommonOptions* common, Actions* actions);
void add_eval(CLI::App* app, CommonOptions* common, Actions* actions);
void add_evaluate(CLI::App* app, CommonOptions* common, Actions* actions);
void add_lint(CLI::App* app, CommonOptions* common, Actions* actions);
void add_audit(CLI::App* app, CommonOptions* common, Actions* actions);
void add_bench(CLI::App* app, CommonOptions* common, Actions* actions);
void add_replay(CLI::App* app, CommonOptions* common, Actions* actions);
void add_fetch(CLI::App* app, CommonOptions* common, Actions* actions);
void add_tuf(CLI::App* app, CommonOptions* common, Actions* actions);
void add_keys(CLI::App* app, CommonOptions* common, Actions* actions);
void add_publish(CLI::App* app, CommonOptions* common, Actions* actions);
void add_promote(CLI::App* app, CommonOptions* common, Actions* actions);
void add_rollback(CLI::App* app, CommonOptions* common, Actions* actions);
void add_withdraw(CLI::App* app, CommonOptions* common, Actions* actions);
void add_status(CLI::App* app, CommonOptions* common, Actions* actions);

// --json, for a subcommand.
inline void add_json_option(CLI::App* command, CommonOptions* common) {
  command->add_flag("--json", common->as_json, "Write JSON instead of text");
}

}  // namespace guardrank::shell
