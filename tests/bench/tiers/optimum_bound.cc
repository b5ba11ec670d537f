#include "tests/bench/tiers/optimum_bound.h"

#include <algorithm>
#include <bit>

namespace guardrank::tiers {
namespace {

// Moment i lies between requests i and i + 1. What is held in the one before the first counted
// request fits the budget too.
std::uint32_t first_moment(std::size_t first_counted) {
  return first_counted == 0 ? 0 : static_cast<std::uint32_t>(first_counted - 1);
}

std::size_t n_moments(const BoundInput& input) {
  return input.first_counted + input.n_counted - first_moment(input.first_counted);
}

struct Offer {
  double density, bytes, value;
  std::uint32_t first, last;
};

std::vector<Offer> densest_first(const BoundInput& input) {
  std::vector<Offer> offers;
  offers.reserve(input.intervals->size());
  for (const Interval& interval : *input.intervals) {
    const double bytes = (*input.bytes)[interval.object];
    if (bytes > input.budget_bytes) continue;
    const double value = (*input.value)[interval.object];
    const double volume = bytes * (interval.last - interval.first);
    offers.push_back({volume > 0 ? value / volume : 1e300, bytes, value, interval.first,
                      interval.last});
  }
  std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
    return a.density != b.density ? a.density > b.density : a.last < b.last;
  });
  return offers;
}

// Bytes in use at every moment: adds over a range, the most of a range, each in log(n).
class Usage {
 public:
  explicit Usage(std::size_t n) : size_(std::bit_ceil(n)), most_(2 * size_), added_(2 * size_) {}

  double most(std::size_t begin, std::size_t end) const { return most(1, 0, size_, begin, end); }
  void add(std::size_t begin, std::size_t end, double bytes) {
    add(1, 0, size_, begin, end, bytes);
  }

 private:
  double most(std::size_t node, std::size_t low, std::size_t high, std::size_t begin,
              std::size_t end) const {
    if (end <= low || high <= begin) return 0;
    if (begin <= low && high <= end) return most_[node];
    const std::size_t middle = (low + high) / 2;
    return added_[node] + std::max(most(2 * node, low, middle, begin, end),
                                   most(2 * node + 1, middle, high, begin, end));
  }
  void add(std::size_t node, std::size_t low, std::size_t high, std::size_t begin,
           std::size_t end, double bytes) {
    if (end <= low || high <= begin) return;
    if (begin <= low && high <= end) {
      most_[node] += bytes;
      added_[node] += bytes;
      return;
    }
    const std::size_t middle = (low + high) / 2;
    add(2 * node, low, middle, begin, end, bytes);
    add(2 * node + 1, middle, high, begin, end, bytes);
    most_[node] = added_[node] + std::max(most_[2 * node], most_[2 * node + 1]);
  }

  std::size_t size_;
  std::vector<double> most_, added_;
};

}  // namespace

std::vector<Interval> find_intervals(const std::vector<std::uint32_t>& objects,
                                     std::size_t first_counted) {
  std::vector<Interval> intervals;
  std::vector<std::uint32_t> seen_at;          // 1 + request; 0: not yet
  const std::uint32_t start = first_moment(first_counted);
  for (std::uint32_t i = 0; i < objects.size(); ++i) {
    if (objects[i] >= seen_at.size()) seen_at.resize(objects[i] + 1);
    std::uint32_t& seen = seen_at[objects[i]];
    if (seen != 0 && i >= first_counted) intervals.push_back({objects[i], std::max(seen - 1, start), i});
    seen = i + 1;
  }
  return intervals;
}

double most_value(const BoundInput& input) {
  double room = input.budget_bytes * static_cast<double>(n_moments(input));
  double sum = 0;
  for (const Offer& offer : densest_first(input)) {
    const double volume = offer.bytes * (offer.last - offer.first);
    if (volume >= room) return sum + (volume > 0 ? offer.value * room / volume : offer.value);
    room -= volume;
    sum += offer.value;
  }
  return sum;
}

double packed_value(const BoundInput& input) {
  const std::uint32_t start = first_moment(input.first_counted);
  Usage usage(n_moments(input));
  double sum = 0;
  for (const Offer& offer : densest_first(input)) {
    const std::size_t begin = offer.first - start;
    const std::size_t end = offer.last - start;
    if (usage.most(begin, end) + offer.bytes > input.budget_bytes) continue;
    usage.add(begin, end, offer.bytes);
    sum += offer.value;
  }
  return sum;
}

}  // namespace guardrank::tiers
