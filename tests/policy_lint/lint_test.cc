#include "models/lint/lint.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "core/artifact/catalog.h"
#include "models/lint/compiled_policy.h"
#include "models/lint/policy_tests.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/documents/catalog_document.h"
#include "models/pack/documents/policy_document.h"
#include "models/pack/pack_error.h"
#include "tests/policy_lint/lint_run.h"

namespace guardrank::lint {
namespace {

TEST_CASE("every mistake in an expression is told, not the first alone") {
  const Json report = run("rules:\n" + rule("a", "ctx.agee > 3") + rule("b", "ctx.age > 'x'") +
                          rule("c", "ctx.age >") + rule("d", "ctx.race == 'x'") +
                          rule("e", "ctx.age > 3"));
  CHECK(count(report, "name", "rules.a", "error") == 1);
  CHECK(count(report, "type", "rules.b", "error") == 1);
  CHECK(count(report, "syntax", "rules.c", "error") == 1);
  CHECK(count(report, "protected", "rules.d", "error") == 1);
  CHECK(report.at("errors") == 4);
}

TEST_CASE("rules that can never hold, never matter, never apply") {
  const Json report =
      run("rules:\n" + rule("never", "ctx.age > 65 && ctx.age < offer.min_age && offer.min_age < 21") +
          rule("always", "ctx.age >= 18 || ctx.age < 18") +
          rule("nowhere", "ctx.age > 20", ", when: \"ctx.age < 1 && ctx.age > 2\"") +
          rule("fine", "ctx.age >= offer.min_age", ", when: \"ctx.state == 'CA'\""));
  CHECK(count(report, "never-holds", "rules.never", "error") == 1);
  CHECK(count(report, "never-matters", "rules.always", "warning") == 1);
  CHECK(count(report, "never-applies", "rules.nowhere.when", "warning") == 1);
  for (const char* check : {"never-holds", "never-matters", "never-applies"}) {
    CHECK(count(report, check, "rules.fine", "error") == 0);
    CHECK(count(report, check, "rules.fine", "warning") == 0);
  }
}

TEST_CASE("numbers as large as any are tried like others") {
  for (const char* limit : {"<= 1.7976931348623157e308", "<= 9e307", ">= -1.7976931348623157e308"}) {
    const Json report = run("rules:\n" + rule("limit", std::string("ctx.age > 18 && offer.fee ") + limit));
    CHECK(report.at("errors") == 0);
  }
}

TEST_CASE("rules that contradict each other") {
  const Json report = run("rules:\n" + rule("old", "ctx.age >= 60") + rule("young", "ctx.age < 30") +
                          rule("other", "ctx.age >= 20"));
  CHECK(count(report, "contradiction", "rules.old", "error") == 1);
  CHECK(report.at("errors") == 1);
  // Where only one of them applies there is no contradiction.
  const Json apart = run("rules:\n" + rule("old", "ctx.age >= 60", ", when: \"ctx.state == 'CA'\"") +
                         rule("young", "ctx.age < 30", ", when: \"ctx.state == 'NY'\""));
  CHECK(apart.at("errors") == 0);
}

// Facts for rules that do more than compare.
constexpr const char* more_facts = R"facts(  ctx.zip: {type: string}
  ctx.joined: {type: string}
  ctx.since: {type: timestamp}
  ctx.l: {type: "list(string)"}
  ctx.income: {type: double}
  offer.floor: {type: double, override: false}
)facts";

TEST_CASE("sound rules that do more than compare are not called unsound") {
  for (const char* sound :
       {"size(ctx.zip) == 5", "ctx.zip.matches('^9[0-9]{4}$')", "ctx.zip.matches('(?i)^(ab|cd)+[^x][0-9a-f]{2,}z?$')",
        "size(ctx.l) >= 3", "ctx.l == ['a','b']", "ctx.l == ['b','a']", "int(ctx.zip) > 90000",
        "now - timestamp(ctx.joined) > duration('24h')", "now - ctx.since > duration('24h')",
        "ctx.age * 2 + 3 > 41 && ctx.age * 2 < 44", "ctx.zip.startsWith('9') && ctx.zip.endsWith('4')",
        "now.getHours('+02:00') >= 9", "now.getMonth() == 11", "now.getDayOfWeek() in [0, 6]",
        "ctx.income > 1e17", "!has(ctx.income)", "has(ctx.income) && ctx.income < 3.0",
        "ctx.income > offer.floor && ctx.income < 1.0 && offer.floor > 0.0"}) {
    CAPTURE(std::string(sound));
    const Json report = run(more_facts + ("rules:\n" + rule("r", sound)));
    for (const Json& finding : report.at("findings"))
      for (const char* check : {"never-holds", "never-matters", "contradiction"})
        CHECK_MESSAGE(finding.at("check") != check, finding.dump());
  }
  const Json pair = run(more_facts + ("rules:\n" + rule("a", "ctx.zip.startsWith('9')") +
                                      rule("b", "ctx.zip.endsWith('4')")));
  CHECK(count(pair, "contradiction", "rules.a", "error") == 0);
  CHECK(count(pair, "contradiction", "rules.a", "warning") == 0);
}

TEST_CASE("what is proven is an error, what was only never met a warning that says so") {
  // No two are equal where all differ, however many texts there are.
  for (const char* impossible :
       {"ctx.zip == ctx.state && ctx.zip != ctx.state", "ctx.state in ctx.l && !(ctx.state in ctx.l)",
        "ctx.income > 3.0 && ctx.income <= 3.0", "has(ctx.income) && !has(ctx.income)",
        "ctx.age > 20 && ctx.age < 21"}) {
    CAPTURE(std::string(impossible));
    CHECK(count(run(more_facts + ("rules:\n" + rule("r", impossible))), "never-holds", "rules.r",
                "error") == 1);
  }
  // Between two whole numbers there are doubles, between two texts others.
  for (const char* possible : {"ctx.income > 20.0 && ctx.income < 21.0",
                               "ctx.zip != ctx.state && ctx.zip != 'x' && ctx.state != 'x'"})
    CHECK_MESSAGE(run(more_facts + ("rules:\n" + rule("r", possible))).at("errors") == 0, possible);
  const Json unproven = run(more_facts + ("rules:\n" + rule("r", "ctx.age * ctx.age == 1000003")));
  CHECK(count(unproven, "never-holds", "rules.r", "error") == 0);
  CHECK(count(unproven, "never-holds", "rules.r", "warning") == 1);
  CHECK(unproven.dump().find("other values might do otherwise") != std::string::npos);
  // More constants than are tried: nothing is proven of the rest.
  std::string many = "ctx.age == 41";
  for (int i = 0; i <= 30; ++i)
    if (i != 4) many += " && ctx.age != " + std::to_string(10 * i);
  const Json thinned = run(more_facts + ("rules:\n" + rule("r", many)));
  CHECK(count(thinned, "never-holds", "rules.r", "error") == 0);
  CHECK(count(thinned, "never-holds", "rules.r", "warning") == 1);
}

TEST_CASE("an expression that may run out of steps is told, and why it then fails") {
  const Json lists = run(more_facts + ("rules:\n" + rule("r", "ctx.l.all(a, ctx.l.exists(b, a + b == 'x'))") +
                                       rule("s", "ctx.l.all(a, a != 'x')")));
  CHECK(count(lists, "cost", "rules.r", "note") == 1);
  CHECK(count(lists, "cost", "rules.s", "note") == 0);
  std::string bomb = "ctx.age + a + g > 0";
  for (const char* name : {"g", "f", "e", "d", "c", "b", "a"})
    bomb = "[1,2,3,4,5,6,7,8,9,10].all(" + std::string(name) + "," + bomb + ")";
  const Json report = run("rules:\n" + rule("r", bomb));
  CHECK(count(report, "cost", "rules.r", "warning") == 1);
  CHECK(run("rules:\n" + rule("r", "ctx.age / (ctx.age - ctx.age) == 1")).dump().find(
            "an error on all: division by zero") != std::string::npos);
  CHECK(report.dump().find("an error on some: over the limit of steps or size") != std::string::npos);
}

TEST_CASE("offers that nobody can reach") {
  const std::string rules = "rules:\n" + rule("age", "ctx.age >= offer.min_age") +
                            rule("cap", "ctx.age <= 70 && offer.fee <= 100.0");
  const Json report = run(rules, "offer,offer.min_age,offer.fee\na,18,0\nb,71,0\nc,18,100.5\n");
  CHECK(count(report, "unreachable", "catalog.a", "warning") == 0);
  CHECK(count(report, "unreachable", "catalog.b", "warning") == 1);
  CHECK(count(report, "unreachable", "catalog.c", "warning") == 1);
  CHECK(report.dump().find("rules.cap fails in all of them") != std::string::npos);
  CHECK(count(run(rules, "offer,offer.min_age,offer.fee\nb,71,0\n"), "nobody-eligible", "rules",
              "error") == 1);
}

TEST_CASE("what can be read off: units, texts, parameters, dates, unused facts, mandates") {
  const Json report = run(R"(parameters:
  used: {value: 1.0, min: 0.0, max: 2.0, owner: o, experiment: e}
  unused: {value: 1.0}
rules:
  - {id: bare, expr: "ctx.age >= offer.min_age"}
  - {id: ended, expr: "ctx.age >= 3", code: C, text: T, adverse_action: A, to: 2020-01-01T00:00:00Z}
terms:
  - {id: a, kind: revenue, unit: USD, expr: "p.click * param.used"}
  - {id: b, kind: revenue, unit: EUR, expr: "p.click"}
  - {id: c, kind: penalty, expr: "p.click"}
placement:
  mandated: [{offer: gone, slot: 1}, {offer: a, slot: 2}, {offer: b, slot: 2}]
)",
                          "offer,offer.min_age\na,18\nb,18\n");
  CHECK(count(report, "reason", "rules.bare", "warning") == 2);
  CHECK(count(report, "adverse-action", "rules.bare", "note") == 1);
  CHECK(count(report, "dates", "rules.ended", "warning") == 1);
  CHECK(report.dump().find("a score cannot sum them") != std::string::npos);
  CHECK(count(report, "unit", "terms.c", "warning") == 1);
  CHECK(count(report, "unused", "parameters.unused", "warning") == 1);
  CHECK(count(report, "unused", "parameters.used", "warning") == 0);
  CHECK(count(report, "unused", "facts.offer.fee", "warning") == 1);
  CHECK(count(report, "unused", "facts.ctx.age", "warning") == 0);
  CHECK(count(report, "bounds", "parameters.unused", "warning") == 1);
  CHECK(count(report, "owner", "parameters.unused", "warning") == 1);
  CHECK(count(report, "mandated", "placement.mandated.gone", "error") == 1);
  CHECK(count(report, "mandated", "placement.mandated.b", "warning") == 1);
  CHECK(count(report, "bypass", "placement.mandated.a", "warning") == 1);
}

TEST_CASE("facts that may not be missing, and those whose absence nobody puts into words") {
  const Json report = run(
      "  ctx.told: {type: int, code: NO, text: Not stated}\n"
      "  offer.apr: {type: double, missing: false}\n"
      "rules:\n" + rule("age", "ctx.age + ctx.told >= offer.min_age && offer.apr < 30.0"),
      "offer,offer.min_age,offer.apr\na,18,12\nb,18,\n",
      "format: 1\ntests:\n"
      "  - {name: silent, offer: b, context: {age: null, told: 3}, expect: {reasons: [C, FACT_MISSING]}}\n"
      "  - {name: told, offer: a, context: {age: 3}, expect: {reasons: [NO], missing: [ctx.told]}}\n");
  CHECK(count(report, "missing", "catalog.b", "error") == 1);
  CHECK(count(report, "missing", "catalog.a", "error") == 0);
  CHECK(count(report, "missing", "facts.ctx.age", "note") == 1);
  CHECK(count(report, "missing", "facts.ctx.told", "note") == 0);
  CHECK_MESSAGE(report.at("tests_failed") == 0, report.at("tests").dump(1));
}

TEST_CASE("a test that fails says what was wanted and what was found") {
  const std::string rules = "rules:\n" + rule("age", "ctx.age >= offer.min_age");
  const Json report = run(rules + "terms:\n  - {id: r, kind: revenue, unit: USD, expr: p.click * 2.0}\n",
                          "", R"(format: 1
defaults: {context: {age: 30}, p: {click: 0.25}}
tests:
  - {name: right, expect: {eligible: true, kept: true, terms: {r: 0.5}, score: 0.5}}
  - {name: wrong score, expect: {score: 0.500001}}
  - {name: wrong reason, context: {age: 3}, expect: {eligible: false, reasons: [B]}}
  - {name: not eligible, context: {age: null}, expect: {eligible: true}}
)");
  CHECK(report.at("tests_passed") == 1);
  CHECK(report.at("tests_failed") == 3);
  CHECK(report.at("tests")[1].at("difference") == "score: wanted 0.500001, found 0.500000");
  CHECK(report.at("tests")[2].at("difference") == "reasons: wanted [B], found [C]");
  CHECK(report.at("tests")[3].at("difference") == "eligible: wanted true, found false [C]");
}

TEST_CASE("malformed test documents are refused by place") {
  const std::string rules = "rules:\n" + rule("age", "ctx.age >= offer.min_age") +
                            "terms:\n  - {id: r, kind: revenue, unit: USD, expr: p.click}\n";
  const auto refuses = [&](const std::string& test, const std::string& where) {
    try {
      run(rules, "", "format: 1\ntests:\n  - " + test + "\n");
    } catch (const pack::PackError& problem) {
      CHECK_MESSAGE(problem.where().find(where) != std::string::npos, problem.message());
      return;
    }
    FAIL("accepted: " << test);
  };
  refuses("{expect: {}}", "tests[0]");
  refuses("{name: a, expect: {}}", "tests[0].expect");
  refuses("{name: a, expect: {eligible: null}}", "tests[0].expect");
  refuses("{name: a, others: [{}], expect: {position: 1}}", "tests[0].others[0].offer");
  refuses("{name: a, others: [{offer: x, context: {}}], expect: {position: 1}}", "tests[0].others[0]");
  refuses("{name: a, expect: {position: -1}}", "tests[0].expect.position");
  refuses("{name: a}", "tests[0]");
  refuses("{name: a, expect: {eligble: true}}", "tests[0].expect");
  refuses("{name: a, context: {agee: 3}, expect: {}}", "tests[0].context.agee");
  refuses("{name: a, context: {age: x}, expect: {}}", "tests[0].context.age");
  refuses("{name: a, p: {nothing: 0.5}, expect: {}}", "tests[0].p.nothing");
  refuses("{name: a, p: {click: 1.5}, expect: {eligible: true}}", "tests[0].p.click");
  refuses("{name: a, p: {click: -0.1}, expect: {eligible: true}}", "tests[0].p.click");
  refuses("{name: a, reach: {click: 1.01}, expect: {eligible: true}}", "tests[0].reach.click");
  refuses("{name: a, expect: {score: 1e300}}", "tests[0].expect.score");
}

TEST_CASE("a document without tests is refused") {
  CHECK_THROWS_AS(run("", "", "format: 1\ntests: []\n"), pack::PackError);
}

TEST_CASE("others beside the candidate have their own facts and probabilities") {
  const std::string policy = "rules:\n" + rule("age", "ctx.age >= offer.min_age") +
                             "terms:\n  - {id: r, kind: revenue, unit: USD, expr: p.click * offer.fee}\n"
                             "placement: {mandated: [{offer: m, slot: 2, when: \"ctx.state == 'CA'\"}]}\n";
  const std::string catalog =
      "offer,offer.min_age,offer.fee\na,18,1\nb,18,2\nc,18,3\nold,90,9\nm,18,0\n";
  const Json report = run(policy, catalog, R"(format: 1
defaults: {context: {age: 30, state: NY}, p: {click: 0.5}}
tests:
  - {name: third, offer: a, others: [{offer: b}, {offer: c}], expect: {position: 3, score: 0.5}}
  - {name: by p, offer: a, p: {click: 0.9}, others: [{offer: b, p: {click: 0.1}}, {offer: c}], expect: {position: 2}}
  - {name: who is not eligible is not counted, offer: a, others: [{offer: old}], expect: {position: 1}}
  - {name: nor ranked, offer: old, others: [{offer: a}], expect: {eligible: false, position: 0}}
  - {name: mandated, offer: m, context: {state: CA}, others: [{offer: b}, {offer: c}], expect: {position: 2}}
  - {name: not mandated, offer: m, others: [{offer: b}, {offer: c}], expect: {position: 3}}
  - {name: wrong, offer: m, others: [{offer: b}, {offer: c}], expect: {position: 2}}
)");
  CHECK(report.at("tests_failed") == 1);
  CHECK(report.at("tests")[6].at("difference") == "position: wanted 2, found 3");
  CHECK_THROWS_AS(run(policy, catalog, "format: 1\ntests:\n  - {name: twice, offer: a, "
                                       "others: [{offer: a}], expect: {position: 1}}\n"),
                  pack::PackError);
}

TEST_CASE("the cookbook is clean and its tests pass") {
  const fs::path cookbook = fs::path(GUARDRANK_SOURCE_DIR) / "examples/policies";
  int n_policies = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(cookbook)) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path().filename().string());
    LintInputs inputs;
    inputs.policy = entry.path() / "policy.yaml";
    inputs.catalog = entry.path() / "catalog.csv";
    inputs.tests = {entry.path() / "tests.yaml"};
    inputs.now = june_2026;
    const Json report = Json::parse(lint(inputs));
    CHECK_MESSAGE(report.at("errors") == 0, report.at("findings").dump(1));
    CHECK_MESSAGE(report.at("warnings") == 0, report.at("findings").dump(1));
    CHECK_MESSAGE(report.at("tests_failed") == 0, report.at("tests").dump(1));
    CHECK(report.at("tests_passed") >= 8);
    ++n_policies;
  }
  CHECK(n_policies == 4);
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// A cookbook policy, its catalog and its tests, to be run again with parts of the policy changed.
class Mutations {
 public:
  explicit Mutations(const fs::path& folder)
      : document_(pack::read_policy(read(folder / "policy.yaml"))),
        tests_text_(read(folder / "tests.yaml")),
        tests_(pack::parse_document_tree(tests_text_, &memory_)),
        heads_(StatedHeads::from_document(tests_.at("heads"))) {
    Findings unheard;
    const CompiledPolicy schema(document_.policy(), Catalog{}, {},
                                StatedHeads::from_document(tests_.at("heads")), &unheard);
    const pack::CatalogDocument catalog =
        pack::read_catalog(read(folder / "catalog.csv"), pack::CatalogFormat::csv, schema.facts());
    bytes_ = pack::write_catalog(catalog.catalog());
    Error error;
    pack::throw_if(open_catalog(bytes_, Check::full, &memory_.arena(), &catalog_, &error), error);
  }

  const Policy& policy() const { return document_.policy(); }
  // How many of the author's tests fail under another policy.
  int count_failures(const Policy& policy) const {
    int n = 0;
    for (const TestOutcome& outcome :
         run_policy_tests(tests_, policy, catalog_, heads_.heads(), june_2026))
      n += outcome.has_passed ? 0 : 1;
    return n;
  }
  // The same with one expression of `parts` changed, for each of them in turn.
  template <typename Part>
  void change_each(std::span<const Part> Policy::*parts, std::string_view changed) const {
    for (std::size_t i = 0; i < (policy().*parts).size(); ++i) {
      std::vector<Part> all((policy().*parts).begin(), (policy().*parts).end());
      all[i].expr = changed;
      Policy mutant = policy();
      mutant.*parts = all;
      CHECK_MESSAGE(count_failures(mutant) > 0, all[i].id, " could be ", changed);
    }
  }

 private:
  pack::Memory memory_;
  pack::PolicyDocument document_;
  std::string tests_text_;
  pack::DocumentNode tests_;
  StatedHeads heads_;
  pack::AlignedBytes bytes_;
  Catalog catalog_;
};

TEST_CASE("every rule, guardrail and term of the cookbook is held by a test") {
  const fs::path cookbook = fs::path(GUARDRANK_SOURCE_DIR) / "examples/policies";
  for (const std::string name : {"us_cards", "personal_loans", "insurance", "goods"}) {
    CAPTURE(name);
    const Mutations mutations(cookbook / name);
    REQUIRE(mutations.count_failures(mutations.policy()) == 0);
    for (const char* changed : {"true", "false"}) {
      mutations.change_each(&Policy::rules, changed);
      mutations.change_each(&Policy::guardrails, changed);
    }
    mutations.change_each(&Policy::terms, "1234.5");
    Policy unplaced = mutations.policy();
    unplaced.mandated = {};
    if (!mutations.policy().mandated.empty()) CHECK(mutations.count_failures(unplaced) > 0);
    unplaced = mutations.policy();
    unplaced.caps = {};
    if (name == "us_cards") CHECK(mutations.count_failures(unplaced) > 0);
  }
}

}  // namespace
}  // namespace guardrank::lint
