#include "models/plan/sweep.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "models/pack/pack_error.h"
#include "models/plan/pages.h"
#include "models/plan/sample_outcome.h"
#include "models/plan/varied_pipeline.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
using pack::PackError;

constexpr std::size_t n_worst = 5;
// Of a parameter's range: all steps together cross it more than once, the last are fine.
constexpr double first_step = 0.25, step_ratio = 0.85;

Json figures_json(const Figures& figures, const std::vector<double>& means) {
  Json out = Json::object();
  for (std::size_t i = 0; i < means.size(); ++i) out[figures.names()[i]] = means[i];
  return out;
}

// From minimum to maximum with the policy's own value among them.
std::vector<double> points_of(const Parameter& parameter, std::size_t n_points) {
  if (!std::isfinite(parameter.minimum) || !std::isfinite(parameter.maximum))
    throw PackError(Status::argument, "parameter",
                    std::string(parameter.name) + " has no minimum or no maximum to sweep between");
  std::vector<double> points = {parameter.value};
  for (std::size_t i = 0; i < n_points; ++i)
    points.push_back(parameter.minimum + (parameter.maximum - parameter.minimum) *
                                             static_cast<double>(i) /
                                             static_cast<double>(n_points - 1));
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

// A segment that lost revenue at some point of a parameter.
struct Loss {
  std::string segment;
  double value = 0, n_requests = 0, before = 0, after = 0;
};

class Sweeping {
 public:
  Sweeping(const Pipeline& pipeline, std::string_view requests, const SweepChoice& choice,
           const pack::Progress& progress)
      : choice_(choice),
        progress_(progress),
        varied_(pipeline),
        sample_(pipeline, requests, choice.segment, choice.depth) {
    if (choice.n_points < 2) throw PackError(Status::argument, "points", "wanted at least 2");
    if (choice.parameters.empty()) {
      for (const Parameter& parameter : pipeline.policy->parameters)
        which_.push_back(varied_.find(parameter.name));
    } else {
      for (const std::string& name : choice.parameters) which_.push_back(varied_.find(name));
    }
    if (which_.empty()) throw PackError(Status::missing, "parameters", "the policy has none");
  }

  PlanReport run() {
    baseline_ = rank_all("as the policy stands");
    Json report = {{"requests", sample_.size()}, {"depth", choice_.depth},
                   {"baseline", figures_json(sample_.figures(), baseline_.means)}};
    if (!choice_.segment.empty()) report["segments"] = segments();
    for (const std::size_t which : which_) report["parameters"].push_back(run_parameter(which));
    return {report.dump(1, ' ', false, Json::error_handler_t::replace), sweep_page(report)};
  }

 private:
  SampleOutcome rank_all(const std::string& step) {
    const auto ranked = [&](std::size_t n) {
      if (progress_ && n % 50 == 0) progress_(step.c_str(), n, sample_.size());
    };
    return sample_.run(varied_.pipeline(), ranked);
  }

  bool is_compared(const Segment& segment) const {
    return segment.n_requests >= choice_.least_segment;
  }

  // How many are compared, and what is too small for it.
  Json segments() const {
    std::size_t n_compared = 0;
    double n_requests = 0;
    for (const Segment& segment : baseline_.segments) {
      if (is_compared(segment)) ++n_compared;
      else n_requests += segment.n_requests;
    }
    return {{"by", choice_.segment},
            {"least_requests", choice_.least_segment},
            {"compared", n_compared},
            {"left_out", baseline_.segments.size() - n_compared},
            {"requests_left_out", n_requests}};
  }

  Json run_parameter(std::size_t which) {
    const Parameter& parameter = varied_.parameter(which);
    Json points = Json::array();
    std::vector<Loss> losses;
    for (const double value : points_of(parameter, choice_.n_points)) {
      varied_.reset();
      varied_.set(which, value);
      const SampleOutcome outcome = rank_all("sweeping " + std::string(parameter.name));
      points.push_back({{"value", value},
                        {"is_policy", value == parameter.value},
                        {"figures", figures_json(sample_.figures(), outcome.means)}});
      add_losses(value, outcome, &losses);
    }
    varied_.reset();
    return {{"name", parameter.name},     {"value", parameter.value},
            {"minimum", parameter.minimum}, {"maximum", parameter.maximum},
            {"owner", parameter.owner},   {"points", points},
            {"worst_segments", worst(std::move(losses))}};
  }

  void add_losses(double value, const SampleOutcome& outcome, std::vector<Loss>* losses) const {
    const std::size_t revenue = sample_.figures().find("revenue");
    for (std::size_t s = 0; s < outcome.segments.size(); ++s) {
      const Segment& before = baseline_.segments[s];   // the same requests, so the same segments
      if (choice_.segment.empty() || !is_compared(before)) continue;
      losses->push_back({before.name, value, before.n_requests,
                         before.sums[revenue] / before.n_requests,
                         outcome.segments[s].sums[revenue] / before.n_requests});
    }
  }

  // Each segment once, at the point where it loses most.
  static Json worst(std::vector<Loss> losses) {
    const auto change = [](const Loss& loss) { return loss.after - loss.before; };
    std::stable_sort(losses.begin(), losses.end(),
                     [&](const Loss& a, const Loss& b) { return change(a) < change(b); });
    Json out = Json::array();
    std::vector<std::string> told;
    for (const Loss& loss : losses) {
      if (out.size() == n_worst || change(loss) >= 0) break;
      if (std::find(told.begin(), told.end(), loss.segment) != told.end()) continue;
      told.push_back(loss.segment);
      out.push_back({{"segment", loss.segment}, {"requests", loss.n_requests},
                     {"value", loss.value}, {"revenue_before", loss.before},
                     {"revenue_after", loss.after}});
    }
    return out;
  }

  const SweepChoice& choice_;
  const pack::Progress& progress_;
  VariedPipeline varied_;
  Sample sample_;
  std::vector<std::size_t> which_;
  SampleOutcome baseline_;
};

// Targets that are all met come before any that are not; then more revenue, or less missed.
struct Step {
  std::vector<double> multipliers, found;
  double revenue = 0, missed = 0;
  bool is_met = true;

  // A figure that is not there, as nothing is shown, misses all that was wanted of it.
  void add(double figure, double at_least) {
    found.push_back(figure);
    missed += std::isfinite(figure) ? std::max(0.0, at_least - figure) : std::fabs(at_least);
    is_met &= figure >= at_least;
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
      points_of(varied_.parameter(which_.back()), 2);   // refuses a parameter without bounds
    }
  }

  PlanReport run() {
    std::vector<Step> steps;
    for (std::size_t t = 0; t < choice_.n_steps; ++t) {
      if (progress_) progress_("moving multipliers", t, choice_.n_steps);
      steps.push_back(measure());
      move(steps.back(), t);
    }
    const Step best = *std::min_element(
        steps.begin(), steps.end(),
        [](const Step& a, const Step& b) { return a.is_before(b); });
    const Json report = report_of(steps, best);
    return {report.dump(1, ' ', false, Json::error_handler_t::replace), targets_page(report)};
  }

 private:
  Step measure() {
    const SampleOutcome outcome = sample_.run(varied_.pipeline(), {});
    Step step;
    step.revenue = outcome.means[sample_.figures().find("revenue")];
    for (std::size_t i = 0; i < which_.size(); ++i) {
      step.multipliers.push_back(varied_.value(which_[i]));
      step.add(outcome.means[figures_[i]], choice_.targets[i].at_least);
    }
    return step;
  }

  // Back as well from where nothing is shown (a figure that is not there is not under the target).
  void move(const Step& step, std::size_t t) {
    for (std::size_t i = 0; i < which_.size(); ++i) {
      const Parameter& parameter = varied_.parameter(which_[i]);
      const double way = step.found[i] < choice_.targets[i].at_least ? 1.0 : -1.0;
      const double length = first_step * (parameter.maximum - parameter.minimum) *
                            std::pow(step_ratio, static_cast<double>(t));
      varied_.set(which_[i], std::clamp(step.multipliers[i] + length * way, parameter.minimum,
                                        parameter.maximum));
    }
  }

  Json report_of(const std::vector<Step>& steps, const Step& best) const {
    Json report = {{"requests", sample_.size()}, {"depth", choice_.depth},
                   {"is_met", best.is_met}, {"revenue_before", steps[0].revenue},
                   {"revenue", best.revenue}};
    for (std::size_t i = 0; i < which_.size(); ++i)
      report["targets"].push_back({{"figure", choice_.targets[i].figure},
                                   {"at_least", choice_.targets[i].at_least},
                                   {"before", steps[0].found[i]},
                                   {"found", best.found[i]},
                                   {"parameter", choice_.targets[i].parameter},
                                   {"value", varied_.parameter(which_[i]).value},
                                   {"found_with", best.multipliers[i]},
                                   {"proposed", best.is_met ? Json(best.multipliers[i]) : Json()}});
    for (const Step& step : steps)
      report["steps"].push_back({{"multipliers", step.multipliers}, {"found", step.found},
                                 {"revenue", step.revenue}, {"missed", step.missed}});
    return report;
  }

  const TargetChoice& choice_;
  const pack::Progress& progress_;
  VariedPipeline varied_;
  Sample sample_;
  std::vector<std::size_t> figures_, which_;
};

}  // namespace

PlanReport sweep(const Pipeline& pipeline, std::string_view requests, const SweepChoice& choice,
                 const pack::Progress& progress) {
  return Sweeping(pipeline, requests, choice, progress).run();
}

PlanReport meet_targets(const Pipeline& pipeline, std::string_view requests,
                        const TargetChoice& choice, const pack::Progress& progress) {
  return Targeting(pipeline, requests, choice, progress).run();
}

}  // namespace guardrank::plan
