#include "models/pack/calibrate/logistic.h"

#include <algorithm>
#include <cmath>

namespace guardrank::pack {
namespace {

constexpr double ridge = 1e-8;
constexpr int max_iterations = 200;
constexpr int max_halvings = 60;

using Square = std::array<LogisticWeights, max_logistic_columns>;

// ln(1 + e^z) without overflow.
double softplus(double z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }

struct Problem {
  std::span<const std::span<const double>> columns;
  std::span<const double> targets;
  LogisticWeights scale{};               // of each column: its root mean square

  double value(const LogisticWeights& w, std::size_t row) const {
    double z = 0;
    for (std::size_t k = 0; k < columns.size(); ++k) z += w[k] * columns[k][row] / scale[k];
    return z;
  }

  double loss(const LogisticWeights& w) const {
    double sum = 0;
    for (std::size_t row = 0; row < targets.size(); ++row) {
      const double z = value(w, row);
      sum += softplus(z) - targets[row] * z;
    }
    for (std::size_t k = 0; k < columns.size(); ++k) sum += ridge / 2 * w[k] * w[k];
    return sum;
  }

  void derivatives(const LogisticWeights& w, LogisticWeights* gradient, Square* curvature) const {
    *gradient = {};
    *curvature = {};
    for (std::size_t row = 0; row < targets.size(); ++row) {
      const double z = value(w, row);
      const double p = z > 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const double x = columns[k][row] / scale[k];
        (*gradient)[k] += (p - targets[row]) * x;
        for (std::size_t j = 0; j <= k; ++j)
          (*curvature)[k][j] += p * (1 - p) * x * columns[j][row] / scale[j];
      }
    }
    for (std::size_t k = 0; k < columns.size(); ++k) {
      (*gradient)[k] += ridge * w[k];
      (*curvature)[k][k] += ridge;
    }
  }
};

// Solves curvature * step = gradient by Cholesky; the matrix is positive definite by its ridge. A
// pivot lost to rounding is raised to it.
LogisticWeights solve(Square a, LogisticWeights b, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j < k; ++j) {
      for (std::size_t i = 0; i < j; ++i) a[k][j] -= a[k][i] * a[j][i];
      a[k][j] /= a[j][j];
      a[k][k] -= a[k][j] * a[k][j];
    }
    a[k][k] = std::sqrt(std::max(a[k][k], ridge));
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j < k; ++j) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[j][k] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

// The longest of step, step/2, step/4, ... that lowers the loss; false when none does.
bool advance(const Problem& problem, const LogisticWeights& step, LogisticWeights* w,
             double* loss) {
  double length = 1;
  for (int i = 0; i < max_halvings; ++i, length /= 2) {
    LogisticWeights next = *w;
    for (std::size_t k = 0; k < problem.columns.size(); ++k) next[k] -= length * step[k];
    const double next_loss = problem.loss(next);
    if (next_loss < *loss) {
      *w = next;
      *loss = next_loss;
      return true;
    }
  }
  return false;
}

}  // namespace

LogisticFit fit_logistic(std::span<const std::span<const double>> columns,
                         std::span<const double> targets) {
  Problem problem{columns, targets, {}};
  for (std::size_t k = 0; k < columns.size(); ++k) {
    double squares = 0;
    for (double x : columns[k]) squares += x * x;
    const double root =
        std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, targets.size())));
    problem.scale[k] = root > 0 ? root : 1;
  }
  LogisticFit fit;
  fit.loss = problem.loss(fit.weights);
  for (; fit.iterations < max_iterations; ++fit.iterations) {
    LogisticWeights gradient;
    Square curvature;
    problem.derivatives(fit.weights, &gradient, &curvature);
    const LogisticWeights step = solve(curvature, gradient, columns.size());
    if (!advance(problem, step, &fit.weights, &fit.loss)) break;
  }
  for (std::size_t k = 0; k < columns.size(); ++k) fit.weights[k] /= problem.scale[k];
  return fit;
}

}  // namespace guardrank::pack
