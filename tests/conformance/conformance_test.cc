// The vectors through core itself: equal text for text, and every record replays.
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/record/record.h"
#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;
using Json = nlohmann::ordered_json;

namespace {

struct Loaded {
  explicit Loaded(const std::string& path)
      : bytes(read_bytes(conformance_folder() / path)), snapshot(memory.allocator()),
        session(memory.allocator(), limits::session_bytes) {
    REQUIRE_MESSAGE(snapshot.open(bytes.view(), Check::full, KernelChoice::automatic, true,
                                  &error) == Status::ok,
                    error.message());
  }
  AlignedBytes bytes;
  TestMemory memory;
  Error error;
  Snapshot snapshot;
  Session session;
};

std::string base64_text(const std::string& text) {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  std::span<const std::uint8_t> bytes;
  REQUIRE(parse_base64(text, &arena, &bytes) == Status::ok);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string request_text(const Json& vector) {
  if (vector.contains("request_base64")) return base64_text(vector["request_base64"]);
  if (vector.contains("request_text")) return vector["request_text"];
  return vector["request"].dump();
}

void check_replay(Loaded* loaded, const Decision& decision) {
  Bytes record;
  REQUIRE(write_record(decision, {}, &loaded->session.arena(), &record, &loaded->error) == Status::ok);
  const AlignedBytes copy({record.begin(), record.end()});
  const Pipeline& pipeline = loaded->snapshot.pipeline();
  Request request(*pipeline.facts, pipeline.catalog, loaded->memory.allocator());
  ReplayResult result;
  REQUIRE(replay(pipeline, copy.view(), {}, &loaded->session, &request, &result, &loaded->error) ==
          Status::ok);
  CHECK_MESSAGE(result.is_equal, result.first_difference.view());
}

void check_vector(Loaded* loaded, const Json& vector) {
  const Pipeline& pipeline = loaded->snapshot.pipeline();
  Request request(*pipeline.facts, pipeline.catalog, loaded->memory.allocator());
  Error error;
  const Status status = read_request_json(request_text(vector), &request, &error);
  if (vector.contains("error")) {
    const Json& wanted = vector["error"];
    CHECK(static_cast<int>(status) == wanted["code"].get<int>());
    CHECK(status_name(status) == wanted["name"].get<std::string>());
    CHECK(error.where() == wanted["where"].get<std::string>());
    return;
  }
  REQUIRE_MESSAGE(status == Status::ok, error.message());
  Decision decision;
  REQUIRE(rank(pipeline, request, &loaded->session, &decision, &error) == Status::ok);
  std::string_view text;
  REQUIRE(write_decision_json(decision, {}, &loaded->session.arena(), &text) == Status::ok);
  CHECK(Json::parse(text) == vector["expected"]);
  check_replay(loaded, decision);
}

}  // namespace

TEST_CASE("every vector") {
  std::map<std::string, std::unique_ptr<Loaded>> bundles;
  std::size_t n_vectors = 0;
  for (const auto& entry : std::filesystem::directory_iterator(conformance_folder() / "vectors")) {
    const auto bytes = read_bytes(entry.path());
    const Json vector = Json::parse(bytes.begin(), bytes.end());
    const std::string bundle = vector["bundle"];
    const std::string name = vector["name"];
    CAPTURE(name);
    if (!bundles.contains(bundle)) bundles[bundle] = std::make_unique<Loaded>(bundle);
    check_vector(bundles[bundle].get(), vector);
    ++n_vectors;
  }
  CHECK(n_vectors >= 50);
}
