#include "models/lint/pair_checks.h"

#include <algorithm>

#include "models/lint/condition.h"

namespace guardrank::lint {
namespace {

constexpr std::size_t screen_contexts = 1024, screen_rows = 32;
constexpr std::size_t pair_contexts = 128, pair_rows = 128, most_pairs = 4000;

// What two conditions were seen to do. Once all three were, nothing is to be said of them.
struct PairSeen {
  bool both_hold = false, first_fails_alone = false, second_fails_alone = false;

  bool is_all() const { return both_hold && first_fails_alone && second_fails_alone; }
};

// Where each condition holds and fails on the same drawn values, a bit for each.
class Screen {
 public:
  Screen(const CompiledPolicy& policy, const std::vector<Condition>& conditions, std::int64_t now)
      : holds_(conditions.size()), fails_(conditions.size()) {
    Trial trial(policy, critical_values(policy, expressions_of(conditions), now, Breadth::narrow),
                screen_contexts, screen_rows, now);
    for (std::size_t context = 0; context < trial.n_contexts(); ++context) {
      trial.set_context(context);
      for (std::size_t i = 0; i < conditions.size(); ++i)
        add(run_condition(conditions[i], &trial), i);
    }
  }

  PairSeen seen(std::size_t a, std::size_t b) const {
    PairSeen seen;
    for (std::size_t i = 0; i < holds_[a].size() && !seen.is_all(); ++i) {
      seen.both_hold |= (holds_[a][i] & holds_[b][i]) != 0;
      seen.first_fails_alone |= (fails_[a][i] & ~fails_[b][i]) != 0;
      seen.second_fails_alone |= (fails_[b][i] & ~fails_[a][i]) != 0;
    }
    return seen;
  }

 private:
  void add(const ConditionResult& result, std::size_t i) {
    std::uint32_t holds = 0, fails = 0;
    for (std::size_t row = 0; row < result.holds.size(); ++row) {
      holds |= result.holds[row] != 0 ? 1u << row : 0;
      fails |= result.fails(row) ? 1u << row : 0;
    }
    holds_[i].push_back(holds);
    fails_[i].push_back(fails);
  }

  std::vector<std::vector<std::uint32_t>> holds_, fails_;   // by condition, then context; a bit per row
};

std::vector<std::uint32_t> facts_of(const Condition& condition) {
  const auto& facts = condition.expr->program.facts;
  return {facts.begin(), facts.end()};   // ascending
}

bool share_a_fact(const Condition& a, const Condition& b) {
  std::vector<std::uint32_t> shared;
  const std::vector<std::uint32_t> first = facts_of(a), second = facts_of(b);
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(shared));
  return !shared.empty();
}

bool are_in_force_together(const Condition& a, const Condition& b, std::int64_t now) {
  return std::max({a.from, b.from, now}) < std::min(a.to, b.to);
}

// Whenever the other is.
bool is_covered(const Condition& a, const Condition& by, std::int64_t now) {
  return by.from <= std::max(a.from, now) && by.to >= a.to;
}

void tell_subsumed(const Condition& a, const Condition& by, const Trial& trial,
                   Findings* findings) {
  findings->add(Severity::note, "never-matters", a.expr->where,
                "whoever fails it fails " + by.expr->where + " as well, on all of " + tried(trial) +
                    ", where no fact is missing");
}

void check_pair(const CompiledPolicy& policy, const Condition& a, const Condition& b,
                std::int64_t now, Findings* findings) {
  Trial trial(policy, critical_values(policy, expressions_of({a, b}), now), pair_contexts,
              pair_rows, now);
  bool a_holds = false, b_holds = false, a_fails = false, b_fails = false;
  PairSeen seen;
  for (std::size_t c = 0; c < trial.n_contexts() && !seen.is_all(); ++c) {
    trial.set_context(c);
    const ConditionResult first = run_condition(a, &trial), second = run_condition(b, &trial);
    for (std::size_t row = 0; row < first.applies.size(); ++row) {
      const bool both_apply = first.applies[row] != 0 && second.applies[row] != 0;
      seen.both_hold |= first.holds[row] != 0 && second.holds[row] != 0;
      a_holds |= both_apply && first.holds[row] != 0;
      b_holds |= both_apply && second.holds[row] != 0;
      a_fails |= first.fails(row);
      b_fails |= second.fails(row);
      seen.first_fails_alone |= first.fails(row) && !second.fails(row);
      seen.second_fails_alone |= second.fails(row) && !first.fails(row);
    }
  }
  if (!seen.both_hold && a_holds && b_holds)
    findings->add(severity_of(trial, Severity::error, Severity::warning), "contradiction",
                  a.expr->where,
                  "it and " + b.expr->where + " are never true together, on " + tried(trial) +
                      no_proof(trial));
  if (!trial.is_proof() || !seen.both_hold) return;
  if (a_fails && !seen.first_fails_alone && is_covered(a, b, now))
    tell_subsumed(a, b, trial, findings);
  else if (b_fails && !seen.second_fails_alone && is_covered(b, a, now))
    tell_subsumed(b, a, trial, findings);
}

struct Pair {
  std::size_t first, second;
};

// Neighbours first, so that a limit leaves every condition some of its pairs.
std::vector<Pair> pairs_to_check(const CompiledPolicy& policy,
                                 const std::vector<Condition>& conditions, std::int64_t now) {
  std::vector<Pair> pairs;
  if (conditions.size() < 2) return pairs;
  const Screen screen(policy, conditions, now);
  for (std::size_t apart = 1; apart < conditions.size(); ++apart)
    for (std::size_t a = 0; a + apart < conditions.size(); ++a) {
      const Condition &first = conditions[a], &second = conditions[a + apart];
      if (share_a_fact(first, second) && are_in_force_together(first, second, now) &&
          !screen.seen(a, a + apart).is_all())
        pairs.push_back({a, a + apart});
    }
  return pairs;
}

}  // namespace

void check_pairs(const CompiledPolicy& policy, std::int64_t now, const pack::Progress& progress,
                 Findings* findings) {
  const std::vector<Condition> conditions = conditions_of(policy);
  const std::vector<Pair> pairs = pairs_to_check(policy, conditions, now);
  if (pairs.size() > most_pairs)
    findings->add(Severity::warning, "contradiction", "rules",
                  std::to_string(pairs.size() - most_pairs) + " of " + std::to_string(pairs.size()) +
                      " pairs that need a closer look were not held against each other");
  for (std::size_t i = 0; i < std::min(pairs.size(), most_pairs); ++i) {
    if (progress) progress("holding rules against each other", i, pairs.size());
    check_pair(policy, conditions[pairs[i].first], conditions[pairs[i].second], now, findings);
  }
}

}  // namespace guardrank::lint
