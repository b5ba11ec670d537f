// Hostile bytes: every open gives a status or an artifact that can be read, in bounded memory.
#ifdef GUARDRANK_HAS_PACK
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

constexpr ArtifactKind kinds[] = {ArtifactKind::model, ArtifactKind::policy, ArtifactKind::catalog,
                                  ArtifactKind::release};

pack::AlignedBytes write_sample(ArtifactKind kind) {
  pack::Memory memory;
  switch (kind) {
    case ArtifactKind::model: return pack::write_model(sample_model(&memory));
    case ArtifactKind::policy: return pack::write_policy(sample_policy(&memory));
    case ArtifactKind::catalog: return pack::write_catalog(sample_catalog(&memory));
    default: return pack::write_release(sample_release(&memory));
  }
}

// What an artifact's structs take, whatever the bytes claim.
constexpr std::size_t memory_limit = 4u << 20;

TEST_CASE("every truncation is refused") {
  for (const ArtifactKind kind : kinds) {
    const pack::AlignedBytes bytes = write_sample(kind);
    Arena arena(pack::system_allocator(), memory_limit);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const pack::AlignedBytes cut(bytes.view().first(size));
      Error error;
      const Status status = open_and_read(kind, cut, Check::structure, &arena, &error);
      REQUIRE_MESSAGE(status == Status::truncated, artifact_kind_name(kind), " cut at ", size);
      arena.reset();
    }
  }
}

TEST_CASE("bytes after the end are refused") {
  for (const ArtifactKind kind : kinds) {
    const pack::AlignedBytes bytes = write_sample(kind);
    pack::AlignedBytes longer(bytes.size() + 1);
    std::memcpy(longer.data(), bytes.data(), bytes.size());
    Arena arena(pack::system_allocator(), memory_limit);
    Error error;
    CHECK(open_and_read(kind, longer, Check::structure, &arena, &error) == Status::verify);
  }
}

TEST_CASE("every flipped bit is found by a full check, and harmless without one") {
  for (const ArtifactKind kind : kinds) {
    pack::AlignedBytes bytes = write_sample(kind);
    Arena arena(pack::system_allocator(), memory_limit);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1u << bit % 8);
      bytes.data()[bit / 8] ^= mask;
      Error error;
      const Status full = open_and_read(kind, bytes, Check::full, &arena, &error);
      REQUIRE_MESSAGE(full != Status::ok, artifact_kind_name(kind), " bit ", bit);
      REQUIRE(full != Status::memory);
      REQUIRE(error.code() == full);
      REQUIRE_FALSE(error.where().empty());
      arena.reset();
      const Status structure = open_and_read(kind, bytes, Check::structure, &arena, &error);
      REQUIRE(structure != Status::memory);
      REQUIRE(structure != Status::internal);
      arena.reset();
      bytes.data()[bit / 8] ^= mask;
    }
    CHECK(arena.peak_bytes() < memory_limit);
  }
}

TEST_CASE("absurd numbers anywhere in a root are harmless") {
  std::mt19937_64 random(20261121);
  constexpr std::uint32_t absurd[] = {0,          1,          7,          0x7FFFFFFF, 0x80000000,
                                      0xFFFFFFFF, 0xFFFFFFF0, 0x00010000, 0x7F800000, 0xFF800001};
  for (const ArtifactKind kind : kinds) {
    const pack::AlignedBytes original = write_sample(kind);
    Arena arena(pack::system_allocator(), memory_limit);
    std::size_t n_opened = 0;
    for (int round = 0; round < 6000; ++round) {
      pack::AlignedBytes bytes = original;
      for (int change = 0; change <= round % 3; ++change) {
        const std::size_t at = 192 + random() % (bytes.size() - 196);
        const std::uint32_t value = absurd[random() % std::size(absurd)];
        std::memcpy(bytes.data() + at, &value, 4);
      }
      Error error;
      if (open_and_read(kind, bytes, Check::structure, &arena, &error) == Status::ok) ++n_opened;
      arena.reset();
    }
    // Some land in texts or weights and open; most are refused.
    CHECK(n_opened > 0);
    CHECK(n_opened < 6000);
  }
}

TEST_CASE("memory that runs out at any point is a status") {
  for (const ArtifactKind kind : kinds) {
    const pack::AlignedBytes bytes = write_sample(kind);
    Error error;
    Arena enough(pack::system_allocator(), memory_limit);
    REQUIRE(open_and_read(kind, bytes, Check::full, &enough, &error) == Status::ok);
    for (std::size_t limit = 0; limit < enough.peak_bytes(); limit += 97) {
      Arena arena(pack::system_allocator(), limit);
      const Status status = open_and_read(kind, bytes, Check::full, &arena, &error);
      REQUIRE((status == Status::memory || status == Status::ok));
    }
  }
}

}  // namespace
}  // namespace guardrank::test
#endif
