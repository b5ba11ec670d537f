// Rules, guardrails and mandates tried on values, alone and together.
#include <doctest/doctest.h>

#include "models/pack/pack_error.h"
#include "tests/policy_lint/lint_run.h"

namespace guardrank::lint {
namespace {

std::string guardrail(const std::string& id, const std::string& expr) {
  return "  - {id: " + id + ", expr: \"" + expr + "\", code: C, text: T}\n";
}

TEST_CASE("what fails whatever the facts are is an error wherever it stands") {
  const Json report = run(
      "rules:\n" + rule("late", "ctx.age > 3", ", when: \"now >= timestamp('2026-12-01')\"") +
      rule("day", "ctx.age > 3 && duration('1d') > duration('1h')") +
      rule("zero", "ctx.age % 0 == 1") +
      rule("sound", "now >= timestamp('2026-12-01T00:00:00Z') || (true || 1 / 0 > 0)") +
      "guardrails:\n" + guardrail("g", "p.x >= 0.1 && now < timestamp('2027-01-01')") +
      "terms:\n  - {id: t, kind: revenue, unit: USD, expr: \"ctx.age > 3 ? 1.0 : double(7 / (3 - 3))\"}\n"
      "placement:\n  mandated: [{offer: o, slot: 1, when: \"int('x') == ctx.age\"}]\n");
  for (const char* where : {"rules.late.when", "rules.day", "rules.zero", "guardrails.g", "terms.t",
                            "placement.mandated.o"})
    CHECK_MESSAGE(count(report, "fails", where, "error") == 1, where, report.dump(1));
  CHECK(report.at("errors") == 6);
  CHECK(report.dump().find("1:8: fails whatever the facts are: not convertible: a time is written") !=
        std::string::npos);
  CHECK(report.dump().find("1:9: fails whatever the facts are: division by zero") !=
        std::string::npos);
}

TEST_CASE("a condition that is an error or unknown excludes, as in the engine") {
  const Json report =
      run("rules:\n" + rule("broken", "ctx.age > 3", ", when: \"7 / (ctx.age - ctx.age) == 1\"") +
          rule("lacking", "ctx.age > 3", ", when: \"!has(ctx.state) && ctx.state == 'CA'\""));
  CHECK(count(report, "never-applies", "rules.broken.when", "note") == 0);
  CHECK(count(report, "never-holds", "rules.broken.when", "warning") == 1);
  CHECK(report.dump().find("an error on all: division by zero: nobody is eligible where it is") !=
        std::string::npos);
  CHECK(count(report, "never-holds", "rules.lacking.when", "error") == 1);
}

TEST_CASE("rules that are never in force together are not held against each other") {
  const auto contradictions = [](const std::string& of_old, const std::string& of_new) {
    const Json report = run("rules:\n" + rule("old", "ctx.age < 30", of_old) +
                            rule("new", "ctx.age >= 30", of_new));
    return count(report, "contradiction", "rules.old", "error");
  };
  CHECK(contradictions("", "") == 1);
  CHECK(contradictions(", to: 2027-01-01", ", from: 2027-01-01") == 0);
  CHECK(contradictions(", to: 2027-01-02", ", from: 2027-01-01") == 1);
  CHECK(contradictions(", from: 2027-01-01", ", to: 2027-01-01") == 0);
  // What both were once is over: it is June 2026.
  CHECK(contradictions(", to: 2026-06-01", "") == 0);
  CHECK(contradictions(", to: 2026-07-01", "") == 1);
}

TEST_CASE("guardrails are tried with probabilities from 0 to 1") {
  const Json report = run(
      "parameters: {floor: {value: 1.5, min: 0, max: 2, owner: o}, off: {value: 0.0, min: 0, max: 1, owner: o}}\n"
      "guardrails:\n" + guardrail("percent", "p.approve >= 15.0") +
      guardrail("moved", "p.approve >= param.floor") + guardrail("none", "p.approve >= param.off") +
      guardrail("low", "reach.click < 0.5") + guardrail("high", "reach.click >= 0.5") +
      guardrail("facts", "ctx.age > 5 && ctx.age < 3") + guardrail("always", "p.apply <= 1.0") +
      guardrail("top", "p.top >= 1.0") + guardrail("between", "p.fine > 0.1 && p.fine < 0.11") +
      guardrail("amount", "value.amount < 0.0"));
  for (const char* where : {"guardrails.percent", "guardrails.moved", "guardrails.facts",
                            "guardrails.amount"})
    CHECK_MESSAGE(count(report, "never-holds", where, "error") == 1, where);
  CHECK(count(report, "contradiction", "guardrails.low", "error") == 1);
  CHECK(count(report, "never-matters", "guardrails.always", "warning") == 1);
  CHECK(count(report, "never-matters", "guardrails.none", "note") == 1);   // to be moved
  CHECK(report.at("errors") == 5);
  for (const char* where : {"guardrails.top", "guardrails.between", "guardrails.high"})
    CHECK_MESSAGE(report.dump().find(std::string("\"where\":\"") + where) == std::string::npos, where);
}

TEST_CASE("a mandate whose condition is never true") {
  const Json report = run(
      "placement:\n  mandated:\n"
      "    - {offer: never, slot: 1, when: \"ctx.state == 'CA' && ctx.state == 'TX'\"}\n"
      "    - {offer: once, slot: 2, when: \"ctx.state == 'CA' && p.click > 0.5\"}\n"
      "    - {offer: always, slot: 3}\n");
  CHECK(count(report, "never-applies", "placement.mandated.never", "warning") == 1);
  for (const char* severity : {"error", "warning", "note"})
    for (const char* where : {"placement.mandated.once", "placement.mandated.always"})
      CHECK(count(report, "never-applies", where, severity) == 0);
}

TEST_CASE("a rule that fails nobody whom another does not fail") {
  const auto notes = [](const std::string& more) {
    const Json report = run("rules:\n" + rule("adult", "ctx.age >= 18") +
                            rule("older", "ctx.age >= 21", more));
    CHECK(count(report, "never-matters", "rules.older", "note") == 0);
    return count(report, "never-matters", "rules.adult", "note");
  };
  CHECK(notes("") == 1);
  CHECK(notes(", from: 2026-01-01") == 1);
  // Where the other does not apply it matters, and when it is not in force.
  CHECK(notes(", when: \"ctx.state == 'CA'\"") == 0);
  CHECK(notes(", to: 2027-01-01") == 0);
  CHECK(notes(", from: 2026-12-01") == 0);
}

TEST_CASE("rules that only together are impossible, without a catalog") {
  const std::string facts = "  ctx.a: {type: bool}\n  ctx.b: {type: bool}\n";
  const std::string rules = "rules:\n" + rule("a", "ctx.a || ctx.b") + rule("b", "!ctx.a || ctx.b");
  CHECK(count(run(facts + rules + rule("c", "!ctx.b")), "nobody-eligible", "rules", "error") == 1);
  CHECK(run(facts + rules + rule("c", "!ctx.b || ctx.a")).at("errors") == 0);
  // By one that is not yet in force nobody is excluded now.
  CHECK(run(facts + rules + rule("c", "!ctx.b", ", from: 2027-01-01")).at("errors") == 0);
}

TEST_CASE("all pairs of two hundred rules are held against each other") {
  std::string rules = "rules:\n";
  for (int i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i);
    rules += rule("r" + n, i == 150   ? "offer.fee >= 900.0"
                           : i == 199 ? "offer.fee < 900.0"
                                      : "ctx.age >= " + n + " || offer.fee < " + n + ".5");
  }
  const Json report = run(rules);
  CHECK(count(report, "contradiction", "rules.r150", "error") == 1);
  CHECK(count(report, "contradiction", "rules", "warning") == 0);
  CHECK(report.at("errors") == 1);
}

TEST_CASE("pairs that were not looked at are a warning") {
  // Each two of these contradict each other: 4950 pairs.
  std::string rules = "rules:\n";
  for (int i = 0; i < 100; ++i)
    rules += rule("r" + std::to_string(i), "ctx.age == " + std::to_string(10 * i));
  const Json report = run(rules);
  CHECK(count(report, "contradiction", "rules", "warning") == 1);
  CHECK(report.dump().find("950 of 4950 pairs") != std::string::npos);
  CHECK(report.at("errors") == 4000);
}

// With fields, heads and towers as the weights folder states them.
std::string model(const std::string& heads, const std::string& more = "") {
  const std::string field = R"({"side": "context", "type": "f64", "transforms": [], "output": "dense", "name": )";
  const std::string offer = R"({"side": "candidate", "type": "f64", "transforms": [], "output": "dense", "name": )";
  return R"({"format": 1, "name": "m", "version": "1", "fields": [)" + field + "\"income\"}, " + offer +
         "\"price\"}], \"levels\": [], \"heads\": [" + heads + "]" + more + "}";
}

constexpr const char* click = R"({"name": "click", "kind": "probability", "tower": [],
  "negative_sampling_rate": 1, "sampling_handled": "none", "calibrator": {"kind": "identity")";

TEST_CASE("protected facts that a model would read in other ways than by its fields") {
  const std::string segments = std::string(click) +
      R"(, "segments": {"field": "race", "kappa": 1,
          "values": {"w": {"kind": "platt", "a": 2, "b": 1, "positives": 9}}}}})";
  const std::string rules = "rules:\n" + rule("typo", "ctx.agee > 3");
  const Json report = run(rules, "", "", model(segments));
  CHECK(count(report, "protected", "model.heads.click", "error") == 1);
  CHECK(count(report, "name", "rules.typo", "error") == 1);   // the rest is told as well
  const std::string plain = std::string(click) + "}}";
  CHECK(run("rules:\n" + rule("age", "ctx.age > 3"), "", "", model(plain)).at("errors") == 0);
  const std::string towers =
      R"(, "retrieval": {"dim": 2, "context_tower": [], "offer_tower": [], "offer_fields": [)"
      R"({"name": "secret", "side": "candidate", "type": "f64", "transforms": [], "output": "dense"}]})";
  const std::string secret = "  offer.secret: {type: double, protected: true}\n";
  CHECK(count(run(secret, "", "", model(plain, towers)), "protected", "model.fields.secret",
              "error") == 1);
}

TEST_CASE("facts that placement groups offers by are looked up") {
  const auto placed = [](const std::string& placement) {
    return run("  offer.race: {type: string, protected: true}\n  offer.tags: {type: list(string)}\n"
               "placement: {" + placement + "}\n");
  };
  const Json caps = placed("caps: [{fact: offer.fee, max: 1, within: 2}, {fact: offer.race, max: 1, within: 2}]");
  CHECK(count(caps, "protected", "placement.caps[1].fact", "error") == 1);
  CHECK(caps.at("errors") == 1);
  const Json diversity = placed("diversity: {facts: [offer.race, offer.tags], lambda: 0.2, within: 10}");
  CHECK(count(diversity, "protected", "placement.diversity.facts[0]", "error") == 1);
  CHECK(count(diversity, "type", "placement.diversity.facts[1]", "error") == 1);
  const Json unknown = placed("caps: [{fact: offer.brand, max: 1, within: 2}]");
  CHECK(count(unknown, "name", "placement.caps[0].fact", "error") == 1);
  CHECK(placed("diversity: {facts: [offer.fee], lambda: 0.2, within: 10}").at("errors") == 0);
}

TEST_CASE("a term that reads amounts of another unit") {
  const std::string amount = std::string(click) + R"(}}, {"name": "amount", "kind": "log_amount", "given": "click",
    "tower": [], "log_sigma": 0.5, "ratio": 1, "unit": "USD"})";
  const auto warnings = [&](const std::string& unit, const std::string& expr) {
    const Json report = run("terms:\n  - {id: t, kind: revenue, unit: " + unit + ", expr: \"" + expr +
                            "\"}\n", "", "", model(amount));
    CHECK(report.at("errors") == 0);
    return count(report, "unit", "terms.t", "warning");
  };
  CHECK(warnings("EUR", "reach.click * value.amount") == 1);
  CHECK(warnings("USD", "reach.click * value.amount") == 0);
  CHECK(warnings("EUR", "reach.click * 2.0") == 0);
}

}  // namespace
}  // namespace guardrank::lint
