#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/finite.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/source.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  SourceOptions source;
  std::string requests, out, html;
  std::uint32_t runs = 5, limit = 20;
  double budget_us = 0, min_value_recall = 0;
};

std::string number(const Json& value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value.get<double>());
  return text;
}

// A budget as it was given: "500", "0.5".
std::string budget(const Json& value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.10g", value.get<double>());
  return text;
}

void print_grid(const Json& report) {
  Table table({{"K", Table::Align::right}, {"value-recall", Table::Align::right},
               {"worst request", Table::Align::right}, {"us", Table::Align::right}});
  for (const Json& point : report.at("grid"))
    table.add({number(point.at("k"), 0), number(point.at("value_recall"), 4),
               number(point.at("worst_request"), 4), number(point.at("micros"), 0)});
  std::cout << table.text(terminal_width());
}

void print_verdict(const Json& report) {
  const Json& figures = report.at("two_stage");
  std::cout << report.at("requests").get<std::size_t>() << " requests, median "
            << number(report.at("eligible"), 0) << " of " << report.at("offers").get<std::size_t>()
            << " offers eligible, full path " << number(report.at("full_path_micros"), 0)
            << " us\nbudget " << budget(figures.at("budget_us")) << " us = fixed "
            << number(figures.at("fixed_us"), 3) << " + c1 " << number(figures.at("c1_us"), 5)
            << " * N + c2 " << number(figures.at("c2_us"), 5) << " * K (median error of a time "
            << number(report.at("fit_error"), 3) << ")\n"
            << report.at("requests_in_two_stages").get<std::size_t>()
            << " requests in two stages, K " << number(report.at("k"), 0) << " for the median one\n"
            << "value-recall " << number(figures.at("measured_value_recall"), 4) << ", wanted "
            << number(figures.at("min_value_recall"), 4) << '\n';
  if (report.at("is_enough").get<bool>()) return;
  std::cout << "under the minimum: pack will refuse this policy. ";
  const Json& enough = report.at("sufficient_budget_us");
  std::cout << "A budget_us of " << budget(enough) << " would be enough";
  if (enough == report.at("single_stage_budget_us")) std::cout << ", of a single stage: better towers would need less";
  std::cout << ".\n";
}

int plan(const Options& options, bool as_json) {
  const std::string requests = read_lines(options.requests);
  Progress progress;
  gr_tools_plan_options given{};
  given.struct_size = sizeof given;
  given.runs = options.runs;
  given.model_folder = options.source.model.c_str();
  given.policy_path = options.source.policy.c_str();
  given.catalog_path = options.source.catalog.c_str();
  given.requests = {requests.data(), requests.size()};
  given.limit = options.limit;
  given.budget_us = options.budget_us;
  given.min_value_recall = options.min_value_recall;
  given.progress = Progress::report;
  given.progress_user = &progress;
  gr_tools_text *policy_text = nullptr, *reported = nullptr, *paged = nullptr;
  check([&](gr_error** error) {
    return gr_tools_plan(&given, &policy_text, &reported, &paged, error);
  });
  const ToolsText policy(policy_text), report(reported), page(paged);
  progress.clear();
  const std::string out = options.out.empty() ? options.source.policy : options.out;
  if (!options.html.empty()) write_output(options.html, view(gr_tools_text_view(page.get())));
  write_output(out, view(gr_tools_text_view(policy.get())));
  if (out == "-" || options.html == "-") return 0;
  const std::string_view json = view(gr_tools_text_view(report.get()));
  if (as_json) {
    std::cout << json << '\n';
    return 0;
  }
  const Json told = Json::parse(json);
  print_grid(told);
  print_verdict(told);
  std::cout << "wrote " << out << '\n';
  return 0;
}

}  // namespace

void add_plan(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "plan", "Measures what two-stage ranking costs and keeps, and writes two_stage into a policy");
  const auto options = std::make_shared<Options>();
  add_weights_options(command, &options->source);
  command->get_option("--policy")->description("Policy, YAML or JSON");
  command->get_option("--catalog")->required()->description("Catalog, CSV or JSON");
  add_json_option(command, common);
  command->add_option("--requests", options->requests,
                      "JSON lines, one request each: a fresh sample of those that will be served")
      ->required();
  command->add_option("--budget", options->budget_us,
                      "Microseconds that a ranking may take (default: the policy's "
                      "two_stage.budget_us)")
      ->check(finite_number())->check(CLI::PositiveNumber);
  command->add_option("--min-recall", options->min_value_recall,
                      "Least value-recall (default: the policy's min_value_recall, else 0.99)")
      ->check(finite_number())->check(CLI::Range(0.0, 1.0));
  command->add_option("--limit", options->limit, "Limit of requests that state none")
      ->default_val(20)->check(CLI::Range(1, 10000));
  command->add_option("--runs", options->runs, "Rankings per measurement, the median counts")
      ->default_val(5)->check(CLI::Range(1, 1000));
  command->add_option("--out", options->out,
                      "Where the policy with its figures goes (default: --policy, in place)");
  command->add_option("--html", options->html, "Write the page with plots here");
  command->footer(
      "Stage one keeps K = clamp((budget - fixed - c1 N) / c2, limit, N) of N eligible offers.\n"
      "Measure on the machine that serves, at rest; pack then refuses a policy whose measured\n"
      "value-recall is under its minimum. The folder needs stage-one towers:\n"
      "  python3 -m train.stage_one --help");
  (*actions)[command] = [options, common] { return plan(*options, common->as_json); };
}

}  // namespace guardrank::shell
