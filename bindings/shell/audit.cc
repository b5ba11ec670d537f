#include <iostream>
#include <memory>

#include "bindings/shell/audit_options.h"
#include "bindings/shell/audit_text.h"
#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/source.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

// "race" with "white", or with "race=white" where several columns are audited.
Json groups_json(const AuditOptions& options) {
  Json groups = Json::array();
  std::vector<bool> is_used(options.reference.size(), false);
  for (const std::string& column : options.group) {
    Json group = {{"column", column}};
    for (std::size_t i = 0; i < options.reference.size(); ++i) {
      const std::string& text = options.reference[i];
      const bool is_own = text.starts_with(column + "=");
      if (!is_own && options.group.size() > 1) continue;
      group["reference"] = is_own ? text.substr(column.size() + 1) : text;
      is_used[i] = true;
    }
    groups.push_back(std::move(group));
  }
  for (std::size_t i = 0; i < is_used.size(); ++i) {
    if (!is_used[i])
      throw Failure(GR_STATUS_ARGUMENT, "--reference",
                    "--reference " + options.reference[i] +
                        ": with several groups it reads COLUMN=VALUE, of a --group column");
  }
  return groups;
}

void set_text(const char* name, const std::string& value, Json* specification) {
  if (!value.empty()) (*specification)[name] = value;
}

Json common_json(const AuditOptions& options) {
  Json specification = {{"groups", groups_json(options)},
                        {"min_group", options.min_group},
                        {"draws", options.draws},
                        {"seed", options.seed}};
  if (options.search) specification["search"] = *options.search;
  set_text("key", options.key, &specification);
  return specification;
}

Json population_json(const AuditOptions& options) {
  Json specification = common_json(options);
  const std::size_t equals = options.outcome.find('=');
  set_text("outcome", options.outcome.substr(0, equals), &specification);
  if (equals != std::string::npos)
    set_text("outcome_value", options.outcome.substr(equals + 1), &specification);
  set_text("score", options.score, &specification);
  set_text("weight", options.weight, &specification);
  set_text("position", options.position, &specification);
  set_text("list", options.list, &specification);
  if (options.threshold) specification["threshold"] = *options.threshold;
  if (options.select_rate) specification["select_rate"] = *options.select_rate;
  if (options.max_loss) specification["max_loss"] = *options.max_loss;
  specification["low_is_favorable"] = options.is_low_favorable;
  specification["allow_missing"] = options.allows_missing;
  specification["features"] = options.features;
  return specification;
}

Json ranking_json(const AuditOptions& options) {
  Json specification = common_json(options);
  set_text("head", options.head, &specification);
  set_text("by", options.by, &specification);
  specification["payouts"] = options.payouts;
  specification["depth"] = options.depth;
  specification["steering"] = !options.skips_steering;
  specification["alternatives"] = options.wants_alternatives;
  specification["drop"] = options.drop;
  specification["vary"] = options.vary;
  if (options.max_value_loss) specification["max_value_loss"] = *options.max_value_loss;
  set_text("judge", options.judge, &specification);
  return specification;
}

gr_text text_of(const std::string& text) { return {text.data(), text.size()}; }

// The report and its page.
struct Told {
  ToolsText report, page;
};

Told run(const AuditOptions& options) {
  const bool is_population = !options.population.empty();
  const std::string specification =
      (is_population ? population_json(options) : ranking_json(options))
          .dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string rows = read_lines(is_population ? options.population : options.requests);
  const std::string groups = options.groups.empty() ? "" : read_lines(options.groups);
  Progress progress;
  gr_tools_audit_options wanted{};
  wanted.struct_size = sizeof wanted;
  wanted.specification = text_of(specification);
  (is_population ? wanted.population : wanted.requests) = text_of(rows);
  wanted.groups = text_of(groups);
  wanted.progress = Progress::report;
  wanted.progress_user = &progress;
  gr_tools_text *report = nullptr, *page = nullptr;
  if (is_population) {
    check([&](gr_error** error) {
      return gr_tools_audit_population(&wanted, &report, &page, error);
    });
  } else {
    const Source source = open_source(options.source);
    const Session session = create_session(source.engine.get());
    check([&](gr_error** error) {
      return gr_tools_audit_ranking(source.snapshot.get(), session.get(), &wanted, &report, &page,
                                    error);
    });
  }
  return {ToolsText(report), ToolsText(page)};
}

int audit(const AuditOptions& options, bool as_json) {
  const Told told = run(options);
  const std::string_view report = view(gr_tools_text_view(told.report.get()));
  if (!options.out_html.empty())
    write_output(options.out_html, view(gr_tools_text_view(told.page.get())));
  if (!options.out_json.empty()) write_output(options.out_json, report);
  if (options.out_html == "-" || options.out_json == "-") return 0;
  if (as_json) std::cout << report << '\n';
  else std::cout << audit_text(Json::parse(report));
  return 0;
}

}  // namespace

void add_audit(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "audit", "What decisions do to groups, and what payouts do to a ranking");
  const auto options = std::make_shared<AuditOptions>();
  add_json_option(command, common);
  add_audit_options(command, options.get());
  command->callback([command, options] { check_audit_usage(command, *options); });
  (*actions)[command] = [options, common] { return audit(*options, common->as_json); };
}

}  // namespace guardrank::shell
