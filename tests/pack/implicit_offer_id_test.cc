// A cross with the candidate's own id, which no field of the model reads: contracts.md section 1,
// "offer_id is an implicit candidate fact". From folder to logit, by int8 and by float.
#include "capi/tools/include/guardrank_tools.h"

#include <doctest/doctest.h>

#include "tests/pack/weights_folder.h"

using namespace guardrank::testing;

namespace {

constexpr const char* policy = R"(
format: 1
name: cross
version: "1"
terms:
  - {id: value, kind: revenue, unit: USD, expr: "p.click * 10.0"}
)";

Json crossing_spec(const std::string& side) {
  Json spec = small_spec();
  spec["fields"] = Json::parse(R"([
    {"name": "color", "side": "context", "type": "string", "output": "embedding", "dim": 1,
     "transforms": [{"op": "vocabulary", "values": ["red", "blue"]}]},
    {"name": "x1", "output": "embedding", "dim": 1,
     "transforms": [{"op": "cross"}, {"op": "hash", "buckets": 5, "seed": 2}]}])");
  spec["fields"][1]["side"] = side;
  spec["fields"][1]["inputs"] = {"color", "offer_id"};
  return spec;
}

// A row of the cross's table is its code; of the rest nothing reaches the logit.
Tensors crossing_tensors() {
  return {{"embedding.color.weight", {{4, 1}, {0, 0, 0, 0}}},
          {"embedding.x1.weight", {{6, 1}, {0, 1, 2, 3, 4, 5}}},
          {"tower.click.layer.0.weight", {{1, 2}, {1, 1}}},
          {"tower.click.layer.0.bias", {{1}, {0}}}};
}

struct Written {
  explicit Written(const std::string& side) {
    folder.write_model(crossing_spec(side), crossing_tensors());
    folder.write("calibration.jsonl",
                 R"({"context": {"color": "red"}, "candidate": {"offer_id": "o-1"}, "pair": {}})");
    path = folder.path().string();
    policy_path = folder.write("policy.yaml", policy).string();
    options.struct_size = sizeof options;
    options.model_folder = path.c_str();
    options.policy_path = policy_path.c_str();
  }

  Folder folder;
  std::string path, policy_path;
  gr_tools_pack_options options{};
};

void require_ok(gr_status status, gr_error* error) {
  const gr_text message = gr_error_message(error);
  INFO(std::string(message.data == nullptr ? "" : message.data, message.size));
  gr_error_free(error);
  REQUIRE(status == GR_STATUS_OK);
}

gr_snapshot* packed_snapshot(const gr_engine* engine, const gr_tools_pack_options& options) {
  gr_tools_text* bundle = nullptr;
  gr_error* error = nullptr;
  require_ok(gr_tools_pack(&options, &bundle, nullptr, &error), error);
  const gr_text bytes = gr_tools_text_view(bundle);
  gr_artifact* artifact = nullptr;
  require_ok(gr_artifact_open(engine, reinterpret_cast<const uint8_t*>(bytes.data), bytes.size,
                              nullptr, &artifact, &error), error);
  gr_snapshot* snapshot = nullptr;
  require_ok(gr_snapshot_create(engine, artifact, nullptr, &snapshot, &error), error);
  gr_artifact_free(artifact);
  gr_tools_text_free(bundle);
  return snapshot;
}

// The logit of each offer o-1, o-2, o-3 by its place in the ranking.
void check_logits(const gr_engine* engine, const gr_snapshot* snapshot, const std::string& color,
                  const std::vector<double>& wanted) {
  gr_request* request = nullptr;
  gr_session* session = nullptr;
  gr_error* error = nullptr;
  const gr_decision* decision = nullptr;
  const std::string json = R"({"time": "2026-11-21T10:00:00Z", "context": {"color": ")" + color +
      R"("}, "candidates": [{"offer": "o-1"}, {"offer": "o-2"}, {"offer": "o-3"}]})";
  require_ok(gr_request_create(snapshot, &request, &error), error);
  require_ok(gr_session_create(engine, &session, &error), error);
  require_ok(gr_request_from_json(request, json.data(), json.size(), &error), error);
  require_ok(gr_rank(session, request, &decision, &error), error);
  REQUIRE(gr_decision_ranked_count(decision) == 3);
  for (uint32_t position = 0; position < 3; ++position) {
    gr_ranked ranked{.struct_size = sizeof ranked, .candidate = 0, .offer = {}, .score_micros = 0,
                     .propensity = 0, .is_mandated = 0};
    gr_head_outcome outcome{.struct_size = sizeof outcome, .is_value_head = 0, .logit = 0,
                            .corrected = 0, .probability = 0, .reach = 0};
    REQUIRE(gr_decision_ranked(decision, position, &ranked) == GR_STATUS_OK);
    REQUIRE(gr_decision_head(decision, position, 0, &outcome) == GR_STATUS_OK);
    INFO(color, ranked.candidate);
    CHECK(outcome.logit == doctest::Approx(wanted.at(ranked.candidate)).epsilon(0.02));
  }
  gr_session_free(session);
  gr_request_free(request);
}

}  // namespace

TEST_CASE("a cross reads the id of an offer that no field reads") {
  gr_engine* engine = nullptr;
  REQUIRE(gr_engine_create(nullptr, &engine, nullptr) == GR_STATUS_OK);
  const Written written("pair");
  gr_error* error = nullptr;
  gr_snapshot* in_float = nullptr;
  require_ok(gr_tools_snapshot_float(engine, &written.options, &in_float, &error), error);
  gr_snapshot* int8 = packed_snapshot(engine, written.options);
  for (const gr_snapshot* snapshot : {in_float, int8}) {
    // 1 + XXH64("\3\0\0\0red\3\0\0\0o-1", seed 2) mod 5, by the xxhash package of Python.
    check_logits(engine, snapshot, "red", {1, 1, 4});
    check_logits(engine, snapshot, "blue", {1, 2, 2});
  }
  gr_snapshot_free(int8);
  gr_snapshot_free(in_float);
  gr_engine_free(engine);
}

TEST_CASE("a context field cannot cross with an offer's id") {
  const Written written("context");
  gr_tools_text* bundle = nullptr;
  gr_error* error = nullptr;
  CHECK(gr_tools_pack(&written.options, &bundle, nullptr, &error) != GR_STATUS_OK);
  const gr_text message = gr_error_message(error);
  INFO(std::string(message.data, message.size));
  CHECK(std::string(message.data, message.size).find("another side") != std::string::npos);
  gr_error_free(error);
}
