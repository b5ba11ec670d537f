// model.json and weights of a folder: what is accepted, and each refusal at its
// door.
#include "models/pack/weights/model_json.h"

#include <cmath>

#include <doctest/doctest.h>

#include "models/pack/weights/weights_folder.h"
#include "tests/pack/weights_folder.h"

using guardrank::Status;
using guardrank::pack::PackError;
using guardrank::pack::read_model_json;
using namespace guardrank::testing;

namespace {

PackError read_error(const Json &spec) {
  return error_of([&] { read_model_json(spec.dump()); });
}

// The example of contracts.md, section 1, without its comments.
Json contract_spec() {
  return Json::parse(R"({ "format": 1, "name": "cards", "version": "2026.11.1",
  "fields": [
    {"name": "income", "side": "context", "type": "f64", "transforms": [{"op": "fill",
      "value": 0}, {"op": "log1p"}, {"op": "standardize", "mean": 10.9, "std": 0.8}],
      "output": "dense", "indicator": true},
    {"name": "state", "side": "context", "type": "string", "transforms": [{"op": "vocabulary",
      "values": ["CA", "NY"]}], "output": "embedding", "dim": 8},
    {"name": "offer_id", "side": "candidate", "type": "string", "transforms": [{"op": "hash",
      "buckets": 1000, "seed": 1}], "output": "embedding", "dim": 16},
    {"name": "tags", "side": "candidate", "type": "string[]", "transforms": [{"op": "vocabulary",
      "values": ["cash", "travel"]}], "output": "embedding", "dim": 4, "pool": "mean"},
    {"name": "state_offer", "side": "pair", "inputs": ["state", "offer_id"],
      "transforms": [{"op": "cross"}, {"op": "hash", "buckets": 5000, "seed": 2}],
      "output": "embedding", "dim": 4},
    {"name": "surface", "side": "context", "role": "module", "type": "string",
      "transforms": [{"op": "vocabulary", "values": ["home", "search"]}], "output": "embedding",
      "dim": 4, "feeds": "every_layer"}],
  "levels": [{"experts": [{"name": "e0", "layers": [128, 64]}, {"name": "e1", "layers": [128, 64],
    "for": "click"}],
              "gates": [{"head": "click", "experts": ["e0", "e1"]}, {"head": "apply",
                "experts": ["e0"]}, {"head": "amount", "experts": ["e0"]}]}],
  "heads": [
    {"name": "click", "kind": "probability", "tower": [32], "negative_sampling_rate": 0.1,
      "sampling_handled": "correct", "positive_weight": 1.0,
     "calibrator": {"kind": "platt", "a": 1.0, "b": 0.0, "segments": {"field": "segment",
       "kappa": 100, "values": {"prime": {"kind": "platt", "a": 1.1, "b": 0.1,
       "positives": 420}}}}},
    {"name": "apply", "kind": "probability", "given": "click", "tower": [32],
      "negative_sampling_rate": 1.0, "sampling_handled": "none", "calibrator": {"kind": "fit",
      "method": "isotonic"}},
    {"name": "amount", "kind": "log_amount", "given": "apply", "tower": [], "log_sigma": 0.7,
      "ratio": 1.0, "unit": "USD"}],
  "lineage": {"code": "c", "data": "d", "features": "f", "config": "g", "lock": "l",
    "evaluation": {"auc": 0.5}} })");
}

} // namespace

TEST_CASE("the contract's example is read in the engine's order") {
  const auto model = read_model_json(contract_spec().dump());
  REQUIRE(model.fields.size() == 6);
  const std::vector<std::string> order = {"income",   "state", "surface",
                                          "offer_id", "tags",  "state_offer"};
  for (std::size_t i = 0; i < order.size(); ++i)
    CHECK(model.fields[i].name == order[i]);
  // income 1 + indicator 1, state 8, surface 4 | offer_id 16, tags 4 |
  // state_offer 4
  CHECK(model.block_inputs[0] == 14);
  CHECK(model.block_inputs[1] == 20);
  CHECK(model.block_inputs[2] == 4);
  CHECK(model.n_fed == 4);
  CHECK(model.fields[1].n_codes == 4);
  CHECK(model.fields[3].n_codes == 1001);
  CHECK(model.levels[0].experts[0].layers[0].n_in == 38);
  CHECK(model.levels[0].experts[0].layers[1].n_in == 132);
  CHECK(model.levels[0].gates[0].layer->n_out == 2);
  CHECK_FALSE(model.levels[0].gates[1].layer.has_value());
  CHECK(model.heads[0].tower[0].n_in == 68);
  CHECK(model.heads[0].tower[1].n_in == 36);
  CHECK(model.heads[1].fit == guardrank::CalibratorKind::isotonic);
  CHECK(model.heads[0].head.segments[0].positives == 420);
  CHECK(model.lineage.evaluation == R"({"auc":0.5})");
}

TEST_CASE("a refusal names the path, the wanted and the found") {
  Json spec = contract_spec();
  spec["fields"][1]["dim"] = "8";
  PackError error = read_error(spec);
  CHECK(error.status() == Status::model_json);
  CHECK(mentions(
      error,
      "model.json: fields[1].dim: wanted a whole number from 1 to 1024"));

  spec = contract_spec();
  spec["fields"][1].erase("dim");
  CHECK(mentions(read_error(spec), "model.json: fields[1].dim: missing"));

  spec = contract_spec();
  spec["heads"][0]["towers"] = Json::array();
  CHECK(mentions(read_error(spec),
                 "model.json: heads[0].towers: unknown member"));
}

TEST_CASE("a fill is of the type that it fills") {
  const auto fill = [](const char *type, const Json &value) {
    Json spec = small_spec();
    spec["fields"][0]["type"] = type;
    spec["fields"][0]["transforms"] =
        Json::array({{{"op", "fill"}, {"value", value}}});
    return read_error(spec);
  };
  const auto refused = [&](const char *type, const Json &value,
                           const std::string &wanted) {
    const PackError error = fill(type, value);
    CAPTURE(error.message());
    CHECK(error.status() == Status::model_json);
    CHECK(mentions(error, "fields[0].transforms[0].value: wanted " + wanted));
  };
  const std::string number = "a number that a 32-bit float holds, found ";
  refused("f64", "7", number + "a string");
  refused("f64", true, number + "a boolean");
  refused("i64", "7", number + "a string");
  refused("f64", 1e300, number + "1e+300");
  refused("f64", -3.5e38, number);
  refused("string", 7, "a string, found 7");
  refused("string[]", 7, "a string, found 7");
  refused("bool", "true", "a boolean, 0 or 1, found a string");
  refused("timestamp", "today", "a time as RFC 3339 has it");
  CHECK(fill("f64", 7).status() == Status::ok);
  CHECK(fill("bool", true).status() == Status::ok);
  Json spec = small_spec();
  spec["fields"][0]["type"] = "timestamp";
  spec["fields"][0]["transforms"] = Json::parse(
      R"([{"op": "fill", "value": "2026-11-21T10:00:00Z"}, {"op": "days_since"},
          {"op": "fill", "value": 30}])");
  CHECK(read_error(spec).status() == Status::ok);
  spec["fields"][0]["transforms"][2]["value"] = "2026-11-21T10:00:00Z";
  CHECK(mentions(read_error(spec), "transforms[2].value: wanted a number"));
}

TEST_CASE("each rule of the graph is held") {
  const auto refused = [](const std::string &pointer, const Json &value,
                          const std::string &message) {
    Json spec = contract_spec();
    spec[Json::json_pointer(pointer)] = value;
    const PackError error = read_error(spec);
    CAPTURE(error.message());
    CHECK(error.status() != Status::ok);
    CHECK(mentions(error, message));
    return error.status();
  };
  CHECK(refused("/format", 2, "format: wanted 1") == Status::model_json);
  CHECK(refused("/fields/0/side", "offer", "fields[0].side") ==
        Status::model_json);
  CHECK(refused("/fields/0/type", "f32[0]", "fields[0].type") ==
        Status::model_json);
  CHECK(refused("/fields/0/type", "f32[99999]", "fields[0].type") ==
        Status::limit);
  CHECK(refused("/fields/0/transforms/2/std", 0, "above 0") ==
        Status::model_json);
  CHECK(refused("/fields/0/transforms/1/op", "sqrt", "op") ==
        Status::model_json);
  CHECK(refused("/fields/0/output", "embedding", "only a dense field") ==
        Status::model_json);
  CHECK(refused("/fields/0/feeds", "every_layer", "only an embedding") ==
        Status::model_json);
  CHECK(refused("/fields/1/name", "income", "twice") == Status::model_json);
  CHECK(refused("/fields/1/dim", 1000000, "1024") == Status::limit);
  CHECK(refused("/fields/1/transforms/0/values", Json::array({"CA", "CA"}),
                "twice") == Status::model_json);
  CHECK(refused("/fields/2/transforms/0/buckets", 4000000000u, "buckets") ==
        Status::limit);
  CHECK(refused("/fields/3/pool", "max", "mean or sum") == Status::model_json);
  CHECK(refused("/fields/4/inputs", Json::array({"state", "nothing"}),
                "nothing") == Status::model_json);
  CHECK(refused("/levels/0/experts/0/layers", Json::array({128, 65}), "wide") ==
        Status::model_json);
  CHECK(refused("/levels/0/experts/0/layers", Json::array({128, 1 << 20}),
                "16384") == Status::limit);
  CHECK(refused("/levels/0/experts/1/name", "e0", "twice") ==
        Status::model_json);
  CHECK(refused("/levels/0/experts/1/for", "buy", "head") ==
        Status::model_json);
  CHECK(refused("/levels/0/gates/0/head", "shared", "no gate for head") ==
        Status::model_json);
  CHECK(refused("/levels/0/gates/0/experts", Json::array({"e7"}), "expert") ==
        Status::model_json);
  CHECK(refused("/heads/0/name", "shared", "reserved") == Status::model_json);
  CHECK(refused("/heads/1/given", "amount", "earlier") == Status::model_json);
  CHECK(refused("/heads/2/unit", 3, "unit") == Status::model_json);
}

TEST_CASE("sampling and calibrators are stated, with statuses of their own") {
  Json spec = contract_spec();
  spec["heads"][0].erase("negative_sampling_rate");
  CHECK(read_error(spec).status() == Status::sampling);
  spec = contract_spec();
  spec["heads"][0]["negative_sampling_rate"] = 0;
  CHECK(read_error(spec).status() == Status::sampling);
  spec = contract_spec();
  spec["heads"][0]["sampling_handled"] = "none";
  CHECK(read_error(spec).status() == Status::sampling);
  spec = contract_spec();
  spec["heads"][0].erase("calibrator");
  CHECK(read_error(spec).status() == Status::calibrator);
  for (const char* value : {"-0", "01", "+1", " 1", "1.0", "x", "99999999999999999999"}) {
    spec = contract_spec();
    Json& field = spec["fields"][1];               // "state", of a vocabulary
    field["type"] = "i64";
    field["transforms"][0]["values"] = {"-5", "7"};
    REQUIRE_NOTHROW(read_model_json(spec.dump()));
    field["transforms"][0]["values"] = {"-5", value};
    CAPTURE(value);
    CHECK(read_error(spec).status() == Status::model_json);
  }
  spec = contract_spec();
  spec["heads"][0]["calibrator"]["segments"]["values"]["prime"]["a"] = -1.1;
  CHECK(read_error(spec).status() == Status::calibrator);
  spec = contract_spec();
  Json& segments = spec["heads"][0]["calibrator"]["segments"]["values"];
  segments[""] = segments["prime"];
  CHECK(read_error(spec).status() == Status::model_json);
  spec = contract_spec();
  spec["heads"][1]["calibrator"] = {
      {"kind", "beta"}, {"a", -1}, {"b", 1}, {"c", 0}};
  CHECK(read_error(spec).status() == Status::calibrator);
  spec["heads"][1]["calibrator"] = {{"kind", "platt"}, {"a", -0.01}, {"b", 0}};
  CHECK(read_error(spec).status() == Status::calibrator);
  spec["heads"][1]["calibrator"] = {
      {"kind", "isotonic"}, {"x", {0.1, 0.1}}, {"y", {0.1, 0.2}}};
  CHECK(read_error(spec).status() == Status::calibrator);
  spec["heads"][1]["calibrator"] = {{"kind", "temperature"}, {"t", 0}};
  CHECK(read_error(spec).status() == Status::calibrator);
}

TEST_CASE("a second level reads its own gate below") {
  Json spec = contract_spec();
  const Json level = Json::parse(R"({"experts": [{"name": "s", "layers": [10]}],
    "gates": [{"head": "click", "experts": ["s"]}, {"head": "apply", "experts": ["s"]},
              {"head": "amount", "experts": ["s"]}]})");
  spec["levels"].push_back(level);
  CHECK(mentions(read_error(spec), "shared"));
  spec["levels"][0]["gates"].push_back(
      {{"head", "shared"}, {"experts", {"e1", "e0"}}});
  const auto model = read_model_json(spec.dump());
  CHECK(model.levels[1].experts[0].layers[0].n_in == 64 + 4);
}

TEST_CASE("an embedding wants codes") {
  Json spec = contract_spec();
  spec["fields"][1]["transforms"] = Json::array({Json{{"op", "identity"}}});
  CHECK(mentions(read_error(spec), "an embedding needs codes"));
}

TEST_CASE("deep and broken documents are refused") {
  std::string deep(100, '[');
  CHECK(error_of([&] { read_model_json(deep); }).status() == Status::limit);
  CHECK(error_of([&] { read_model_json("{\"format\": 1,"); }).status() ==
        Status::json);
  CHECK(error_of([&] { read_model_json("{\"name\": \"\xff\"}"); }).status() ==
        Status::utf8);
}

TEST_CASE("tensors: names, shapes and numbers") {
  const auto folder_error = [](const Tensors &tensors) {
    const Folder folder;
    folder.write_model(small_spec(), tensors);
    return error_of(
        [&] { guardrank::pack::read_weights_folder(folder.path()); });
  };
  CHECK(folder_error(small_tensors()).status() == Status::ok);
  Tensors tensors = small_tensors();
  tensors.erase("tower.click.layer.0.bias");
  CHECK(folder_error(tensors).status() == Status::tensor_missing);
  tensors = small_tensors();
  tensors["tower.click.layer.0.weight"] = {{1, 2}, {1, 2}};
  PackError error = folder_error(tensors);
  CHECK(error.status() == Status::tensor_shape);
  CHECK(mentions(error, "wanted shape [1, 1], found [1, 2]"));
  tensors = small_tensors();
  tensors["tower.buy.layer.0.bias"] = {{1}, {0}};
  error = folder_error(tensors);
  CHECK(error.status() == Status::tensor_shape);
  CHECK(mentions(error, "tower.buy.layer.0.bias"));
  tensors = small_tensors();
  tensors["tower.click.layer.0.weight"].values[0] = NAN;
  CHECK(folder_error(tensors).status() == Status::not_finite);
}
