#include "models/audit/variations/variations.h"

#include <algorithm>
#include <cmath>

#include "models/audit/variations/half.h"
#include "models/audit/variations/variation_search.h"
#include "models/pack/rows/request_lines.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string_view> lines_of(std::string_view requests) {
  std::vector<std::string_view> lines;
  pack::for_each_request_line(
      requests, [&](std::string_view line, std::size_t) { lines.push_back(line); });
  return lines;
}

// Where everybody is shown something, the rates say nothing.
Judge judge_of(const RankingChoice& choice, const Population& population) {
  if (choice.variations.judge != Judge::automatic) return choice.variations.judge;
  const bool all = std::all_of(population.outcomes.begin(), population.outcomes.end(),
                               [](Outcome outcome) { return outcome == Outcome::favorable; });
  return all ? Judge::reach : Judge::shown;
}

const char* kind_of(const Moves& moves, const Variation& variation) {
  const bool changes = n_changed(moves, variation) != 0;
  if (n_withheld(variation) != 0)
    return changes ? "facts withheld and parameters changed" : "facts withheld";
  return changes ? "parameters changed" : "deployed";
}

// The search on one half of the requests and the report on the other.
class Variations {
 public:
  Variations(const RankingInput& input, const RankingChoice& choice, const Rankings& rankings,
             const Population& population, std::vector<Contrast> contrasts,
             const Progress& progress)
      : choice_(choice),
        progress_(progress),
        trials_(input, choice, rankings.head),
        contrasts_(std::move(contrasts)),
        judge_(judge_of(choice, population)),
        halves_(split_requests(lines_of(input.requests), rankings, population, contrasts_,
                               choice.sampling.seed)),
        choosing_(halves_.choosing, contrasts_, judge_),
        reporting_(halves_.reporting, contrasts_, judge_) {}

  Json run() {
    found_ = search_variations(
        moves(), choice_.variations, choice_.sampling.seed,
        [&](std::span<const Variation> variations) { return judge(variations); });
    rank_reported();
    Json json = heading();
    for (const std::size_t at : found_.chosen) file_chosen(chosen(at), &json);
    for (const std::size_t at : found_.frontier) json["frontier"].push_back(alternative(at));
    for (std::size_t at = 1; at <= found_.n_single; ++at) json["moves"].push_back(move(at));
    for (const Standing& standing : found_.standings)
      json["points"].push_back(Json::array({standing.worth, standing.air}));
    return json;
  }

 private:
  const Moves& moves() const { return trials_.moves(); }

  std::vector<Outcomes> rank_all(const Half& half, std::span<const Variation> variations,
                                 const char* step, std::size_t n_before, std::size_t n_all) {
    return trials_.run(half.lines, variations, [&](std::uint64_t done) {
      if (progress_) progress_(step, n_before * half.size() + done, n_all * half.size());
    });
  }

  std::vector<Standing> judge(std::span<const Variation> variations) {
    std::vector<Standing> standings;
    for (const Outcomes& outcomes :
         rank_all(halves_.choosing, variations, "trying alternatives", n_judged_,
                  choice_.variations.search + 1))
      standings.push_back(choosing_.standing(outcomes, {}));
    n_judged_ += variations.size();
    return standings;
  }

  // What the report tells of, on the requests that did not choose.
  void rank_reported() {
    reported_ = {0};
    for (const auto* list : {&found_.frontier, &found_.chosen})
      reported_.insert(reported_.end(), list->begin(), list->end());
    std::sort(reported_.begin(), reported_.end());
    reported_.erase(std::unique(reported_.begin(), reported_.end()), reported_.end());
    std::vector<Variation> variations;
    for (const std::size_t at : reported_) variations.push_back(found_.tried[at]);
    outcomes_ =
        rank_all(halves_.reporting, variations, "reporting alternatives", 0, variations.size());
  }

  const Outcomes& outcomes_of(std::size_t at) const {
    const auto found = std::lower_bound(reported_.begin(), reported_.end(), at);
    return outcomes_[static_cast<std::size_t>(found - reported_.begin())];
  }

  Json heading() const {
    const VariationsChoice& wanted = choice_.variations;
    Json facts = Json::array(), parameters = Json::array();
    for (const FactMove& move : moves().facts) facts.push_back(move.name);
    for (const ParameterMove& move : moves().parameters)
      parameters.push_back(
          {{"name", move.name}, {"value", move.own}, {"minimum", move.low}, {"maximum", move.high}});
    return {{"judged_by", judge_ == Judge::reach ? "reach" : "shown"},
            {"facts", facts},
            {"parameters", parameters},
            {"parameters_without_bounds", moves().left_out},
            {"max_value_loss", wanted.max_value_loss},
            {"least_value", found_.least_value},
            {"requests", {{"validation", halves_.choosing.size()},
                          {"test", halves_.reporting.size()}}},
            {"tried", found_.tried.size() - 1},
            {"single_moves_untried", found_.n_untried},
            {"deployed", deployed()},
            {"best", Json::array()},
            {"unconfirmed", Json::array()},
            {"frontier", Json::array()},
            {"moves", Json::array()},
            {"points", Json::array()}};
  }

  // What is changed, and how it stands on the requests that choose.
  Json move(std::size_t at) const {
    const Variation& tried = found_.tried[at];
    Json dropped = Json::array(), parameters = Json::object();
    for (std::size_t i = 0; i < moves().facts.size(); ++i)
      if (tried.is_withheld[i] != 0) dropped.push_back(moves().facts[i].name);
    for (std::size_t i = 0; i < moves().parameters.size(); ++i)
      if (tried.values[i] != moves().parameters[i].own)
        parameters[moves().parameters[i].name] = tried.values[i];
    return {{"kind", kind_of(moves(), tried)},
            {"dropped", dropped},
            {"parameters", parameters},
            {"value_validation", found_.standings[at].worth},
            {"air_validation", found_.standings[at].air}};
  }

  Json alternative(std::size_t at) const {
    Json json = move(at);
    const Standing test = reporting_.standing(outcomes_of(at), {});
    json["value_test"] = test.worth;
    json["air_test"] = test.air;
    return json;
  }

  Json deployed() const {
    Json json = alternative(0);
    json["groups"] = groups(0);
    return json;
  }

  Json chosen(std::size_t at) const {
    Json json = alternative(at);
    const double own = reporting_.standing(outcomes_of(0), {}).worth;
    write_comparison({measuring(at), measuring(0), halves_.reporting.size(),
                      choice_.variations.max_value_loss * std::fabs(own), "value"},
                     choice_.sampling,
                     [&](std::uint64_t done, std::uint64_t total) {
                       if (progress_) progress_("measuring alternatives", done, total);
                     },
                     &json);
    json["value_change_share"] = json["value_change"].get<double>() / std::fabs(own);
    json["groups"] = groups(at);
    return json;
  }

  Measuring measuring(std::size_t at) const {
    return [this, &outcomes = outcomes_of(at)](std::span<const std::uint32_t> counts) {
      return reporting_.standing(outcomes, counts);
    };
  }

  Json groups(std::size_t at) const {
    const std::vector<ContrastFigures> figures = reporting_.figures(outcomes_of(at), {});
    Json groups = Json::array();
    for (std::size_t i = 0; i < figures.size(); ++i)
      groups.push_back({{"attribute", contrasts_[i].attribute},
                        {"group", contrasts_[i].group},
                        {"reference", contrasts_[i].reference},
                        {"rate", figures[i].rate},
                        {"reference_rate", figures[i].reference_rate},
                        {"air", figures[i].air()},
                        {"reach", figures[i].reach},
                        {"reference_reach", figures[i].reference_reach},
                        {"reach_ratio", figures[i].reach_ratio()}});
    return groups;
  }

  const RankingChoice& choice_;
  const Progress& progress_;
  Trials trials_;
  std::vector<Contrast> contrasts_;
  Judge judge_;
  Halves halves_;
  HalfMeasure choosing_, reporting_;
  FoundVariations found_;
  std::size_t n_judged_ = 0;
  std::vector<std::size_t> reported_;    // places in found_.tried, ascending
  std::vector<Outcomes> outcomes_;       // of them, on the half that reports
};

}  // namespace

Json find_variations(const RankingInput& input, const RankingChoice& choice,
                     const Rankings& rankings, const Population& population,
                     std::span<const std::uint32_t> references, const Progress& progress) {
  return Variations(input, choice, rankings, population,
                    find_contrasts(population, references, choice.sampling.min_group), progress)
      .run();
}

}  // namespace guardrank::audit
