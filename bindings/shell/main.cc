// The `guardrank` command. Exit codes: 0 done, 1 bad input, 2 wrong usage.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>

#include "bindings/shell/command.h"
#include "bindings/shell/library.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

constexpr int bad_input = 1;
constexpr int wrong_usage = 2;

// Line by line, for a caret stands under the line before it.
std::string printable_lines(const std::string& message) {
  std::string text;
  for (std::size_t begin = 0; begin <= message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    text += (begin > 0 ? "\n" : "") + printable(message.substr(begin, end - begin));
    begin = end + 1;
  }
  return text;
}

// The form of contracts.md on standard output with --json; words on standard error otherwise.
int report(gr_status code, const std::string& where, const std::string& message, bool as_json) {
  if (as_json) {
    std::cout << error_json(code, where, message) << '\n';
  } else {
    std::cerr << "guardrank: " << gr_status_name(code) << " (" << code << "): "
              << printable_lines(message) << '\n';
  }
  return bad_input;
}

int run(const CLI::App& app, const Actions& actions, const CommonOptions& common) {
  try {
    const CLI::App* chosen = app.get_subcommands().front();
    const int code = actions.at(chosen)();
    std::cout.flush();
    if (!std::cout) throw Failure(GR_STATUS_ARGUMENT, "-", "standard output cannot be written");
    return code;
  } catch (const Failure& failure) {
    return report(failure.code(), failure.where(), failure.what(), common.as_json);
  } catch (const std::bad_alloc&) {
    return report(GR_STATUS_MEMORY, "", "no memory left", common.as_json);
  } catch (const std::exception& exception) {
    return report(GR_STATUS_INTERNAL, "", exception.what(), common.as_json);
  }
}

// A first word that is no subcommand; CLI11 would only say that one is required.
const char* unknown_subcommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return nullptr;
  const auto is_any = [](const CLI::App*) { return true; };
  for (const CLI::App* known : app.get_subcommands(is_any))
    if (known->check_name(argv[1])) return nullptr;
  return argv[1];
}

// What help, the version or a mistake in the usage ends with.
int end_of_parsing(const CLI::App& app, const CLI::ParseError& usage) {
  const bool is_asked_for = app.exit(usage) == 0;
  std::cout.flush();
  if (std::cout) return is_asked_for ? 0 : wrong_usage;
  return report(GR_STATUS_ARGUMENT, "-", "standard output cannot be written", false);
}

}  // namespace
}  // namespace guardrank::shell

int main(int argc, char** argv) {
  using namespace guardrank::shell;
  CLI::App app("guardrank: ranks offers by guardrailed expected value", "guardrank");
  app.set_version_flag("--version", std::string(gr_version()));
  app.require_subcommand(1);
  CommonOptions common;
  Actions actions;
  for (const auto add : {add_rank, add_explain, add_explain_route, add_inspect, add_verify, add_pack, add_plan,
                         add_eval, add_evaluate, add_lint, add_audit, add_bench, add_replay, add_fetch, add_tuf,
                         add_keys, add_publish, add_promote, add_rollback, add_withdraw, add_status}) {
    add(&app, &common, &actions);
  }
  if (const char* word = unknown_subcommand(app, argc, argv)) {
    std::cerr << "guardrank: there is no subcommand '" << printable(word)
              << "'\nRun with --help for more information.\n";
    return wrong_usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& usage) {
    return end_of_parsing(app, usage);
  }
  return run(app, actions, common);
}
