#include "models/audit/ranking/group_reach.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "models/audit/parity/parity.h"
#include "models/pack/metrics/metrics.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_labels = 50;

// Discounted sums over the positions that count.
struct Reached {
  double exposure = 0, reach = 0;
};

Reached reached(const RankedRequest& request) {
  Reached sums;
  for (std::size_t i = 0; i < std::min(request.depth, request.actual.size()); ++i) {
    sums.exposure += pack::exposure_at(i);
    sums.reach += pack::exposure_at(i) * request.actual[i].probability;
  }
  return sums;
}

std::vector<std::string> request_ids(const Rankings& rankings) {
  std::vector<std::string> ids;
  std::set<std::string> known;
  for (const RankedRequest& request : rankings.requests) {
    if (request.id.empty())
      throw pack::PackError(Status::missing, "request " + std::to_string(ids.size() + 1),
                            "no request_id to find its group by");
    if (!known.insert(request.id).second)
      throw pack::PackError(Status::duplicate, "request " + std::to_string(ids.size() + 1),
                            "the request_id \"" + request.id + "\" stands twice");
    ids.push_back(request.id);
  }
  return ids;
}

void rename(const char* from, const char* to, Json* object) {
  Json renamed = Json::object();
  for (auto& [name, value] : object->items()) renamed[name == from ? to : name] = value;
  *object = std::move(renamed);
}

// Labels by exposure over all requests, the largest first.
std::vector<std::uint32_t> largest_labels(const Rankings& rankings) {
  std::vector<double> totals(rankings.offers->labels().size(), 0);
  for (const RankedRequest& request : rankings.requests)
    for (std::size_t i = 0; i < std::min(request.depth, request.actual.size()); ++i)
      totals[rankings.offers->label(request.actual[i].offer)] += pack::exposure_at(i);
  std::vector<std::uint32_t> order(totals.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return totals[a] > totals[b]; });
  if (order.size() > most_labels) order.resize(most_labels);
  return order;
}

// The share of each request's exposure that a label gets; NaN where nothing is shown.
std::vector<double> label_shares(const Rankings& rankings, std::uint32_t label) {
  std::vector<double> shares;
  for (const RankedRequest& request : rankings.requests) {
    double share = 0;
    for (std::size_t i = 0; i < std::min(request.depth, request.actual.size()); ++i)
      if (rankings.offers->label(request.actual[i].offer) == label) share += pack::exposure_at(i);
    const double exposure = reached(request).exposure;
    shares.push_back(exposure > 0 ? share / exposure : not_known);
  }
  return shares;
}

// Exposure of every label to every group, against the same reference.
Json label_parity(const Rankings& rankings, const Population& population,
                  const Attribute& attribute, const Sampling& sampling,
                  const DrawProgress& progress) {
  Json labels = Json::array();
  Population shares;
  shares.n_rows = population.n_rows;
  for (std::uint32_t label : largest_labels(rankings)) {
    shares.exposures = label_shares(rankings, label);
    const Json report = audit_attribute(shares, attribute, {}, sampling, progress);
    Json groups = Json::array();
    for (const Json& group : report["groups"]) {
      Json one = {{"group", group["group"]}, {"exposure_share", group["exposure"]}};
      if (group.contains("exposure_ratio")) {
        one["ratio"] = group["exposure_ratio"];
        one["ratio_interval"] = group["exposure_ratio_interval"];
      }
      groups.push_back(std::move(one));
    }
    labels.push_back({{"value", rankings.offers->labels()[label]}, {"groups", groups}});
  }
  return labels;
}

}  // namespace

Population population_of(const Rankings& rankings, std::string_view groups,
                         const RankingChoice& choice) {
  Population population;
  population.n_rows = rankings.requests.size();
  std::vector<std::string> wanted = {choice.key};
  for (const GroupChoice& group : choice.groups) wanted.push_back(group.column);
  const Table table = Table::read(groups, "groups", wanted);
  const std::vector<std::size_t> rows = join(request_ids(rankings), table, choice.key);
  population.n_unmatched =
      static_cast<std::uint64_t>(std::count(rows.begin(), rows.end(), SIZE_MAX));
  for (const GroupChoice& group : choice.groups) {
    std::vector<std::string> cells;
    for (std::size_t row : rows)
      cells.push_back(row == SIZE_MAX ? "" : table.column(group.column)[row]);
    population.attributes.push_back(make_attribute(group, cells));
  }
  for (const RankedRequest& request : rankings.requests) {
    const Reached sums = reached(request);
    population.outcomes.push_back(request.actual.empty() ? Outcome::unfavorable
                                                         : Outcome::favorable);
    population.scores.push_back(sums.exposure > 0 ? sums.reach / sums.exposure : not_known);
    population.exposures.push_back(sums.reach);
  }
  return population;
}

Json audit_reach(const Rankings& rankings, const Population& population, const RankingChoice& choice,
                 const DrawProgress& progress) {
  std::vector<std::uint8_t> selected;
  for (Outcome outcome : population.outcomes)
    selected.push_back(static_cast<std::uint8_t>(outcome));
  Json attributes = Json::array();
  for (const Attribute& attribute : population.attributes) {
    Json report = audit_attribute(population, attribute, selected, choice.sampling, progress);
    for (Json& group : report["groups"]) {
      rename("score_mean", "probability", &group);
      rename("score_smd", "probability_smd", &group);
      rename("score_smd_interval", "probability_smd_interval", &group);
      rename("exposure", "reach", &group);
      rename("exposure_ratio", "reach_ratio", &group);
      rename("exposure_ratio_interval", "reach_ratio_interval", &group);
    }
    if (rankings.offers->has_labels()) {
      Attribute against = attribute;
      const std::string reference = report["reference"];
      against.reference = code_of(attribute, reference);
      report["by"] = {
          {"fact", choice.by},
          {"values", label_parity(rankings, population, against, choice.sampling, progress)}};
    }
    report["requests_unmatched"] = population.n_unmatched;
    attributes.push_back(std::move(report));
  }
  return attributes;
}

}  // namespace guardrank::audit
