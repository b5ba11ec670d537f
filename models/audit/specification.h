// What an audit is asked to measure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guardrank::audit {

// A protected attribute and the group that the others are held against; without one, the group with
// the highest rate, as the four-fifths rule has it (29 CFR 1607.4 D).
struct GroupChoice {
  std::string column, reference;
};

// Common to both audits.
struct Sampling {
  std::uint64_t min_group = 30;      // smaller groups are shown and flagged, and decide nothing
  std::uint64_t draws = 1000;        // of the bootstrap
  std::uint64_t seed = 1;
};

// Less discriminatory alternatives: a logistic model of the outcome on these columns.
struct AlternativesChoice {
  std::vector<std::string> features;
  double max_loss = 0.01;            // of AUC that an alternative may cost
  std::optional<double> select_rate; // share selected; without, the share of favorable outcomes
  std::uint64_t search = 400;        // weightings tried
  std::uint64_t fit_rows = 20000;    // most rows that one fit reads
};

struct PopulationChoice {
  std::string outcome, outcome_value;  // favorable where column outcome says outcome_value, or 1
  std::string score;
  std::optional<double> threshold;
  bool is_low_favorable = false;           // of the score
  std::string weight, position, list, key;
  bool allows_missing = false;
  std::vector<GroupChoice> groups;
  Sampling sampling;
  AlternativesChoice alternatives;
};

// What a figure of parity counts: requests that are shown anything, or the head's reach.
enum class Judge { automatic, shown, reach };

// Less discriminatory alternatives to what is deployed: facts kept from the model, other parameters.
struct VariationsChoice {
  bool is_wanted = false;
  std::vector<std::string> drop;     // facts that the model reads, "ctx.zip"
  std::vector<std::string> vary;     // parameters; both empty: whatever can be tried
  double max_value_loss = 0.01;      // share of the mean value a request that an alternative may cost
  std::uint64_t search = 100;        // alternatives tried
  Judge judge = Judge::automatic;    // shown, or reach where every request is shown something
};

struct RankingChoice {
  std::vector<GroupChoice> groups;         // empty: no audit by group
  std::string key = "request_id";          // column of the groups file
  std::string head;                        // whose probability is reached; "": approve, or the last
  std::string by;  // candidate fact that offers are summed by, "offer.issuer"
  bool has_steering = true;
  std::vector<std::string> payouts;  // candidate facts made equal; empty: those of revenue terms
  std::uint64_t depth = 0;                 // positions that give exposure; 0: the request's limit
  Sampling sampling;
  VariationsChoice variations;
};

// From JSON (models/audit/README.md); throws PackError that names the member. Unknown members are
// errors.
PopulationChoice read_population_choice(std::string_view json);
RankingChoice read_ranking_choice(std::string_view json);

}  // namespace guardrank::audit
