#include <iostream>
#include <memory>

#include "bindings/shell/audit_text.h"
#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/finite.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/source.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  SourceOptions source;
  std::string population, requests, groups, key, out_html, out_json;
  std::string outcome, score, weight, position, list, head, by;
  std::optional<double> threshold, select_rate, max_loss;
  bool is_low_favorable = false, allows_missing = false, skips_steering = false;
  std::vector<std::string> group, reference, features, payouts;
  std::uint64_t min_group = 30, draws = 1000, seed = 1, depth = 0, search = 400;
};

// "race" with "white", or with "race=white" where several columns are audited.
Json groups_json(const Options& options) {
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

Json common_json(const Options& options) {
  Json specification = {{"groups", groups_json(options)},
                        {"min_group", options.min_group},
                        {"draws", options.draws},
                        {"seed", options.seed}};
  set_text("key", options.key, &specification);
  return specification;
}

Json population_json(const Options& options) {
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
  specification["search"] = options.search;
  return specification;
}

Json ranking_json(const Options& options) {
  Json specification = common_json(options);
  set_text("head", options.head, &specification);
  set_text("by", options.by, &specification);
  specification["payouts"] = options.payouts;
  specification["depth"] = options.depth;
  specification["steering"] = !options.skips_steering;
  return specification;
}

gr_text text_of(const std::string& text) { return {text.data(), text.size()}; }

// The report and its page.
struct Told {
  ToolsText report, page;
};

Told run(const Options& options) {
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

int audit(const Options& options, bool as_json) {
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

void add_population_options(CLI::App* command, Options* options, CLI::Option* population) {
  const auto add = [&](const char* name, auto* value, const char* text) {
    return command->add_option(name, *value, text)
        ->needs(population)
        ->group("Outcomes of a population");
  };
  add("--outcome", &options->outcome,
      "COLUMN or COLUMN=VALUE: the favorable outcome; without VALUE, 1 or true");
  auto* score = add("--score", &options->score, "COLUMN of a score");
  add("--threshold", &options->threshold, "Select where the score is at least this")
      ->needs(score)->check(finite_number());
  command->add_flag("--low-is-favorable", options->is_low_favorable,
                    "Select where the score is under the threshold")
      ->needs(score)->group("Outcomes of a population");
  add("--weight", &options->weight, "COLUMN of row weights");
  auto* position = add("--position", &options->position,
                       "COLUMN of positions from 1: exposure at 1/log2(1 + position)");
  add("--list", &options->list, "COLUMN that says which rows were ranked together")
      ->needs(position);
  command->add_flag("--allow-missing", options->allows_missing,
                    "Leave out rows with a blank outcome, score or position")
      ->group("Outcomes of a population");
  const auto add_search = [&](const char* name, auto* value, const char* text) {
    return command->add_option(name, *value, text)->needs(population)
        ->group("Less discriminatory alternatives");
  };
  auto* features = add_search("--features", &options->features,
                              "COLUMN,...: search models of the outcome on these columns");
  features->delimiter(',');
  add_search("--max-loss", &options->max_loss, "AUC that an alternative may cost (0.01)")
      ->needs(features)->check(finite_number());
  add_search("--select-rate", &options->select_rate,
             "Share that is selected (the share of favorable outcomes)")
      ->needs(features)->check(finite_number());
  add_search("--search", &options->search, "Weightings to try (400)")->needs(features);
}

void add_ranking_options(CLI::App* command, Options* options, CLI::Option* requests) {
  const auto add = [&](const char* name, auto* value, const char* text) {
    return command->add_option(name, *value, text)->needs(requests)->group("What a bundle ranks");
  };
  add("--head", &options->head, "Head whose probability is reached (approve, or the last)");
  add("--by", &options->by, "Candidate fact to sum exposure by, such as offer.issuer");
  add("--depth", &options->depth, "Positions that give exposure (the request's limit)");
  add("--payout", &options->payouts,
      "Candidate fact to make equal for the steering audit; repeatable (those of revenue terms)");
  command->add_flag("--no-steering", options->skips_steering, "Leave the steering audit out")
      ->needs(requests)->group("What a bundle ranks");
}

void add_group_options(CLI::App* command, Options* options) {
  command->add_option("--group", options->group, "COLUMN of a protected attribute; repeatable");
  command->add_option("--reference", options->reference,
                      "Group that others are held against: VALUE, or COLUMN=VALUE with several "
                      "--group (the group with the highest rate)");
  command->add_option("--groups", options->groups,
                      "CSV with the --group columns, joined by --key; they stand nowhere else");
  command->add_option("--key", options->key,
                      "COLUMN that joins --groups (request_id with --requests)");
  command->add_option("--min-group", options->min_group,
                      "Smaller groups are flagged and decide nothing (30)");
  command->add_option("--draws", options->draws, "Draws of the bootstrap (1000)");
  command->add_option("--seed", options->seed, "Of the bootstrap and the search (1)");
  command->add_option("--html", options->out_html, "Write the page here: one file, plots inside");
  command->add_option("--report", options->out_json, "Write the report (JSON) here");
}

constexpr const char* examples =
    "Outcomes of a population, protected attributes in a file of their own:\n"
    "  guardrank audit --population decisions.csv --outcome action=approved --groups who.csv \\\n"
    "    --key id --group race --reference white --html audit.html\n"
    "A score with a cutoff, and less discriminatory alternatives to a model of the outcome:\n"
    "  guardrank audit --population loans.csv --score risk --threshold 0.17 --low-is-favorable \\\n"
    "    --group sex\n"
    "  guardrank audit --population loans.csv --outcome repaid --group sex \\\n"
    "    --features income,debt,months --max-loss 0.005 --html audit.html\n"
    "What a bundle shows to whom, and how far payouts move offers:\n"
    "  guardrank audit --bundle cards.guardrank --requests sample.jsonl --groups who.csv \\\n"
    "    --group race --by offer.issuer --html audit.html\n"
    "AIR: a group's rate over the reference's. The four-fifths rule flags AIR under 0.8; it reads\n"
    "\"beyond chance\" where Fisher's exact test of equal rates has p < 0.05.";

void check_usage(const CLI::App* command, const Options& options, const CLI::Option* bundle,
                 const CLI::Option* model) {
  if (command->count() == 0) return;
  const bool is_ranking = !options.requests.empty();
  if (is_ranking == !options.population.empty())
    throw CLI::ValidationError("audit", "give --population, or --requests with a bundle");
  if (is_ranking != (bundle->count() + model->count() > 0))
    throw CLI::ValidationError("audit", is_ranking ? "--requests needs --bundle or --model"
                                                   : "--population takes no bundle");
  if (!is_ranking && options.group.empty())
    throw CLI::ValidationError("audit", "--population needs --group");
  if (options.groups.empty() && is_ranking && !options.group.empty())
    throw CLI::ValidationError("audit", "with --requests, --group needs --groups");
  if (!is_ranking && options.groups.empty() != options.key.empty())
    throw CLI::ValidationError("audit", "--groups and --key go together");
  if (is_ranking && !options.groups.empty() && options.group.empty())
    throw CLI::ValidationError("audit", "--groups needs --group");
}

}  // namespace

void add_audit(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "audit", "What decisions do to groups, and what payouts do to a ranking");
  const auto options = std::make_shared<Options>();
  command->footer(examples);
  add_source_options(command, &options->source);
  add_json_option(command, common);
  auto* population = command->add_option("--population", options->population,
                                         "CSV, one row per decision, or -");
  auto* requests = command->add_option("--requests", options->requests,
                                       "JSON lines of requests to rank, or -");
  add_group_options(command, options.get());
  add_population_options(command, options.get(), population);
  add_ranking_options(command, options.get(), requests);
  command->callback([command, options] {
    check_usage(command, *options, command->get_option("--bundle"), command->get_option("--model"));
  });
  (*actions)[command] = [options, common] { return audit(*options, common->as_json); };
}

}  // namespace guardrank::shell
