#include "models/audit/alternatives/alternatives.h"

#include <algorithm>

#include "models/audit/alternatives/standing.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

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
    write_comparison({[&](std::span<const std::uint32_t> counts) { return standing(measure, counts); },
                      [&](std::span<const std::uint32_t> counts) { return standing(base_, counts); },
                      parts_.test.size(), wanted.max_loss, "auc"},
                     sampling, progress, &json);
    json["groups"] = airs_json(measure.measure({}), contrasts_);
    return json;
  }

  Json full_model() const {
    Json json = alternative(0);
    json["groups"] = airs_json(base_.measure({}), contrasts_);
    return json;
  }

 private:
  static Standing standing(const ScoreMeasure& measure, std::span<const std::uint32_t> counts) {
    const Figures figures = measure.measure(counts);
    return {figures.auc, figures.worst_air};
  }

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
      find_contrasts(population, references, choice.sampling.min_group);
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
  for (const auto& at : {found.best_drop, found.best_weights})
    if (at) file_chosen(writer.chosen(*at, wanted, choice.sampling, drawing), &json);
  for (std::size_t at : found.frontier) json["frontier"].push_back(writer.alternative(at));
  for (const Alternative& tried : found.tried)
    json["points"].push_back(Json::array({tried.validation.auc, tried.validation.worst_air}));
  return json;
}

}  // namespace guardrank::audit
