// Cutting where the content says: sizes, shared pieces, lists, putting together.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "models/pack/memory.h"
#include "models/pack/pack_error.h"
#include "models/publish/chunks.h"
#include "models/publish/key.h"

using namespace guardrank;
using namespace guardrank::publish;
using pack::AlignedBytes;
using pack::PackError;

namespace {

using Run = std::vector<std::uint8_t>;

Run random_run(std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  Run run(n);
  for (std::uint8_t& byte : run) byte = static_cast<std::uint8_t>(random());
  return run;
}

// A model's container, of sections that need not mean anything.
AlignedBytes artifact_of(const Run& first, const Run& second) {
  const pack::NewSection sections[] = {{SectionKind::embeddings, first}, {SectionKind::weights, second}};
  return pack::write_container(ArtifactKind::model, sections);
}

std::uint64_t shared_bytes(const AlignedBytes& before, const AlignedBytes& after) {
  std::set<std::string> known;
  for (const Chunk& chunk : cut_artifact(before)) known.insert(chunk.hash_hex());
  std::uint64_t n = 0;
  for (const Chunk& chunk : cut_artifact(after))
    if (known.contains(chunk.hash_hex())) n += chunk.n_bytes;
  return n;
}

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Pieces by hash, as an origin has them.
struct Store {
  std::map<std::string, std::string> pieces;

  explicit Store(const AlignedBytes& artifact) {
    for (const Chunk& chunk : cut_artifact(artifact)) {
      const char* first = reinterpret_cast<const char*>(artifact.data()) + chunk.offset;
      pieces[chunk.hash_hex()] = std::string(first, chunk.n_bytes);
    }
  }
  std::string operator()(const std::string& hash) const { return pieces.at(hash); }
};

Status status_of(const auto& work) {
  try {
    work();
  } catch (const PackError& problem) {
    return problem.status();
  }
  return Status::ok;
}

}  // namespace

TEST_CASE("pieces keep to their sizes and are all of the bytes") {
  const Run run = random_run(16 << 20, 1);
  const std::vector<std::uint32_t> lengths = cut_bytes(run);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    total += lengths[i];
    CHECK(lengths[i] <= most_chunk_bytes);
    if (i + 1 < lengths.size()) CHECK(lengths[i] > least_chunk_bytes);
  }
  CHECK(total == run.size());
  const double mean = static_cast<double>(total) / static_cast<double>(lengths.size());
  CHECK(mean > 0.75 * usual_chunk_bytes);
  CHECK(mean < 1.5 * usual_chunk_bytes);
  CHECK(cut_bytes({}).empty());
  CHECK(cut_bytes(Run(least_chunk_bytes)) == std::vector<std::uint32_t>{least_chunk_bytes});
  // Without content there are no borders but the farthest.
  CHECK(cut_bytes(Run(most_chunk_bytes + 1)) == std::vector<std::uint32_t>{most_chunk_bytes, 1});
}

TEST_CASE("an insertion changes the pieces around it") {
  const Run before = random_run(8 << 20, 2), other = random_run(1 << 20, 3);
  Run after = before;
  after.insert(after.begin() + (3 << 20), 100, 7);
  const AlignedBytes old_one = artifact_of(before, other), new_one = artifact_of(after, other);
  const std::uint64_t changed = new_one.size() - shared_bytes(old_one, new_one);
  CHECK(changed < 3 * most_chunk_bytes);
  CHECK(changed > 64);
  // Fixed borders would have changed everything behind it: five of eight MiB.
}

TEST_CASE("a section that did not change shares all its pieces, wherever it stands") {
  const Run same = random_run(2 << 20, 4);
  const AlignedBytes a = artifact_of(random_run(1'000'000, 5), same),
                     b = artifact_of(random_run(1'300'037, 6), same);
  CHECK(shared_bytes(a, b) >= same.size());
  CHECK(shared_bytes(a, b) < same.size() + 64 + 1);
}

TEST_CASE("the first piece holds header and table and more, for alone they have the artifact's id") {
  for (const std::size_t n : {100'000, 10, 1, 0}) {
    const AlignedBytes artifact = artifact_of(random_run(n, 7), random_run(10, 8));
    const std::vector<Chunk> chunks = cut_artifact(artifact);
    REQUIRE_FALSE(chunks.empty());
    CHECK(chunks[0].offset == 0);
    CHECK(chunks[0].n_bytes > header_bytes + 2 * section_entry_bytes);
    for (const Chunk& chunk : chunks) CHECK(chunk.hash != pack::artifact_id(artifact));
  }
}

TEST_CASE("a list is put together again, every piece verified") {
  const AlignedBytes artifact = artifact_of(random_run(700'000, 9), random_run(300'000, 10));
  const std::string list = write_chunk_list(cut_artifact(artifact));
  CHECK(list.size() == chunk_list_header_bytes + cut_artifact(artifact).size() * chunk_entry_bytes);
  Store store(artifact);
  const Sha256Digest id = pack::artifact_id(artifact);
  const AlignedBytes again = reassemble(bytes_of(list), id, store);
  REQUIRE(again.size() == artifact.size());
  CHECK(std::equal(again.data(), again.data() + again.size(), artifact.data()));

  Sha256Digest other = id;
  other[0] ^= 1;
  CHECK(status_of([&] { reassemble(bytes_of(list), other, store); }) == Status::hash);
  auto piece = store.pieces.begin();
  piece->second[5] ^= 1;
  CHECK(status_of([&] { reassemble(bytes_of(list), id, store); }) == Status::hash);
  piece->second.pop_back();
  CHECK(status_of([&] { reassemble(bytes_of(list), id, store); }) == Status::truncated);
}

TEST_CASE("lists that are not in order are refused") {
  const std::string good = write_chunk_list(cut_artifact(artifact_of(random_run(90'000, 11), {1, 2})));
  const auto open = [](const std::string& list) {
    ChunkList opened;
    Error error;
    return open_chunk_list(bytes_of(list), &opened, &error);
  };
  CHECK(open(good) == Status::ok);
  CHECK(open("") == Status::truncated);
  CHECK(open(good.substr(0, 31)) == Status::truncated);
  CHECK(open(good.substr(0, good.size() - 1)) == Status::truncated);
  CHECK(open(good + std::string(40, '\0')) == Status::truncated);
  const auto changed = [&](std::size_t at, char value) {
    std::string list = good;
    list[at] = value;
    return list;
  };
  CHECK(open(changed(0, 'X')) == Status::identifier);
  CHECK(open(changed(8, 2)) == Status::version);
  CHECK(open(changed(12, 1)) == Status::truncated);
  CHECK(open(changed(16, static_cast<char>(good[16] + 1))) == Status::verify);
  CHECK(open(changed(23, 1)) == Status::limit);              // 2^56 bytes
  CHECK(open(changed(32 + 35, 1)) == Status::limit);         // a piece of 16 MiB
  std::string empty_piece = good;
  for (std::size_t i = 64; i < 68; ++i) empty_piece[i] = 0;
  CHECK(open(empty_piece) == Status::limit);
}
