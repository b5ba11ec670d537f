#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/library.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string policy, catalog, model;
  std::vector<std::string> tests;
  bool is_strict = false;
};

std::int64_t now_micros() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

Json run_lint(const Options& options) {
  std::vector<const char*> tests;
  for (const std::string& test : options.tests) tests.push_back(test.c_str());
  Progress progress;
  gr_tools_lint_options given{};
  given.struct_size = sizeof given;
  given.policy_path = options.policy.c_str();
  if (!options.catalog.empty()) given.catalog_path = options.catalog.c_str();
  if (!options.model.empty()) given.model_folder = options.model.c_str();
  given.test_paths = tests.data();
  given.test_count = static_cast<std::uint32_t>(tests.size());
  given.now_micros = now_micros();
  given.progress = Progress::report;
  given.progress_user = &progress;
  gr_tools_text* report = nullptr;
  check([&](gr_error** error) { return gr_tools_lint(&given, &report, error); });
  progress.clear();
  const ToolsText owned(report);
  return Json::parse(view(gr_tools_text_view(owned.get())));
}

std::string text(const Json& object, const char* member) {
  return printable(object.at(member).get<std::string>());
}

// A message line by line, each under the one before: the caret under its place.
std::string indented(const Json& object, const char* member) {
  std::istringstream message(object.at(member).get<std::string>());
  std::string out;
  for (std::string line; std::getline(message, line);) out += "    " + printable(line) + '\n';
  return out;
}

void print_findings(const Json& report) {
  for (const Json& finding : report.at("findings"))
    std::cout << text(finding, "severity") << "  " << text(finding, "where") << "  ["
              << text(finding, "check") << "]\n" << indented(finding, "message");
}

void print_tests(const Json& report) {
  for (const Json& test : report.at("tests")) {
    if (test.at("passed").get<bool>()) continue;
    std::cout << "FAILED  " << text(test, "file") << ": " << text(test, "name") << '\n'
              << indented(test, "difference");
  }
}

void print_summary(const Json& report) {
  std::cout << text(report, "policy") << " " << text(report, "version") << ": "
            << report.at("errors") << " errors, " << report.at("warnings") << " warnings, "
            << report.at("notes") << " notes";
  if (!report.at("tests").empty())
    std::cout << "; tests: " << report.at("tests_passed") << " passed, "
              << report.at("tests_failed") << " failed";
  std::cout << '\n';
}

int lint(const Options& options, bool as_json) {
  const Json report = run_lint(options);
  if (as_json) {
    std::cout << report.dump() << '\n';
  } else {
    print_findings(report);
    print_tests(report);
    print_summary(report);
  }
  const bool is_bad = report.at("errors") != 0 || report.at("tests_failed") != 0 ||
                      (options.is_strict && report.at("warnings") != 0);
  return is_bad ? 1 : 0;
}

}  // namespace

void add_lint(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "lint", "Look a policy over before it ships, and run its author's tests");
  const auto options = std::make_shared<Options>();
  command->add_option("--policy", options->policy, "Policy document, YAML or JSON, or -")->required();
  command->add_option("--catalog", options->catalog,
                      "Catalog, CSV or JSON, or -: finds offers that nobody can reach");
  command->add_option("--model", options->model,
                      "Folder of trained weights: its fields and heads. Without one, the heads are "
                      "those that the expressions name");
  command->add_option("--test", options->tests,
                      "Test documents: facts, and what should come of them");
  command->add_flag("--strict", options->is_strict, "Warnings end with exit code 1 as well");
  add_json_option(command, common);
  command->footer("Exit code 1 when there is an error or a test failed. What was only never met, without\n"
                  "a proof, is a warning. A test states facts and probabilities of an offer and of others\n"
                  "beside it, and expects eligible, kept, reasons, missing, terms, score or position.\n"
                  "What is checked, and the form of a test document: models/lint/README.md.");
  (*actions)[command] = [options, common] { return lint(*options, common->as_json); };
}

}  // namespace guardrank::shell
