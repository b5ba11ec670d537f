// Records of the conformance bundles: written, replayed, damaged.
#include "core/artifact/flatbuffers.h"

#include "core/record/record.h"

#include <cstring>

#include "core/decision/version.h"
#include "models/schema/record_generated.h"
#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

const std::string whole_catalog =
    R"({"request_id": "r", "time": "2026-11-21T10:00:00Z", "seed": 3, "explain": true,
        "context": {"age": 34, "state": "CA", "income": 50000}})";

std::vector<std::uint8_t> record_of(World* world, const std::string& json) {
  const Decision decision = world->rank_json(json);
  Bytes record;
  REQUIRE(write_record(decision, &world->session.arena(), &record, &world->error) == Status::ok);
  return {record.begin(), record.end()};
}

Status replay_on(World* world, const std::vector<std::uint8_t>& record, ReplayResult* result) {
  const AlignedBytes bytes(record);
  const Pipeline& pipeline = world->snapshot.pipeline();
  Request request(*pipeline.facts, pipeline.catalog, world->memory.allocator());
  return replay(pipeline, bytes.view(), &world->session, &request, result, &world->error);
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
  REQUIRE(write_record(d, &world.session.arena(), &bytes, &world.error) == Status::ok);
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
  overwrite(root->GetAddressOf(schema::Record::VT_LEVEL), schema::RecordLevel::digest);
  CHECK(replay_on(&cards, other, &result) == Status::version);
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
