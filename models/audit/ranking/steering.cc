#include "models/audit/ranking/steering.h"
#include "models/pack/metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t not_ranked = UINT32_MAX;
constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

// What happened to one offer over all requests.
struct OfferSums {
  double displacement = 0, actual_position = 0, equal_position = 0;   // where ranked in both
  double actual_exposure = 0, equal_exposure = 0;
  std::uint64_t n_both = 0, n_actual_only = 0, n_equal_only = 0;
};

// Exposure that labels got from one request.
struct LabelExposure {
  std::vector<double> actual, equal;
};

Json pair(const Interval& interval) { return Json::array({interval.low, interval.high}); }

// Pairs out of order, by merging.
std::uint64_t inversions(std::vector<std::uint32_t>* values, std::vector<std::uint32_t>* room,
                         std::size_t low, std::size_t high) {
  if (high - low < 2) return 0;
  const std::size_t middle = low + (high - low) / 2;
  std::uint64_t count =
      inversions(values, room, low, middle) + inversions(values, room, middle, high);
  std::size_t left = low, right = middle, out = low;
  while (left < middle || right < high) {
    const bool takes_right = left == middle || (right < high && (*values)[right] < (*values)[left]);
    if (takes_right) count += middle - left;
    (*room)[out++] = takes_right ? (*values)[right++] : (*values)[left++];
  }
  std::copy(room->begin() + static_cast<std::ptrdiff_t>(low),
            room->begin() + static_cast<std::ptrdiff_t>(high),
            values->begin() + static_cast<std::ptrdiff_t>(low));
  return count;
}

class Steering {
 public:
  Steering(const Rankings& rankings, const RankingChoice& choice)
      : rankings_(rankings), choice_(choice), offers_(*rankings.offers), sums_(offers_.size()) {
    for (const RankedRequest& request : rankings.requests) add(request);
  }

  Json report(const DrawProgress& progress) const {
    const auto n = static_cast<double>(rankings_.requests.size());
    Json json = {{"payouts", rankings_.payouts},
                 {"payouts_that_the_model_reads", rankings_.payouts_of_model},
                 {"requests", rankings_.requests.size()},
                 {"requests_shown", n_shown_},
                 {"requests_with_another_order", n_other_order_},
                 {"requests_with_another_first", n_other_first_},
                 {"kendall_tau", mean(taus_)},
                 {"kendall_tau_interval", interval(taus_, progress)},
                 {"mean_displacement", displacement_ / std::max(1.0, n_both_)},
                 {"score_of_actual_order", actual_score_ / n},
                 {"score_of_equal_order", equal_score_ / n}};
    if (offers_.has_labels()) json["by"] = labels(progress);
    json["offers"] = offers();
    return json;
  }

 private:
  void add(const RankedRequest& request) {
    std::vector<std::uint32_t> actual(offers_.size(), not_ranked), equal = actual;
    std::vector<double> score(offers_.size(), 0);
    LabelExposure exposure{std::vector<double>(offers_.labels().size(), 0),
                           std::vector<double>(offers_.labels().size(), 0)};
    for (std::size_t i = 0; i < request.actual.size(); ++i) {
      const Shown& shown = request.actual[i];
      actual[shown.offer] = static_cast<std::uint32_t>(i);
      score[shown.offer] = shown.score;
      expose(shown.offer, i, request.depth, &OfferSums::actual_exposure, &exposure.actual);
      if (i < request.depth) actual_score_ += pack::exposure_at(i) * shown.score;
    }
    for (std::size_t i = 0; i < request.equal.size(); ++i) {
      const std::uint32_t offer = request.equal[i].offer;
      equal[offer] = static_cast<std::uint32_t>(i);
      expose(offer, i, request.depth, &OfferSums::equal_exposure, &exposure.equal);
      if (i < request.depth) equal_score_ += pack::exposure_at(i) * score[offer];
    }
    exposures_.push_back(std::move(exposure));
    compare(request, actual, equal);
  }

  void expose(std::uint32_t offer, std::size_t place, std::size_t depth,
              double OfferSums::*sum, std::vector<double>* by_label) {
    if (place >= depth) return;
    sums_[offer].*sum += pack::exposure_at(place);
    if (offers_.has_labels()) (*by_label)[offers_.label(offer)] += pack::exposure_at(place);
  }

  void compare(const RankedRequest& request, const std::vector<std::uint32_t>& actual,
               const std::vector<std::uint32_t>& equal) {
    std::vector<std::uint32_t> order;
    for (const Shown& shown : request.actual)
      if (equal[shown.offer] != not_ranked) order.push_back(equal[shown.offer]);
    n_shown_ += request.actual.empty() ? 0 : 1;
    taus_.push_back(order.size() < 2 ? not_known : kendall_tau(order));
    const bool has_first = !request.actual.empty() && !request.equal.empty();
    const bool is_same_set = request.actual.size() == order.size() &&
                             request.equal.size() == order.size();
    n_other_order_ += is_same_set && std::is_sorted(order.begin(), order.end()) ? 0 : 1;
    n_other_first_ += has_first && request.actual[0].offer != request.equal[0].offer ? 1 : 0;
    for (std::uint32_t offer = 0; offer < offers_.size(); ++offer)
      move(actual[offer], equal[offer], &sums_[offer]);
  }

  // Displacement is positive where payouts lift the offer.
  void move(std::uint32_t actual, std::uint32_t equal, OfferSums* sums) {
    if (actual != not_ranked && equal != not_ranked) {
      const double lift = static_cast<double>(equal) - static_cast<double>(actual);
      sums->displacement += lift;
      sums->actual_position += actual + 1;
      sums->equal_position += equal + 1;
      ++sums->n_both;
      displacement_ += std::fabs(lift);
      n_both_ += 1;
    } else if (actual != not_ranked) {
      ++sums->n_actual_only;
    } else if (equal != not_ranked) {
      ++sums->n_equal_only;
    }
  }

  // Of the values that are known, as often as they count; all once without counts.
  static double mean(const std::vector<double>& values,
                     std::span<const std::uint32_t> counts = {}) {
    double sum = 0, weight = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double count = counts.empty() ? 1 : counts[i];
      if (std::isnan(values[i])) continue;
      sum += count * values[i];
      weight += count;
    }
    return sum / weight;
  }

  Json interval(const std::vector<double>& values, const DrawProgress& progress) const {
    std::vector<double> drawn;
    draw([&](std::span<const std::uint32_t> counts) {
      drawn.push_back(mean(values, counts));
    }, progress);
    return pair(percentile_interval(&drawn));
  }

  // Whole requests, drawn again.
  void draw(const std::function<void(std::span<const std::uint32_t>)>& visit,
            const DrawProgress& progress) const {
    std::vector<std::uint32_t> counts(rankings_.requests.size());
    for (std::uint64_t i = 0; i < choice_.sampling.draws; ++i) {
      draw_counts(choice_.sampling.seed, i, counts);
      visit(counts);
      if (progress) progress(i + 1, choice_.sampling.draws);
    }
  }

  // Shares of all exposure by label, under row counts.
  void shares(std::span<const std::uint32_t> counts, std::vector<double>* actual,
              std::vector<double>* equal) const {
    actual->assign(offers_.labels().size(), 0);
    equal->assign(offers_.labels().size(), 0);
    double all_actual = 0, all_equal = 0;
    for (std::size_t i = 0; i < exposures_.size(); ++i) {
      for (std::size_t l = 0; l < actual->size(); ++l) {
        (*actual)[l] += counts[i] * exposures_[i].actual[l];
        (*equal)[l] += counts[i] * exposures_[i].equal[l];
        all_actual += counts[i] * exposures_[i].actual[l];
        all_equal += counts[i] * exposures_[i].equal[l];
      }
    }
    for (double& share : *actual) share /= all_actual;
    for (double& share : *equal) share /= all_equal;
  }

  Json labels(const DrawProgress& progress) const {
    std::vector<double> actual, equal, one, other;
    shares(std::vector<std::uint32_t>(exposures_.size(), 1), &actual, &equal);
    std::vector<std::vector<double>> changes(actual.size());
    draw([&](std::span<const std::uint32_t> counts) {
      shares(counts, &one, &other);
      for (std::size_t l = 0; l < changes.size(); ++l) changes[l].push_back(one[l] - other[l]);
    }, progress);
    std::vector<std::size_t> order(actual.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return actual[a] - equal[a] > actual[b] - equal[b];
    });
    Json rows = Json::array();
    for (std::size_t l : order)
      rows.push_back({{"value", offers_.labels()[l]},
                      {"exposure_share", actual[l]},
                      {"exposure_share_equal", equal[l]},
                      {"change", actual[l] - equal[l]},
                      {"change_interval", pair(percentile_interval(&changes[l]))}});
    return {{"fact", choice_.by}, {"values", rows}};
  }

  // Every offer, the farthest moved first.
  Json offers() const {
    std::vector<std::uint32_t> order(offers_.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto lift = [&](std::uint32_t offer) {
      const OfferSums& sums = sums_[offer];
      return sums.n_both == 0 ? 0 : sums.displacement / static_cast<double>(sums.n_both);
    };
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      const double left = std::fabs(lift(a)), right = std::fabs(lift(b));
      return left != right ? left > right : offers_.name(a) < offers_.name(b);
    });
    Json rows = Json::array();
    for (std::uint32_t offer : order) rows.push_back(offer_row(offer, lift(offer)));
    return rows;
  }

  Json offer_row(std::uint32_t offer, double lift) const {
    const OfferSums& sums = sums_[offer];
    const auto n_both = static_cast<double>(sums.n_both);
    const auto n_requests = static_cast<double>(rankings_.requests.size());
    Json row = {{"offer", offers_.name(offer)}};
    if (offers_.has_labels()) row["by"] = offers_.labels()[offers_.label(offer)];
    row["ranked"] = sums.n_both + sums.n_actual_only;
    row["only_with_payouts"] = sums.n_actual_only;
    row["only_with_equal_payouts"] = sums.n_equal_only;
    row["mean_position"] = sums.actual_position / n_both;
    row["mean_position_equal"] = sums.equal_position / n_both;
    row["mean_lift"] = lift;
    row["exposure"] = sums.actual_exposure / n_requests;
    row["exposure_equal"] = sums.equal_exposure / n_requests;
    return row;
  }

  const Rankings& rankings_;
  const RankingChoice& choice_;
  const Offers& offers_;
  std::vector<OfferSums> sums_;              // by offer
  std::vector<LabelExposure> exposures_;     // by request
  std::vector<double> taus_;
  std::uint64_t n_shown_ = 0, n_other_order_ = 0, n_other_first_ = 0;
  double displacement_ = 0, n_both_ = 0, actual_score_ = 0, equal_score_ = 0;
};

}  // namespace

double kendall_tau(std::span<const std::uint32_t> order) {
  if (order.size() < 2) return 1;
  std::vector<std::uint32_t> values(order.begin(), order.end()), room(values.size());
  const auto n = static_cast<double>(values.size());
  const auto wrong = static_cast<double>(inversions(&values, &room, 0, values.size()));
  return 1 - 4 * wrong / (n * (n - 1));
}

Json audit_steering(const Rankings& rankings, const RankingChoice& choice,
                    const DrawProgress& progress) {
  return Steering(rankings, choice).report(progress);
}

}  // namespace guardrank::audit
