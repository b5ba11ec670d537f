// How good probabilities and rankings are. All take labels of 0 and 1.
#pragma once

#include <cstdint>
#include <span>

namespace guardrank::pack {

// Area under the ROC curve; tied scores count half. NaN without both labels.
double auc(std::span<const double> scores, std::span<const std::uint8_t> labels);

// Average precision: the sum of precision times the step of recall over thresholds, tied scores
// together (what scikit-learn calls average_precision_score). NaN without positives.
double pr_auc(std::span<const double> scores, std::span<const std::uint8_t> labels);

// Mean of -ln of the probability given to what happened, probabilities held 2^-52 away from 0 and
// 1. NaN without rows.
double log_loss(std::span<const double> probabilities, std::span<const std::uint8_t> labels);

// Expected calibration error over `n_bins` bins of equal mass (Nixon et al., 2019): rows in order
// of probability are cut into bins whose sizes differ by one at most, and the bins' distances of
// mean probability and mean label are averaged by rows. Rows of equal probability count alike, each with
// their mean label, so that their order says nothing. NaN without rows.
double calibration_error(std::span<const double> probabilities,
                         std::span<const std::uint8_t> labels, std::size_t n_bins = 15);

// 1 / log2(1 + position), position from 1: the exposure of a place, and the discount of NDCG.
double position_discount(double position);
// The same by index in a list, from 0.
inline double exposure_at(std::size_t index) {
  return position_discount(static_cast<double>(index) + 1);
}

// Of one list, in the order shown. Binary gain, discount 1 / log2(1 + position); the ideal list
// holds as many positives first. NaN without positives.
double ndcg_at(std::span<const std::uint8_t> labels_in_order, std::size_t k);
// 1 when a positive stands among the first k, else 0. NaN without positives.
double hit_rate_at(std::span<const std::uint8_t> labels_in_order, std::size_t k);

}  // namespace guardrank::pack
