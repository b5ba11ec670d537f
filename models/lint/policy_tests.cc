#include "models/lint/policy_tests.h"

#include <algorithm>
#include <cmath>

#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/eligibility/eligibility.h"
#include "core/engine/bind_facts.h"
#include "core/frame/json_value.h"
#include "core/placement/placement.h"
#include "core/value/value.h"
#include "models/pack/pack_error.h"

namespace guardrank::lint {
namespace {

using pack::DocumentNode;
using pack::PackError;

constexpr std::size_t most_tests = 10'000;

std::string joined(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return "[" + out + "]";
}

std::string micros_text(std::int64_t micros) {
  std::string digits = std::to_string(micros < 0 ? -micros : micros);
  if (digits.size() < 7) digits.insert(0, 7 - digits.size(), '0');
  return (micros < 0 ? "-" : "") + digits.substr(0, digits.size() - 6) + "." +
         digits.substr(digits.size() - 6);
}

// What became of the one candidate of a test.
struct Outcome {
  bool is_eligible = true, is_kept = true;
  std::vector<std::string> reasons;   // codes, or ids where there is none
  std::vector<std::string> missing;   // "ctx.age"
  std::vector<std::pair<std::string, std::int64_t>> terms;
  std::int64_t score = 0;
};

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

  // `layers`: the document's defaults, then the test; the later ones come first.
  Outcome run(const std::vector<DocumentNode>& layers, std::int64_t now) {
    check_head_names(layers);
    Request request(facts_, &allowing_unlisted_, pack::system_allocator());
    for (const DocumentNode& layer : layers)
      if (const auto time = layer.maybe("time")) now = time->timestamp();
    request.set_time(now);
    set_candidate(layers, &request);
    for (const DocumentNode& layer : layers) set_facts(layer, &request);
    memory_of_run_.arena().reset();
    Frame frame;
    Arena* arena = &memory_of_run_.arena();
    check(frame.open(request, arena));
    ExclusionList exclusions(arena);
    return run_stages(layers, &frame, &exclusions);
  }

 private:
  static void check(Status status) {
    if (status != Status::ok) throw PackError(status, "", "the test cannot be run");
  }

  void set_candidate(const std::vector<DocumentNode>& layers, Request* request) {
    allowing_unlisted_ = catalog_;
    allowing_unlisted_.allows_unlisted = true;
    std::string_view offer = "offer";
    for (const DocumentNode& layer : layers)
      if (const auto named = layer.maybe("offer")) {
        offer = named->name();
        if (!catalog_.allows_unlisted && catalog_.find(offer) == no_offer)
          named->refuse(Status::unknown_offer, "the catalog has no such offer");
      }
    Error error;
    pack::throw_if(request->set_candidates({&offer, 1}, &error), error);
  }

  void set_facts(const DocumentNode& layer, Request* request) {
    constexpr std::pair<std::string_view, Namespace> sides[] = {
        {"context", Namespace::context}, {"facts", Namespace::candidate},
        {"pair", Namespace::pair}};
    for (const auto& [member, space] : sides)
      if (const auto given = layer.maybe(member))
        for (const DocumentNode& fact : given->members(limits::facts))
          set_fact(fact, space, request);
  }

  void set_fact(const DocumentNode& node, Namespace space, Request* request) {
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
               : space == Namespace::pair  ? request->set_pair(0, ordinal, value, &error)
                                           : request->set_candidate(0, ordinal, value, &error);
    }
    if (status != Status::ok) node.refuse(status, error.message());
  }

  // The last layer that states it; NaN: none does.
  static double stated(const std::vector<DocumentNode>& layers, std::string_view member,
                       std::string_view head) {
    double found = std::nan("");
    for (const DocumentNode& layer : layers)
      if (const auto all = layer.maybe(member))
        if (const auto value = all->maybe(head)) found = value->number();
    return found;
  }

  void check_head_names(const std::vector<DocumentNode>& layers) const {
    for (const DocumentNode& layer : layers)
      for (const std::string_view member : {"p", "reach", "value"})
        if (const auto all = layer.maybe(member))
          for (const DocumentNode& given : all->members(limits::heads))
            if (std::none_of(heads_.begin(), heads_.end(),
                             [&](const Head& head) { return head.name == given.key(); }))
              given.refuse(Status::name, "no head of this name");
  }

  void set_output(Namespace space, const Head& head, double number, Frame* frame) {
    const std::uint32_t fact = facts_.find(space, head.name);
    if (fact == no_fact || std::isnan(number)) return;
    std::span<double> one;
    check(frame->arena().make(1, &one));
    one[0] = number;
    Column column;
    column.n_rows = 1;
    column.numbers = one.data();
    frame->set_column(fact, column);
  }

  void set_outputs(const std::vector<DocumentNode>& layers, Frame* frame) {
    std::vector<double> reaches(heads_.size(), 1.0);
    for (std::size_t h = 0; h < heads_.size(); ++h) {
      const Head& head = heads_[h];
      if (head.kind != HeadKind::probability) {
        set_output(Namespace::value, head, stated(layers, "value", head.name), frame);
        continue;
      }
      const double p = stated(layers, "p", head.name);
      const double reach = stated(layers, "reach", head.name);
      reaches[h] = !std::isnan(reach) ? reach
                                      : p * (head.given == no_head ? 1.0 : reaches[head.given]);
      set_output(Namespace::probability, head, p, frame);
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

  Outcome run_stages(const std::vector<DocumentNode>& layers, Frame* frame,
                     ExclusionList* exclusions) {
    Outcome outcome;
    Scores scores;
    check(apply_eligibility(eligibility_, frame, exclusions));
    if (frame->n_rows() > 0) {
      set_outputs(layers, frame);
      check(apply_value(value_, frame, exclusions, &scores));
    }
    if (frame->n_rows() > 0) {
      for (std::size_t i = 0; i < scores.terms.size(); ++i)
        outcome.terms.emplace_back(policy_.terms[i].id, scores.terms[i][0]);
      outcome.score = scores.score[0];
      std::span<const std::uint32_t> kept;
      check(apply_guardrails(placement_, frame, exclusions, &kept));
    }
    read_exclusion(*exclusions, &outcome);
    return outcome;
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

// Collects what differs, in the order of the members.
class Differences {
 public:
  void add(std::string_view member, const std::string& wanted, const std::string& found) {
    if (wanted == found) return;
    if (!text_.empty()) text_ += "; ";
    text_ += std::string(member) + ": wanted " + wanted + ", found " + found;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string yes_or_no(bool value) { return value ? "true" : "false"; }

std::vector<std::string> texts_of(const DocumentNode& list) {
  std::vector<std::string> out;
  for (const DocumentNode& item : list.items(limits::rules)) out.emplace_back(item.text());
  return out;
}

std::string amount_text(const DocumentNode& node) {
  std::int64_t micros = 0;
  if (!to_micros(node.number(), &micros)) node.refuse(Status::argument, "too large for micros");
  return micros_text(micros);
}

void compare_amounts(const DocumentNode& expect, const Outcome& outcome, Differences* differences) {
  if (const auto terms = expect.maybe("terms"))
    for (const DocumentNode& wanted : terms->members(limits::terms)) {
      const auto found =
          std::find_if(outcome.terms.begin(), outcome.terms.end(),
                       [&](const auto& term) { return term.first == wanted.key(); });
      differences->add("terms." + std::string(wanted.key()), amount_text(wanted),
                       found == outcome.terms.end() ? "no amount" : micros_text(found->second));
    }
  if (const auto score = expect.maybe("score"))
    differences->add("score", amount_text(*score),
                     outcome.terms.empty() ? "no score" : micros_text(outcome.score));
}

std::string compare(const DocumentNode& expect, const Outcome& outcome) {
  expect.allow({"eligible", "kept", "reasons", "missing", "terms", "score"});
  Differences differences;
  const std::string reasons = joined(outcome.reasons);
  const std::string why = outcome.reasons.empty() ? "" : " " + reasons;
  if (const auto eligible = expect.maybe("eligible"))
    if (eligible->boolean() != outcome.is_eligible)
      differences.add("eligible", yes_or_no(eligible->boolean()),
                      yes_or_no(outcome.is_eligible) + why);
  if (const auto kept = expect.maybe("kept"))
    if (kept->boolean() != outcome.is_kept)
      differences.add("kept", yes_or_no(kept->boolean()), yes_or_no(outcome.is_kept) + why);
  if (const auto wanted = expect.maybe("reasons"))
    differences.add("reasons", joined(texts_of(*wanted)), reasons);
  if (const auto wanted = expect.maybe("missing"))
    differences.add("missing", joined(texts_of(*wanted)), joined(outcome.missing));
  compare_amounts(expect, outcome, &differences);
  return differences.text();
}

}  // namespace

std::vector<TestOutcome> run_policy_tests(const DocumentNode& document, const Policy& policy,
                                          const Catalog& catalog, std::span<const Head> heads,
                                          std::int64_t now) {
  TestRunner runner(policy, catalog, heads);
  std::vector<DocumentNode> layers;
  if (const auto defaults = document.maybe("defaults")) {
    defaults->allow({"time", "offer", "context", "facts", "pair", "p", "reach", "value"});
    layers.push_back(*defaults);
  }
  std::vector<TestOutcome> outcomes;
  for (const DocumentNode& test : document.at("tests").items(most_tests)) {
    test.allow({"name", "time", "offer", "context", "facts", "pair", "p", "reach", "value",
                "expect"});
    layers.push_back(test);
    TestOutcome outcome;
    outcome.name = test.at("name").name();
    outcome.difference = compare(test.at("expect"), runner.run(layers, now));
    outcome.has_passed = outcome.difference.empty();
    outcomes.push_back(std::move(outcome));
    layers.pop_back();
  }
  return outcomes;
}

}  // namespace guardrank::lint
