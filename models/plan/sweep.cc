#include "models/plan/sweep.h"

#include <algorithm>

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

Json figures_json(const Figures& figures, const std::vector<double>& means) {
  Json out = Json::object();
  for (std::size_t i = 0; i < means.size(); ++i) out[figures.names()[i]] = means[i];
  return out;
}

// From minimum to maximum with the policy's own value among them.
std::vector<double> points_of(const Parameter& parameter, std::size_t n_points) {
  require_bounds(parameter);
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

}  // namespace

PlanReport sweep(const Pipeline& pipeline, std::string_view requests, const SweepChoice& choice,
                 const pack::Progress& progress) {
  return Sweeping(pipeline, requests, choice, progress).run();
}

}  // namespace guardrank::plan
