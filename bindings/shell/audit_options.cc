#include "bindings/shell/audit_options.h"

#include "bindings/shell/finite.h"

namespace guardrank::shell {
namespace {

void add_population_options(CLI::App* command, AuditOptions* options, CLI::Option* population) {
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
}

// `--search` is of either kind.
void add_alternatives_options(CLI::App* command, AuditOptions* options, CLI::Option* population,
                              CLI::Option* requests) {
  constexpr const char* heading = "Less discriminatory alternatives";
  const auto add = [&](const char* name, auto* value, const char* text) {
    return command->add_option(name, *value, text)->group(heading);
  };
  auto* features = add("--features", &options->features,
                       "COLUMN,...: search models of the outcome on these columns")
                       ->needs(population)->delimiter(',');
  add("--max-loss", &options->max_loss, "AUC that an alternative may cost (0.01)")
      ->needs(features)->check(finite_number());
  add("--select-rate", &options->select_rate,
      "Share that is selected (the share of favorable outcomes)")
      ->needs(features)->check(finite_number());
  auto* alternatives = command->add_flag("--alternatives", options->wants_alternatives,
                                         "Search alternatives to what a bundle ranks by")
                           ->needs(requests)->group(heading);
  add("--max-value-loss", &options->max_value_loss,
      "Share of the mean value a request that an alternative may cost (0.01)")
      ->needs(alternatives)->check(finite_number());
  add("--drop", &options->drop, "FACT,...: facts that the model is told are missing, one or more")
      ->needs(alternatives)->delimiter(',');
  add("--vary", &options->vary,
      "PARAM,...: parameters to move within their bounds; --drop and --vary try what they name and "
      "nothing else (all facts of the model and all parameters)")
      ->needs(alternatives)->delimiter(',');
  add("--judge", &options->judge,
      "shown or reach: the ratio to raise (shown; reach where every request is shown something)")
      ->needs(alternatives)->check(CLI::IsMember({"shown", "reach"}));
  add("--search", &options->search, "Alternatives to try (400 weightings; 100 of a bundle)");
}

void add_ranking_options(CLI::App* command, AuditOptions* options, CLI::Option* requests) {
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

void add_group_options(CLI::App* command, AuditOptions* options) {
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
    "The same, and alternatives that keep facts from its model or move its policy's parameters:\n"
    "  guardrank audit --bundle cards.guardrank --requests sample.jsonl --groups who.csv \\\n"
    "    --group race --alternatives --max-value-loss 0.005 --html audit.html\n"
    "AIR: a group's rate over the reference's. The four-fifths rule flags AIR under 0.8; it reads\n"
    "\"beyond chance\" where Fisher's exact test of equal rates has p < 0.05.";

}  // namespace

void add_audit_options(CLI::App* command, AuditOptions* options) {
  command->footer(examples);
  add_source_options(command, &options->source);
  auto* population = command->add_option("--population", options->population,
                                         "CSV, one row per decision, or -");
  auto* requests = command->add_option("--requests", options->requests,
                                       "JSON lines of requests to rank, or -");
  add_group_options(command, options);
  add_population_options(command, options, population);
  add_ranking_options(command, options, requests);
  add_alternatives_options(command, options, population, requests);
}

void check_audit_usage(const CLI::App* command, const AuditOptions& options) {
  if (command->count() == 0) return;
  const CLI::Option* bundle = command->get_option("--bundle");
  const CLI::Option* model = command->get_option("--model");
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
  if (options.wants_alternatives && options.group.empty())
    throw CLI::ValidationError("audit", "--alternatives needs --group: fairer to whom?");
  if (options.search && !options.wants_alternatives && options.features.empty())
    throw CLI::ValidationError("audit", "--search needs --features or --alternatives");
}
}  // namespace guardrank::shell
