// Shares of a yes-or-no outcome and what can be said about two of them. Every interval is at 95%.
#pragma once

namespace guardrank::audit {

inline constexpr double normal_quantile = 1.959963984540054;   // of 0.975

struct Interval {
  double low = 0, high = 0;
};

// `hits` of `rows`. Rows that carry weights count as their effective number (Kish 1965), hits as
// the weighted share of it: both need not be whole.
struct Share {
  double hits = 0, rows = 0;

  double rate() const { return hits / rows; }
};

// P(Z <= z) of the standard normal distribution.
double normal_probability(double z);

// Wilson (1927), score interval of one share.
Interval wilson_interval(const Share& share);

// Newcombe (1998), method 10: of a.rate() - b.rate(), from the two Wilson intervals.
Interval difference_interval(const Share& a, const Share& b);

// Koopman (1984), score interval of a.rate() / b.rate(). Holds its level where Katz's log interval
// (1978) does not, and exists with zero hits: low is 0 without hits in a, high is infinite without
// hits in b.
Interval ratio_interval(const Share& a, const Share& b);

// The score statistic that ratio_interval inverts: a standard normal z if the true ratio of rates
// is `ratio`, negative where a's rate is below what it says.
double ratio_score(const Share& a, const Share& b, double ratio);

}  // namespace guardrank::audit
