// guardrank-tools through its C functions: pack, rank in int8 and float,
// evaluate, encode.
#include "capi/tools/include/guardrank_tools.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include <doctest/doctest.h>

#include "core/artifact/container.h"
#include "tests/pack/drawn_network.h"

using namespace guardrank::testing;

namespace {

constexpr const char *policy = R"(
format: 1
name: test
version: "7"
facts: {}
rules:
  - {id: not_far, expr: "offer.price < 4.0", code: FAR, text: Too dear}
terms:
  - {id: value, kind: revenue, unit: USD, expr: "p.click * 10.0"}
)";

std::string text_of(gr_text text) { return {text.data, text.size}; }

// A folder with a drawn network and a policy whose facts the network reads.
struct Inputs {
  explicit Inputs(std::uint64_t seed) : network(draw_network(seed)) {
    network.write(folder, 300, 5);
    std::string text = policy;
    text.replace(text.find("facts: {}"), 9,
                 "facts: {offer.price: {type: double}}");
    policy_text = text;
    policy_path = folder.write("policy.yaml", text).string();
    folder_path = folder.path().string();
  }

  gr_tools_pack_options options() const {
    gr_tools_pack_options out{};
    out.struct_size = sizeof out;
    out.model_folder = folder_path.c_str();
    out.policy_path = policy_path.c_str();
    return out;
  }

  Folder folder;
  DrawnNetwork network;
  std::string policy_text, policy_path, folder_path;
};

struct Engine {
  Engine() {
    REQUIRE(gr_engine_create(nullptr, &engine, nullptr) == GR_STATUS_OK);
  }
  ~Engine() { gr_engine_free(engine); }
  gr_engine *engine = nullptr;
};

void require_ok(gr_status status, gr_error *error) {
  const std::string message = text_of(gr_error_message(error));
  CAPTURE(message);
  gr_error_free(error);
  REQUIRE(status == GR_STATUS_OK);
}

// The policy's rule: too dear, or unknown.
bool is_removed(const Json &row) {
  return !row["candidate"].contains("price") ||
         row["candidate"]["price"] >= 4.0;
}

Json request_of(const Json &row) {
  return {{"time", "2026-11-21T10:00:00Z"},
          {"context", row["context"]},
          {"candidates",
           {{{"offer", "o-1"},
             {"facts", row["candidate"]},
             {"pair", row["pair"]}}}}};
}

// Logits of head 0 for a row, by a snapshot; NaN when the rule removed the
// candidate.
double first_logit(const gr_engine *engine, const gr_snapshot *snapshot,
                   const Json &row) {
  gr_request *request = nullptr;
  gr_session *session = nullptr;
  gr_error *error = nullptr;
  const std::string json = request_of(row).dump();
  REQUIRE(gr_request_create(snapshot, &request, nullptr) == GR_STATUS_OK);
  REQUIRE(gr_session_create(engine, &session, nullptr) == GR_STATUS_OK);
  gr_status status =
      gr_request_from_json(request, json.data(), json.size(), &error);
  require_ok(status, error);
  const gr_decision *decision = nullptr;
  status = gr_rank(session, request, &decision, &error);
  require_ok(status, error);
  double logit = NAN;
  gr_head_outcome outcome{};
  outcome.struct_size = sizeof outcome;
  if (gr_decision_ranked_count(decision) == 1) {
    REQUIRE(gr_decision_head(decision, 0, 0, &outcome) == GR_STATUS_OK);
    logit = outcome.logit;
  }
  gr_request_free(request);
  gr_session_free(session);
  return logit;
}

} // namespace

TEST_CASE("a folder, a policy and no catalog become a bundle that ranks, int8 "
          "and float") {
  const Engine engine;
  const Inputs inputs(3);
  const gr_tools_pack_options options = inputs.options();
  gr_tools_text *bundle = nullptr, *report = nullptr;
  gr_error *error = nullptr;
  gr_status status = gr_tools_pack(&options, &bundle, &report, &error);
  require_ok(status, error);
  const Json told = Json::parse(text_of(gr_tools_text_view(report)));
  REQUIRE(told["heads"].size() == 2);
  CHECK(told["calibration"]["rows"] == 300);
  CHECK(told["heads"][0]["logit_error"]["worst"].get<double>() < 0.5);
  CHECK(told["bytes"]["bundle"] == gr_tools_text_view(bundle).size);

  gr_artifact *artifact = nullptr;
  gr_snapshot *int8 = nullptr, *real = nullptr;
  const gr_text bytes = gr_tools_text_view(bundle);
  status = gr_artifact_open(engine.engine,
                            reinterpret_cast<const uint8_t *>(bytes.data),
                            bytes.size, nullptr, &artifact, &error);
  require_ok(status, error);
  CHECK(text_of(gr_artifact_id(artifact)) == told["artifacts"]["bundle"].get<std::string>());
  status = gr_snapshot_create(engine.engine, artifact, nullptr, &int8, &error);
  require_ok(status, error);
  status = gr_tools_snapshot_float(engine.engine, &options, &real, &error);
  require_ok(status, error);

  std::mt19937_64 random(17);
  std::size_t n_ranked = 0;
  for (int i = 0; i < 40; ++i) {
    const Json row = draw_row(&random);
    const double wanted = contract_logits(inputs.network, row)[0];
    const double in_float = first_logit(engine.engine, real, row);
    CHECK(std::isnan(in_float) == is_removed(row));
    if (is_removed(row))
      continue;
    ++n_ranked;
    CHECK(in_float == doctest::Approx(wanted).epsilon(1e-4));
    CHECK(std::abs(first_logit(engine.engine, int8, row) - wanted) < 0.5);
  }
  CHECK(n_ranked > 20);
  gr_snapshot_free(int8);
  gr_snapshot_free(real);
  gr_artifact_free(artifact);
  gr_tools_text_free(bundle);
  gr_tools_text_free(report);
}

TEST_CASE("packing the same folder twice gives the same bytes") {
  const Inputs inputs(6);
  const gr_tools_pack_options options = inputs.options();
  std::string packed[2];
  for (std::string &bytes : packed) {
    gr_tools_text *bundle = nullptr;
    gr_error *error = nullptr;
    const gr_status status = gr_tools_pack(&options, &bundle, nullptr, &error);
    require_ok(status, error);
    bytes = text_of(gr_tools_text_view(bundle));
    gr_tools_text_free(bundle);
  }
  CHECK(packed[0] == packed[1]);
}

TEST_CASE("what is wrong with an input is told with its status") {
  const Inputs inputs(1);
  gr_tools_pack_options options = inputs.options();
  const auto pack_status = [&](std::string *message) {
    gr_tools_text *bundle = nullptr;
    gr_error *error = nullptr;
    const gr_status status = gr_tools_pack(&options, &bundle, nullptr, &error);
    CHECK(bundle == nullptr);
    *message = text_of(gr_error_message(error));
    gr_error_free(error);
    return status;
  };
  std::string message;
  const std::string path =
      inputs.folder.write("bad.yaml", std::string(policy)).string();
  options.policy_path = path.c_str();
  CHECK(pack_status(&message) == GR_STATUS_NAME);
  CHECK(message.find("offer.price") != std::string::npos);
  const std::string absent = inputs.folder_path + "/none.yaml";
  options.policy_path = absent.c_str();
  CHECK(pack_status(&message) == GR_STATUS_MISSING);
  CHECK(message.find(absent + ": cannot be read") == 0);
  options.policy_path = nullptr;
  CHECK(pack_status(&message) == GR_STATUS_ARGUMENT);
  const std::string no_model = inputs.folder_path + "/none/";
  options = inputs.options();
  options.model_folder = no_model.c_str();
  CHECK(pack_status(&message) == GR_STATUS_MISSING);
  CHECK(message.find(no_model + ": wanted a folder") == 0);
  const std::string text = inputs.policy_text;
  const std::string euros = inputs.folder.write("euros.yaml", text +
      "  - {id: toll, kind: penalty, unit: EUR, expr: \"1.0\"}\n").string();
  options = inputs.options();
  options.policy_path = euros.c_str();
  CHECK(pack_status(&message) == GR_STATUS_ARGUMENT);
  CHECK(message == "euros.yaml: terms[1].unit: EUR while value is in USD: a score cannot sum them");
  const std::string stages = inputs.folder.write("stages.yaml", text +
      "two_stage: {budget_us: 1000, fixed_us: 1, c1_us: 0.1, c2_us: 1, min_value_recall: 0.5, "
      "measured_value_recall: 0.9}\n").string();
  options.policy_path = stages.c_str();
  CHECK(pack_status(&message) == GR_STATUS_REFERENCE);
  CHECK(message.find("retrieval") != std::string::npos);
  options = inputs.options();
  inputs.folder.write(
      "weights.safetensors",
      std::string("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x01", 10));
  CHECK(pack_status(&message) == GR_STATUS_UNSAFE_FORMAT);
  options.struct_size = 1;
  CHECK(pack_status(&message) == GR_STATUS_STRUCT_SIZE);
}

TEST_CASE("labelled requests are measured") {
  const Engine engine;
  const Inputs inputs(2);
  const gr_tools_pack_options options = inputs.options();
  gr_snapshot *snapshot = nullptr;
  gr_session *session = nullptr;
  gr_error *error = nullptr;
  gr_status status =
      gr_tools_snapshot_float(engine.engine, &options, &snapshot, &error);
  require_ok(status, error);
  REQUIRE(gr_session_create(engine.engine, &session, nullptr) == GR_STATUS_OK);
  // Labels say whether the head's own logit is above 0: then the area is 1
  // exactly.
  std::mt19937_64 random(23);
  std::string lines;
  std::size_t n_labelled = 0, n_removed = 0;
  for (int i = 0; i < 60; ++i) {
    const Json row = draw_row(&random);
    Json request = request_of(row);
    const bool is_labelled = i % 3 != 0;
    request["labels"]["click"] = Json::array({Json()});
    if (is_labelled)
      request["labels"]["click"][0] =
          contract_logits(inputs.network, row)[0] > 0 ? 1 : 0;
    n_labelled += is_labelled && !is_removed(row) ? 1 : 0;
    n_removed += is_labelled && is_removed(row) ? 1 : 0;
    lines += request.dump() + "\n";
  }
  gr_tools_text *report = nullptr;
  status = gr_tools_evaluate(snapshot, session, lines.data(), lines.size(),
                             nullptr, nullptr, &report, &error);
  require_ok(status, error);
  const Json told = Json::parse(text_of(gr_tools_text_view(report)));
  CHECK(told["requests"] == 60);
  CHECK(told["heads"][0]["rows"] == n_labelled);
  CHECK(told["heads"][0]["unscored"] == n_removed);
  CHECK(told["heads"][0]["auc"] == 1.0);
  CHECK(told["heads"][0]["pr_auc"] == 1.0);
  gr_tools_text_free(report);

  report = nullptr;
  const std::string bad = "\n{\"time\": \"2026-11-21T10:00:00Z\", "
                          "\"candidates\": [{\"offer\": \"a\"}], "
                          "\"labels\": {\"click\": [2]}}";
  status = gr_tools_evaluate(snapshot, session, bad.data(), bad.size(), nullptr,
                             nullptr, &report, &error);
  CHECK(status == GR_STATUS_TYPE);
  CHECK(text_of(gr_error_message(error)).find("line 2") != std::string::npos);
  gr_error_free(error);
  gr_session_free(session);
  gr_snapshot_free(snapshot);
}

namespace {

// What is freed is poisoned, so that nobody reads it unnoticed.
void *allocate(void *, size_t size, size_t alignment) {
  return std::aligned_alloc(alignment < 64 ? 64 : alignment, (size + 63) / 64 * 64);
}
void poison(void *, void *memory, size_t size, size_t) {
  std::memset(memory, 0x7d, size);
  std::free(memory);
}

// Of the reference bundle, which is trimmed when the first progress is told.
std::string swept(bool trims) {
  gr_engine_options with{};
  with.struct_size = sizeof with;
  with.allocate = allocate;
  with.release = poison;
  gr_engine *engine = nullptr;
  REQUIRE(gr_engine_create(&with, &engine, nullptr) == GR_STATUS_OK);
  std::ifstream file(std::string(GUARDRANK_SOURCE_DIR) + "/models/reference/goods.guardrank",
                     std::ios::binary);
  const std::string bundle{std::istreambuf_iterator<char>(file), {}};
  gr_artifact *artifact = nullptr;
  gr_error *error = nullptr;
  require_ok(gr_artifact_open(engine, reinterpret_cast<const uint8_t *>(bundle.data()),
                              bundle.size(), nullptr, &artifact, &error), error);
  gr_snapshot *snapshot = nullptr;
  require_ok(gr_snapshot_create(engine, artifact, nullptr, &snapshot, &error), error);
  std::string requests;
  for (int i = 0; i < 200; ++i)
    requests += R"({"time": "2026-11-21T10:00:00Z", "seed": )" + std::to_string(i) + "}\n";
  gr_tools_sweep_options options{};
  options.struct_size = sizeof options;
  options.points = 2;
  options.requests = {requests.data(), requests.size()};
  options.progress_user = trims ? snapshot : nullptr;
  options.progress = [](void *user, const char *, uint64_t, uint64_t) {
    gr_snapshot_trim(static_cast<gr_snapshot *>(user));
  };
  gr_tools_text *report = nullptr;
  require_ok(gr_tools_sweep(snapshot, &options, &report, nullptr, &error), error);
  const std::string told = text_of(gr_tools_text_view(report));
  CHECK(gr_snapshot_trim(snapshot) == !trims);
  gr_tools_text_free(report);
  gr_snapshot_free(snapshot);
  gr_artifact_free(artifact);
  gr_engine_free(engine);
  return told;
}

} // namespace

TEST_CASE("a sweep keeps what the snapshot keeps, whoever trims it meanwhile") {
  CHECK(swept(true) == swept(false));
}

TEST_CASE("nothing is measured with a snapshot that is not prepared") {
  gr_engine *engine = nullptr;
  REQUIRE(gr_engine_create(nullptr, &engine, nullptr) == GR_STATUS_OK);
  std::ifstream file(std::string(GUARDRANK_SOURCE_DIR) + "/models/reference/goods.guardrank", std::ios::binary);
  const std::string bundle{std::istreambuf_iterator<char>(file), {}};
  gr_artifact *artifact = nullptr;
  REQUIRE(gr_artifact_open(engine, reinterpret_cast<const uint8_t *>(bundle.data()), bundle.size(), nullptr,
                           &artifact, nullptr) == GR_STATUS_OK);
  gr_snapshot_options options{};
  options.struct_size = sizeof options;
  options.in_steps = 1;
  gr_snapshot *snapshot = nullptr;
  gr_session *session = nullptr;
  REQUIRE(gr_snapshot_create(engine, artifact, &options, &snapshot, nullptr) == GR_STATUS_OK);
  REQUIRE(gr_session_create(engine, &session, nullptr) == GR_STATUS_OK);
  const std::string request = R"({"time": "2026-11-21T10:00:00Z", "labels": {}})";
  gr_tools_sweep_options sweep{};
  sweep.struct_size = sizeof sweep;
  sweep.points = 2;
  sweep.requests = {request.data(), request.size()};
  gr_tools_audit_options audit{};
  audit.struct_size = sizeof audit;
  gr_tools_text *report = nullptr;
  CHECK(gr_tools_evaluate(snapshot, session, request.data(), request.size(), nullptr, nullptr, &report, nullptr) ==
        GR_STATUS_ARGUMENT);
  CHECK(gr_tools_sweep(snapshot, &sweep, &report, nullptr, nullptr) == GR_STATUS_ARGUMENT);
  gr_error *error = nullptr;
  CHECK(gr_tools_audit_ranking(snapshot, session, &audit, &report, nullptr, &error) == GR_STATUS_ARGUMENT);
  CHECK(text_of(gr_error_where(error)) == "snapshot");
  gr_error_free(error);
  uint32_t left = 1;
  REQUIRE(gr_snapshot_prepare(snapshot, UINT32_MAX, &left, nullptr) == GR_STATUS_OK);
  CHECK(gr_tools_sweep(snapshot, &sweep, &report, nullptr, nullptr) == GR_STATUS_OK);
  gr_tools_text_free(report);
  gr_session_free(session);
  gr_snapshot_free(snapshot);
  gr_artifact_free(artifact);
  gr_engine_free(engine);
}

TEST_CASE("fields are encoded for a trainer as the contract says") {
  const std::string json = R"({"fields": [
    {"name": "shop", "side": "candidate", "type": "string", "output": "embedding", "dim": 2,
     "transforms": [{"op": "vocabulary", "values": ["x", "y"]}]},
    {"name": "income", "side": "context", "type": "f64", "output": "dense", "indicator": true,
     "transforms": [{"op": "standardize", "mean": 10, "std": 4}]}]})";
  gr_tools_features *features = nullptr;
  gr_error *error = nullptr;
  require_ok(
      gr_tools_features_create(json.data(), json.size(), &features, &error),
      error);
  REQUIRE(gr_tools_features_field_count(features) == 2);
  CHECK(gr_tools_features_code_count(features, 0) == 4);
  CHECK(gr_tools_features_code_count(features, 1) == 0);
  CHECK(text_of(gr_tools_features_input_name(features, 0, 0)) == "shop");
  const gr_text shops[] = {{"y", 1}, {"z", 1}, {"x", 1}};
  const uint8_t present[] = {1, 1, 0};
  gr_column column{};
  column.struct_size = sizeof column;
  column.type = GR_TYPE_STRING;
  column.n_rows = 3;
  column.texts = shops;
  column.present = present;
  gr_tools_encoded encoded{};
  encoded.struct_size = sizeof encoded;
  require_ok(
      gr_tools_features_encode(features, 0, &column, 1, 0, &encoded, &error),
      error);
  CHECK(encoded.width == 0);
  CHECK(encoded.codes[0] == 3); // 2.. in order
  CHECK(encoded.codes[1] == 1); // unknown
  CHECK(encoded.codes[2] == 0); // missing
  const int64_t incomes[] = {18, 2, 0};
  column.type = GR_TYPE_I64;
  column.integers = incomes;
  require_ok(
      gr_tools_features_encode(features, 1, &column, 1, 0, &encoded, &error),
      error);
  CHECK(encoded.width == 1);
  CHECK(encoded.dense[0] == 2.0f);
  CHECK(encoded.dense[1] == -2.0f);
  CHECK(encoded.dense[2] == 0.0f);
  CHECK(encoded.is_missing[2] == 1);
  column.type = GR_TYPE_BOOL;
  CHECK(gr_tools_features_encode(features, 1, &column, 1, 0, &encoded,
                                 nullptr) == GR_STATUS_TYPE);
  CHECK(gr_tools_features_encode(features, 9, &column, 1, 0, &encoded,
                                 nullptr) == GR_STATUS_ARGUMENT);
  gr_tools_features_free(features);
}
