// Held against the library: what our reader accepts, flatbuffers::Verifier must accept too. Valid
// artifacts are damaged at random; the library verifies the same bytes with the generated code that
// core does without. (Ours refuses more: parts that overlap, vectors off their alignment, members
// outside their table, and all that means nonsense.)
#ifdef GUARDRANK_HAS_PACK
#include "core/artifact/flatbuffers.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "models/schema/bundle_generated.h"
#include "models/schema/catalog_generated.h"
#include "models/schema/golden_generated.h"
#include "models/schema/model_generated.h"
#include "models/schema/policy_generated.h"
#include "models/schema/release_generated.h"
#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

struct Sample {
  ArtifactKind kind;
  pack::AlignedBytes bytes;
};

// Everything that the schemas have, the members that nothing reads yet included.
pack::AlignedBytes sample_model_with_declarations() {
  pack::Memory memory;
  const Model model = sample_model(&memory);
  pack::FieldDeclaration declared;
  declared.owner = "risk";
  declared.event_time = "when";
  declared.created_time = "then";
  declared.ttl_seconds = 60;
  declared.access_tag = "internal";
  declared.lineage = "a table";
  const std::vector<pack::FieldDeclaration> all(model.fields.size(), declared);
  return pack::write_model(model, all);
}

Bytes section_of(Bytes artifact, SectionKind kind) {
  Arena arena(pack::system_allocator(), 1 << 16);
  Container container;
  Error error;
  REQUIRE(open_container(artifact, Check::structure, &arena, &container, &error) == Status::ok);
  return section_bytes(container, kind);
}

// The library on one section, copied so that its buffer is aligned as it wants.
template <typename Root>
bool is_verified(Bytes section, const char* identifier) {
  const pack::AlignedBytes copy(section);
  flatbuffers::Verifier verifier(copy.data(), copy.size());
  return verifier.VerifyBuffer<Root>(identifier);
}

bool library_accepts(ArtifactKind kind, Bytes bytes) {
  const Bytes root = section_of(bytes, SectionKind::root);
  switch (kind) {
    case ArtifactKind::model: {
      const Bytes golden = section_of(bytes, SectionKind::golden);
      return is_verified<schema::Model>(root, "GRMD") &&
             (golden.empty() || is_verified<schema::GoldenVectors>(golden, "GRGV"));
    }
    case ArtifactKind::policy: return is_verified<schema::Policy>(root, "GRPO");
    case ArtifactKind::catalog: return is_verified<schema::Catalog>(root, "GRCA");
    case ArtifactKind::release: return is_verified<schema::Release>(root, "GRRE");
    case ArtifactKind::bundle: return is_verified<schema::Bundle>(root, "GRBU");
  }
  return false;
}

std::vector<Sample> samples() {
  pack::Memory memory;
  std::vector<Sample> all;
  all.push_back({ArtifactKind::model, sample_model_with_declarations()});
  all.push_back({ArtifactKind::policy, pack::write_policy(sample_policy(&memory))});
  all.push_back({ArtifactKind::catalog, pack::write_catalog(sample_catalog(&memory))});
  all.push_back({ArtifactKind::release, pack::write_release(sample_release(&memory))});
  all.push_back({ArtifactKind::bundle, sample_bundle()});
  return all;
}

// Small changes mostly, since large ones never open: a bit, a byte, or a word that was elsewhere.
void damage(std::mt19937_64* random, std::size_t first, std::size_t size, std::uint8_t* bytes) {
  const std::size_t at = first + (*random)() % (size - 4);
  const std::size_t other = first + (*random)() % (size - 4);
  switch ((*random)() % 4) {
    case 0: bytes[at] ^= static_cast<std::uint8_t>(1u << (*random)() % 8); break;
    case 1: bytes[at] = static_cast<std::uint8_t>((*random)()); break;
    case 2: bytes[at] = static_cast<std::uint8_t>(bytes[at] + 4 - 8 * ((*random)() % 2)); break;
    default: std::memmove(bytes + at / 4 * 4, bytes + other / 4 * 4, 4);
  }
}

TEST_CASE("what the reader accepts, the library's verifier accepts") {
  std::mt19937_64 random(20261122);
  for (const Sample& sample : samples()) {
    CAPTURE(artifact_kind_name(sample.kind));
    REQUIRE(library_accepts(sample.kind, sample.bytes));
    const Bytes root = section_of(sample.bytes, SectionKind::root);
    const auto first = static_cast<std::size_t>(root.data() - sample.bytes.data());
    int n_accepted = 0, n_refused_by_library = 0;
    for (int round = 0; round < 60000; ++round) {
      pack::AlignedBytes bytes = sample.bytes;
      for (int change = 0; change <= round % 2; ++change)
        damage(&random, first, root.size(), bytes.data());
      const bool is_sound = library_accepts(sample.kind, bytes);
      n_refused_by_library += !is_sound;
      Arena arena(pack::system_allocator(), 4u << 20);
      Error error;
      if (open_and_read(sample.kind, bytes, Check::structure, &arena, &error) != Status::ok)
        continue;
      ++n_accepted;
      REQUIRE_MESSAGE(is_sound, "round ", round);
    }
    CHECK(n_accepted > 1000);
    CHECK(n_refused_by_library > 1000);
  }
}

}  // namespace
}  // namespace guardrank::test
#endif
