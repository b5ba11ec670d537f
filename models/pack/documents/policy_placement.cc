#include "core/base/hash.h"
#include "core/base/limits.h"
#include "models/pack/documents/policy_reader.h"

namespace guardrank::pack {
namespace {

void read_exploration(const DocumentNode& node, Exploration* exploration) {
  const std::string_view kind = node.at("kind").text();
  if (kind == "none") {
    node.allow({"kind"});
  } else if (kind == "epsilon") {
    node.allow({"kind", "epsilon"});
    exploration->kind = ExplorationKind::epsilon;
    exploration->epsilon = node.at("epsilon").number_within(0, 1);
  } else if (kind == "plackett_luce") {
    node.allow({"kind", "temperature"});
    exploration->kind = ExplorationKind::plackett_luce;
    exploration->temperature = node.at("temperature").number();
    if (!(exploration->temperature > 0))
      node.at("temperature").refuse(Status::argument, "wanted a number above 0");
  } else {
    node.at("kind").refuse(Status::argument, "wanted none, epsilon or plackett_luce");
  }
}

Diversity read_diversity(const DocumentNode& node, Memory* memory) {
  node.allow({"facts", "lambda", "within"});
  std::vector<std::string_view> facts;
  for (const DocumentNode& fact : node.at("facts").items(limits::diversity_facts))
    facts.push_back(read_fact_of(fact, Namespace::candidate));
  Diversity diversity;
  diversity.facts = memory->copy(facts);
  diversity.lambda = node.at("lambda").number_within(0, 1);
  diversity.within = node.at("within").natural(1, limits::slots);
  if (facts.empty() && diversity.lambda != 0)
    node.at("facts").refuse(Status::argument, "wanted at least one fact");
  return diversity;
}

MandatedOffer read_mandated(const DocumentNode& node) {
  node.allow({"offer", "slot", "when"});
  return {node.at("offer").name(), read_when(node), node.at("slot").natural(1, limits::slots)};
}

Cap read_cap(const DocumentNode& node) {
  node.allow({"fact", "max", "within"});
  return {read_fact_of(node.at("fact"), Namespace::candidate),
          node.at("max").natural(0, limits::slots), node.at("within").natural(1, limits::slots)};
}

}  // namespace

void read_placement(const DocumentNode& document, Memory* memory, Policy* policy) {
  const auto placement = document.maybe("placement");
  if (!placement) return;
  placement->allow({"mandated", "caps", "diversity", "exploration"});
  std::vector<MandatedOffer> mandated;
  if (const auto all = placement->maybe("mandated"))
    for (const DocumentNode& node : all->items(limits::mandated_offers))
      mandated.push_back(read_mandated(node));
  policy->mandated = memory->copy(mandated);
  std::vector<Cap> caps;
  if (const auto all = placement->maybe("caps"))
    for (const DocumentNode& node : all->items(limits::caps)) caps.push_back(read_cap(node));
  policy->caps = memory->copy(caps);
  if (const auto diversity = placement->maybe("diversity"))
    policy->diversity = read_diversity(*diversity, memory);
  if (const auto exploration = placement->maybe("exploration"))
    read_exploration(*exploration, &policy->exploration);
}

TwoStage read_two_stage(const DocumentNode& document) {
  const auto node = document.maybe("two_stage");
  if (!node) return {};
  node->allow({"budget_us", "fixed_us", "c1_us", "c2_us", "min_value_recall",
               "measured_value_recall", "measured_of"});
  const auto time = [&](std::string_view member) {
    const auto found = node->maybe(member);
    if (!found)
      node->refuse(Status::missing, "has no " + std::string(member) +
                                        ": guardrank plan measures fixed_us, c1_us and c2_us and "
                                        "writes them here");
    return found->number_within(0, 1e12);
  };
  TwoStage stages;
  stages.is_set = true;
  stages.budget_us = node->at("budget_us").number_within(0, 1e12);
  stages.fixed_us = time("fixed_us");
  stages.c1_us = time("c1_us");
  stages.c2_us = time("c2_us");
  if (stages.c2_us == 0) node->at("c2_us").refuse(Status::argument, "wanted a number above 0");
  if (const auto recall = node->maybe("min_value_recall"))
    stages.min_value_recall = recall->number_within(0, 1);
  if (const auto recall = node->maybe("measured_value_recall"))
    stages.measured_value_recall = recall->number_within(0, 1);
  return stages;
}

std::string_view read_measured_of(const DocumentNode& document) {
  const auto node = document.maybe("two_stage");
  const auto measured_of = node ? node->maybe("measured_of") : std::nullopt;
  if (!measured_of) return {};
  Sha256Digest digest;
  if (!parse_digest(measured_of->text(), &digest))
    measured_of->refuse(Status::argument,
                        "wanted \"sha256:\" and 64 digits, as guardrank plan writes them");
  return measured_of->text();
}

}  // namespace guardrank::pack
