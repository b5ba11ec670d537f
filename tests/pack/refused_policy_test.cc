// Policies that compile and are not packed: what they would do is wrong whatever comes in.
#include <doctest/doctest.h>

#include "models/pack/pack.h"
#include "tests/pack/weights_folder.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

constexpr const char* calibrator = R"({"kind": "identity", "segments": {"field": "race", "kappa": 1,
  "values": {"w": {"kind": "platt", "a": 2, "b": 1, "positives": 9}}}})";

// Packs the smallest model with this policy.
pack::PackError pack_error(const std::string& policy, const Json& spec = small_spec()) {
  const Folder folder;
  folder.write_model(spec, small_tensors());
  folder.write("calibration.jsonl", R"({"context": {"income": 1.5}})" "\n");
  pack::PackInputs inputs;
  inputs.model_folder = folder.path();
  inputs.policy = folder.write("policy.yaml", "format: 1\nname: p\nversion: \"1\"\n" + policy);
  return error_of([&] { pack::pack(inputs); });
}

std::string rule(const std::string& members) {
  return "facts: {ctx.age: {type: int}}\nrules: [{id: r, " + members + "}]\n";
}

}  // namespace

TEST_CASE("text that is no time or duration, and a division by zero, are refused by place") {
  CHECK(pack_error(rule("expr: \"now >= timestamp('2026-12-01T00:00:00Z')\"")).status() == Status::ok);
  const auto refuses = [](const std::string& policy, const std::string& where) {
    const pack::PackError error = pack_error(policy);
    CHECK(error.status() == Status::eval);
    CHECK_MESSAGE(mentions(error, where), error.message());
  };
  refuses(rule("expr: \"now >= timestamp('2026-12-01')\""), "policy.yaml: rules.r: 1:8:");
  refuses(rule("expr: \"true\", when: \"now >= timestamp('2026-12-01')\""), "rules.r.when: 1:8:");
  refuses(rule("expr: \"ctx.age / 0 == 1\""), "rules.r: 1:9: fails whatever the facts are: division by zero");
  refuses("guardrails: [{id: g, expr: \"p.click > 0.1 && duration('1d') > duration('1h')\"}]\n",
          "guardrails.g: 1:18: fails whatever the facts are: not convertible: a duration is written");
  refuses("terms: [{id: t, kind: revenue, expr: \"p.click * double(1 / 0)\"}]\n", "terms.t: 1:20:");
  refuses("placement: {mandated: [{offer: o, slot: 1, when: \"int('x') == 1\"}]}\n",
          "placement.mandated.o.when: 1:1:");
}

TEST_CASE("a calibrator that a protected fact would pick is refused") {
  Json spec = small_spec();
  spec["heads"][0]["calibrator"] = Json::parse(calibrator);
  const std::string facts = "facts: {ctx.race: {type: string, protected: ";
  CHECK(pack_error(facts + "false}}\n", spec).status() == Status::ok);
  const pack::PackError error = pack_error(facts + "true}}\n", spec);
  CHECK(error.status() == Status::protected_fact);
  CHECK(mentions(error, "model.heads.click: the policy protects 'ctx.race'"));
}
