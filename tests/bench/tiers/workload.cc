#include "tests/bench/tiers/workload.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/base/random.h"

namespace guardrank::tiers {
namespace {

// What a stream of random numbers is for.
enum Stream : std::uint64_t { sizes = 1, ranks = 2, phases = 3, times = 4, moves = 5, delays = 6 };

constexpr double z99 = 2.3263478740408408;   // the normal distribution's 99th percentile
constexpr double micros_per_day = 86'400e6;

double normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const double u = 1 - uniform(seed, stream, 2 * index);
  const double v = uniform(seed, stream, 2 * index + 1);
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

class Numbers {
 public:
  Numbers(std::uint64_t seed, Stream stream) : seed_(seed), stream_(stream) {}
  double next() { return uniform(seed_, stream_, index_++); }
  std::size_t below(std::size_t end) {
    return std::min(static_cast<std::size_t>(next() * static_cast<double>(end)), end - 1);
  }
  double next_normal() { return normal(seed_, stream_, index_++); }

 private:
  std::uint64_t seed_;
  Stream stream_;
  std::uint64_t index_ = 0;
};

std::vector<std::uint64_t> draw_sizes(const WorkloadOptions& options) {
  Numbers numbers(options.seed, sizes);
  std::vector<std::uint64_t> bytes(options.models);
  for (std::uint64_t& size : bytes) {
    double mb = 0;
    do {
      mb = options.size_median_mb * std::exp(options.size_sigma * numbers.next_normal());
    } while (mb < options.size_least_mb || mb > options.size_most_mb);
    size = static_cast<std::uint64_t>(mb * 1e6);
  }
  return bytes;
}

std::vector<double> popularity(const WorkloadOptions& options) {
  std::vector<double> cumulative(options.models);
  double sum = 0;
  for (std::uint32_t k = 0; k < options.models; ++k)
    cumulative[k] = sum += std::pow(k + 1.0, -options.zipf);
  for (double& value : cumulative) value /= sum;
  return cumulative;
}

template <typename T>
void shuffle(std::vector<T>* all, Numbers* numbers) {
  for (std::size_t i = all->size(); i > 1; --i)
    std::swap((*all)[i - 1], (*all)[numbers->below(i)]);
}

// A part of the ranks change places among themselves.
void move_ranks(double part, std::vector<std::uint32_t>* model_of_rank, Numbers* numbers) {
  std::vector<std::size_t> places(model_of_rank->size());
  std::iota(places.begin(), places.end(), 0u);
  shuffle(&places, numbers);
  places.resize(static_cast<std::size_t>(part * static_cast<double>(places.size())));
  for (std::size_t i = places.size(); i > 1; --i)
    std::swap((*model_of_rank)[places[i - 1]], (*model_of_rank)[places[numbers->below(i)]]);
}

// Draws models by rank until the hour lets one pass.
class Asking {
 public:
  explicit Asking(const WorkloadOptions& options)
      : options_(options), cumulative_(popularity(options)), model_of_rank_(options.models),
        noon_(options.models), ranks_(options.seed, ranks), moves_(options.seed, moves) {
    std::iota(model_of_rank_.begin(), model_of_rank_.end(), 0u);
    shuffle(&model_of_rank_, &moves_);
    Numbers phases_of_models(options.seed, phases);
    for (double& noon : noon_) noon = phases_of_models.next();
  }
  void midnight() { move_ranks(options_.moved_per_day, &model_of_rank_, &moves_); }
  std::uint32_t draw(double day) {
    for (;;) {
      const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, ranks_.next());
      const std::uint32_t model =
          model_of_rank_[static_cast<std::size_t>(at - cumulative_.begin())];
      const double angle = 2 * std::numbers::pi * (day - noon_[model]);
      const double passes = (1 + options_.diurnal * std::cos(angle)) / (1 + options_.diurnal);
      if (ranks_.next() < passes) return model;
    }
  }

 private:
  const WorkloadOptions& options_;
  std::vector<double> cumulative_;
  std::vector<std::uint32_t> model_of_rank_;
  std::vector<double> noon_;
  Numbers ranks_, moves_;
};

}  // namespace

double DelayModel::expected_micros(std::uint64_t bytes) const {
  const double sigma = std::log(p99_ms / p50_ms) / z99;
  return p50_ms * std::exp(sigma * sigma / 2) * 1e3 + static_cast<double>(bytes) / mb_per_second;
}

double DelayModel::draw_micros(std::uint64_t seed, std::uint64_t bytes, std::uint64_t model,
                               std::uint64_t n) const {
  const double sigma = std::log(p99_ms / p50_ms) / z99;
  const double z = normal(seed, delays, model << 32 | n);
  return p50_ms * std::exp(sigma * z) * 1e3 + static_cast<double>(bytes) / mb_per_second;
}

double Delays::prepare_micros(std::uint64_t bytes) const {
  return prepare_ms * 1e3 + static_cast<double>(bytes) / prepare_mb_per_second;
}

std::uint64_t Workload::total_bytes() const {
  return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
}

Workload draw_workload(const WorkloadOptions& options) {
  Workload workload;
  workload.bytes = draw_sizes(options);
  workload.first_counted = options.days > 1 ? options.requests_per_day : 0;
  workload.requests.reserve(std::size_t{options.days} * options.requests_per_day);
  Asking asking(options);
  Numbers gaps(options.seed, times);
  const double mean_gap = micros_per_day / options.requests_per_day;
  double now = 0;
  for (std::uint32_t day = 0; day < options.days; ++day) {
    if (day > 0) asking.midnight();
    for (std::uint32_t i = 0; i < options.requests_per_day; ++i) {
      now -= mean_gap * std::log(1 - gaps.next());
      workload.requests.push_back({static_cast<std::int64_t>(now),
                                   asking.draw(now / micros_per_day)});
    }
  }
  return workload;
}

Workload compressed(const Workload& workload, double factor) {
  Workload faster = workload;
  for (Request& request : faster.requests)
    request.at_micros = static_cast<std::int64_t>(static_cast<double>(request.at_micros) / factor);
  return faster;
}

}  // namespace guardrank::tiers
