// isotonic: piecewise linear on p = sigmoid(z) between the knots (x, y), constant beyond the ends.
// Zadrozny and Elkan, KDD 2002.
#include <algorithm>

#include "core/base/math.h"
#include "core/calibration/calibrators.h"

namespace guardrank {
namespace {

double probability(const Calibrator& calibrator, double z) {
  const double p = sigmoid(z);
  const std::span<const double> x = calibrator.x, y = calibrator.y;
  if (x.empty() || y.size() != x.size() || is_nan(p)) return p;
  if (p <= x.front()) return y.front();
  if (p >= x.back()) return y.back();
  const std::size_t above =
      static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), p) - x.begin());
  const std::size_t below = above - 1;
  const double share = (p - x[below]) / (x[above] - x[below]);
  return y[below] + share * (y[above] - y[below]);
}

}  // namespace

const CalibratorOp isotonic_calibrator = {CalibratorKind::isotonic, "isotonic", nullptr,
                                          probability};

}  // namespace guardrank
