#include "models/lint/policy_tests.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/decision/compaction.h"
#include "core/eligibility/eligibility.h"
#include "core/engine/bind_facts.h"
#include "core/frame/json_value.h"
#include "core/placement/placement.h"
#include "core/value/value.h"
#include "models/lint/test_expectation.h"
#include "models/pack/pack_error.h"

namespace guardrank::lint {
namespace {

using pack::DocumentNode;
using pack::PackError;

constexpr std::size_t most_tests = 10'000, most_others = 1000;
constexpr double largest_amount = std::numeric_limits<double>::max();

// What is stated of one candidate; the later layers come first.
using Layers = std::vector<DocumentNode>;

class TestRunner {
 public:
  TestRunner(const Policy& policy, const Catalog& catalog, std::span<const Head> heads)
      : policy_(policy), catalog_(catalog), heads_(heads) {
    Error error;
    Model model;
    model.heads = heads;
    Arena* arena = &memory_.arena();
    pack::throw_if(bind_facts(model, policy, catalog, arena, &facts_, &error), error);
    pack::throw_if(prepare_eligibility(policy, facts_, arena, &eligibility_, &error), error);
    pack::throw_if(prepare_value(policy, facts_, arena, &value_, &error), error);
    pack::throw_if(prepare_placement(policy, facts_, arena, &placement_, &error), error);
  }

  // The first candidate is the one that the test is about, and states the context: the document's
  // defaults, then the test. The others are the defaults, then their own.
  Outcome run(const std::vector<Layers>& candidates, std::int64_t now) {
    for (const Layers& layers : candidates) check_outcomes(layers);
    Request request(facts_, &allowing_unlisted_, pack::system_allocator());
    for (const DocumentNode& layer : candidates[0])
      if (const auto time = layer.maybe("time")) now = time->timestamp();
    request.set_time(now);
    set_candidates(candidates, &request);
    for (const DocumentNode& layer : candidates[0])
      set_facts(layer, "context", Namespace::context, 0, &request);
    for (std::uint32_t i = 0; i < candidates.size(); ++i)
      for (const DocumentNode& layer : candidates[i]) {
        set_facts(layer, "facts", Namespace::candidate, i, &request);
        set_facts(layer, "pair", Namespace::pair, i, &request);
      }
    memory_of_run_.arena().reset();
    Frame frame;
    Arena* arena = &memory_of_run_.arena();
    check(frame.open(request, arena));
    ExclusionList exclusions(arena);
    return run_stages(candidates, &frame, &exclusions);
  }

 private:
  static void check(Status status) {
    if (status != Status::ok) throw PackError(status, "", "the test cannot be run");
  }

  std::string_view offer_of(const Layers& layers) const {
    std::string_view offer = "offer";
    for (const DocumentNode& layer : layers)
      if (const auto named = layer.maybe("offer")) {
        offer = named->name();
        if (!catalog_.allows_unlisted && catalog_.find(offer) == no_offer)
          named->refuse(Status::unknown_offer, "the catalog has no such offer");
      }
    return offer;
  }

  void set_candidates(const std::vector<Layers>& candidates, Request* request) {
    allowing_unlisted_ = catalog_;
    allowing_unlisted_.allows_unlisted = true;
    std::vector<std::string_view> offers;
    for (const Layers& layers : candidates) {
      offers.push_back(offer_of(layers));
      if (std::find(offers.begin(), offers.end() - 1, offers.back()) != offers.end() - 1)
        layers.back().refuse(Status::duplicate_offer, "the offer is a candidate already");
    }
    Error error;
    pack::throw_if(request->set_candidates(offers, &error), error);
  }

  void set_facts(const DocumentNode& layer, std::string_view member, Namespace space,
                 std::uint32_t candidate, Request* request) {
    if (const auto given = layer.maybe(member))
      for (const DocumentNode& fact : given->members(limits::facts))
        set_fact(fact, space, candidate, request);
  }

  void set_fact(const DocumentNode& node, Namespace space, std::uint32_t candidate,
                Request* request) {
    const std::uint32_t ordinal = facts_.find(space, node.key());
    if (ordinal == no_fact)
      node.refuse(Status::name, "the policy declares no such fact of " +
                                    std::string(namespace_name(space)));
    Value value;
    Error error;
    Status status =
        json_value(facts_[ordinal], 0, node.value(), &request->arena(), &value, &error);
    if (status == Status::ok) {
      status = space == Namespace::context ? request->set_context(ordinal, value, &error)
               : space == Namespace::pair
                   ? request->set_pair(candidate, ordinal, value, &error)
                   : request->set_candidate(candidate, ordinal, value, &error);
    }
    if (status != Status::ok) node.refuse(status, error.message());
  }

  // The last layer that states it; NaN: none does.
  static double stated(const Layers& layers, std::string_view member,
                       std::string_view head) {
    double found = std::nan("");
    for (const DocumentNode& layer : layers)
      if (const auto all = layer.maybe(member))
        if (const auto value = all->maybe(head)) found = value->number();
    return found;
  }

  void check_outcomes(const Layers& layers) const {
    for (const DocumentNode& layer : layers)
      for (const std::string_view member : {"p", "reach", "value"})
        if (const auto all = layer.maybe(member))
          for (const DocumentNode& given : all->members(limits::heads))
            check_outcome(member, given);
  }

  // What no model gives would test nothing: probabilities are from 0 to 1, amounts from 0.
  void check_outcome(std::string_view member, const DocumentNode& given) const {
    if (std::none_of(heads_.begin(), heads_.end(),
                     [&](const Head& head) { return head.name == given.key(); }))
      given.refuse(Status::name, "no head of this name");
    if (!given.is_null()) (void)given.number_within(0, member == "value" ? largest_amount : 1);
  }

  // A number per row; NaN is missing.
  void set_output(Namespace space, const Head& head, const std::vector<double>& numbers,
                  Frame* frame) {
    const std::uint32_t fact = facts_.find(space, head.name);
    std::span<double> values;
    std::span<std::uint8_t> present;
    if (fact == no_fact) return;
    check(frame->arena().make(numbers.size(), &values));
    check(frame->arena().make(numbers.size(), &present));
    std::copy(numbers.begin(), numbers.end(), values.begin());
    for (std::size_t row = 0; row < numbers.size(); ++row)
      present[row] = std::isnan(numbers[row]) ? 0 : 1;
    Column column;
    column.n_rows = static_cast<std::uint32_t>(numbers.size());
    column.numbers = values.data();
    column.present = present.data();
    frame->set_column(fact, column);
  }

  void set_outputs(const std::vector<Layers>& candidates, Frame* frame) {
    std::vector<std::vector<double>> reaches(heads_.size());
    for (std::size_t h = 0; h < heads_.size(); ++h) {
      const Head& head = heads_[h];
      std::vector<double> first;   // p, or the amount
      for (const std::uint32_t candidate : frame->rows()) {
        const Layers& layers = candidates[candidate];
        const bool is_amount = head.kind != HeadKind::probability;
        first.push_back(stated(layers, is_amount ? "value" : "p", head.name));
        const double reach = stated(layers, "reach", head.name);
        const double before = head.given == no_head ? 1.0 : reaches[head.given][first.size() - 1];
        reaches[h].push_back(!std::isnan(reach) ? reach : first.back() * before);
      }
      if (head.kind != HeadKind::probability) {
        set_output(Namespace::value, head, first, frame);
        continue;
      }
      set_output(Namespace::probability, head, first, frame);
      set_output(Namespace::reach, head, reaches[h], frame);
    }
  }

  std::string reason_name(const Reason& reason) const {
    if (reason.missing_fact != no_fact && reason.kind != ReasonKind::term) {
      const Fact& fact = facts_[reason.missing_fact];
      if (!fact.reason_code.empty()) return std::string(fact.reason_code);
      if (fact.has_reason() || reason.kind == ReasonKind::fact) return "FACT_MISSING";
    }
    const auto named = [](std::string_view code, std::string_view id) {
      return std::string(code.empty() ? id : code);
    };
    switch (reason.kind) {
      case ReasonKind::rule:
        return named(policy_.rules[reason.index].code, policy_.rules[reason.index].id);
      case ReasonKind::guardrail:
        return named(policy_.guardrails[reason.index].code, policy_.guardrails[reason.index].id);
      case ReasonKind::validity: return "VALIDITY";
      case ReasonKind::term: return "TERM_UNKNOWN";
      case ReasonKind::retrieval: return "NOT_RETRIEVED";
      case ReasonKind::fact:
      case ReasonKind::probability: break;
    }
    return "PROBABILITY_UNKNOWN";
  }

  void read_exclusion(const ExclusionList& exclusions, Outcome* outcome) const {
    for (const Exclusion& exclusion : exclusions.exclusions()) {
      if (exclusion.candidate != 0) continue;
      outcome->is_kept = false;
      outcome->is_eligible = exclusion.stage != ExclusionStage::eligibility;
      for (const Reason& reason : exclusions.reasons(exclusion)) {
        outcome->reasons.push_back(reason_name(reason));
        if (reason.missing_fact == no_fact) continue;
        const Fact& fact = facts_[reason.missing_fact];
        outcome->missing.push_back(std::string(namespace_name(fact.space)) + "." +
                                   std::string(fact.name));
      }
    }
  }

  // The tested candidate is the request's first, so it has the first row as long as it has one.
  static bool has_tested(const Frame& frame) { return frame.n_rows() > 0 && frame.rows()[0] == 0; }

  Outcome run_stages(const std::vector<Layers>& candidates, Frame* frame,
                     ExclusionList* exclusions) {
    Outcome outcome;
    Scores scores;
    check(apply_eligibility(eligibility_, frame, exclusions));
    if (frame->n_rows() > 0) {
      set_outputs(candidates, frame);
      check(apply_value(value_, frame, exclusions, &scores));
    }
    if (has_tested(*frame)) {
      for (std::size_t i = 0; i < scores.terms.size(); ++i)
        outcome.terms.emplace_back(policy_.terms[i].id, scores.terms[i][0]);
      outcome.score = scores.score[0];
    }
    if (frame->n_rows() > 0) {
      std::span<const std::uint32_t> kept;
      check(apply_guardrails(placement_, frame, exclusions, &kept));
      check(keep_scores(kept, &frame->arena(), &scores));
    }
    if (has_tested(*frame)) outcome.position = find_position(scores, frame);
    read_exclusion(*exclusions, &outcome);
    return outcome;
  }

  std::size_t find_position(const Scores& scores, Frame* frame) const {
    std::span<const Placed> placed;
    check(place(placement_, frame, scores.score, 0, &placed));
    for (std::size_t i = 0; i < placed.size(); ++i)
      if (placed[i].row == 0) return i + 1;
    return 0;
  }

  const Policy& policy_;
  const Catalog& catalog_;
  std::span<const Head> heads_;
  Catalog allowing_unlisted_;
  pack::Memory memory_, memory_of_run_;
  FactTable facts_;
  EligibilityPlan eligibility_;
  ValuePlan value_;
  PlacementPlan placement_;
};

}  // namespace

std::vector<TestOutcome> run_policy_tests(const DocumentNode& document, const Policy& policy,
                                          const Catalog& catalog, std::span<const Head> heads,
                                          std::int64_t now) {
  TestRunner runner(policy, catalog, heads);
  Layers defaults;
  if (const auto given = document.maybe("defaults")) {
    given->allow({"time", "offer", "context", "facts", "pair", "p", "reach", "value"});
    defaults.push_back(*given);
  }
  std::vector<TestOutcome> outcomes;
  for (const DocumentNode& test : document.at("tests").items(most_tests)) {
    test.allow({"name", "time", "offer", "context", "facts", "pair", "p", "reach", "value",
                "others", "expect"});
    std::vector<Layers> candidates = {defaults};
    candidates[0].push_back(test);
    if (const auto others = test.maybe("others"))
      for (const DocumentNode& other : others->items(most_others)) {
        other.allow({"offer", "facts", "pair", "p", "reach", "value"});
        (void)other.at("offer");
        candidates.push_back(defaults);
        candidates.back().push_back(other);
      }
    TestOutcome outcome;
    outcome.name = test.at("name").name();
    outcome.difference = differences(test.at("expect"), runner.run(candidates, now));
    outcome.has_passed = outcome.difference.empty();
    outcomes.push_back(std::move(outcome));
  }
  if (outcomes.empty()) document.at("tests").refuse(Status::argument, "there are no tests");
  return outcomes;
}

}  // namespace guardrank::lint
