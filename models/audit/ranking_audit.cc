#include "models/audit/audit.h"
#include "models/audit/page/pages.h"
#include "models/audit/ranking/group_reach.h"
#include "models/audit/ranking/steering.h"
#include "models/audit/variations/variations.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

Json notes_of(const Rankings& rankings, const RankingChoice& choice) {
  Json notes = Json::array();
  notes.push_back("Exposure is 1/log2(1 + position) over " +
                  (choice.depth == 0 ? std::string("the positions that each request asks for")
                                     : "the first " + std::to_string(choice.depth) + " positions") +
                  ".");
  notes.push_back("Intervals are at 95%: Wilson, Koopman and Newcombe of rates, else bootstrap "
                  "percentiles of " + std::to_string(choice.sampling.draws) +
                  " draws of whole requests (seed " + std::to_string(choice.sampling.seed) + ").");
  if (!rankings.payouts_of_model.empty())
    notes.push_back(
        "The model reads payouts: with equal payouts its probabilities change as well.");
  return notes;
}

std::vector<std::uint32_t> references_of(const Population& population, const Json& attributes) {
  std::vector<std::uint32_t> references;
  for (std::size_t a = 0; a < population.attributes.size(); ++a)
    references.push_back(code_of(population.attributes[a], attributes[a]["reference"]));
  return references;
}

}  // namespace

Audit audit_ranking(const RankingInput& input, const Progress& progress) {
  const RankingChoice choice = read_ranking_choice(input.specification);
  if (choice.groups.empty() != input.groups.empty())
    throw pack::PackError(Status::argument, "specification.groups",
                          input.groups.empty()
                              ? "groups are named, but there is no file of groups"
                              : "there is a file of groups, but no column of it is named");
  const Rankings rankings = rank_requests(input, choice, progress);
  const auto drawing = [&](const char* step) {
    return [&progress, step](std::uint64_t done, std::uint64_t total) {
      if (progress) progress(step, done, total);
    };
  };
  Json report = {{"audit", "ranking"},
                 {"requests", rankings.requests.size()},
                 {"head", rankings.head},
                 {"notes", notes_of(rankings, choice)},
                 {"min_group", choice.sampling.min_group},
                 {"draws", choice.sampling.draws},
                 {"seed", choice.sampling.seed}};
  if (!choice.groups.empty()) {
    const Population population = population_of(rankings, input.groups, choice);
    report["attributes"] = audit_reach(rankings, population, choice, drawing("drawing groups"));
    if (choice.variations.is_wanted)
      report["alternatives"] = find_variations(input, choice, rankings, population,
                                               references_of(population, report["attributes"]),
                                               progress);
  }
  if (choice.has_steering)
    report["steering"] = audit_steering(rankings, choice, drawing("drawing requests"));
  Audit audit;
  audit.report = report.dump(1, ' ', false, Json::error_handler_t::replace);
  audit.page = ranking_page(report);
  return audit;
}

}  // namespace guardrank::audit
