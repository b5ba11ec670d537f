#include "models/audit/alternatives/alternatives.h"

#include <algorithm>

#include "models/audit/statistics/resampling.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t draws_seed = 0x5EED;     // apart from the seed of the search

std::vector<Contrast> contrasts_of(const Population& population,
                                   std::span<const std::uint32_t> references,
                                   std::uint64_t min_group) {
  std::vector<Contrast> contrasts;
  for (std::size_t a = 0; a < population.attributes.size(); ++a) {
    const Attribute& attribute = population.attributes[a];
    for (std::uint32_t g = 0; g < attribute.groups.size(); ++g) {
      const auto n = static_cast<std::uint64_t>(
          std::count(attribute.codes.begin(), attribute.codes.end(), g));
      if (g == references[a] || n < min_group) continue;
      contrasts.push_back({attribute.name, attribute.groups[g], attribute.groups[references[a]], a,
                           g, references[a]});
    }
  }
  if (contrasts.empty())
    throw pack::PackError(Status::argument, "groups",
                          "no group beside the reference has " + std::to_string(min_group) +
                              " rows: nothing to search alternatives for");
  return contrasts;
}

double favorable_share(const Population& population) {
  double favorable = 0, all = 0;
  for (std::size_t row = 0; row < population.n_rows; ++row) {
    if (population.outcomes[row] == Outcome::missing) continue;
    all += population.weight(row);
    if (population.outcomes[row] == Outcome::favorable) favorable += population.weight(row);
  }
  return favorable / all;
}

Json airs_json(const Figures& figures, std::span<const Contrast> contrasts) {
  Json airs = Json::array();
  for (std::size_t i = 0; i < contrasts.size(); ++i)
    airs.push_back({{"attribute", contrasts[i].attribute},
                    {"group", contrasts[i].group},
                    {"reference", contrasts[i].reference},
                    {"air", figures.airs[i]}});
  return airs;
}

Json pair(const Interval& interval) { return Json::array({interval.low, interval.high}); }

class Writer {
 public:
  Writer(const Population& population, const Design& design, const Parts& parts,
         std::span<const Contrast> contrasts, double select_rate, const Found& found)
      : design_(design), parts_(parts), contrasts_(contrasts),
        measured_{&population, parts.test, contrasts, select_rate}, found_(found),
        base_(measured_, scores_of(found.tried[0])) {}

  Json alternative(std::size_t at) const {
    const Alternative& tried = found_.tried[at];
    Json dropped = Json::array(), weights = Json::object();
    for (std::size_t f = 0; f < tried.kept.size(); ++f) {
      if (tried.kept[f] == 0) dropped.push_back(design_.features[f].name);
      else if (tried.kept[f] < 1) weights[design_.features[f].name] = tried.kept[f];
    }
    const Figures test = ScoreMeasure(measured_, scores_of(tried)).measure({});
    return {{"kind", at == 0          ? "full model"
                     : tried.is_refit ? "features dropped"
                                      : "weights changed"},
            {"dropped", dropped},
            {"weights", weights},
            {"auc_validation", tried.validation.auc},
            {"air_validation", tried.validation.worst_air},
            {"auc_test", test.auc},
            {"air_test", test.worst_air}};
  }

  // The same, with the change against the full model on rows that neither fitted nor chose, and whether
  // it is confirmed there: a higher ratio beyond chance, at no more than the loss.
  Json chosen(std::size_t at, const AlternativesChoice& wanted, const Sampling& sampling,
              const DrawProgress& progress) const {
    Json json = alternative(at);
    const ScoreMeasure measure(measured_, scores_of(found_.tried[at]));
    const Figures own = measure.measure({}), base = base_.measure({});
    std::vector<double> auc_changes, air_changes;
    std::vector<std::uint32_t> counts(parts_.test.size());
    for (std::uint64_t draw = 0; draw < sampling.draws; ++draw) {
      draw_counts(sampling.seed ^ draws_seed, draw, counts);
      const Figures one = measure.measure(counts), other = base_.measure(counts);
      auc_changes.push_back(one.auc - other.auc);
      air_changes.push_back(one.worst_air - other.worst_air);
      if (progress) progress(draw + 1, sampling.draws);
    }
    const Interval air_interval = percentile_interval(&air_changes);
    json["auc_change"] = own.auc - base.auc;
    json["auc_change_interval"] = pair(percentile_interval(&auc_changes));
    json["air_change"] = own.worst_air - base.worst_air;
    json["air_change_interval"] = pair(air_interval);
    json["is_beyond_chance"] = air_interval.low > 0;
    json["is_within_loss"] = own.auc - base.auc >= -wanted.max_loss;
    json["groups"] = airs_json(own, contrasts_);
    return json;
  }

  Json full_model() const {
    Json json = alternative(0);
    json["groups"] = airs_json(base_.measure({}), contrasts_);
    return json;
  }

 private:
  std::vector<double> scores_of(const Alternative& alternative) const {
    return alternative_scores(design_, found_.full, alternative, parts_.test);
  }

  const Design& design_;
  const Parts& parts_;
  std::span<const Contrast> contrasts_;
  MeasuredRows measured_;
  const Found& found_;
  ScoreMeasure base_;
};

}  // namespace

Json find_alternatives(const Population& population, const PopulationChoice& choice,
                       std::span<const std::uint32_t> references, const StepProgress& progress) {
  const AlternativesChoice& wanted = choice.alternatives;
  const Design design = make_design(population.table, wanted.features);
  const Parts parts = split_rows(population, wanted, choice.sampling.seed);
  const std::vector<Contrast> contrasts =
      contrasts_of(population, references, choice.sampling.min_group);
  const double select_rate = wanted.select_rate.value_or(favorable_share(population));
  const Found found = search_alternatives(
      {&population, &design, &parts, contrasts, select_rate, &wanted, choice.sampling.seed},
      progress);
  const Writer writer(population, design, parts, contrasts, select_rate, found);
  const DrawProgress drawing = [&](std::uint64_t done, std::uint64_t total) {
    if (progress) progress("measuring alternatives", done, total);
  };
  Json json = {{"features", wanted.features},
               {"select_rate", select_rate},
               {"max_loss", wanted.max_loss},
               {"rows", {{"fit", parts.fit.size()},
                         {"validation", parts.validation.size()},
                         {"test", parts.test.size()}}},
               {"tried", found.tried.size()},
               {"full_model", writer.full_model()},
               {"best", Json::array()},
               {"unconfirmed", Json::array()},
               {"frontier", Json::array()},
               {"points", Json::array()}};
  for (const auto& at : {found.best_drop, found.best_weights}) {
    if (!at) continue;
    Json chosen = writer.chosen(*at, wanted, choice.sampling, drawing);
    const bool is_confirmed = chosen["is_beyond_chance"] == true && chosen["is_within_loss"] == true;
    json[is_confirmed ? "best" : "unconfirmed"].push_back(std::move(chosen));
  }
  for (std::size_t at : found.frontier) json["frontier"].push_back(writer.alternative(at));
  for (const Alternative& tried : found.tried)
    json["points"].push_back(Json::array({tried.validation.auc, tried.validation.worst_air}));
  return json;
}

}  // namespace guardrank::audit
