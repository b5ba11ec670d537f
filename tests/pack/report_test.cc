// What the packer's report tells of rows, ranges and fits.
#include <doctest/doctest.h>

#include "core/engine/snapshot.h"
#include "models/pack/pack.h"
#include "tests/pack/weights_folder.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

constexpr const char* plain_policy = "format: 1\nname: p\nversion: \"1\"\nfacts: {}\n";
constexpr const char* one_row = R"({"context": {"income": 1.5}})" "\n";

struct Inputs {
  Json spec = small_spec();
  std::string rows = one_row, policy = plain_policy;
  Tensors holdout;
  bool wants_rows = true;

  pack::PackResult pack() const {
    const Folder folder;
    folder.write_model(spec, small_tensors());
    if (!rows.empty()) folder.write("calibration.jsonl", rows);
    if (!holdout.empty()) folder.write("holdout.safetensors", safetensors_bytes(holdout));
    pack::PackInputs inputs;
    inputs.model_folder = folder.path();
    inputs.policy = folder.write("policy.yaml", policy);
    inputs.wants_rows = wants_rows;
    return pack::pack(inputs);
  }
  Json report() const { return Json::parse(pack().report); }
};

Json transforms(const char* json) { return Json::parse(json); }

// Where the dense field's codes reach to.
std::pair<float, float> dense_range(const Inputs& inputs) {
  const pack::PackResult packed = inputs.pack();
  Snapshot snapshot(pack::system_allocator());
  Error error;
  REQUIRE(snapshot.open(packed.bundle, Check::full, KernelChoice::automatic, true, &error) == Status::ok);
  const Field& field = snapshot.pipeline().model->fields[0];
  const auto value = [&](int code) { return static_cast<float>(code - field.zero_point) * field.scale; };
  return {value(0), value(127)};
}

Inputs fitted(const char* method, std::vector<float> logits, std::vector<float> labels) {
  Inputs inputs;
  inputs.spec["heads"][0]["calibrator"] = {{"kind", "fit"}, {"method", method}};
  const std::uint64_t n = logits.size();
  inputs.holdout = {{"logit.click", {{n}, std::move(logits)}}, {"label.click", {{n}, std::move(labels)}}};
  return inputs;
}

}  // namespace

TEST_CASE("a fill outside the rows' range widens it, one within leaves the bytes as they are") {
  Inputs inputs;
  CHECK(dense_range(inputs).second == doctest::Approx(1.5));
  inputs.spec["fields"][0]["transforms"] = transforms(R"([{"op": "fill", "value": -20}])");
  CHECK(dense_range(inputs).first == doctest::Approx(-20).epsilon(0.01));
  CHECK(dense_range(inputs).second == doctest::Approx(1.5).epsilon(0.06));
  inputs.spec["fields"][0]["transforms"] = transforms(R"([{"op": "fill", "value": 1}])");
  CHECK(dense_range(inputs).first == 0);
  CHECK(dense_range(inputs).second == doctest::Approx(1.5));
}

TEST_CASE("a time is assumed only where a row has none") {
  Inputs inputs;
  inputs.spec["fields"][0]["type"] = "timestamp";
  inputs.spec["fields"][0]["transforms"] = transforms(R"([{"op": "days_since"}])");
  const std::string context = R"({"context": {"income": "2026-11-01T00:00:00Z"})";
  const std::string timed = context + R"(, "time": "2026-11-21T10:00:00Z"})" "\n";
  inputs.rows = timed;
  CHECK(inputs.report()["calibration"]["assumed_time"] == false);
  inputs.rows = timed + context + "}\n";
  CHECK(inputs.report()["calibration"]["assumed_time"] == true);
}

TEST_CASE("a fit that says nothing is warned of, and an order worse than chance") {
  const auto warnings = [](const char* method, std::vector<float> labels) {
    const Json report = fitted(method, {-2, -1, 0, 1, 2, 3}, std::move(labels)).report();
    return report.contains("warnings") ? report["warnings"].dump() : std::string();
  };
  for (const char* method : {"platt", "temperature", "beta", "isotonic"}) {
    CAPTURE(method);
    const std::string falling = warnings(method, {1, 1, 0, 1, 0, 0});
    CAPTURE(falling);
    CHECK(falling.find(std::string("heads.click: the ") + method + " fit") != std::string::npos);
    CHECK(falling.find("below 0.5") != std::string::npos);
    CHECK(warnings(method, {0, 0, 1, 0, 1, 1}).empty());
  }
}

TEST_CASE("a default of a fact that the model reads is warned of") {
  Inputs inputs;
  const std::string start = "format: 1\nname: p\nversion: \"1\"\n";
  inputs.policy = start + "facts: {ctx.income: {type: double, default: 5}}\n";
  const Json warnings = inputs.report()["warnings"];
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].get<std::string>().starts_with("facts.ctx.income: the model reads this fact too"));
  inputs.policy = start + "facts: {ctx.income: {type: double}, ctx.age: {type: int, default: 5}}\n";
  CHECK_FALSE(inputs.report().contains("warnings"));
}

TEST_CASE("without rows nothing is packed but for the float network") {
  Inputs inputs;
  inputs.rows = "";
  CHECK(error_of([&] { inputs.pack(); }).status() == Status::missing);
  inputs.wants_rows = false;
  CHECK(error_of([&] { inputs.pack(); }).status() == Status::ok);
}
