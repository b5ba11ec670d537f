// A policy's trade-offs on a sample: every parameter moved through its bounds, and multipliers
// proposed for stated targets. Offline; the policy itself is changed by people.
#pragma once

#include <string>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/pack/rows/calibration_rows.h"

namespace guardrank::plan {

struct SweepChoice {
  std::vector<std::string> parameters;   // empty: all
  std::size_t n_points = 9;              // from minimum to maximum
  std::string segment;                   // empty: none
  std::size_t depth = 10;                // positions that give exposure
  double least_segment = 20;             // requests; smaller segments are not compared
};

struct Target {
  std::string figure;                    // "p.approve", "share.favorite": see Figures
  double at_least = 0;
  std::string parameter;                 // the multiplier that is moved for it
};

struct TargetChoice {
  std::vector<Target> targets;
  std::size_t n_steps = 40;              // of the ascent
  std::size_t depth = 10;
};

// JSON and one self-contained HTML page.
struct PlanReport {
  std::string report, page;
};

// Each parameter alone, the others as the policy has them: the figures at every point, and the five
// (segment, point) pairs that lose most revenue against the policy as it stands. Revenue is told in the
// policy's own parameters (own_revenue.h).
PlanReport sweep(const Pipeline& pipeline, std::string_view requests, const SweepChoice& choice,
                 const pack::Progress& progress);

// Projected dual ascent: a multiplier grows while its figure is under the target and falls while it
// is above, within the parameter's bounds, by steps in proportion to the miss that shrink geometrically
// (Shor, Minimization Methods for Non-Differentiable Functions, 1985). Where no step meets all targets,
// a search for any values that do: one parameter after another is raised to the least value that meets
// its own target while the others stay, from the step that misses least and then from the minima. Where
// raising one multiplier only lowers the other figures, that ends at the least values that meet all, if
// there are any (Yates, A Framework for Uplink Power Control, 1995), but for the fineness of the
// bisection. Proposed are the values of the step that meets all targets with most revenue. Where none
// does, nothing is proposed, and what is found is of the step that misses least.
PlanReport meet_targets(const Pipeline& pipeline, std::string_view requests,
                        const TargetChoice& choice, const pack::Progress& progress);

}  // namespace guardrank::plan
