// Records of the conformance bundles: written, replayed, damaged.
#include "core/artifact/flatbuffers.h"

#include "core/record/record.h"

#include <cstring>

#include "core/decision/version.h"
#include "models/schema/record_generated.h"
#include "tests/core/decision/world.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

const std::string whole_catalog =
    R"({"request_id": "r", "time": "2026-11-21T10:00:00Z", "seed": 3, "explain": true,
        "context": {"age": 34, "state": "CA", "income": 50000}})";

std::vector<std::uint8_t> record_of(World* world, const std::string& json) {
  const Decision decision = world->rank_json(json);
  Bytes record;
  REQUIRE(write_record(decision, {}, &world->session.arena(), &record, &world->error) == Status::ok);
  return {record.begin(), record.end()};
}

Status replay_on(World* world, const std::vector<std::uint8_t>& record, ReplayResult* result) {
  const AlignedBytes bytes(record);
  const Pipeline& pipeline = world->snapshot.pipeline();
  Request request(*pipeline.facts, pipeline.catalog, world->memory.allocator());
  return replay(pipeline, bytes.view(), {}, &world->session, &request, result, &world->error);
}

schema::Record* root_of(std::vector<std::uint8_t>* record) {
  return flatbuffers::GetMutableRoot<schema::Record>(record->data());
}

template <typename T>
void overwrite(const void* place, T value) {
  std::memcpy(const_cast<void*>(place), &value, sizeof value);
}

}  // namespace

TEST_CASE("a record holds what the decision says and passes the library's verifier") {
  World world("cards");
  const Decision d = world.rank_json(whole_catalog);
  Bytes bytes;
  REQUIRE(write_record(d, {}, &world.session.arena(), &bytes, &world.error) == Status::ok);
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  REQUIRE(schema::VerifyRecordBuffer(verifier));
  const schema::Record* record = schema::GetRecord(bytes.data());
  CHECK(record->level() == schema::RecordLevel::full);
  CHECK(record->engine()->str() == engine_version);
  REQUIRE(record->ranked()->size() == d.ranked.size());
  REQUIRE(!d.ranked.empty());
  for (std::uint32_t i = 0; i < d.ranked.size(); ++i) {
    const std::uint32_t row = d.ranked[i].row;
    CHECK(record->ranked()->Get(i)->offer()->str() == offer_at(d, i));
    CHECK(record->ranked()->Get(i)->score_micros() == d.scores.score[row]);
    for (std::uint32_t h = 0; h < 3; ++h) {
      CHECK(record->logits()->Get(3 * i + h) == d.heads[h].logit[row]);
      CHECK(record->probabilities()->Get(3 * i + h) == d.heads[h].probability[row]);
      CHECK(record->term_micros()->Get(3 * i + h) == d.scores.terms[h][row]);
    }
  }
  CHECK(record->excluded()->size() == d.excluded.size());
  CHECK(record->stages()->Get(0) == 7);
}

TEST_CASE("records replay, and the same decision gives the same bytes") {
  for (const char* bundle : {"cards", "goods"}) {
    CAPTURE(bundle);
    World world(bundle);
    const auto record = record_of(&world, whole_catalog);
    CHECK(record == record_of(&world, whole_catalog));
    ReplayResult result;
    REQUIRE_MESSAGE(replay_on(&world, record, &result) == Status::ok, world.error.message());
    CHECK_MESSAGE(result.is_equal, result.first_difference.view());
  }
}

TEST_CASE("the first recorded value that differs is named with both figures") {
  World world("cards");
  const auto original = record_of(&world, whole_catalog);
  ReplayResult result;
  const auto differs = [&](auto change) {
    auto record = original;
    change(root_of(&record));
    REQUIRE(replay_on(&world, record, &result) == Status::ok);
    CHECK(!result.is_equal);
    return std::string(result.first_difference.view());
  };
  CHECK(differs([](schema::Record* r) { overwrite(r->stages()->Data() + 4, 5000u); })
            .starts_with("stages.eligible: 5000 recorded, "));
  CHECK(differs([](schema::Record* r) { overwrite(r->logits()->Data(), 9.5f); })
            .starts_with("ranked[0].heads.click.logit: 9.5 recorded, "));
  CHECK(differs([](schema::Record* r) { overwrite(r->probabilities()->Data() + 8, 0.25); })
            .starts_with("ranked[0].heads.approve.probability: 0.25 recorded, "));
  CHECK(differs([](schema::Record* r) { overwrite(r->term_micros()->Data(), std::int64_t{7}); })
            .starts_with("ranked[0].terms.revenue.micros: 7 recorded, "));
  CHECK(differs([](schema::Record* r) {
          overwrite(r->excluded()->Get(0)->reasons()->Data(), 0xffffu);
        }).starts_with("excluded[0].reasons[0]: 65535 recorded, "));
  CHECK(differs([](schema::Record* r) { overwrite(r->ranked()->Get(1)->offer()->c_str(), 'x'); })
            .starts_with("ranked[1].offer: x-"));
}

TEST_CASE("records of other artifacts, levels and arithmetics are refused") {
  World cards("cards"), goods("goods");
  const auto record = record_of(&cards, whole_catalog);
  ReplayResult result;
  CHECK(replay_on(&goods, record, &result) == Status::reference);
  CHECK(goods.error.message().find("record.") != std::string_view::npos);

  auto other = record;
  const auto* root = reinterpret_cast<flatbuffers::Table*>(root_of(&other));
  overwrite(root->GetAddressOf(schema::Record::VT_NUMERICS), 2u);
  CHECK(replay_on(&cards, other, &result) == Status::version);
  other = record;
  root = reinterpret_cast<flatbuffers::Table*>(root_of(&other));
  overwrite(root->GetAddressOf(schema::Record::VT_LEVEL), std::uint8_t{3});
  CHECK(replay_on(&cards, other, &result) == Status::version);
  // A full record that says it is a digest wants the request, and then holds no digest.
  overwrite(root->GetAddressOf(schema::Record::VT_LEVEL), schema::RecordLevel::digest);
  CHECK(replay_on(&cards, other, &result) == Status::missing);
}

namespace {

const std::string personal =
    R"({"request_id": "r-1", "time": "2026-11-21T10:00:00Z", "seed": 3,
        "route": {"market": "US", "unit": "user-9"},
        "context": {"age": 34, "state": "CA", "income": 50000},
        "candidates": [{"offer": "o-1", "facts": {"apr": 35.5}, "pair": {"seen_before": 2}},
                       {"offer": "o-2"}]})";
const std::string secret = "sixteen bytes or more";

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::vector<std::uint8_t> record_as(World* world, const std::string& json,
                                    const RecordOptions& options) {
  const Decision decision = world->rank_json(json);
  Bytes record;
  REQUIRE_MESSAGE(write_record(decision, options, &world->session.arena(), &record,
                               &world->error) == Status::ok,
                  world->error.message());
  flatbuffers::Verifier verifier(record.data(), record.size());
  REQUIRE(schema::VerifyRecordBuffer(verifier));
  return {record.begin(), record.end()};
}

// "equal", what differs first, or the name of the status.
std::string replayed(World* world, const std::vector<std::uint8_t>& record,
                     const std::string& request_json, const std::string& salt) {
  const AlignedBytes bytes(record);
  const Pipeline& pipeline = world->snapshot.pipeline();
  Request request(*pipeline.facts, pipeline.catalog, world->memory.allocator());
  ReplayResult result;
  const Status status = replay(pipeline, bytes.view(), {request_json, bytes_of(salt)},
                               &world->session, &request, &result, &world->error);
  if (status != Status::ok) return std::string(status_name(status));
  return result.is_equal ? "equal" : std::string(result.first_difference.view());
}

RecordOptions options_of(RecordLevel level, std::span<const std::string_view> shown = {}) {
  RecordOptions options;
  options.level = level;
  options.shown = shown;
  options.salt = bytes_of(secret);
  return options;
}

std::string request_in(const std::vector<std::uint8_t>& record) {
  const auto* text = schema::GetRecord(record.data())->request();
  return text == nullptr ? "" : text->str();
}

}  // namespace

TEST_CASE("a redacted record shows what is listed and commits to the rest") {
  World world("cards");
  const std::string_view shown[] = {"ctx.state", "route.market", "offer.apr", "ctx.nobody"};
  const auto record = record_as(&world, personal, options_of(RecordLevel::redacted, shown));
  // Commitments by Python: base64(sha256(u32(len(salt)) + salt + u32(len(path)) + path + value)).
  CHECK(request_in(record) ==
        R"({"request_id":{"commitment":"E89hLuRr3gAmK1KBfqjSlvDvlFLSjsu3osK3thLAGIU="},)"
        R"("time":"2026-11-21T10:00:00Z","seed":3,"explain":true,)"
        R"("route":{"market":"US","unit":{"commitment":"ya+mNM3B/jR1wgld7pWl6NxEgIOaikrL9n4wKsB8EjM="}},)"
        R"("context":{"age":{"commitment":"lIjJpceYZYaKBSdepmTDbdUJ+MZUh/kcc9eoPRlfJag="},"state":"CA",)"
        R"("income":{"commitment":"/mI5S7Mj8WT1lYHLeng/IrDLaVZ4gP4icXN0FvzoHUE="}},)"
        R"("candidates":[{"offer":"o-1","facts":{"apr":35.5},)"
        R"("pair":{"seen_before":{"commitment":"sfO6tiHmm4H668VFjUKujoR0qD7ZKycd7pW0bP+MRj4="}}},)"
        R"({"offer":"o-2"}]})");
  CHECK(replayed(&world, record, personal, secret) == "equal");
}

TEST_CASE("a part of the route is protected as the context fact of its name is") {
  TestMemory memory;
  Arena arena{memory.allocator(), 1 << 20};
  FactTable facts;
  Error error;
  REQUIRE(facts.open(2, &arena, &error) == Status::ok);
  Fact segment = fact_of(Namespace::context, FactType::string, "segment", true);
  segment.is_protected = true;
  REQUIRE(facts.add(segment, nullptr, &error) == Status::ok);
  REQUIRE(facts.add(fact_of(Namespace::context, FactType::string, "market", true), nullptr, &error) == Status::ok);
  const auto status = [&](std::string_view name) { return check_shown({&name, 1}, facts, &error); };
  CHECK(status("route.segment") == Status::protected_fact);
  CHECK(error.message() == "shown: 'route.segment' is protected: no record shows it in clear");
  CHECK(status("route.market") == Status::ok);
  CHECK(status("route.partner") == Status::ok);
}

TEST_CASE("a redacted record replays with its own request and salt only") {
  World world("cards");
  const auto record = record_as(&world, personal, options_of(RecordLevel::redacted));
  CHECK(replayed(&world, record, "", secret) == "GR_STATUS_MISSING");
  CHECK(replayed(&world, record, personal, "another salt, as long") ==
        "request: not the values that the record commits to");
  std::string older = personal;
  older.replace(older.find("34"), 2, "35");   // changes no outcome of the ranking
  CHECK(replayed(&world, record, older, secret) ==
        "request: not the values that the record commits to");
  CHECK(replayed(&world, record, "{", secret) == "GR_STATUS_JSON");
  CHECK(replayed(&world, record, personal, "short") == "GR_STATUS_ARGUMENT");
  CHECK(replayed(&world, record_of(&world, personal), personal, secret) == "GR_STATUS_ARGUMENT");
}

TEST_CASE("a redacted record's outcomes are compared like a full one's") {
  World world("cards");
  auto record = record_as(&world, personal, options_of(RecordLevel::redacted));
  overwrite(root_of(&record)->term_micros()->Data(), std::int64_t{7});
  CHECK(replayed(&world, record, personal, secret)
            .starts_with("ranked[0].terms.revenue.micros: 7 recorded, "));
}

TEST_CASE("a digest record holds no request and no outcome, and replays") {
  World world("cards");
  const auto record = record_as(&world, personal, options_of(RecordLevel::digest));
  const schema::Record* root = schema::GetRecord(record.data());
  CHECK(root->request() == nullptr);
  CHECK(root->ranked() == nullptr);
  CHECK(root->excluded() == nullptr);
  CHECK(root->stages() == nullptr);
  REQUIRE(root->digest()->size() == 32);
  CHECK(record.size() < 600);
  CHECK(replayed(&world, record, personal, secret) == "equal");
  std::string older = personal;
  older.replace(older.find("34"), 2, "35");
  CHECK(replayed(&world, record, older, secret) == "digest: of another request, salt or decision");
  CHECK(replayed(&world, record, personal, "another salt, as long") ==
        "digest: of another request, salt or decision");
  CHECK(replayed(&world, record, "", secret) == "GR_STATUS_MISSING");
}

TEST_CASE("levels other than full want a salt, a chain a digest") {
  World world("cards");
  const Decision decision = world.rank_json(personal);
  Bytes record;
  for (const RecordLevel level : {RecordLevel::redacted, RecordLevel::digest}) {
    RecordOptions options = options_of(level);
    options.salt = options.salt.first(15);
    CHECK(write_record(decision, options, &world.session.arena(), &record, &world.error) ==
          Status::argument);
    CHECK(world.error.where() == "salt");
  }
  RecordOptions options;
  options.previous = bytes_of(secret);
  CHECK(write_record(decision, options, &world.session.arena(), &record, &world.error) ==
        Status::argument);
}

TEST_CASE("records chain by hash, and a previous of another size is refused") {
  World world("cards");
  const auto first = record_of(&world, personal);
  const Sha256Digest hash = sha256(first);
  RecordOptions options;
  options.previous = hash;
  for (const RecordLevel level : {RecordLevel::full, RecordLevel::redacted, RecordLevel::digest}) {
    options.level = level;
    options.salt = bytes_of(secret);
    auto second = record_as(&world, personal, options);
    const AlignedBytes bytes(second);
    RecordView view;
    REQUIRE(open_record(bytes.view(), &view, &world.error) == Status::ok);
    CHECK(std::equal(view.previous.begin(), view.previous.end(), hash.begin(), hash.end()));
    CHECK(view.level == level);
    const std::string request = level == RecordLevel::full ? "" : personal;
    CHECK(replayed(&world, second, request, level == RecordLevel::full ? "" : secret) == "equal");
    // One byte shorter.
    const auto* previous = root_of(&second)->previous();
    overwrite(previous->Data() - 4, 31u);
    const AlignedBytes damaged(second);
    CHECK(open_record(damaged.view(), &view, &world.error) == Status::verify);
  }
}

TEST_CASE("damaged records get a status, whatever the damage") {
  World world("cards");
  const auto record = record_of(&world, whole_catalog);
  ReplayResult result;
  for (const std::size_t size : {0, 4, 7}) {
    CHECK(replay_on(&world, {record.begin(), record.begin() + static_cast<long>(size)}, &result) ==
          Status::truncated);
  }
  auto renamed = record;
  renamed[4] = 'X';
  CHECK(replay_on(&world, renamed, &result) == Status::identifier);
  std::size_t n_refused = 0;
  for (std::size_t i = 0; i < record.size(); ++i) {
    for (const unsigned flip : {0x01u, 0x80u, 0xffu}) {
      auto damaged = record;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ flip);
      const bool is_refused = replay_on(&world, damaged, &result) != Status::ok;
      n_refused += is_refused;
      // What is read, the library's verifier accepts too.
      flatbuffers::Verifier verifier(damaged.data(), damaged.size());
      REQUIRE((is_refused || schema::VerifyRecordBuffer(verifier)));
    }
  }
  CHECK(n_refused > 0);   // under the sanitizers this is the test; here that it is noticed at all
  for (std::size_t size = 8; size < record.size(); size += 5) {
    CHECK(replay_on(&world, {record.begin(), record.begin() + static_cast<long>(size)}, &result) !=
          Status::ok);
  }
}

TEST_CASE("how a request came to its release stands in decision and record, and replays") {
  World world("cards");
  const std::string served =
      R"("served": {"stage": "canary", "arm": "b", "instead_of": "cards", "reason": "GR_STATUS_DEADLINE"})";
  const std::string json = whole_catalog.substr(0, whole_catalog.rfind('}')) + ", " + served + "}";
  const Decision d = world.rank_json(json);
  Arena arena(world.memory.allocator(), 1 << 20);
  std::string_view text;
  REQUIRE(write_decision_json(d, {}, &arena, &text) == Status::ok);
  const std::string dense =
      R"("served":{"stage":"canary","arm":"b","instead_of":"cards","reason":"GR_STATUS_DEADLINE"})";
  CHECK(text.find(dense) != std::string_view::npos);
  std::vector<std::uint8_t> record = record_of(&world, json);
  CHECK(root_of(&record)->request()->str().find(dense) != std::string::npos);
  ReplayResult result;
  REQUIRE(replay_on(&world, record, &result) == Status::ok);
  CHECK(result.is_equal);
  // Of one that nobody told about, neither says anything.
  std::vector<std::uint8_t> plain = record_of(&world, whole_catalog);
  CHECK(root_of(&plain)->request()->str().find("served") == std::string::npos);
  arena.reset();
  const Decision bare = world.rank_json(whole_catalog);
  REQUIRE(write_decision_json(bare, {}, &arena, &text) == Status::ok);
  CHECK(text.find("served") == std::string_view::npos);
}
