#include "models/plan/stage_costs.h"

#include <algorithm>
#include <cmath>

#include "models/pack/pack_error.h"

namespace guardrank::plan {
namespace {

// Sums of a line through weighted points.
struct LineFit {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;

  void add(double at, double value) {
    const double weight = 1 / (value * value);   // relative errors
    n += weight;
    x += weight * at;
    y += weight * value;
    xx += weight * at * at;
    xy += weight * at * value;
  }
  double spread() const { return n * xx - x * x; }
  double slope() const { return (n * xy - x * y) / spread(); }
  double intercept() const { return (y - slope() * x) / n; }
};

double rounded(double value, int digits, double (*direction)(double)) {
  if (value <= 0) return 0;
  const double unit = std::pow(10.0, std::floor(std::log10(value)) - digits + 1);
  const double result = direction(value / unit) * unit;
  // The decimal that a person reads: nothing behind its digits.
  const double scale = std::pow(10.0, std::ceil(-std::log10(unit)));
  return scale > 1 ? std::round(result * scale) / scale : result;
}

}  // namespace

void fit_costs(const std::vector<TimedRanking>& rankings, TwoStage* figures) {
  LineFit single;
  for (const TimedRanking& one : rankings)
    if (!one.is_two_stage && one.micros > 0) single.add(one.n_scored, one.micros);
  if (single.n == 0 || single.spread() <= 1e-9 * single.n * single.xx || single.slope() <= 0)
    throw pack::PackError(Status::argument, "requests",
                          "their rankings do not tell what a candidate costs; give more requests, "
                          "or some with more eligible candidates");
  figures->fixed_us = std::max(0.0, single.intercept());
  figures->c2_us = figures->fixed_us > 0 ? single.slope() : single.xy / single.xx;
  double products = 0, squares = 0;
  for (const TimedRanking& one : rankings) {
    if (!one.is_two_stage || one.micros <= 0) continue;
    const double weight = 1 / (one.micros * one.micros);
    const double rest = one.micros - figures->fixed_us - figures->c2_us * one.n_scored;
    products += weight * one.n_eligible * rest;
    squares += weight * one.n_eligible * one.n_eligible;
  }
  figures->c1_us = squares > 0 ? std::max(0.0, products / squares) : 0;
}

double predicted(const TwoStage& figures, const TimedRanking& ranking) {
  return figures.fixed_us + (ranking.is_two_stage ? figures.c1_us * ranking.n_eligible : 0) +
         figures.c2_us * ranking.n_scored;
}

double rounded_up(double value, int digits) { return rounded(value, digits, std::ceil); }
double rounded_down(double value, int digits) { return rounded(value, digits, std::floor); }

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace guardrank::plan
