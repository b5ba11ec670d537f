#include <algorithm>

#include "models/audit/alternatives/alternatives.h"
#include "models/audit/audit.h"
#include "models/audit/page/pages.h"
#include "models/audit/parity/parity.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

std::string summary_of(const PopulationChoice& choice) {
  if (choice.threshold) {
    const std::string sign = choice.is_low_favorable ? " < " : " >= ";
    return "Selected: " + choice.score + sign + Json(*choice.threshold).dump() + ".";
  }
  if (!choice.outcome.empty())
    return "Selected: " + choice.outcome + " = " +
           (choice.outcome_value.empty() ? "1" : choice.outcome_value) + ".";
  return "Nothing selects: scores or exposure alone are compared.";
}

Json notes_of(const Population& population, const PopulationChoice& choice) {
  Json notes = Json::array();
  if (population.n_unmatched > 0)
    notes.push_back(std::to_string(population.n_unmatched) +
                    " rows have no line in the groups file.");
  const auto n_missing = std::count(population.outcomes.begin(), population.outcomes.end(),
                                    Outcome::missing);
  if (n_missing > 0)
    notes.push_back(std::to_string(n_missing) + " rows without an outcome are left out.");
  if (!population.weights.empty())
    notes.push_back("Rows are weighted: intervals use Kish's effective number of rows, and the "
                    "exact test gives way to a score test.");
  notes.push_back(
      "Intervals are at 95%: Wilson of a rate, Koopman of a ratio of rates, Newcombe of "
      "a difference; bootstrap percentiles of " +
      std::to_string(choice.sampling.draws) + " draws" +
      (population.lists.empty() ? "" : " of whole lists") + " (seed " +
      std::to_string(choice.sampling.seed) + ") of score and exposure.");
  notes.push_back("Groups of fewer than " + std::to_string(choice.sampling.min_group) +
                  " rows are marked small and decide nothing.");
  return notes;
}

}  // namespace

Audit audit_population(const PopulationInput& input, const Progress& progress) {
  const PopulationChoice choice = read_population_choice(input.specification);
  if (progress) progress("reading", 0, 0);
  const Population population = read_population(input.population, input.groups, choice);
  const std::vector<std::uint8_t> selected = selected_rows(population, choice);
  Json report = {{"audit", "population"},
                 {"rows", population.n_rows},
                 {"rows_unmatched", population.n_unmatched},
                 {"summary", summary_of(choice)},
                 {"notes", notes_of(population, choice)},
                 {"min_group", choice.sampling.min_group},
                 {"draws", choice.sampling.draws},
                 {"seed", choice.sampling.seed},
                 {"attributes", Json::array()}};
  std::vector<std::uint32_t> references;
  for (const Attribute& attribute : population.attributes) {
    const std::string step = "drawing " + attribute.name;
    report["attributes"].push_back(audit_attribute(
        population, attribute, selected, choice.sampling,
        [&](std::uint64_t done, std::uint64_t total) {
          if (progress) progress(step.c_str(), done, total);
        }));
    references.push_back(code_of(attribute, report["attributes"].back()["reference"]));
  }
  if (!choice.alternatives.features.empty())
    report["alternatives"] = find_alternatives(population, choice, references, progress);
  Audit audit;
  audit.report = report.dump(1, ' ', false, Json::error_handler_t::replace);
  audit.page = population_page(report);
  return audit;
}

}  // namespace guardrank::audit
