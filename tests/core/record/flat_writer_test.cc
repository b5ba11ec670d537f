// The writer's buffers, as the library's own verifier and generated readers see them.
#include "core/artifact/flatbuffers.h"

#include "core/record/flat_writer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/base/limits.h"
#include "models/schema/record_generated.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;

namespace {

// A record with `n` ranked offers, ids of growing length so that every alignment comes up.
void write_sample(FlatWriter* writer, std::size_t n) {
  std::uint8_t sizes[18] = {1, 4, 4};
  sizes[11] = 4;   // ranked
  sizes[13] = 4;   // probabilities
  const FlatLayout root = writer->layout(sizes);
  const std::uint32_t record = writer->table(root);
  writer->root(record);
  writer->scalar(record, root, 2, std::uint32_t{7});
  writer->refer(record, root, 1, writer->string("0.1.0"));
  const std::uint8_t offer_sizes[5] = {4, 4, 8, 8, 1};
  const FlatLayout offer = writer->layout(offer_sizes);
  const std::uint32_t all = writer->references(n);
  writer->refer(record, root, 11, all);
  std::vector<double> probabilities;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t table = writer->table(offer);
    writer->refer(FlatWriter::element(all, i), table);
    writer->scalar(table, offer, 0, static_cast<std::uint32_t>(i));
    writer->scalar(table, offer, 2, std::int64_t{-1} - static_cast<std::int64_t>(i));
    writer->scalar(table, offer, 3, 0.5 / static_cast<double>(i + 1));
    writer->scalar(table, offer, 4, i % 2 == 1);
    writer->refer(table, offer, 1, writer->string(std::string(i, 'x')));
    probabilities.push_back(static_cast<double>(i));
  }
  writer->refer(record, root, 13, writer->vector(std::span<const double>(probabilities)));
}

}  // namespace

TEST_CASE("buffers pass the verifier and read back, at every alignment") {
  for (std::size_t n = 0; n < 40; ++n) {
    CAPTURE(n);
    TestMemory memory;
    Arena arena(memory.allocator(), 1 << 20);
    FlatWriter writer(&arena, "GRRC");
    write_sample(&writer, n);
    REQUIRE(writer.status() == Status::ok);
    const auto bytes = writer.bytes();
    flatbuffers::Verifier verifier(bytes.data(), bytes.size());
    REQUIRE(schema::VerifyRecordBuffer(verifier));
    const schema::Record* record = schema::GetRecord(bytes.data());
    CHECK(record->numerics() == 7);
    CHECK(record->engine()->str() == "0.1.0");
    CHECK(record->request() == nullptr);
    CHECK(record->previous() == nullptr);
    REQUIRE(record->ranked()->size() == n);
    for (std::uint32_t i = 0; i < n; ++i) {
      const schema::RankedOffer* offer = record->ranked()->Get(i);
      CHECK(offer->candidate() == i);
      CHECK(offer->offer()->str() == std::string(i, 'x'));
      CHECK(offer->score_micros() == -1 - std::int64_t{i});
      CHECK(offer->propensity() == 0.5 / (i + 1));
      CHECK(offer->mandated() == (i % 2 == 1));
      CHECK(record->probabilities()->Get(i) == i);
    }
    CHECK(reinterpret_cast<std::uintptr_t>(record->probabilities()->Data()) % 8 == 0);
  }
}

TEST_CASE("the same calls give the same bytes") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  FlatWriter a(&arena, "GRRC"), b(&arena, "GRRC");
  write_sample(&a, 17);
  write_sample(&b, 17);
  CHECK(std::vector<std::uint8_t>(a.bytes().begin(), a.bytes().end()) ==
        std::vector<std::uint8_t>(b.bytes().begin(), b.bytes().end()));
}

TEST_CASE("a writer without memory says so and stays silent") {
  TestMemory memory;
  for (std::size_t n_left = 0; n_left < 4; ++n_left) {
    memory.n_left = n_left;
    Arena arena(memory.allocator(), 1 << 20);
    FlatWriter writer(&arena, "GRRC");
    write_sample(&writer, 300);
    if (writer.status() == Status::ok) continue;
    CHECK(writer.status() == Status::memory);
    CHECK(writer.bytes().empty());
  }
  Arena small(memory.allocator(), 100);
  FlatWriter writer(&small, "GRRC");
  CHECK(writer.status() == Status::memory);
}
