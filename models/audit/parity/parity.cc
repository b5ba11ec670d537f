#include "models/audit/parity/parity.h"

#include <algorithm>
#include <cmath>

#include "models/audit/parity/group_rows.h"
#include "models/audit/statistics/exact_test.h"
#include "models/audit/statistics/intervals.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;
using GroupRows = std::vector<std::vector<std::size_t>>;

constexpr std::uint8_t is_selected = 1, is_unknown = 2;

// What one group got.
struct Selection {
  Counts counts;        // of rows, weights apart
  Share share;          // weighted, over the effective number of rows
};

Json pair(const Interval& interval) { return Json::array({interval.low, interval.high}); }

class AttributeAudit {
 public:
  AttributeAudit(const Population& population, const Attribute& attribute,
                 std::span<const std::uint8_t> selected, const Sampling& sampling)
      : population_(population), attribute_(attribute), selected_(selected), sampling_(sampling) {
    const GroupRows all = rows_by_group(attribute, [](std::size_t) { return true; });
    for (std::size_t g = 0; g < all.size(); ++g) {
      Json group = {{"group", attribute.groups[g]},
                    {"rows", all[g].size()},
                    {"is_small", all[g].size() < sampling.min_group},
                    {"is_reference", false}};
      groups_.push_back(std::move(group));
      sizes_.push_back(all[g].size());
    }
    reference_ = attribute.reference;
    if (!selected.empty()) select();
    if (reference_ == no_group) take_largest();
    groups_[reference_]["is_reference"] = true;
  }

  void compare_selection() {
    for (std::size_t g = 0; !selections_.empty() && g < groups_.size(); ++g) write_selection(g);
  }

  void compare_scores(const DrawProgress& progress) {
    if (population_.scores.empty()) return;
    compare_means(population_.scores, "score_mean", "score_smd", progress,
                  [](const Moments& a, double rows_a, const Moments& b, double rows_b) {
                    return standardized_difference(a, rows_a, b, rows_b);
                  });
  }

  void compare_exposure(const DrawProgress& progress) {
    if (population_.exposures.empty()) return;
    compare_means(population_.exposures, "exposure", "exposure_ratio", progress,
                  [](const Moments& a, double, const Moments& b, double) {
                    return a.mean() / b.mean();
                  });
  }

  Json report() const {
    const auto n_silent = static_cast<std::uint64_t>(
        std::count(attribute_.codes.begin(), attribute_.codes.end(), no_group));
    return {{"attribute", attribute_.name},
            {"reference", attribute_.groups[reference_]},
            {"reference_chosen_by",
             attribute_.reference != no_group ? "name"
             : selections_.empty()            ? "size"
                                              : "highest rate"},
            {"rows_without_group", n_silent},
            {"groups", groups_}};
  }

 private:
  bool is_small(std::size_t g) const { return sizes_[g] < sampling_.min_group; }

  Selection selection_of(const std::vector<std::size_t>& rows) const {
    Selection selection;
    double hits = 0, total = 0;
    for (std::size_t row : rows) {
      const bool is_hit = selected_[row] == is_selected;
      selection.counts.hits += is_hit ? 1 : 0;
      hits += is_hit ? population_.weight(row) : 0;
      total += population_.weight(row);
    }
    selection.counts.rows = rows.size();
    selection.share.rows = effective_rows(population_, rows);
    selection.share.hits = total > 0 ? hits / total * selection.share.rows : 0;
    return selection;
  }

  void select() {
    const GroupRows rows =
        rows_by_group(attribute_, [&](std::size_t row) { return selected_[row] != is_unknown; });
    for (std::size_t g = 0; g < rows.size(); ++g) {
      selections_.push_back(selection_of(rows[g]));
      if (selections_[g].share.rows <= 0)
        throw pack::PackError(Status::argument, "groups, column " + attribute_.name,
                              "group \"" + attribute_.groups[g] +
                                  "\" has no row with an outcome and a weight");
    }
    if (reference_ != no_group) return;
    for (std::size_t g = 0; g < rows.size(); ++g) {
      if (is_small(g)) continue;
      if (reference_ == no_group ||
          selections_[g].share.rate() > selections_[reference_].share.rate())
        reference_ = static_cast<std::uint32_t>(g);
    }
  }

  // Where nothing selects, or every group is small: the group with most rows.
  void take_largest() {
    reference_ = static_cast<std::uint32_t>(
        std::max_element(sizes_.begin(), sizes_.end()) - sizes_.begin());
  }

  void write_selection(std::size_t g) {
    const Selection& own = selections_[g];
    Json& group = groups_[g];
    group["selected"] = own.counts.hits;
    group["of"] = own.counts.rows;
    if (!population_.weights.empty()) group["effective_rows"] = own.share.rows;
    group["rate"] = own.share.rate();
    group["rate_interval"] = pair(wilson_interval(own.share));
    group["four_fifths"] = verdict_name(Verdict::reference);
    if (g != reference_) compare(own, selections_[reference_], g, &group);
  }

  void compare(const Selection& own, const Selection& other, std::size_t g, Json* group) {
    const double ratio = own.share.rate() / other.share.rate();
    const Interval interval = ratio_interval(own.share, other.share);
    (*group)["air"] = ratio;
    (*group)["air_interval"] = pair(interval);
    (*group)["difference"] = own.share.rate() - other.share.rate();
    (*group)["difference_interval"] = pair(difference_interval(own.share, other.share));
    double p_value = 2 * normal_probability(-std::fabs(ratio_score(own.share, other.share, 1)));
    if (population_.weights.empty()) {
      const ExactTest test = exact_test(own.counts, other.counts);
      p_value = test.fisher;
      (*group)["fisher_p"] = test.fisher;
      (*group)["mid_p"] = test.mid_p;
    } else {
      (*group)["score_test_p"] = p_value;   // an exact test of weighted rows does not exist
    }
    (*group)["four_fifths_p"] =
        normal_probability(ratio_score(own.share, other.share, four_fifths));
    const bool decides = !is_small(g) && !is_small(reference_);
    (*group)["four_fifths"] =
        verdict_name(decides ? judge(ratio, interval.low, p_value) : Verdict::small);
  }

  template <typename Figure>
  void compare_means(const std::vector<double>& values, const char* mean_name,
                     const std::string& name, const DrawProgress& progress, const Figure& figure) {
    const GroupRows rows =
        rows_by_group(attribute_, [&](std::size_t row) { return !std::isnan(values[row]); });
    std::vector<double> sizes;
    std::vector<Moments> moments;
    for (const auto& group : rows) {
      sizes.push_back(effective_rows(population_, group));
      moments.emplace_back(group.empty() ? 0 : values[group[0]]);
      for (std::size_t row : group) moments.back().add(values[row], population_.weight(row));
    }
    std::vector<std::vector<double>> drawn(rows.size());
    const auto figure_of = [&](std::span<const Moments> of, std::size_t g) {
      return figure(of[g], sizes[g], of[reference_], sizes[reference_]);
    };
    const double origin = moments[reference_].mean();
    if (std::isfinite(origin))
      resample({&population_, values, rows, origin, sampling_}, progress,
               [&](std::span<const Moments> of) {
                 for (std::size_t g = 0; g < rows.size(); ++g) drawn[g].push_back(figure_of(of, g));
               });
    for (std::size_t g = 0; g < rows.size(); ++g) {
      groups_[g][mean_name] = moments[g].mean();
      if (g == reference_) continue;
      groups_[g][name] = figure_of(moments, g);
      groups_[g][name + "_interval"] = pair(percentile_interval(&drawn[g]));
    }
  }

  const Population& population_;
  const Attribute& attribute_;
  std::span<const std::uint8_t> selected_;
  const Sampling& sampling_;
  std::vector<Json> groups_;
  std::vector<std::size_t> sizes_;
  std::vector<Selection> selections_;      // empty: nothing selects
  std::uint32_t reference_ = no_group;
};

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::small: return "small";
    case Verdict::reference: return "reference";
    case Verdict::adverse: return "adverse";
    case Verdict::below: return "below";
    case Verdict::uncertain: return "uncertain";
    case Verdict::clear: break;
  }
  return "clear";
}

Verdict judge(double ratio, double ratio_low, double p_value) {
  if (ratio < four_fifths) return p_value < significance ? Verdict::adverse : Verdict::below;
  return ratio_low < four_fifths ? Verdict::uncertain : Verdict::clear;
}

std::vector<std::uint8_t> selected_rows(const Population& population,
                                        const PopulationChoice& choice) {
  std::vector<std::uint8_t> selected;
  for (Outcome outcome : population.outcomes)
    selected.push_back(static_cast<std::uint8_t>(outcome));
  if (!choice.threshold) return selected;
  for (double score : population.scores) {
    const bool is_hit =
        choice.is_low_favorable ? score < *choice.threshold : score >= *choice.threshold;
    selected.push_back(std::isnan(score) ? is_unknown : is_hit ? is_selected : 0);
  }
  return selected;
}

Json audit_attribute(const Population& population, const Attribute& attribute,
                     std::span<const std::uint8_t> selected, const Sampling& sampling,
                     const DrawProgress& progress) {
  AttributeAudit audit(population, attribute, selected, sampling);
  audit.compare_selection();
  audit.compare_scores(progress);
  audit.compare_exposure(progress);
  return audit.report();
}

}  // namespace guardrank::audit
