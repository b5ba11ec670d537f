#include "models/pack/calibrate/fit_calibrator.h"

#include <algorithm>
#include <cmath>

#include "core/base/limits.h"
#include "core/base/math.h"
#include "models/pack/calibrate/logistic.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

struct Labelled {
  std::span<const double> z;
  std::span<const std::uint8_t> labels;
  double n_positives = 0, n_negatives = 0;
};

Labelled count(std::span<const double> z, std::span<const std::uint8_t> labels) {
  Labelled rows{z, labels, 0, 0};
  for (std::uint8_t label : labels) (label != 0 ? rows.n_positives : rows.n_negatives) += 1;
  if (rows.n_positives == 0 || rows.n_negatives == 0)
    throw PackError(Status::calibrator, "",
                    "a calibrator cannot be fitted: the holdout has " +
                        std::to_string(static_cast<std::size_t>(rows.n_positives)) +
                        " positives and " +
                        std::to_string(static_cast<std::size_t>(rows.n_negatives)) + " negatives");
  return rows;
}

// True when a threshold on z tells the labels apart: then the likelihood grows without end.
bool is_separated(const Labelled& rows) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (std::size_t i = 0; i < rows.z.size(); ++i) {
    const std::size_t label = rows.labels[i] != 0 ? 1 : 0;
    low[label] = std::min(low[label], rows.z[i]);
    high[label] = std::max(high[label], rows.z[i]);
  }
  return high[0] <= low[1] || high[1] <= low[0];
}

std::vector<double> targets_of(const Labelled& rows) {
  const bool is_smoothed = is_separated(rows);
  const double positive = is_smoothed ? (rows.n_positives + 1) / (rows.n_positives + 2) : 1;
  const double negative = is_smoothed ? 1 / (rows.n_negatives + 2) : 0;
  std::vector<double> targets;
  for (std::uint8_t label : rows.labels) targets.push_back(label != 0 ? positive : negative);
  return targets;
}

// With a not negative: the loss is convex, so where the free fit falls as z rises, the best that
// does not is flat.
Calibrator fit_platt(const Labelled& rows) {
  const std::vector<double> ones(rows.z.size(), 1.0);
  const std::span<const double> columns[] = {rows.z, ones};
  const std::span<const double> flat[] = {ones};
  const std::vector<double> targets = targets_of(rows);
  const LogisticFit fit = fit_logistic(columns, targets);
  const bool rises = fit.weights[0] >= 0;
  Calibrator out;
  out.kind = CalibratorKind::platt;
  out.a = rises ? fit.weights[0] : 0;
  out.b = rises ? fit.weights[1] : fit_logistic(flat, targets).weights[0];
  return out;
}

// d/ds of the log likelihood at inverse temperature s; falls as s grows.
double slope(const Labelled& rows, double s) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.z.size(); ++i)
    sum += rows.z[i] * ((rows.labels[i] != 0 ? 1 : 0) - sigmoid(s * rows.z[i]));
  return sum;
}

Calibrator fit_temperature(const Labelled& rows) {
  double low = -std::log(largest_temperature), high = std::log(largest_temperature);
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (slope(rows, std::exp(middle)) > 0 ? low : high) = middle;
  }
  Calibrator out;
  out.kind = CalibratorKind::temperature;
  out.t = std::exp(-(low + high) / 2);
  return out;
}

// The best fit among those whose a and b are not negative. The loss is convex, so where the free
// fit breaks a bound, the best lies on one: with a, b or both at 0.
Calibrator fit_beta(const Labelled& rows) {
  std::vector<double> log_p, log_q, ones(rows.z.size(), 1.0);
  for (double z : rows.z) {
    // ln p = -ln(1 + e^-z) and -ln(1 - p) = ln(1 + e^z), without the rounding of p.
    log_p.push_back(z > 0 ? -std::log1p(std::exp(-z)) : z - std::log1p(std::exp(z)));
    log_q.push_back(z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)));
  }
  const std::vector<double> targets = targets_of(rows);
  const std::span<const double> all[] = {ones, log_p, log_q};
  const std::span<const double> without_a[] = {ones, log_q};
  const std::span<const double> without_b[] = {ones, log_p};
  const std::span<const double> neither[] = {ones};
  Calibrator best;
  best.kind = CalibratorKind::beta;
  double best_loss = INFINITY;
  const auto consider = [&](const LogisticFit& fit, double a, double b) {
    if (a < 0 || b < 0 || fit.loss >= best_loss) return;
    best_loss = fit.loss;
    best.a = a;
    best.b = b;
    best.c = fit.weights[0];
  };
  const LogisticFit free = fit_logistic(all, targets);
  consider(free, free.weights[1], free.weights[2]);
  if (best_loss < INFINITY) return best;
  const LogisticFit b_only = fit_logistic(without_a, targets);
  const LogisticFit a_only = fit_logistic(without_b, targets);
  consider(b_only, 0, b_only.weights[1]);
  consider(a_only, a_only.weights[1], 0);
  consider(fit_logistic(neither, targets), 0, 0);
  return best;
}

Calibrator fit_isotonic_to(const Labelled& rows, Memory* memory) {
  std::vector<double> p;
  for (double z : rows.z) p.push_back(sigmoid(z));
  const Knots knots = fit_isotonic(p, rows.labels, limits::calibrator_knots);
  Calibrator out;
  out.kind = CalibratorKind::isotonic;
  out.x = memory->copy(knots.x);
  out.y = memory->copy(knots.y);
  return out;
}

}  // namespace

Calibrator fit_calibrator(CalibratorKind kind, std::span<const double> z,
                          std::span<const std::uint8_t> labels, Memory* memory) {
  if (kind == CalibratorKind::identity) return {};
  const Labelled rows = count(z, labels);
  switch (kind) {
    case CalibratorKind::platt:
      return fit_platt(rows);
    case CalibratorKind::temperature:
      return fit_temperature(rows);
    case CalibratorKind::beta:
      return fit_beta(rows);
    default:
      return fit_isotonic_to(rows, memory);
  }
}

}  // namespace guardrank::pack
