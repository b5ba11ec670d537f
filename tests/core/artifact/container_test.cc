#ifdef GUARDRANK_HAS_PACK
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

// Layout as models/schema/README.md states it, by number: the writer's constants are not used.
constexpr std::size_t kind_at = 8, version_at = 12, length_at = 16, count_at = 24, numerics_at = 28;
constexpr std::size_t entry = 64, entry_bytes = 64;

template <typename T>
T get(const pack::AlignedBytes& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <typename T>
void put(pack::AlignedBytes* bytes, std::size_t offset, T value) {
  std::memcpy(bytes->data() + offset, &value, sizeof value);
}

struct Opened {
  Status status;
  std::string where, message;
};

Opened open(Bytes bytes, Check check = Check::structure) {
  Arena arena(pack::system_allocator(), 1 << 20);
  Container container;
  Error error;
  const Status status = open_container(bytes, check, &arena, &container, &error);
  return {status, std::string(error.where()), std::string(error.message())};
}

pack::AlignedBytes two_sections() {
  const std::uint8_t first[] = {1, 2, 3, 4, 5};
  const std::uint8_t second[70] = {9};
  const pack::NewSection sections[] = {{SectionKind::root, first},
                                       {SectionKind::weights, second}};
  return pack::write_container(ArtifactKind::model, sections);
}

TEST_CASE("a container has the bytes that the schema page states") {
  const pack::AlignedBytes bytes = two_sections();
  CHECK(std::memcmp(bytes.data(), "GRDRANK\0", 8) == 0);
  CHECK(get<std::uint32_t>(bytes, kind_at) == 1);
  CHECK(get<std::uint32_t>(bytes, version_at) == 1);
  CHECK(get<std::uint64_t>(bytes, length_at) == bytes.size());
  CHECK(get<std::uint32_t>(bytes, count_at) == 2);
  CHECK(get<std::uint32_t>(bytes, numerics_at) == 1);
  CHECK(get<std::uint32_t>(bytes, entry) == 1);
  CHECK(get<std::uint64_t>(bytes, entry + 8) == 192);
  CHECK(get<std::uint64_t>(bytes, entry + 16) == 5);
  CHECK(get<std::uint32_t>(bytes, entry + entry_bytes) == 3);
  CHECK(get<std::uint64_t>(bytes, entry + entry_bytes + 8) == 256);
  CHECK(bytes.size() == 256 + 70);
  // SHA-256 of 01 02 03 04 05 (computed with sha256sum).
  const std::uint8_t digest[] = {0x74, 0xf8, 0x1f, 0xe1, 0x67, 0xd9, 0x9b, 0x4c,
                                 0xb4, 0x1d, 0x6d, 0x0c, 0xcd, 0xa8, 0x22, 0x78};
  CHECK(std::memcmp(bytes.data() + entry + 24, digest, sizeof digest) == 0);
}

TEST_CASE("hashes that someone else computed are held against the table, and need be complete") {
  pack::AlignedBytes bytes = two_sections();
  const auto open_with = [&](Bytes hashes) {
    Arena arena(pack::system_allocator(), 1 << 20);
    Container container;
    Error error;
    return open_container(bytes, Check::full, &arena, &container, &error, hashes);
  };
  std::vector<std::uint8_t> hashes(64);
  const auto hash = [&](std::size_t section, std::size_t start, std::size_t size) {
    const Sha256Digest digest = sha256(bytes.view().subspan(start, size));
    std::memcpy(&hashes[32 * section], digest.data(), digest.size());
  };
  hash(0, 192, 5);
  hash(1, 256, 70);
  CHECK(open_with(hashes) == Status::ok);
  CHECK(open_with(Bytes(hashes).first(32)) == Status::ok);   // the library's own
  for (const std::size_t at : {0, 31, 32, 63}) {
    hashes[at] ^= 1;
    CHECK(open_with(hashes) == Status::hash);
    hashes[at] ^= 1;
  }
  bytes.data()[260] ^= 1;                                    // of the second section
  CHECK(open_with({}) == Status::hash);
  CHECK(open_with(Bytes(hashes).first(32)) == Status::hash);
  hash(1, 256, 70);
  CHECK(open_with(hashes) == Status::hash);
  bytes.data()[260] ^= 1;
  hash(1, 256, 70);
  bytes.data()[200] = 1;                                     // between the sections
  CHECK(open_with(hashes) == Status::verify);
  bytes.data()[200] = 0;
  bytes.data()[64 + 24] ^= 1;                                // in the table
  CHECK(open_with(hashes) == Status::hash);
}

TEST_CASE("opening gives the sections, the kind and the id") {
  const pack::AlignedBytes bytes = two_sections();
  Arena arena(pack::system_allocator(), 1 << 20);
  Container container;
  Error error;
  REQUIRE(open_container(bytes, Check::full, &arena, &container, &error) == Status::ok);
  CHECK(container.kind == ArtifactKind::model);
  CHECK(container.id == pack::artifact_id(bytes));
  CHECK(container.id == sha256(bytes.view().first(192)));
  REQUIRE(container.find(SectionKind::weights) != nullptr);
  CHECK(container.find(SectionKind::weights)->bytes.size() == 70);
  CHECK(container.find(SectionKind::golden) == nullptr);
}

TEST_CASE("a damaged header or table has its status and place") {
  struct Damage {
    const char* name;
    std::function<void(pack::AlignedBytes*)> apply;
    Status status;
    const char* where;
  };
  const Damage damages[] = {
      {"magic", [](auto* b) { put<std::uint8_t>(b, 0, 'X'); }, Status::identifier, "header"},
      {"kind", [](auto* b) { put<std::uint32_t>(b, kind_at, 77); }, Status::identifier,
       "header.kind"},
      {"newer version", [](auto* b) { put<std::uint32_t>(b, version_at, 2); }, Status::version,
       "header.version"},
      {"other numerics", [](auto* b) { put<std::uint32_t>(b, numerics_at, 2); },
       Status::version, "header.numerics"},
      {"longer than the bytes", [](auto* b) { put<std::uint64_t>(b, length_at, b->size() + 1); },
       Status::truncated, "header.length"},
      {"shorter than the bytes", [](auto* b) { put<std::uint64_t>(b, length_at, 320); },
       Status::verify, "header.length"},
      {"absurd length", [](auto* b) { put<std::uint64_t>(b, length_at, UINT64_MAX); },
       Status::limit, "header.length"},
      {"too many sections", [](auto* b) { put<std::uint32_t>(b, count_at, 65); }, Status::limit,
       "header.sections"},
      {"a table that does not fit", [](auto* b) { put<std::uint32_t>(b, count_at, 60); },
       Status::verify, "header.sections"},
      {"one section less", [](auto* b) { put<std::uint32_t>(b, count_at, 1); }, Status::verify,
       "header.length"},
      {"reserved bytes", [](auto* b) { put<std::uint8_t>(b, entry + 5, 1); }, Status::verify,
       "section 0 (root)"},
      {"reserved tail", [](auto* b) { put<std::uint8_t>(b, entry + 63, 1); }, Status::verify,
       "section 0 (root)"},
      {"offset not aligned", [](auto* b) { put<std::uint64_t>(b, entry + 8, 193); },
       Status::verify, "section 0 (root)"},
      {"offset in the table", [](auto* b) { put<std::uint64_t>(b, entry + 8, 128); },
       Status::verify, "section 0 (root)"},
      {"sections overlap", [](auto* b) { put<std::uint64_t>(b, entry + 16, 65); },
       Status::verify, "section 1 (weights)"},
      {"offset outside", [](auto* b) { put<std::uint64_t>(b, entry + 72, 1 << 20); },
       Status::verify, "section 1 (weights)"},
      {"length overflows", [](auto* b) { put<std::uint64_t>(b, entry + 80, UINT64_MAX - 63); },
       Status::verify, "section 1 (weights)"},
      {"a kind twice", [](auto* b) { put<std::uint32_t>(b, entry + entry_bytes, 1); },
       Status::verify, "section 1 (root)"},
  };
  for (const Damage& damage : damages) {
    CAPTURE(damage.name);
    pack::AlignedBytes bytes = two_sections();
    damage.apply(&bytes);
    const Opened opened = open(bytes);
    CHECK(opened.status == damage.status);
    CHECK(opened.where == damage.where);
  }
}

TEST_CASE("an artifact for another arithmetic is unsupported, not corrupt") {
  pack::AlignedBytes bytes = two_sections();
  put<std::uint32_t>(&bytes, numerics_at, 2);
  CHECK(open(bytes, Check::full).message.find("unsupported") != std::string::npos);
}

TEST_CASE("a section of unknown kind is left alone") {
  pack::AlignedBytes bytes = two_sections();
  put<std::uint32_t>(&bytes, entry + entry_bytes, 900);
  CHECK(open(bytes).status == Status::ok);
}

TEST_CASE("a full check finds damage in sections and between them") {
  pack::AlignedBytes section = two_sections();
  section.data()[192] ^= 1;
  CHECK(open(section).status == Status::ok);
  CHECK(open(section, Check::full).status == Status::hash);
  CHECK(open(section, Check::full).where == "section 0 (root)");
  pack::AlignedBytes padding = two_sections();
  padding.data()[200] = 1;
  CHECK(open(padding).status == Status::ok);
  CHECK(open(padding, Check::full).status == Status::verify);
}

TEST_CASE("bytes that are not aligned are an argument error") {
  const pack::AlignedBytes bytes = two_sections();
  pack::AlignedBytes shifted(bytes.size() + 8);
  std::memcpy(shifted.data() + 8, bytes.data(), bytes.size());
  CHECK(open(shifted.view().subspan(8)).status == Status::argument);
}

TEST_CASE("no memory is a status") {
  Arena arena(pack::system_allocator(), 64);
  Container container;
  Error error;
  CHECK(open_container(two_sections(), Check::full, &arena, &container, &error) ==
        Status::memory);
}

}  // namespace
}  // namespace guardrank::test
#endif
