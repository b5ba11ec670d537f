// Snapshots of the conformance bundles, whole and damaged.
#include <algorithm>
#include <cstring>

#include "core/engine/inspect.h"
#include "tests/core/decision/world.h"
#ifdef GUARDRANK_HAS_PACK
#include "models/pack/artifact/writers.h"
#endif

using namespace guardrank;
using namespace guardrank::testing;

namespace {

// Where the section of a container starts, and its length (core/artifact/container.h).
struct Place {
  std::size_t offset = 0, size = 0;
};
Place section_of(const std::uint8_t* container, SectionKind kind) {
  std::uint32_t count = 0;
  std::memcpy(&count, container + 24, 4);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint8_t* entry = container + header_bytes + section_entry_bytes * i;
    std::uint32_t found = 0;
    std::uint64_t offset = 0, size = 0;
    std::memcpy(&found, entry, 4);
    std::memcpy(&offset, entry + 8, 8);
    std::memcpy(&size, entry + 16, 8);
    if (found == static_cast<std::uint32_t>(kind)) return {offset, size};
  }
  return {};
}

struct Opening {
  TestMemory memory;
  Error error;

  Status open(const AlignedBytes& bytes, Check check = Check::structure, bool golden = true) {
    Snapshot snapshot(memory.allocator());
    return snapshot.open(bytes.view(), check, KernelChoice::portable, golden, &error);
  }
};

}  // namespace

TEST_CASE("a snapshot knows its artifacts, facts and release") {
  World world("cards");
  const Pipeline& p = world.snapshot.pipeline();
  CHECK(p.release_name == world.snapshot.release().name);
  CHECK(p.ids.model == p.model->container.id);
  const std::uint32_t age = p.facts->find(Namespace::context, "age");
  REQUIRE(age != no_fact);
  CHECK(p.fact_names[age] == "ctx.age");
  CHECK(p.fact_names[p.facts->find(Namespace::time, "now")] == "now");
  CHECK((*p.facts)[p.facts->find(Namespace::candidate, "cpa")].catalog_column != no_column);
}

TEST_CASE("golden vectors that this build does not compute are refused, and may be skipped") {
  AlignedBytes bytes(bundle_bytes("cards"));
  const Place model = section_of(bytes.data(), SectionKind::model);
  const Place golden = section_of(bytes.data() + model.offset, SectionKind::golden);
  REQUIRE(golden.size > 64);
  Opening opening;
  REQUIRE(opening.open(bytes) == Status::ok);
  // The last bytes of the section: low bits of a figure or the end of a text, whichever it is, some
  // byte near the end belongs to a figure.
  bool is_noticed = false;
  for (std::size_t back = 1; back <= 64 && !is_noticed; ++back) {
    std::uint8_t& byte = bytes.data()[model.offset + golden.offset + golden.size - back];
    byte ^= 1;
    is_noticed = opening.open(bytes) == Status::golden;
    CHECK((!is_noticed || opening.open(bytes, Check::structure, false) == Status::ok));
    byte ^= 1;
  }
  CHECK(is_noticed);
  CHECK(opening.error.message().find("golden[") != std::string_view::npos);
}

TEST_CASE("a release that names another artifact is refused") {
  AlignedBytes bytes(bundle_bytes("cards"));
  Opening opening;
  Error error;
  Arena arena(opening.memory.allocator(), 64 << 20);
  OpenedArtifact artifact;
  REQUIRE(open_artifact(bytes.view(), Check::full, &arena, &artifact, &error) == Status::ok);
  REQUIRE(artifact.has_release);
  const Place release = section_of(bytes.data(), SectionKind::release);
  std::uint8_t* first = bytes.data() + release.offset;
  for (const Sha256Digest& id : {artifact.model.container.id, artifact.policy.container.id,
                                 artifact.catalog.container.id}) {
    std::uint8_t* found = std::search(first, first + release.size, id.begin(), id.end());
    REQUIRE(found != first + release.size);
    *found = static_cast<std::uint8_t>(*found ^ 1);
    CHECK(opening.open(bytes) == Status::reference);
    CHECK(opening.error.message().find("release.routes[0].") != std::string_view::npos);
    *found = static_cast<std::uint8_t>(*found ^ 1);
  }
  CHECK(opening.open(bytes, Check::full) == Status::ok);
}

#ifdef GUARDRANK_HAS_PACK
TEST_CASE("a release is served by engines that are as new as it asks for") {
  World world("cards");
  const Snapshot& plain = world.snapshot;
  AlignedBytes bytes(bundle_bytes("cards"));
  const auto section = [&](SectionKind kind) {
    const Place place = section_of(bytes.data(), kind);
    return Bytes{bytes.data() + place.offset, place.size};
  };
  const auto open = [&](std::string_view minimum_engine) {
    Release release = plain.release();
    release.minimum_engine = minimum_engine;
    const pack::AlignedBytes written = pack::write_release(release);
    TestMemory memory;
    Error error;
    Snapshot snapshot(memory.allocator());
    const Status status = snapshot.open_parts(
        {section(SectionKind::model), section(SectionKind::policy), section(SectionKind::catalog),
         written},
        Check::structure, KernelChoice::portable, true, &error);
    CHECK((status == Status::ok || error.where() == "release.minimum_engine"));
    return status;
  };
  for (const char* minimum : {"", "0.0.0", "0.0.99", "0.1.0"}) CHECK(open(minimum) == Status::ok);
  for (const char* minimum : {"0.1.1", "0.2.0", "1.0.0", "99.0.0", "0.1", "0.1.0.0", "0.1.", "v0.1.0",
                              "0.0.9999999999", " 0.0.1"}) {
    CAPTURE(minimum);
    CHECK(open(minimum) == Status::version);
  }
}
#endif

TEST_CASE("a full check notices every damaged byte of a section") {
  AlignedBytes bytes(bundle_bytes("cards"));
  Opening opening;
  for (std::size_t i = 0; i < bytes.size(); i += 131) {
    bytes.data()[i] ^= 0x10;
    const Status status = opening.open(bytes, Check::full);
    bytes.data()[i] ^= 0x10;
    // Padding between sections is the only thing that no hash covers.
    if (status == Status::ok) CHECK(bytes.data()[i] == 0);
  }
}

TEST_CASE("every allocation may fail once: a clean status, nothing kept") {
  AlignedBytes bytes(bundle_bytes("goods"));
  for (std::size_t n = 0; n < 10'000; ++n) {
    Opening opening;
    opening.memory.n_left = n;
    const Status status = opening.open(bytes);
    CHECK(opening.memory.live_bytes == 0);
    if (status == Status::ok) return;
    CHECK_MESSAGE(status == Status::memory, n, " ", opening.error.message());
    CHECK(!opening.error.message().empty());
  }
  FAIL("never opened");
}

TEST_CASE("inspection names what an artifact holds") {
  AlignedBytes bytes(bundle_bytes("cards"));
  TestMemory memory;
  Error error;
  Arena arena(memory.allocator(), 64 << 20);
  OpenedArtifact artifact;
  REQUIRE(open_artifact(bytes.view(), Check::structure, &arena, &artifact, &error) == Status::ok);
  std::string_view text;
  REQUIRE(write_inspection(artifact, &arena, &text) == Status::ok);
  const JsonValue* root = nullptr;
  REQUIRE(parse_json(text, &arena, &root, &error) == Status::ok);
  CHECK(root->member("kind")->text == "bundle");
  CHECK(root->member("catalog")->member("offers")->integer == 7);
  const JsonValue* click = root->member("model")->member("heads")->first;
  CHECK(click->member("name")->text == "click");
  CHECK(click->member("calibrator")->text == "platt");
  CHECK(click->member("segments")->integer == 1);
  const JsonValue* rule = root->member("policy")->member("rules")->first;
  CHECK(rule->member("expr")->text == "ctx.age >= offer.min_age");
}
