#include "models/pack/metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace guardrank::pack {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<std::uint32_t> descending(std::span<const double> scores) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  return order;
}

struct Group {
  double positives = 0, negatives = 0;
};

// Rows of equal score, from the highest down.
std::vector<Group> groups(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  std::vector<Group> out;
  double last = not_a_number;
  for (std::uint32_t row : descending(scores)) {
    if (scores[row] != last) out.emplace_back();
    last = scores[row];
    (labels[row] != 0 ? out.back().positives : out.back().negatives) += 1;
  }
  return out;
}

// What a row's label is, from the highest score down, where the order of equal ones must say nothing: their mean.
std::vector<double> mean_labels(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  std::vector<double> out;
  for (const Group& group : groups(scores, labels)) {
    const double rows = group.positives + group.negatives;
    out.insert(out.end(), static_cast<std::size_t>(rows), group.positives / rows);
  }
  return out;
}

}  // namespace

double position_discount(double position) { return 1 / std::log2(1 + position); }

double auc(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  double positives = 0, negatives = 0, pairs = 0;
  for (const Group& group : groups(scores, labels)) {
    pairs += group.negatives * (positives + group.positives / 2);
    positives += group.positives;
    negatives += group.negatives;
  }
  if (positives == 0 || negatives == 0) return not_a_number;
  return pairs / (positives * negatives);
}

double pr_auc(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  double positives = 0, rows = 0, sum = 0;
  for (const Group& group : groups(scores, labels)) {
    positives += group.positives;
    rows += group.positives + group.negatives;
    sum += group.positives * positives / rows;
  }
  return positives == 0 ? not_a_number : sum / positives;
}

double log_loss(std::span<const double> probabilities, std::span<const std::uint8_t> labels) {
  constexpr double edge = std::numeric_limits<double>::epsilon();
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double p = std::clamp(probabilities[i], edge, 1 - edge);
    sum -= labels[i] != 0 ? std::log(p) : std::log1p(-p);
  }
  return labels.empty() ? not_a_number : sum / static_cast<double>(labels.size());
}

double calibration_error(std::span<const double> probabilities,
                         std::span<const std::uint8_t> labels, std::size_t n_bins) {
  const std::size_t n = labels.size();
  if (n == 0) return not_a_number;
  const std::vector<std::uint32_t> order = descending(probabilities);
  const std::vector<double> targets = mean_labels(probabilities, labels);
  double total = 0;
  for (std::size_t bin = 0; bin < n_bins; ++bin) {
    double difference = 0;
    for (std::size_t i = bin * n / n_bins; i < (bin + 1) * n / n_bins; ++i)
      difference += probabilities[order[i]] - targets[i];
    total += std::abs(difference);
  }
  return total / static_cast<double>(n);
}

double ndcg_at(std::span<const std::uint8_t> labels_in_order, std::size_t k) {
  double gain = 0, ideal = 0;
  std::size_t positives = 0;
  for (std::size_t i = 0; i < labels_in_order.size(); ++i) {
    if (labels_in_order[i] == 0) continue;
    if (i < k) gain += exposure_at(i);
    if (positives < k) ideal += exposure_at(positives);
    ++positives;
  }
  return positives == 0 ? not_a_number : gain / ideal;
}

double hit_rate_at(std::span<const std::uint8_t> labels_in_order, std::size_t k) {
  const auto first = std::find_if(labels_in_order.begin(), labels_in_order.end(),
                                  [](std::uint8_t label) { return label != 0; });
  if (first == labels_in_order.end()) return not_a_number;
  return static_cast<std::size_t>(first - labels_in_order.begin()) < k ? 1 : 0;
}

}  // namespace guardrank::pack
