// The cost figures of `two_stage` from timed rankings.
#pragma once

#include <vector>

#include "core/artifact/policy.h"

namespace guardrank::plan {

// One request ranked one way, its median time.
struct TimedRanking {
  double n_eligible = 0, n_scored = 0, micros = 0;
  bool is_two_stage = false;
};

// Sets fixed_us, c1_us and c2_us. Single stages: time = fixed + c2 * scored; two stages: time =
// fixed + c1 * eligible + c2 * scored. Least squares of relative errors, none below 0, so that what
// eligibility costs a candidate is part of c2 and of c1. Throws PackError (Status::argument) when
// the rankings cannot tell them apart.
void fit_costs(const std::vector<TimedRanking>& rankings, TwoStage* figures);
double predicted(const TwoStage& figures, const TimedRanking& ranking);

// Rounded to `digits` significant digits; recall down, times up.
double rounded_up(double value, int digits);
double rounded_down(double value, int digits);

double median(std::vector<double> values);

}  // namespace guardrank::plan
