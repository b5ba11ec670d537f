#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "models/pack/pack_error.h"
#include "models/plan/pages.h"
#include "models/plan/sample_outcome.h"
#include "models/plan/sweep.h"
#include "models/plan/varied_pipeline.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
using pack::PackError;

// Of a parameter's range: all steps together cross it more than once, the last are fine.
constexpr double first_step = 0.25, step_ratio = 0.85;
// Of the search: how often all parameters have their turn, and how finely one is bisected.
constexpr int n_rounds = 4, n_halvings = 7;

// Where a figure stands to its target. Where nothing is shown it is not there: the parameters went
// beyond what any offer has.
enum class Side { under, met, beyond };

// Targets that are all met come before any that are not; then more revenue, or less missed.
struct Step {
  std::vector<double> multipliers, found;
  std::vector<Side> sides;
  std::vector<double> misses;            // of what was wanted; below 0 where more is found
  double revenue = 0, missed = 0;
  bool is_met = true;

  // Misses are in units of the target, so that a share and an amount count alike. A figure that is not
  // there misses all that was wanted of it.
  void add(double figure, double at_least) {
    const double unit = at_least == 0 ? 1.0 : std::fabs(at_least);
    found.push_back(figure);
    sides.push_back(!std::isfinite(figure) ? Side::beyond
                    : figure >= at_least   ? Side::met
                                           : Side::under);
    misses.push_back(std::isfinite(figure) ? (at_least - figure) / unit : 1.0);
    missed += std::max(0.0, misses.back());
    is_met &= sides.back() == Side::met;
  }
  bool is_before(const Step& other) const {
    if (is_met != other.is_met) return is_met;
    return is_met ? revenue > other.revenue : missed < other.missed;
  }
};

class Targeting {
 public:
  Targeting(const Pipeline& pipeline, std::string_view requests, const TargetChoice& choice,
            const pack::Progress& progress)
      : choice_(choice),
        progress_(progress),
        varied_(pipeline),
        sample_(pipeline, requests, "", choice.depth) {
    if (choice.targets.empty()) throw PackError(Status::missing, "targets", "there are none");
    for (const Target& target : choice.targets) {
      figures_.push_back(sample_.figures().find(target.figure));
      which_.push_back(varied_.find(target.parameter));
      require_bounds(varied_.parameter(which_.back()));
    }
  }

  PlanReport run() {
    ascend();
    if (!best().is_met) search(best());
    if (!best().is_met) search(at_minima());
    const Json report = report_of(best());
    return {report.dump(1, ' ', false, Json::error_handler_t::replace), targets_page(report)};
  }

 private:
  const Parameter& parameter(std::size_t i) const { return varied_.parameter(which_[i]); }

  const Step& best() const {
    return *std::min_element(steps_.begin(), steps_.end(),
                             [](const Step& a, const Step& b) { return a.is_before(b); });
  }

  Step measure() {
    if (progress_) {
      const std::size_t done = steps_.size();
      progress_("moving multipliers", done, std::max(choice_.n_steps, done + 1));
    }
    const SampleOutcome outcome = sample_.run(varied_.pipeline(), {});
    Step step;
    step.revenue = outcome.means[sample_.figures().find("revenue")];
    for (std::size_t i = 0; i < which_.size(); ++i) {
      step.multipliers.push_back(varied_.value(which_[i]));
      step.add(outcome.means[figures_[i]], choice_.targets[i].at_least);
    }
    steps_.push_back(step);
    return step;
  }

  void ascend() {
    std::vector<double> largest(which_.size(), 0.0);   // miss so far, either way
    for (std::size_t t = 0; t < choice_.n_steps; ++t) {
      const Step step = measure();
      for (std::size_t i = 0; i < which_.size(); ++i) {
        largest[i] = std::max(largest[i], std::fabs(step.misses[i]));
        move(step, i, std::pow(step_ratio, static_cast<double>(t)), largest[i]);
      }
    }
  }

  // Back as well from where nothing is shown.
  void move(const Step& step, std::size_t i, double fineness, double largest) {
    const double share = step.sides[i] == Side::beyond ? -1.0
                         : largest > 0                 ? step.misses[i] / largest
                                                       : 0.0;
    const double length = first_step * (parameter(i).maximum - parameter(i).minimum) * fineness;
    varied_.set(which_[i], std::clamp(step.multipliers[i] + length * share, parameter(i).minimum,
                                      parameter(i).maximum));
  }

  Step at_minima() {
    for (std::size_t i = 0; i < which_.size(); ++i) varied_.set(which_[i], parameter(i).minimum);
    return measure();
  }

  void search(Step now) {
    for (int round = 0; round < n_rounds && !now.is_met; ++round) {
      const std::vector<double> before = now.multipliers;
      for (std::size_t i = 0; i < which_.size() && !now.is_met; ++i)
        if (now.sides[i] != Side::met) now = meet_one(i, now);
      if (now.multipliers == before) return;
    }
  }

  Step measure_at(std::size_t i, const Step& others, double value) {
    for (std::size_t j = 0; j < which_.size(); ++j) varied_.set(which_[j], others.multipliers[j]);
    varied_.set(which_[i], value);
    return measure();
  }

  // The step with the least value of one parameter, among those tried, that meets its target; else the
  // one that comes nearest below.
  Step meet_one(std::size_t i, const Step& now) {
    const bool is_beyond = now.sides[i] == Side::beyond;
    double low = is_beyond ? parameter(i).minimum : now.multipliers[i];
    double high = is_beyond ? now.multipliers[i] : parameter(i).maximum;
    Step result = measure_at(i, now, is_beyond ? low : high);
    if (result.sides[i] == (is_beyond ? Side::met : Side::under)) return result;
    if (result.sides[i] == Side::beyond) result = now;
    for (int n = 0; n < n_halvings; ++n) {
      const double middle = low + (high - low) / 2;
      const Step step = measure_at(i, now, middle);
      if (step.sides[i] == Side::under) low = middle;
      else high = middle;
      if (step.sides[i] == Side::met || (step.sides[i] == Side::under && result.sides[i] != Side::met))
        result = step;
    }
    return result;
  }

  Json report_of(const Step& best) const {
    Json report = {{"requests", sample_.size()}, {"depth", choice_.depth},
                   {"is_met", best.is_met}, {"revenue_before", steps_[0].revenue},
                   {"revenue", best.revenue}};
    for (std::size_t i = 0; i < which_.size(); ++i)
      report["targets"].push_back({{"figure", choice_.targets[i].figure},
                                   {"at_least", choice_.targets[i].at_least},
                                   {"before", steps_[0].found[i]},
                                   {"found", best.found[i]},
                                   {"parameter", choice_.targets[i].parameter},
                                   {"value", parameter(i).value},
                                   {"found_with", best.multipliers[i]},
                                   {"proposed", best.is_met ? Json(best.multipliers[i]) : Json()}});
    for (const Step& step : steps_)
      report["steps"].push_back({{"multipliers", step.multipliers}, {"found", step.found},
                                 {"revenue", step.revenue}, {"missed", step.missed}});
    return report;
  }

  const TargetChoice& choice_;
  const pack::Progress& progress_;
  VariedPipeline varied_;
  Sample sample_;
  std::vector<std::size_t> figures_, which_;
  std::vector<Step> steps_;              // all that were measured
};

}  // namespace

PlanReport meet_targets(const Pipeline& pipeline, std::string_view requests,
                        const TargetChoice& choice, const pack::Progress& progress) {
  return Targeting(pipeline, requests, choice, progress).run();
}

}  // namespace guardrank::plan
