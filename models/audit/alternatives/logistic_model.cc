#include "models/audit/alternatives/logistic_model.h"

#include <algorithm>
#include <cmath>

namespace guardrank::audit {
namespace {

constexpr int max_iterations = 50, max_halvings = 30;
constexpr double least_gain = 1e-9;      // of the loss per row: below it, converged

double softplus(double z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }

// The rows' used columns beside each other, a column of ones first.
class Problem {
 public:
  Problem(const LabelledRows& data, const std::vector<std::size_t>& columns)
      : n_(columns.size() + 1) {
    values_.reserve(data.rows.size() * n_);
    for (std::size_t row : data.rows) {
      values_.push_back(1);
      for (std::size_t column : columns) values_.push_back(data.design->row(row)[column]);
      labels_.push_back(data.labels[row] == 1 ? 1 : 0);
      weights_.push_back(data.row_weights.empty() ? 1 : data.row_weights[row]);
      total_ += weights_.back();
    }
  }

  std::size_t size() const { return n_; }
  double total() const { return total_; }

  double loss(const std::vector<double>& w) const {
    double sum = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const double z = logit(w, i);
      sum += weights_[i] * (softplus(z) - labels_[i] * z);
    }
    for (std::size_t k = 1; k < n_; ++k) sum += ridge() / 2 * w[k] * w[k];
    return sum;
  }

  // Lower triangle of the curvature.
  void derivatives(const std::vector<double>& w, std::vector<double>* gradient,
                   std::vector<double>* curvature) const {
    gradient->assign(n_, 0);
    curvature->assign(n_ * n_, 0);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const double p = 1 / (1 + std::exp(-logit(w, i)));
      const double* x = values_.data() + i * n_;
      const double slope = weights_[i] * (p - labels_[i]);
      const double bend = weights_[i] * p * (1 - p);
      for (std::size_t k = 0; k < n_; ++k) {
        (*gradient)[k] += slope * x[k];
        const double scaled = bend * x[k];
        double* line = curvature->data() + k * n_;
        for (std::size_t j = 0; j <= k; ++j) line[j] += scaled * x[j];
      }
    }
    for (std::size_t k = 0; k < n_; ++k) {
      (*gradient)[k] += k == 0 ? 0 : ridge() * w[k];
      (*curvature)[k * n_ + k] += ridge();
    }
  }

 private:
  double ridge() const { return logistic_ridge * total_; }
  double logit(const std::vector<double>& w, std::size_t i) const {
    double z = 0;
    for (std::size_t k = 0; k < n_; ++k) z += w[k] * values_[i * n_ + k];
    return z;
  }

  std::size_t n_;
  double total_ = 0;
  std::vector<double> values_, labels_, weights_;
};

// Solves A x = b in place of b by Cholesky; A is positive definite by the ridge.
void solve(std::vector<double>* a, std::vector<double>* b) {
  const std::size_t n = b->size();
  const auto at = [&](std::size_t i, std::size_t j) -> double& { return (*a)[i * n + j]; };
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j <= k; ++j) {
      double sum = at(k, j);
      for (std::size_t i = 0; i < j; ++i) sum -= at(k, i) * at(j, i);
      at(k, j) = j < k ? sum / at(j, j) : std::sqrt(std::max(sum, 1e-300));
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j < k; ++j) (*b)[k] -= at(k, j) * (*b)[j];
    (*b)[k] /= at(k, k);
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) (*b)[k] -= at(j, k) * (*b)[j];
    (*b)[k] /= at(k, k);
  }
}

// False when nothing is left to gain.
bool improve(const Problem& problem, std::vector<double>* w, double* loss) {
  std::vector<double> step, curvature;
  problem.derivatives(*w, &step, &curvature);
  solve(&curvature, &step);
  double length = 1;
  for (int i = 0; i < max_halvings; ++i, length /= 2) {
    std::vector<double> next = *w;
    for (std::size_t k = 0; k < next.size(); ++k) next[k] -= length * step[k];
    const double next_loss = problem.loss(next);
    if (!(next_loss < *loss)) continue;
    const double gain = *loss - next_loss;
    *w = std::move(next);
    *loss = next_loss;
    return gain > least_gain * problem.total();
  }
  return false;
}

}  // namespace

LogisticModel fit_logistic_model(const LabelledRows& data, const std::vector<bool>& is_used,
                                 const LogisticModel* start) {
  std::vector<std::size_t> columns;
  for (std::size_t f = 0; f < data.design->features.size(); ++f) {
    const DesignFeature& feature = data.design->features[f];
    for (std::size_t k = 0; is_used[f] && k < feature.count; ++k)
      columns.push_back(feature.first + k);
  }
  const Problem problem(data, columns);
  std::vector<double> w(problem.size(), 0);
  for (std::size_t k = 0; start != nullptr && k < w.size(); ++k)
    w[k] = k == 0 ? start->intercept : start->weights[columns[k - 1]];
  double loss = problem.loss(w);
  for (int i = 0; i < max_iterations && improve(problem, &w, &loss); ++i) {
  }
  LogisticModel model;
  model.intercept = w[0];
  model.weights.assign(data.design->n_columns, 0);
  for (std::size_t k = 1; k < w.size(); ++k) model.weights[columns[k - 1]] = w[k];
  return model;
}

std::vector<double> feature_parts(const Design& design, const LogisticModel& model,
                                  std::span<const std::size_t> rows) {
  std::vector<double> parts;
  parts.reserve(rows.size() * design.features.size());
  for (std::size_t row : rows) {
    const std::span<const double> x = design.row(row);
    for (const DesignFeature& feature : design.features) {
      double part = 0;
      for (std::size_t k = feature.first; k < feature.first + feature.count; ++k)
        part += model.weights[k] * x[k];
      parts.push_back(part);
    }
  }
  return parts;
}

}  // namespace guardrank::audit
