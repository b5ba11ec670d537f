#include "models/audit/statistics/exact_test.h"

#include <algorithm>

namespace guardrank::audit {
namespace {

// The hypergeometric distribution of a's hits, up to a factor.
struct Margins {
  double rows_a, rows_b, hits;

  // Weight of k + 1 hits over that of k.
  double step(double k) const {
    return (rows_a - k) * (hits - k) / ((k + 1) * (rows_b - hits + k + 1));
  }
};

class Tally {
 public:
  explicit Tally(double seen) : limit_(seen * (1 + 1e-7)) {}   // as R and SciPy allow for rounding

  void add(double weight) {
    total_ += weight;
    if (weight <= limit_) tail_ += weight;
  }
  double total() const { return total_; }
  double tail() const { return tail_; }

 private:
  double limit_, total_ = 0, tail_ = 0;
};

// Calls `visit` with the weight of every possible k, the mode's being 1.
template <typename Visit>
void for_each_weight(const Margins& margins, double low, double high, const Visit& visit) {
  const double n = margins.rows_a + margins.rows_b;
  const double at = (margins.hits + 1) * (margins.rows_a + 1) / (n + 2);
  const double mode = std::clamp(static_cast<double>(static_cast<std::uint64_t>(at)), low, high);
  double weight = 1;
  for (double k = mode; k <= high; ++k) {
    visit(k, weight);
    weight *= margins.step(k);
  }
  weight = 1;
  for (double k = mode; k > low; --k) {
    weight /= margins.step(k - 1);
    visit(k - 1, weight);
  }
}

}  // namespace

ExactTest exact_test(const Counts& a, const Counts& b) {
  const Margins margins{static_cast<double>(a.rows), static_cast<double>(b.rows),
                        static_cast<double>(a.hits + b.hits)};
  const double low = std::max(0.0, margins.hits - margins.rows_b);
  const double high = std::min(margins.hits, margins.rows_a);
  const auto hits = static_cast<double>(a.hits);
  double seen = 0;
  for_each_weight(margins, low, high, [&](double k, double weight) {
    if (k == hits) seen = weight;
  });
  Tally tally(seen);
  for_each_weight(margins, low, high, [&](double, double weight) { tally.add(weight); });
  ExactTest test;
  test.fisher = std::min(1.0, tally.tail() / tally.total());
  test.mid_p = std::max(0.0, test.fisher - seen / tally.total() / 2);
  return test;
}

}  // namespace guardrank::audit
