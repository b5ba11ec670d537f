// Shards that a session holds: found by their hash, within a budget, never a row that is not theirs.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "core/model/shard_cache.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;

namespace {

// A context field of `n_codes` rows of `dim` bytes, in shards; row r is full of r + salt.
struct Table {
  Table(std::string field_name, std::uint32_t n_codes, std::uint32_t dim, std::uint32_t rows, int salt)
      : name(std::move(field_name)), bytes(std::size_t{n_codes} * dim) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(static_cast<int>(i / dim) + salt);
    for (std::size_t at = 0; at < bytes.size(); at += std::size_t{rows} * dim) {
      const Sha256Digest hash = sha256(shard(at, std::size_t{rows} * dim));
      hashes.insert(hashes.end(), hash.begin(), hash.end());
    }
    field.name = name;
    field.output = OutputKind::embedding;
    field.n_codes = n_codes;
    field.dim = dim;
    field.shard_rows = rows;
    field.shard_hashes = hashes;
  }
  Bytes shard(std::size_t at, std::size_t size) const {
    return Bytes(bytes).subspan(at, std::min(size, bytes.size() - at));
  }
  Bytes shard(std::uint32_t index) const {
    const RowShard place = shard_at(field, index);
    return shard(std::size_t{place.first_row} * field.dim, place.n_bytes);
  }

  std::string name;
  std::vector<std::uint8_t> bytes, hashes;
  Field field;
};

struct Asked {
  Asked(std::size_t budget, std::vector<const Table*> of)
      : tables(std::move(of)), cache(memory.allocator(), budget), arena(memory.allocator(), 1u << 20) {
    for (const Table* table : tables) fields.push_back(table->field);
    model.fields = fields;
    model.has_tables_apart = true;
  }

  // One list of codes per field.
  Status take(std::vector<std::vector<std::uint32_t>> lists) {
    codes = std::move(lists);
    encoded.assign(fields.size(), {});
    offsets.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      offsets.push_back({0, static_cast<std::uint32_t>(codes[i].size())});
      encoded[i].n_rows = 1;
      encoded[i].codes = codes[i].data();
      encoded[i].list_offsets = offsets[i].data();
    }
    arena.reset();
    cache.begin();
    return cache.take_rows(model, &arena, encoded);
  }
  // Adds what is wanted and asks again, as a host does. How many shards came.
  std::size_t fetch(const std::vector<std::vector<std::uint32_t>>& lists) {
    std::size_t n = 0;
    for (Status status = take(lists); status != Status::ok; status = take(lists)) {
      REQUIRE(status == Status::missing);
      REQUIRE(!cache.wanted().empty());
      while (!cache.wanted().empty()) {
        const WantedShard wanted = cache.wanted()[0];
        for (const Table* table : tables)
          if (table->name == wanted.field) REQUIRE(cache.add(table->shard(wanted.shard)) == Status::ok);
        REQUIRE(++n < 10'000);
      }
    }
    return n;
  }
  // That the rows beside the codes are the table's.
  void check_rows() const {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::uint32_t dim = fields[i].dim;
      for (std::size_t k = 0; k < codes[i].size(); ++k) {
        const std::uint32_t code = codes[i][k] < fields[i].n_codes ? codes[i][k] : 0;
        for (std::uint32_t j = 0; j < dim; ++j)
          CHECK(encoded[i].rows[k * dim + j] == tables[i]->bytes[std::size_t{code} * dim + j]);
      }
    }
  }

  TestMemory memory;
  std::vector<const Table*> tables;
  std::vector<Field> fields;
  Model model;
  ShardCache cache;
  Arena arena;
  std::vector<std::vector<std::uint32_t>> codes;
  std::deque<std::array<std::uint32_t, 2>> offsets;
  std::vector<EncodedField> encoded;
};

}  // namespace

TEST_CASE("rows come from the shards that hold them, once each, and codes beyond the table are code 0") {
  const Table users("user", 103, 3, 10, 0), homes("home", 7, 5, 2, 50);
  Asked asked(1u << 20, {&users, &homes});
  CHECK(asked.fetch({{100, 101, 9, 10, 9, 5000}, {6}}) == 4);   // user 10, 0, 1; home 3
  asked.check_rows();
  CHECK(asked.fetch({{102, 0, 19}, {6, 6}}) == 0);
  asked.check_rows();
  CHECK(asked.take({{20}, {0}}) == Status::missing);
  REQUIRE(asked.cache.wanted().size() == 2);
  CHECK(asked.cache.wanted()[0].field == "user");
  CHECK(asked.cache.wanted()[0].shard == 2);
  CHECK(asked.cache.wanted()[0].n_bytes == 30);
  CHECK(asked.cache.wanted()[1].shard == 0);
}

TEST_CASE("bytes that nobody wants are not taken") {
  const Table users("user", 100, 4, 10, 0);
  Asked asked(1u << 20, {&users});
  CHECK(asked.cache.add(users.shard(3)) == Status::hash);      // nothing is wanted yet
  REQUIRE(asked.take({{35}}) == Status::missing);
  CHECK(asked.cache.add(users.shard(4)) == Status::hash);
  CHECK(asked.cache.add(users.shard(3).first(39)) == Status::hash);
  CHECK(asked.cache.add({}) == Status::hash);
  CHECK(asked.cache.held_bytes() == 0);
  CHECK(asked.cache.add(users.shard(3)) == Status::ok);
  CHECK(asked.cache.add(users.shard(3)) == Status::hash);      // not wanted any more
  CHECK(asked.cache.wanted().empty());
  CHECK(asked.take({{35}}) == Status::ok);
  asked.check_rows();
}

TEST_CASE("the budget holds, what was used longest ago goes, and what a ranking needs stays") {
  const Table users("user", 400, 10, 10, 0);                   // 40 shards of 100 bytes
  Asked asked(600, {&users});
  std::set<std::uint32_t> seen;
  for (std::uint32_t step = 0; step < 200; ++step) {
    const std::uint32_t a = step * 37 % 400, b = step * 91 % 400;
    asked.fetch({{a, b}});
    asked.check_rows();
    CHECK(asked.cache.held_bytes() <= 600);
    seen.insert(a / 10);
  }
  CHECK(seen.size() == 40);
  for (const std::uint32_t code : {300u, 310u, 320u}) asked.fetch({{code}});   // it holds three
  CHECK(asked.fetch({{0}}) == 1);
  CHECK(asked.fetch({{10}}) == 1);
  CHECK(asked.fetch({{0}}) == 0);                              // used after 10
  CHECK(asked.fetch({{20, 0}}) == 1);
  CHECK(asked.fetch({{30, 0}}) == 1);                          // 10 goes
  CHECK(asked.fetch({{0}}) == 0);
  CHECK(asked.fetch({{10}}) == 1);
}

TEST_CASE("a ranking that needs more than the budget is told so, and wants nothing") {
  const Table users("user", 400, 10, 10, 0);
  Asked asked(600, {&users});
  CHECK(asked.take({{0, 10, 20, 30, 40, 50, 60}}) == Status::limit);
  CHECK(asked.cache.wanted().empty());
  CHECK(asked.fetch({{0, 10}}) == 2);
  CHECK(asked.take({{0, 10, 20, 30, 40, 50, 60}}) == Status::limit);
}

TEST_CASE("many shards are wanted some at a time, and too many never") {
  const Table users("user", 5000, 2, 1, 0);
  Asked asked(16u << 20, {&users});
  std::vector<std::uint32_t> list;
  for (std::uint32_t i = 0; i < 1024; ++i) list.push_back(i * 4);
  CHECK(asked.fetch({list}) <= 1024);                           // some rows are alike, and one shard
  asked.check_rows();
  Table numbered("big", 3000, 4, 1, 0);
  for (std::uint32_t i = 0; i < 3000; ++i) std::memcpy(&numbered.bytes[i * 4], &i, 4);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const Sha256Digest hash = sha256(Bytes(numbered.bytes).subspan(i * 4, 4));
    std::memcpy(&numbered.hashes[i * 32], hash.data(), 32);
  }
  Asked more(16u << 20, {&numbered});
  list.clear();
  for (std::uint32_t i = 0; i < 1024; ++i) list.push_back(i);
  CHECK(more.fetch({list}) == 1024);
  list.push_back(1024);
  CHECK(more.take({list}) == Status::limit);
}

TEST_CASE("two tables that share a shard share it here; of another length it is another") {
  const Table users("user", 20, 3, 10, 0), same("same", 20, 3, 10, 0);
  Asked asked(1u << 20, {&users, &same});
  CHECK(asked.fetch({{15}, {16}}) == 1);
  asked.check_rows();
  // A model may name one hash for shards of two lengths: one of them is never had.
  Table liar("liar", 20, 3, 10, 0);
  liar.field.dim = 2;
  Asked lied(1u << 20, {&users, &liar});
  CHECK(lied.take({{15}, {15}}) == Status::missing);
  CHECK(lied.cache.add(users.shard(1)) == Status::ok);
  CHECK(lied.take({{15}, {15}}) == Status::missing);
  REQUIRE(lied.cache.wanted().size() == 1);
  CHECK(lied.cache.add(users.shard(1)) == Status::hash);
}

TEST_CASE("without memory nothing is lost, and all is given back") {
  const Table users("user", 100, 4, 10, 0);
  {
    Asked asked(1u << 20, {&users});
    REQUIRE(asked.take({{35}}) == Status::missing);
    asked.memory.n_left = 0;
    CHECK(asked.cache.add(users.shard(3)) == Status::memory);
    CHECK(asked.cache.wanted().size() == 1);
    asked.memory.n_left = SIZE_MAX;
    CHECK(asked.cache.add(users.shard(3)) == Status::ok);
  }
  TestMemory memory;
  {
    ShardCache cache(memory.allocator(), 1u << 20);
    Model model;
    const std::vector<Field> fields = {users.field};
    model.fields = fields;
    model.has_tables_apart = true;
    Arena arena(memory.allocator(), 1u << 20);
    const std::uint32_t code = 35;
    EncodedField encoded;
    encoded.n_rows = 1;
    encoded.codes = &code;
    cache.begin();
    CHECK(cache.take_rows(model, &arena, {&encoded, 1}) == Status::missing);
    CHECK(cache.add(users.shard(3)) == Status::ok);
    CHECK(memory.live_bytes > 0);
  }
  CHECK(memory.live_bytes == 0);
}
