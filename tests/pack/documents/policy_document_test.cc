#include <doctest/doctest.h>

#include <string>

#include "models/pack/artifact/writers.h"
#include "models/pack/documents/policy_document.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// The policy of contracts.md section 2.
constexpr const char* yaml = R"(format: 1
name: us-cards
version: "41"
facts:
  ctx.age: {type: int}
  ctx.race: {type: string, protected: true}
  offer.min_age: {type: int, default: 18}      # absent and without default: unknown
  offer.cpa: {type: double, override: false}   # a request may not override it
parameters:
  rejection_cost: {value: 2.0, min: 0.0, max: 20.0, owner: growth, experiment: null}
rules:        # true: eligible; unknown: not. See ctx, offer, param, now
  - {id: min_age, expr: "ctx.age >= offer.min_age", code: AGE, text: Too young, adverse_action: Age,
     from: null, to: null, when: "ctx.state == 'CA'"}
guardrails:   # true: keep; unknown removes. See p, reach, value as well
  - {id: approve_floor, expr: "p.approve >= 0.05", code: LOW_APPROVAL, text: Unlikely to be approved}
terms:        # currency units; a penalty is a cost >= 0 that the engine subtracts
  - {id: revenue, kind: revenue, unit: USD, expr: "offer.cpa * reach.approve"}
  - {id: rejection_risk, kind: penalty, unit: USD, expr: "reach.apply * (1.0 - p.approve) * param.rejection_cost"}
placement:
  mandated: [{offer: o-9, slot: 3, when: "true"}]
  caps: [{fact: offer.partner, max: 2, within: 10}]
  diversity: {facts: [offer.category], lambda: 0.2, within: 10}
  exploration: {kind: plackett_luce, temperature: 0.5}     # or {kind: epsilon, epsilon: 0.05}
two_stage: {budget_us: 5000, fixed_us: 50, c1_us: 0.01, c2_us: 1.0, min_value_recall: 0.99}
)";

constexpr const char* json = R"json({"format": 1, "name": "us-cards", "version": "41",
 "facts": {"ctx.age": {"type": "int"}, "offer.when": {"type": "timestamp", "default": "1970-01-02"},
           "pair.tags": {"type": "list(string)", "default": ["a", "\ud83d\ude00"]}},
 "terms": [{"id": "revenue", "kind": "revenue", "expr": "1.0"}]})json";

struct Refused {
  Status status = Status::ok;
  std::string where, message;
};

Refused refuse(const std::string& text) {
  try {
    read_policy(text);
  } catch (const PackError& error) {
    return {error.status(), error.where(), error.message()};
  }
  return {};
}

// The YAML above with one piece replaced.
Refused refuse_with(const std::string& piece, const std::string& other) {
  std::string text = yaml;
  const std::size_t at = text.find(piece);
  REQUIRE(at != std::string::npos);
  return refuse(text.replace(at, piece.size(), other));
}

TEST_CASE("the policy of the contracts page") {
  const PolicyDocument document = read_policy(yaml);
  const Policy& policy = document.policy();
  CHECK(policy.name == "us-cards");
  CHECK(policy.version == "41");
  REQUIRE(policy.facts.size() == 4);
  CHECK(policy.facts[0].space == Namespace::context);
  CHECK(policy.facts[0].name == "age");
  CHECK(policy.facts[0].type == FactType::i64);
  CHECK(policy.facts[0].fallback.n_rows == 0);
  CHECK(policy.facts[1].is_protected);
  CHECK(policy.facts[2].fallback.integers[0] == 18);
  CHECK_FALSE(policy.facts[3].may_override);
  CHECK(policy.parameters[0].value == 2.0);
  CHECK(policy.parameters[0].owner == "growth");
  CHECK(policy.parameters[0].experiment.empty());
  CHECK(policy.rules[0].text == "Too young");
  CHECK(policy.rules[0].when == "ctx.state == 'CA'");
  CHECK(policy.rules[0].from == always_from);
  CHECK(policy.guardrails[0].code == "LOW_APPROVAL");
  CHECK(policy.terms[1].kind == TermKind::penalty);
  CHECK(policy.mandated[0].offer == "o-9");
  CHECK(policy.caps[0].fact == "partner");
  CHECK(policy.diversity.facts[0] == "category");
  CHECK(policy.exploration.kind == ExplorationKind::plackett_luce);
  CHECK(policy.two_stage.c1_us == 0.01);
  CHECK(policy.source == yaml);
}

TEST_CASE("what is told of a missing fact, and whether it may be missing, come through packing") {
  std::string text = yaml;
  const std::string plain = "ctx.age: {type: int}";
  text.replace(text.find(plain), plain.size(),
               "ctx.age: {type: int, missing: false, code: NO_AGE, text: Not stated, "
               "adverse_action: Unable to verify age}");
  const PolicyDocument document = read_policy(text);
  const AlignedBytes bytes = write_policy(document.policy());
  Arena arena(system_allocator(), 1 << 20);
  Error error;
  Policy policy;
  REQUIRE_MESSAGE(open_policy(bytes, Check::full, &arena, &policy, &error) == Status::ok,
                  error.message());
  const Fact& age = policy.facts[0];
  CHECK_FALSE(age.may_be_missing);
  CHECK(age.reason_code == "NO_AGE");
  CHECK(age.reason_text == "Not stated");
  CHECK(age.adverse_action == "Unable to verify age");
  CHECK(policy.facts[2].may_be_missing);
  CHECK_FALSE(policy.facts[2].has_reason());
}

TEST_CASE("the offer's id is a fact that nobody has to declare") {
  std::string text = yaml;
  CHECK(read_policy(text).policy().facts.size() == 4);
  const std::string when = "when: \"true\"";
  text.replace(text.find(when), when.size(), "when: \"offer.offer_id != 'o-1'\"");
  const PolicyDocument document = read_policy(text);
  REQUIRE(document.policy().facts.size() == 5);
  CHECK(document.policy().facts[4].name == "offer_id");
  CHECK(document.policy().facts[4].type == FactType::string);
  CHECK(document.policy().facts[4].is_declared);
  text.insert(text.find("  ctx.age:"), "  offer.offer_id: {type: string, text: its id}\n");
  CHECK(read_policy(text).policy().facts.size() == 5);
}

TEST_CASE("a policy document packs and opens") {
  const PolicyDocument document = read_policy(yaml);
  const AlignedBytes bytes = write_policy(document.policy());
  Arena arena(system_allocator(), 1 << 20);
  Error error;
  Policy policy;
  REQUIRE(open_policy(bytes, Check::full, &arena, &policy, &error) == Status::ok);
  CHECK(policy.rules[0].expr == "ctx.age >= offer.min_age");
  CHECK(policy.source == yaml);
}

TEST_CASE("JSON reads as YAML does, and YAML may start with a brace") {
  const PolicyDocument document = read_policy(json);
  CHECK(document.policy().facts[1].fallback.integers[0] == 86'400'000'000);
  CHECK(document.policy().facts[2].fallback.strings[1] == "\xF0\x9F\x98\x80");
  CHECK(read_policy("{format: 1, name: a, version: b}").policy().name == "a");
  CHECK(refuse("{\"format\": 1,, }").status == Status::json);
}

TEST_CASE("dates and times bound a rule") {
  const PolicyDocument document = read_policy(
      "format: 1\nname: a\nversion: b\nrules:\n"
      "  - {id: r, expr: 'true', from: 1970-01-02, to: '1970-01-03T00:00:00+01:00'}\n");
  CHECK(document.policy().rules[0].from == 86'400'000'000);
  CHECK(document.policy().rules[0].to == 2 * 86'400'000'000 - 3'600'000'000);
}

TEST_CASE("jurisdiction packs become rules with their condition") {
  const PolicyDocument document = read_policy(
      "format: 1\nname: a\nversion: b\njurisdiction_packs:\n"
      "  - id: ca\n    fact: ctx.state\n    values: [CA, 'N\"Y']\n    rules:\n"
      "      - {id: r, expr: 'true', when: ctx.age > 3}\n");
  REQUIRE(document.policy().rules.size() == 1);
  CHECK(document.policy().rules[0].when ==
        R"(ctx.state in ["CA", "N\"Y"] && (ctx.age > 3))");
}

TEST_CASE("a condition of a jurisdiction pack's rule is whole by itself, and may end in a comment") {
  const auto text_with = [](const std::string& when) {
    return "format: 1\nname: a\nversion: b\njurisdiction_packs:\n"
           "  - {id: ca, fact: ctx.state, values: [CA], rules: [{id: r, expr: 'true', when: \"" + when + "\"}]}\n";
  };
  CHECK(read_policy(text_with("ctx.age > 3 // adults")).policy().rules[0].when ==
        "ctx.state in [\"CA\"] && (ctx.age > 3 // adults\n)");
  for (const char* when : {"true) || (true", "ctx.age > 3)", "(ctx.age > 3", "ctx.age >"}) {
    CAPTURE(when);
    const Refused refused = refuse(text_with(when));
    CHECK(refused.status == Status::parse);
    CHECK(refused.where == "rules.r.when");
  }
}

TEST_CASE("what is wrong is named with its path, line and status") {
  struct Case {
    const char* piece;
    const char* other;
    Status status;
    const char* where;
  };
  const Case cases[] = {
      {"format: 1", "format: 2", Status::argument, "format"},
      {"name: us-cards", "nam: us-cards", Status::json, "nam"},
      {"version: \"41\"", "version: 41", Status::type, "version"},
      {"ctx.age: {type: int}", "ctx.age: {}", Status::missing, "facts.ctx.age.type"},
      {"ctx.age: {type: int}", "ctx.age: {type: number}", Status::argument, "facts.ctx.age.type"},
      {"offer.min_age: {type: int", "offer.offer_id: {type: int", Status::type, "facts.offer.offer_id.type"},
      {"ctx.age:", "user.age:", Status::name, "facts.user.age"},
      {"ctx.age:", "p.age:", Status::name, "facts.p.age"},
      {"ctx.age:", "ctx.:", Status::name, "facts.ctx."},
      {"ctx.age:", "ctx.race:", Status::json, ""},
      {"default: 18", "default: soon", Status::type, "facts.offer.min_age.default"},
      {"default: 18", "default: 18.5", Status::type, "facts.offer.min_age.default"},
      {"protected: true", "protected: 1", Status::type, "facts.ctx.race.protected"},
      {"default: 18", "default: 18, missing: false", Status::argument,
       "facts.offer.min_age.missing"},
      {"default: 18", "default: 18, missing: maybe", Status::type, "facts.offer.min_age.missing"},
      {"value: 2.0", "value: 21", Status::argument, "parameters.rejection_cost.value"},
      {"value: 2.0", "value: .inf", Status::type, "parameters.rejection_cost.value"},
      {"code: AGE", "cod: AGE", Status::json, "rules[0].cod"},
      {"text: Too young", "text: \"Too\\0young\"", Status::argument, "rules[0].text"},
      {"id: min_age", "id: \"min\\0age\"", Status::argument, "rules[0].id"},
      {"\"ctx.age >= offer.min_age\"", "\"\"", Status::argument, "rules[0].expr"},
      {"from: null", "from: yesterday", Status::type, "rules[0].from"},
      {"from: null, to: null", "from: 2026-02-01, to: 2026-01-01", Status::argument,
       "rules[0].to"},
      {"kind: penalty", "kind: cost", Status::argument, "terms[1].kind"},
      {"id: rejection_risk", "id: revenue", Status::duplicate, "terms[1].id"},
      {"slot: 3", "slot: 0", Status::argument, "placement.mandated[0].slot"},
      {"offer.partner", "ctx.partner", Status::name, "placement.caps[0].fact"},
      {"lambda: 0.2", "lambda: 2", Status::argument, "placement.diversity.lambda"},
      {"temperature: 0.5", "temperature: 0", Status::argument,
       "placement.exploration.temperature"},
      {"kind: plackett_luce", "kind: greedy", Status::argument, "placement.exploration.kind"},
      {"c2_us: 1.0", "c2_us: 0", Status::argument, "two_stage.c2_us"},
      {", c2_us: 1.0", "", Status::missing, "two_stage"},
      {"fixed_us: 50, c1_us: 0.01, c2_us: 1.0, ", "", Status::missing, "two_stage"},
      {"min_value_recall: 0.99", "measured_value_recall: 1.5", Status::argument,
       "two_stage.measured_value_recall"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.other);
    const Refused refused = refuse_with(one.piece, one.other);
    CHECK(refused.status == one.status);
    CHECK(refused.where == one.where);
    CHECK(refused.message.find("line ") != std::string::npos);
  }
  CHECK(refuse_with("offer.min_age\", code: AGE", "x\", cod: A").message ==
        "rules[0].cod: line 12: unknown member");
}

TEST_CASE("a jurisdiction pack names at least one value") {
  const std::string pack = std::string(yaml) +
                           "jurisdiction_packs: [{id: a, fact: ctx.state, values: [], rules: "
                           "[{id: r, expr: \"ctx.age > 3\"}]}]\n";
  const Refused refused = refuse(pack);
  CHECK(refused.status == Status::argument);
  CHECK(refused.where == "jurisdiction_packs[0].values");
}

TEST_CASE("hostile documents") {
  CHECK(refuse("").status != Status::ok);
  CHECK(refuse("[1").status == Status::json);
  CHECK(refuse("\t- a: b: c").status == Status::json);
  CHECK(refuse("name: \xC3").status == Status::utf8);
  CHECK(refuse("name: a\n---\nname: b\n").status == Status::json);
  CHECK(refuse("name: !!binary aGk=").status == Status::json);
  CHECK(refuse("a: &x {<<: 1}").status == Status::json);
  CHECK(refuse("? [a]\n: b").status == Status::json);
  CHECK(refuse(std::string(64, '[') + std::string(64, ']')).status == Status::limit);
  CHECK(refuse(std::string(100'000, '[')).status == Status::limit);
  CHECK(refuse("a: " + std::string(100'000, '[')).status == Status::limit);
  CHECK(refuse(std::string(17u << 20, ' ')).status == Status::limit);
  // Ten times ten times ... : 10^7 texts from a few hundred bytes.
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 7; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ",") + before;
    bomb += "]\n";
  }
  CHECK(refuse(bomb).status == Status::limit);
}

}  // namespace
}  // namespace guardrank::pack
