// Tables in shards: their form, and what is refused.
#ifdef GUARDRANK_HAS_PACK
#include <doctest/doctest.h>

#include <cstring>

#include "core/artifact/row_shards.h"
#include "core/base/limits.h"
#include "models/schema/model_generated.h"
#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

// "state" has 5 rows of 4 codes, "surface" 4 of 2.
struct Sample {
  explicit Sample(std::uint32_t state_rows = 2, std::uint32_t surface_rows = 3) {
    model.golden = {};
    state().shard_rows = state_rows;
    surface().shard_rows = surface_rows;
  }
  Field& state() { return at(model.fields, 1); }
  Field& surface() { return at(model.fields, 2); }

  Status open(Bytes bytes, Bytes shards, Check check = Check::full) {
    arena.reset();
    return open_model(bytes, check, &arena, &opened, &error, shards);
  }

  pack::Memory memory;
  Model model = sample_model(&memory), opened;
  Arena arena{pack::system_allocator(), 4u << 20};
  Error error;
};

TEST_CASE("a model holds the hashes of its shards, and they are those of the rows") {
  Sample sample;
  const pack::AlignedBytes bytes = pack::write_model(sample.model);
  const pack::AlignedBytes shards = pack::write_shards(sample.model);
  CHECK(shards.size() == 64 + 8);                        // the second table at the next multiple of 64
  REQUIRE_MESSAGE(sample.open(bytes, {}) == Status::ok, sample.error.message());
  CHECK(sample.opened.has_tables_apart);
  const Field& apart = sample.opened.fields[1];
  CHECK(apart.is_apart());
  CHECK(n_shards(apart) == 3);                           // rows 0-1, 2-3, 4
  CHECK(n_shards(sample.opened.fields[2]) == 2);
  const std::uint8_t* rows = sample.state().table;
  constexpr std::size_t places[][2] = {{0, 8}, {8, 8}, {16, 4}};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const RowShard shard = shard_at(apart, i);
    CHECK(shard.first_row == 2 * i);
    CHECK(shard.n_bytes == places[i][1]);
    CHECK(shard.hash == sha256(Bytes{rows + places[i][0], places[i][1]}));
  }
  REQUIRE_MESSAGE(sample.open(bytes, shards) == Status::ok, sample.error.message());
  CHECK(!sample.opened.has_tables_apart);
  for (const std::size_t i : {1u, 2u}) {
    const Field& whole = sample.opened.fields[i];
    const Field& source = sample.model.fields[i];
    CHECK(std::memcmp(whole.table, source.table, std::size_t{source.n_codes} * source.dim) == 0);
  }
}

TEST_CASE("with its tables in a bundle or without, a model has the same id; other shards give another") {
  Sample sample;
  const pack::AlignedBytes bytes = pack::write_model(sample.model);
  at(std::span<const std::uint8_t>(sample.state().table, 20), 19) ^= 1;
  const pack::AlignedBytes other = pack::write_model(sample.model);
  CHECK(pack::artifact_id(bytes) != pack::artifact_id(other));
  CHECK(sample.open(other, pack::write_shards(sample.model)) == Status::ok);
  CHECK(sample.open(bytes, pack::write_shards(sample.model)) == Status::hash);
}

TEST_CASE("every flipped bit of a shard is found by a full check") {
  Sample sample;
  const pack::AlignedBytes bytes = pack::write_model(sample.model);
  pack::AlignedBytes shards = pack::write_shards(sample.model);
  for (std::size_t bit = 0; bit < shards.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << bit % 8);
    if (bit / 8 >= 20 && bit / 8 < 64) continue;         // between the tables
    shards.data()[bit / 8] ^= mask;
    CHECK(sample.open(bytes, shards) == Status::hash);
    CHECK(sample.open(bytes, shards, Check::structure) == Status::ok);
    shards.data()[bit / 8] ^= mask;
  }
}

TEST_CASE("shards of a wrong length are refused, whatever the check") {
  Sample sample;
  const pack::AlignedBytes bytes = pack::write_model(sample.model);
  const pack::AlignedBytes shards = pack::write_shards(sample.model);
  for (std::size_t size = 1; size < shards.size(); ++size)
    CHECK(sample.open(bytes, shards.view().first(size), Check::structure) == Status::verify);
  pack::AlignedBytes longer(shards.size() + 1);
  std::memcpy(longer.data(), shards.data(), shards.size());
  CHECK(sample.open(bytes, longer, Check::structure) == Status::verify);
  Sample none(0, 0);
  CHECK(none.open(pack::write_model(none.model), shards, Check::structure) == Status::verify);
}

// What the writer would not write: hashes that are none of the table's.
Status open_with(Sample* sample, std::uint32_t rows, std::size_t n_hash_bytes,
                 Check check = Check::structure) {
  const std::vector<std::uint8_t> hashes(n_hash_bytes, 7);
  sample->state().table = nullptr;
  sample->state().shard_rows = rows;
  sample->state().shard_hashes = hashes;
  return sample->open(pack::write_model(sample->model), {}, check);
}

TEST_CASE("hashes that are more or fewer than the shards are refused") {
  for (const std::uint32_t rows : {1u, 2u, 3u, 4u, 5u, 6u, 1'000'000u}) {
    CAPTURE(rows);
    const std::size_t n = (5 + rows - 1) / rows;
    for (const std::size_t n_bytes : {std::size_t{0}, std::size_t{31}, 32 * n - 1, 32 * n, 32 * n + 1,
                                      32 * n + 32}) {
      CAPTURE(n_bytes);
      Sample sample;
      CHECK(open_with(&sample, rows, n_bytes) == (n_bytes == 32 * n ? Status::ok : Status::verify));
    }
  }
}

TEST_CASE("absurd counts are refused before anything is made of them") {
  Sample sample;
  CHECK(open_with(&sample, UINT32_MAX, 32) == Status::limit);
  CHECK(open_with(&sample, (limits::shard_bytes >> 2) + 1, 32) == Status::limit);
  CHECK(open_with(&sample, limits::shard_bytes >> 2, 32) == Status::ok);
  sample.state().n_codes = limits::embedding_rows;       // 100 million rows, 3.2 GB of hashes wanted
  CHECK(open_with(&sample, 1, 64) == Status::verify);
  CHECK(sample.arena.peak_bytes() < 1u << 20);
}

TEST_CASE("offers' and pairs' tables are not in shards") {
  for (const std::size_t field : {4u, 7u}) {
    Sample sample(0, 0);
    at(sample.model.fields, field).shard_rows = 2;
    CHECK(sample.open(pack::write_model(sample.model), {}) == Status::verify);
    CHECK(sample.error.where().find("shard_rows") != std::string_view::npos);
  }
}

TEST_CASE("a code above 127 in a shard is found by a full check") {
  Sample sample;
  at(std::span<const std::uint8_t>(sample.surface().table, 8), 7) = 128;
  const pack::AlignedBytes bytes = pack::write_model(sample.model);
  CHECK(sample.open(bytes, pack::write_shards(sample.model)) == Status::verify);
}

// What an engine from before shards reads: members of the table that it knows alone.
TEST_CASE("a reader that does not know shards finds no table") {
  Sample sample;
  const pack::AlignedBytes bytes = pack::write_model(sample.model);
  REQUIRE(sample.open(bytes, {}) == Status::ok);
  const Bytes root = section_bytes(sample.opened.container, SectionKind::root);
  const schema::Model* read = schema::GetModel(root.data());
  CHECK(read->fields()->Get(1)->table_offset() == std::uint64_t{1} << 63);
  CHECK(read->fields()->Get(4)->table_offset() < sample.model.fields[4].n_codes * 64);
}

TEST_CASE("a bundle carries the shards beside the model, or not") {
  Sample sample;
  const pack::AlignedBytes model = pack::write_model(sample.model);
  const pack::AlignedBytes shards = pack::write_shards(sample.model);
  const pack::AlignedBytes policy = pack::write_policy(sample_policy(&sample.memory));
  const pack::AlignedBytes catalog = pack::write_catalog(sample_catalog(&sample.memory));
  for (const Bytes given : {Bytes{}, shards.view()}) {
    const pack::AlignedBytes bytes = pack::write_bundle("x", model, policy, catalog, {}, given);
    Bundle bundle;
    Arena arena(pack::system_allocator(), 4u << 20);
    REQUIRE(open_bundle(bytes, Check::full, &arena, &bundle, &sample.error) == Status::ok);
    CHECK(std::equal(bundle.shards.begin(), bundle.shards.end(), given.begin(), given.end()));
    REQUIRE(sample.open(bundle.model, bundle.shards) == Status::ok);
    CHECK(sample.opened.has_tables_apart == given.empty());
    CHECK(sample.opened.container.id == pack::artifact_id(model));
  }
}

}  // namespace
}  // namespace guardrank::test
#endif
