// Models drawn at random whose users' tables are in shards: ranked with the whole tables, and shard by
// shard as a host would that has none of them, they decide the same, bit for bit.
#include <doctest/doctest.h>

#include <map>

#include "core/artifact/row_shards.h"
#include "core/base/limits.h"
#include "core/engine/snapshot.h"
#include "core/record/record.h"
#include "models/pack/memory.h"
#include "tests/core/support/test_memory.h"
#include "tests/sweep/drawing.h"
#include "tests/sweep/drawn_case.h"

using namespace guardrank;

namespace {

struct CutCase {
  pack::AlignedBytes model, policy, catalog, whole;
  std::map<Sha256Digest, std::vector<std::uint8_t>> shards;
  std::size_t n_fields = 0, n_pooled = 0;
};

// The case's model with some of its users' tables in shards of a few rows.
CutCase cut(const sweep::DrawnCase& drawn, sweep::Drawing* drawing) {
  pack::Memory memory;
  Error error;
  Bundle bundle;
  Model model;
  Catalog catalog;
  Arena* arena = &memory.arena();
  REQUIRE(open_bundle(drawn.bundle, Check::full, arena, &bundle, &error) == Status::ok);
  REQUIRE(open_model(bundle.model, Check::full, arena, &model, &error) == Status::ok);
  REQUIRE(open_catalog(bundle.catalog, Check::full, arena, &catalog, &error) == Status::ok);
  const std::span<Field> fields = memory.make<Field>(model.fields.size());
  std::copy(model.fields.begin(), model.fields.end(), fields.begin());
  model.fields = fields;
  CutCase out;
  for (Field& field : fields) {
    if (field.side != Side::context || field.output != OutputKind::embedding) continue;
    if (drawing->one_in(4)) continue;
    field.shard_rows = 1 + drawing->below(field.n_codes);
    ++out.n_fields;
    out.n_pooled += field.pooling != Pooling::none;
    const std::size_t most = std::size_t{field.shard_rows} * field.dim;
    const std::size_t size = std::size_t{field.n_codes} * field.dim;
    for (std::size_t at = 0; at < size; at += most) {
      const Bytes shard{field.table + at, std::min(most, size - at)};
      out.shards[sha256(shard)].assign(shard.begin(), shard.end());
    }
  }
  out.model = pack::write_model(model);
  if (catalog.stage_one.dim != 0) catalog.stage_one.model = pack::artifact_id(out.model);
  out.catalog = pack::write_catalog(catalog);
  out.policy = pack::AlignedBytes(bundle.policy);
  out.whole = pack::write_bundle("drawn", out.model, out.policy, out.catalog, {},
                                 pack::write_shards(model));
  return out;
}

struct Told {
  std::string json;
  std::vector<std::uint8_t> record;
  std::vector<float> logits;
  bool operator==(const Told&) const = default;
};

struct Ranker {
  explicit Ranker(std::size_t shard_bytes = limits::shard_cache_bytes)
      : snapshot(memory.allocator()),
        session(memory.allocator(), limits::session_bytes, 0, shard_bytes) {}

  Status try_rank(const std::string& text, Told* told) {
    const Pipeline& pipeline = snapshot.pipeline();
    Request request(*pipeline.facts, pipeline.catalog, memory.allocator());
    REQUIRE(read_request_json(text, &request, &error) == Status::ok);
    Decision decision;
    GUARDRANK_TRY(rank(pipeline, request, &session, &decision, &error));
    Bytes record;
    std::string_view json;
    REQUIRE(write_record(decision, {}, &session.arena(), &record, &error) == Status::ok);
    REQUIRE(write_decision_json(decision, record, &session.arena(), &json) == Status::ok);
    told->json = json;
    told->record.assign(record.begin(), record.end());
    told->logits.clear();
    for (const HeadOutcome& head : decision.heads)
      told->logits.insert(told->logits.end(), head.logit.begin(), head.logit.end());
    return Status::ok;
  }

  // As a host does: what is wanted is added, until nothing is. How often it was asked.
  template <typename Try>
  int add_until(const CutCase& from, const Try& attempt) {
    for (int rounds = 0;; ++rounds) {
      REQUIRE(rounds < 100);
      const Status status = attempt();
      if (status == Status::ok) return rounds;
      REQUIRE_MESSAGE(status == Status::missing, error.message());
      REQUIRE(!session.shards().wanted().empty());
      CHECK(error.where().find("].shards[") != std::string_view::npos);
      while (!session.shards().wanted().empty()) {
        const WantedShard wanted = session.shards().wanted()[0];
        const std::vector<std::uint8_t>& bytes = from.shards.at(wanted.hash);
        CHECK(bytes.size() == wanted.n_bytes);
        std::vector<std::uint8_t> wrong = bytes;
        wrong.back() ^= 1;
        CHECK(session.shards().add(wrong) == Status::hash);
        CHECK(session.shards().add(Bytes(bytes).first(bytes.size() - 1)) == Status::hash);
        REQUIRE(session.shards().add(bytes) == Status::ok);
        ++n_fetched;
      }
    }
  }

  TestMemory memory;
  Error error;
  Snapshot snapshot;
  Session session;
  std::size_t n_fetched = 0;
};

struct Seen {
  std::size_t cases = 0, pooled = 0, two_stage = 0, fetched = 0, held = 0, replays = 0, alone = 0;
};

void check_replay(const CutCase& made, const Told& told, Ranker* ranker) {
  const Pipeline& pipeline = ranker->snapshot.pipeline();
  Session fresh(ranker->memory.allocator(), limits::session_bytes);
  Request request(*pipeline.facts, pipeline.catalog, ranker->memory.allocator());
  const pack::AlignedBytes record{Bytes(told.record)};
  ReplayResult result;
  const auto again = [&](Session* session) {
    return replay(pipeline, record, {}, session, &request, &result, &ranker->error);
  };
  if (again(&fresh) == Status::ok) {            // all tables are there, or nothing was scored
    CHECK_MESSAGE(result.is_equal, result.first_difference.view());
    return;
  }
  ranker->add_until(made, [&] { return again(&ranker->session); });
  CHECK_MESSAGE(result.is_equal, result.first_difference.view());
}

void check_case(std::uint64_t seed, Seen* seen) {
  CAPTURE(seed);
  sweep::Coverage coverage;
  const sweep::DrawnCase drawn = sweep::draw_case(seed, &coverage);
  sweep::Drawing drawing(seed + 1'000'000);
  const CutCase made = cut(drawn, &drawing);
  if (made.n_fields == 0) return;
  ++seen->cases;
  seen->pooled += made.n_pooled;
  seen->two_stage += coverage.two_stage;
  Ranker before, whole, apart;
  REQUIRE(before.snapshot.open(drawn.bundle, Check::full, KernelChoice::automatic, true,
                               &before.error) == Status::ok);
  REQUIRE_MESSAGE(whole.snapshot.open(made.whole, Check::full, KernelChoice::automatic, true,
                                      &whole.error) == Status::ok, whole.error.message());
  const SnapshotParts parts{made.model, made.policy, made.catalog, {}, {}};
  REQUIRE_MESSAGE(apart.snapshot.open_parts(parts, Check::full, KernelChoice::portable, true,
                                            &apart.error) == Status::ok, apart.error.message());
  CHECK(apart.snapshot.pipeline().model->has_tables_apart);
  CHECK(!whole.snapshot.pipeline().model->has_tables_apart);
  for (const std::string& request : drawn.requests) {
    Told as_ever, together, shard_by_shard;
    REQUIRE(before.try_rank(request, &as_ever) == Status::ok);
    REQUIRE(whole.try_rank(request, &together) == Status::ok);
    const std::size_t n_before = apart.n_fetched;
    apart.add_until(made, [&] { return apart.try_rank(request, &shard_by_shard); });
    seen->held += apart.n_fetched == n_before;
    CHECK(together == shard_by_shard);
    CHECK(together.logits == as_ever.logits);
    check_replay(made, together, &apart);
    check_replay(made, shard_by_shard, &whole);
    ++seen->replays;
  }
  seen->alone += apart.n_fetched < made.shards.size();
  seen->fetched += apart.n_fetched;
}

}  // namespace

TEST_CASE("shard by shard the decisions, records and replays are those of the whole tables") {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) check_case(seed, &seen);
  // A test of models that have no such tables, or requests that read none, would pass by itself.
  CHECK(seen.cases >= 20);
  CHECK(seen.pooled >= 5);
  CHECK(seen.two_stage >= 5);
  CHECK(seen.fetched >= 60);
  CHECK(seen.held >= 10);
  CHECK(seen.alone >= 5);
  MESSAGE(seen.cases << " cases, " << seen.pooled << " pooled fields, " << seen.two_stage
                     << " of two stages, " << seen.fetched << " shards, " << seen.held
                     << " requests from those held, " << seen.alone << " cases without all shards");
}
