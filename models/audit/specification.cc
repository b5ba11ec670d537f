#include "models/audit/specification.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::json;
using pack::PackError;

// The members of one object, each asked for once; what nobody asked for is an error.
class Members {
 public:
  Members(std::string_view text) : object_(Json::parse(text, nullptr, false)) {
    if (!object_.is_object()) throw PackError(Status::json, "specification", "wanted an object");
  }

  void text(const char* name, std::string* out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_string()) refuse(name, "wanted a string");
    *out = value->get<std::string>();
  }

  void flag(const char* name, bool* out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_boolean()) refuse(name, "wanted true or false");
    *out = value->get<bool>();
  }

  void natural(const char* name, std::uint64_t low, std::uint64_t high, std::uint64_t* out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_number_unsigned()) refuse(name, "wanted a whole number");
    const auto number = value->get<std::uint64_t>();
    if (number < low || number > high)
      refuse(name, "wanted " + std::to_string(low) + " to " + std::to_string(high) + ", found " +
                       std::to_string(number));
    *out = number;
  }

  std::optional<double> number(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_number()) refuse(name, "wanted a number");
    return value->get<double>();
  }

  void texts(const char* name, std::vector<std::string>* out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_array()) refuse(name, "wanted an array of strings");
    for (const Json& item : *value) {
      if (!item.is_string()) refuse(name, "wanted an array of strings");
      out->push_back(item.get<std::string>());
    }
  }

  // [{"column": "race", "reference": "white"}, ...]; "reference" may be left out.
  void groups(std::vector<GroupChoice>* out) {
    const Json* value = find("groups");
    if (value == nullptr) return;
    if (!value->is_array()) refuse("groups", "wanted an array of objects");
    for (const Json& item : *value) {
      Members members(item.dump());
      GroupChoice choice;
      members.text("column", &choice.column);
      members.text("reference", &choice.reference);
      members.close();
      if (choice.column.empty()) refuse("groups", "a group without a column");
      out->push_back(choice);
    }
  }

  void sampling(Sampling* out) {
    natural("min_group", 1, 1000000, &out->min_group);
    natural("draws", 100, 100000, &out->draws);
    natural("seed", 0, UINT64_MAX, &out->seed);
  }

  void close() const {
    for (const auto& [name, value] : object_.items()) {
      if (!asked_.contains(name)) refuse(name.c_str(), "unknown member");
    }
  }

  [[noreturn]] static void refuse(const char* name, const std::string& message) {
    throw PackError(Status::argument, "specification." + std::string(name), message);
  }

 private:
  const Json* find(const char* name) {
    asked_.insert(name);
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  Json object_;
  std::set<std::string> asked_;
};

void read_alternatives(Members* members, AlternativesChoice* out) {
  members->texts("features", &out->features);
  if (const auto loss = members->number("max_loss")) out->max_loss = *loss;
  if (!(out->max_loss >= 0 && out->max_loss <= 0.5))
    Members::refuse("max_loss", "wanted 0 to 0.5, a loss of AUC");
  out->select_rate = members->number("select_rate");
  if (out->select_rate && !(*out->select_rate > 0 && *out->select_rate < 1))
    Members::refuse("select_rate", "wanted a share above 0 and below 1");
  members->natural("search", 0, 100000, &out->search);
  members->natural("fit_rows", 100, 10000000, &out->fit_rows);
}

Judge read_judge(Members* members) {
  std::string judge;
  members->text("judge", &judge);
  if (judge.empty()) return Judge::automatic;
  if (judge == "shown") return Judge::shown;
  if (judge == "reach") return Judge::reach;
  Members::refuse("judge", "wanted shown or reach, found \"" + judge + "\"");
}

void read_variations(Members* members, RankingChoice* choice) {
  VariationsChoice* out = &choice->variations;
  members->flag("alternatives", &out->is_wanted);
  members->texts("drop", &out->drop);
  members->texts("vary", &out->vary);
  if (const auto loss = members->number("max_value_loss")) out->max_value_loss = *loss;
  if (!(out->max_value_loss >= 0 && out->max_value_loss <= 1))
    Members::refuse("max_value_loss", "wanted 0 to 1, a share of the mean value a request");
  members->natural("search", 1, 10000, &out->search);
  out->judge = read_judge(members);
  if (out->is_wanted && choice->groups.empty())
    Members::refuse("alternatives", "less discriminatory for whom: no groups are named");
}

void check_alternatives(const PopulationChoice& choice) {
  const std::vector<std::string>& features = choice.alternatives.features;
  if (!features.empty() && choice.outcome.empty())
    Members::refuse("features", "alternatives predict an outcome: name one");
  const auto is_feature = [&](const std::string& column) {
    return std::find(features.begin(), features.end(), column) != features.end();
  };
  if (is_feature(choice.outcome))
    Members::refuse("features", choice.outcome + " is the outcome itself");
  for (const GroupChoice& group : choice.groups)
    if (is_feature(group.column))
      Members::refuse("features", group.column + " is a column of groups, which no alternative may see");
}

void check(const PopulationChoice& choice) {
  if (choice.groups.empty()) Members::refuse("groups", "no column of groups is named");
  if (choice.outcome.empty() && choice.score.empty() && choice.position.empty())
    Members::refuse("outcome", "nothing to measure: name an outcome, a score or a position");
  if (choice.threshold && choice.score.empty())
    Members::refuse("threshold", "a threshold without a score");
  if (choice.threshold && !std::isfinite(*choice.threshold))
    Members::refuse("threshold", "wanted a finite number");
  if (choice.threshold && !choice.outcome.empty())
    Members::refuse("threshold",
                    "selection comes from the outcome or from score and threshold, not both");
  check_alternatives(choice);
  if (!choice.list.empty() && choice.position.empty())
    Members::refuse("list", "a list without a position");
}

}  // namespace

PopulationChoice read_population_choice(std::string_view json) {
  Members members(json);
  PopulationChoice choice;
  members.text("outcome", &choice.outcome);
  members.text("outcome_value", &choice.outcome_value);
  members.text("score", &choice.score);
  choice.threshold = members.number("threshold");
  members.flag("low_is_favorable", &choice.is_low_favorable);
  members.text("weight", &choice.weight);
  members.text("position", &choice.position);
  members.text("list", &choice.list);
  members.text("key", &choice.key);
  members.flag("allow_missing", &choice.allows_missing);
  members.groups(&choice.groups);
  members.sampling(&choice.sampling);
  read_alternatives(&members, &choice.alternatives);
  members.close();
  check(choice);
  return choice;
}

RankingChoice read_ranking_choice(std::string_view json) {
  Members members(json);
  RankingChoice choice;
  members.groups(&choice.groups);
  members.text("key", &choice.key);
  members.text("head", &choice.head);
  members.text("by", &choice.by);
  members.flag("steering", &choice.has_steering);
  members.texts("payouts", &choice.payouts);
  members.natural("depth", 0, 100000, &choice.depth);
  members.sampling(&choice.sampling);
  read_variations(&members, &choice);
  members.close();
  if (choice.groups.empty() && !choice.has_steering)
    Members::refuse("groups", "nothing to measure: no groups and no steering");
  return choice;
}

}  // namespace guardrank::audit
