// Calibrators by segment, fitted from a holdout whose rows tell theirs.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "models/pack/calibrate/fit_calibrator.h"
#include "models/pack/model_packing.h"
#include "models/pack/pack.h"
#include "tests/pack/weights_folder.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

constexpr float none = NAN;

// Rows of "prime" click more often than their logit says, those of "thin" less; "rare" has 19 positives.
struct Holdout {
  std::vector<float> logits, labels, segments;

  void add(float logit, bool label, float segment) {
    logits.push_back(logit);
    labels.push_back(label ? 1.0f : 0.0f);
    segments.push_back(segment);
  }
  void draw(std::size_t n, float segment, double shift) {
    std::normal_distribution<double> normal(0, 1.5);
    std::uniform_real_distribution<double> uniform;
    for (std::size_t i = 0; i < n; ++i) {
      const double z = normal(random);
      add(static_cast<float>(z), uniform(random) < 1 / (1 + std::exp(-(z + shift))), segment);
    }
  }
  Tensors tensors() const {
    const std::vector<std::uint64_t> shape = {logits.size()};
    return {{"logit.click", {shape, logits}}, {"label.click", {shape, labels}}, {"segment.click", {shape, segments}}};
  }
  std::mt19937_64 random{11};
};

Holdout drawn() {
  Holdout rows;
  rows.draw(3000, 0, 2);
  rows.draw(3000, 1, -2);
  rows.draw(500, none, 0);
  for (int i = 0; i < 40; ++i) rows.add(static_cast<float>(i % 3), i < 19, 2);
  return rows;
}

Json spec_of(const char* method) {
  Json spec = small_spec();
  spec["heads"][0]["negative_sampling_rate"] = 1.0;
  spec["heads"][0]["sampling_handled"] = "none";
  spec["heads"][0]["positive_weight"] = 1.0;
  spec["heads"][0]["calibrator"] = {
      {"kind", "fit"}, {"method", method},
      {"segments", {{"field", "band"}, {"kappa", 100}, {"names", {"prime", "thin", "rare"}}}}};
  return spec;
}

std::unique_ptr<pack::ModelFolder> read(const Json& spec, const Tensors& holdout) {
  const Folder folder;
  folder.write_model(spec, small_tensors());
  folder.write("holdout.safetensors", safetensors_bytes(holdout));
  return pack::read_model_folder(folder.path());
}

Json report_of(const Json& spec, const Tensors& holdout) {
  const Folder folder;
  folder.write_model(spec, small_tensors());
  folder.write("holdout.safetensors", safetensors_bytes(holdout));
  folder.write("calibration.jsonl", R"({"context": {"income": 1.5}})" "\n");
  pack::PackInputs inputs;
  inputs.model_folder = folder.path();
  inputs.policy = folder.write("policy.yaml", "format: 1\nname: p\nversion: \"1\"\nfacts: {}\n");
  return Json::parse(pack::pack(inputs).report);
}

}  // namespace

TEST_CASE("each segment with enough positives gets what its rows alone give, of any method") {
  const Holdout rows = drawn();
  for (const CalibratorKind kind : {CalibratorKind::platt, CalibratorKind::temperature, CalibratorKind::beta,
                                    CalibratorKind::isotonic}) {
    const char* const methods[] = {"identity", "platt", "temperature", "beta", "isotonic"};
    const auto folder = read(spec_of(methods[static_cast<int>(kind)]), rows.tensors());
    const Head& head = folder->trained.heads[0].head;
    REQUIRE(head.segments.size() == 2);
    for (std::size_t s = 0; s < 2; ++s) {
      std::vector<double> z;
      std::vector<std::uint8_t> labels;
      for (std::size_t i = 0; i < rows.logits.size(); ++i)
        if (rows.segments[i] == static_cast<float>(s)) {
          z.push_back(static_cast<double>(rows.logits[i]));
          labels.push_back(rows.labels[i] == 1.0f ? 1 : 0);
        }
      pack::Memory memory;
      const Calibrator wanted = pack::fit_calibrator(kind, z, labels, &memory), &found = head.segments[s].calibrator;
      CHECK(head.segments[s].value == (s == 0 ? "prime" : "thin"));
      CHECK(head.segments[s].positives == static_cast<double>(std::count(labels.begin(), labels.end(), 1)));
      CHECK(found.kind == kind);
      CHECK(std::pair(found.a, found.b) == std::pair(wanted.a, wanted.b));
      CHECK(std::pair(found.c, found.t) == std::pair(wanted.c, wanted.t));
      CHECK(std::vector<double>(found.y.begin(), found.y.end()) ==
            std::vector<double>(wanted.y.begin(), wanted.y.end()));
    }
    CHECK(head.kappa == 100);
  }
}

TEST_CASE("the report's figures are of what serves a row's segment") {
  Tensors tensors = drawn().tensors();
  const auto quality = [&](const Json& spec) {
    const Json holdout = report_of(spec, tensors)["heads"][0]["holdout"];
    return std::pair(holdout["after"]["log_loss"].get<double>(), holdout.value("segments", Json("no word")).dump());
  };
  const auto by_segment = quality(spec_of("platt"));
  CHECK(by_segment.second == "true");
  tensors.erase("segment.click");
  Json alone = spec_of("platt");
  alone["heads"][0]["calibrator"].erase("segments");
  const auto without = quality(alone);
  CHECK(without.second == "\"no word\"");
  CHECK(by_segment.first < 0.8 * without.first);       // the segments are two logits up, and two down
  // Stated ones, of which these rows do not tell which they have.
  alone["heads"][0]["calibrator"]["segments"] = {
      {"field", "band"}, {"kappa", 0},
      {"values", {{"prime", {{"kind", "platt"}, {"a", 1}, {"b", 2}, {"positives", 50}}}}}};
  CHECK(quality(alone) == std::pair(without.first, std::string("false")));
}

TEST_CASE("a segment's fit that says nothing is warned of") {
  Holdout rows;
  rows.draw(500, 0, 0);
  for (int i = 0; i < 42; ++i) rows.add(static_cast<float>(i) / 42, i < 21, 1);
  Json spec = spec_of("platt");
  const Json warnings = report_of(spec, rows.tensors())["warnings"];
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].get<std::string>().starts_with("heads.click: segment thin: the platt fit has a = 0"));
}

TEST_CASE("a holdout of which no row has a segment fits the head's own") {
  Holdout rows;
  rows.draw(500, none, 1);
  Json spec = spec_of("platt");
  spec["heads"][0]["calibrator"]["segments"]["names"] = Json::array();
  const auto folder = read(spec, rows.tensors());
  CHECK(folder->trained.heads[0].head.segments.empty());
  CHECK(folder->trained.heads[0].head.calibrator.kind == CalibratorKind::platt);
  CHECK(report_of(spec, rows.tensors())["heads"][0]["holdout"]["rows"] == 500);
}

TEST_CASE("names and numbers of segments that do not agree are refused") {
  const Holdout rows = drawn();
  const auto error = [](const Json& spec, const Tensors& holdout) {
    return error_of([&] { (void)read(spec, holdout); });
  };
  Json spec = spec_of("platt");
  Json& calibrator = spec["heads"][0]["calibrator"];
  Tensors tensors = rows.tensors();
  tensors.erase("segment.click");
  CHECK(error(spec, tensors).status() == Status::calibrator);
  for (const float number : {3.0f, -1.0f, 0.5f, INFINITY}) {
    tensors = rows.tensors();
    tensors["segment.click"].values[7] = number;
    CHECK(error(spec, tensors).status() == Status::type);
  }
  tensors = rows.tensors();
  tensors["segment.click"].shape[0]--;
  tensors["segment.click"].values.pop_back();
  CHECK(error(spec, tensors).status() == Status::tensor_shape);
  tensors = rows.tensors();
  for (const Json& names : {Json{"prime", ""}, Json{"prime", "prime"}, Json{1}, Json("prime")}) {
    calibrator["segments"]["names"] = names;
    CHECK(error(spec, tensors).status() == Status::model_json);
  }
  calibrator["segments"]["names"] = {"prime", "thin", "rare"};
  calibrator["segments"]["values"] = Json::object();
  CHECK(mentions(error(spec, tensors), "not both"));
  calibrator["segments"].erase("values");
  calibrator = {{"kind", "identity"}, {"segments", calibrator["segments"]}};
  CHECK(mentions(error(spec, tensors), "only a calibrator to fit has names"));
  calibrator.erase("segments");
  CHECK(error(spec, tensors).status() == Status::tensor_shape);    // a tensor of segments without any
}
