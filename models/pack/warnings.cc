#include "models/pack/warnings.h"

#include <algorithm>
#include <cmath>

#include "core/frame/fact_table.h"
#include "models/pack/calibrate/fit_calibrator.h"
#include "models/pack/metrics/metrics.h"

namespace guardrank::pack {
namespace {

// What is wrong with the fit; empty: nothing.
std::string fit_warning(const Calibrator& fitted) {
  const std::string_view constant = ": every row gets the same probability, as higher logits had no more positives";
  switch (fitted.kind) {
    case CalibratorKind::platt:
      return fitted.a == 0 ? "the platt fit has a = 0" + std::string(constant) : "";
    case CalibratorKind::beta:
      return fitted.a == 0 && fitted.b == 0 ? "the beta fit has a = b = 0" + std::string(constant) : "";
    case CalibratorKind::isotonic:
      return std::equal(fitted.y.begin() + 1, fitted.y.end(), fitted.y.begin())
                 ? "the isotonic fit is flat" + std::string(constant)
                 : "";
    case CalibratorKind::temperature: {
      // Bisection comes near the bound and never to it.
      constexpr double nearly = 0.99;
      const bool is_bound = std::abs(std::log(fitted.t)) >= nearly * std::log(largest_temperature);
      return is_bound ? "the temperature fit ended at its bound: the logits do not tell the labels apart, or do so "
                        "without a fault"
                      : "";
    }
    default:
      return "";
  }
}

bool is_read(const TrainedModel& model, const Fact& fact) {
  constexpr Namespace spaces[] = {Namespace::context, Namespace::candidate, Namespace::pair};
  return std::any_of(model.fields.begin(), model.fields.end(), [&](const Field& field) {
    return field.inputs.empty() && field.name == fact.name &&
           spaces[static_cast<std::size_t>(field.side)] == fact.space;
  });
}

}  // namespace

std::vector<std::string> calibrator_warnings(const TrainedModel& model, const std::vector<HoldoutHead>& holdout) {
  std::vector<std::string> warnings;
  for (std::size_t h = 0; h < model.heads.size(); ++h) {
    const TrainedHead& head = model.heads[h];
    const std::string place = "heads." + std::string(head.head.name) + ": ";
    if (const std::string fit = head.fit ? fit_warning(head.head.calibrator) : ""; !fit.empty())
      warnings.push_back(place + fit);
    for (const SegmentCalibrator& segment : head.head.segments)
      if (const std::string fit = head.fits_segments ? fit_warning(segment.calibrator) : ""; !fit.empty())
        warnings.push_back(place + "segment " + std::string(segment.value) + ": " + fit);
    const double area = auc(holdout[h].logits, holdout[h].labels);
    if (area < 0.5)
      warnings.push_back(place + "AUC on the holdout is " + std::to_string(area) +
                         ": below 0.5, the order is worse than chance");
  }
  return warnings;
}

std::vector<std::string> default_warnings(const TrainedModel& model, const Policy& policy) {
  std::vector<std::string> warnings;
  for (const Fact& fact : policy.facts) {
    if (fact.fallback.n_rows == 0 || !is_read(model, fact)) continue;
    warnings.push_back("facts." + std::string(namespace_name(fact.space)) + "." + std::string(fact.name) +
                       ": the model reads this fact too, and gets the default where it is missing, not what its "
                       "own transforms make of a missing value: scores differ from training's");
  }
  return warnings;
}

}  // namespace guardrank::pack
