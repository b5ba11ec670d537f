#ifdef GUARDRANK_HAS_PACK
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

pack::AlignedBytes write_sample(ArtifactKind kind) {
  pack::Memory memory;
  switch (kind) {
    case ArtifactKind::model: return pack::write_model(sample_model(&memory));
    case ArtifactKind::policy: return pack::write_policy(sample_policy(&memory));
    case ArtifactKind::catalog: return pack::write_catalog(sample_catalog(&memory));
    case ArtifactKind::release: return pack::write_release(sample_release(&memory));
    case ArtifactKind::bundle: return sample_bundle();
  }
  return {};
}

TEST_CASE("what is written opens and is written again as the same bytes") {
  for (const ArtifactKind kind : {ArtifactKind::model, ArtifactKind::policy, ArtifactKind::catalog,
                                  ArtifactKind::release, ArtifactKind::bundle}) {
    CAPTURE(artifact_kind_name(kind));
    const pack::AlignedBytes bytes = write_sample(kind);
    CHECK(std::ranges::equal(bytes.view(), write_sample(kind).view()));
    Arena arena(pack::system_allocator(), 1 << 24);
    Error error;
    pack::AlignedBytes again;
    REQUIRE_MESSAGE(open_and_read(kind, bytes, Check::full, &arena, &error, &again) == Status::ok,
                    std::string(error.message()));
    CHECK(std::ranges::equal(bytes.view(), again.view()));
    for (const ArtifactKind other : {ArtifactKind::model, ArtifactKind::release})
      if (other != kind)
        CHECK(open_and_read(other, bytes, Check::full, &arena, &error) == Status::identifier);
  }
}

TEST_CASE("a model opens as it was") {
  pack::Memory memory;
  const pack::AlignedBytes bytes = pack::write_model(sample_model(&memory));
  Arena arena(pack::system_allocator(), 1 << 24);
  Error error;
  Model model;
  REQUIRE(open_model(bytes, Check::full, &arena, &model, &error) == Status::ok);
  CHECK(model.name == "cards");
  CHECK(model.block_inputs[0] == 8);
  CHECK(model.block_inputs[1] == 12);
  CHECK(model.block_inputs[2] == 2);
  REQUIRE(model.fields.size() == 8);
  CHECK(model.fields[0].transforms[3].standard_deviation == 0.8);
  CHECK(model.fields[0].has_indicator);
  CHECK(model.fields[1].transforms[0].values[2] == "TX");
  CHECK(model.fields[1].table[3] == 3 * 29);
  CHECK(reinterpret_cast<std::uintptr_t>(model.fields[1].table) % 64 == 0);
  CHECK(model.fields[6].pooling == Pooling::mean);
  CHECK(model.fields[7].inputs[1] == "offer_id");
  CHECK(model.fields[7].transforms[1].seed == UINT64_MAX);
  REQUIRE(model.levels.size() == 2);
  CHECK(model.levels[0].experts[0].owner == shared_owner);
  CHECK(model.levels[0].experts[0].layers[0].weights[1] == 37 - 127);
  CHECK(model.levels[0].gates[2].experts[0] == 2);
  CHECK(model.levels[0].gates[1].layer == nullptr);
  CHECK(model.heads[0].sampling_handled == SamplingHandled::correct);
  CHECK(model.heads[0].segments[1].value == "near");
  CHECK(model.heads[1].calibrator.y[2] == 0.9);
  CHECK(model.heads[2].log_sigma == 0.7);
  CHECK(model.golden[0].logits[5] == 3.5f);
  CHECK(model.lineage.lock == "10c4");
}

TEST_CASE("a policy opens as it was") {
  pack::Memory memory;
  const pack::AlignedBytes bytes = pack::write_policy(sample_policy(&memory));
  Arena arena(pack::system_allocator(), 1 << 24);
  Error error;
  Policy policy;
  REQUIRE(open_policy(bytes, Check::full, &arena, &policy, &error) == Status::ok);
  CHECK(policy.facts[0].fallback.n_rows == 0);
  CHECK(policy.facts[0].is_declared);
  CHECK(policy.facts[1].is_protected);
  CHECK(policy.facts[1].fallback.strings[0] == "unknown");
  CHECK(policy.facts[2].fallback.integers[0] == 18);
  CHECK_FALSE(policy.facts[3].may_override);
  CHECK(policy.facts[6].fallback.strings[1] == "b");
  CHECK(policy.facts[6].fallback.list_offsets[1] == 2);
  CHECK(policy.parameters[0].maximum == 20);
  CHECK(policy.rules[0].to == 20);
  CHECK(policy.rules[1].from == always_from);
  CHECK(policy.terms[1].kind == TermKind::penalty);
  CHECK(policy.mandated[0].slot == 3);
  CHECK(policy.diversity.facts[0] == "category");
  CHECK(policy.exploration.temperature == 0.5);
  CHECK(policy.two_stage.min_value_recall == 0.98);
  CHECK(policy.two_stage.measured_value_recall == 0.985);
}

TEST_CASE("a catalog opens as it was, and finds offers by id") {
  pack::Memory memory;
  const pack::AlignedBytes bytes = pack::write_catalog(sample_catalog(&memory));
  Arena arena(pack::system_allocator(), 1 << 24);
  Error error;
  Catalog catalog;
  REQUIRE(open_catalog(bytes, Check::full, &arena, &catalog, &error) == Status::ok);
  CHECK(catalog.allows_unlisted);
  REQUIRE(catalog.stage_one.dim == 3);
  CHECK(catalog.stage_one.scale == 0.25f);
  CHECK(catalog.stage_one.model[31] == 9);
  CHECK(catalog.stage_one.codes[4] == -128);
  CHECK(catalog.stage_one.codes[8] == 7);
  CHECK(catalog.find("o-2") == 0);
  CHECK(catalog.find("o-10") == 1);
  CHECK(catalog.find("o-1") == 2);
  CHECK(catalog.find("") == no_offer);
  CHECK(catalog.find("o-3") == no_offer);
  // Byte order: o-1, o-10, o-2.
  CHECK(catalog.order[0] == 2);
  CHECK(catalog.rank[0] == 2);
  CHECK(catalog.valid_from[1] == 5);
  CHECK(catalog.valid_to[2] == INT64_MAX);
  CHECK_FALSE(catalog.columns[1].column.is_present(1));
  CHECK(catalog.columns[3].column.strings[2] == "bank");
  CHECK(catalog.columns[5].column.list_offsets[2] == 2);
  CHECK(catalog.columns[5].column.strings[2] == "x");
  CHECK(catalog.columns[6].column.floats[5] == 6);
}

TEST_CASE("an empty catalog is a catalog") {
  Catalog empty;
  empty.name = "none";
  empty.version = "1";
  empty.allows_unlisted = true;
  const pack::AlignedBytes bytes = pack::write_catalog(empty);
  Arena arena(pack::system_allocator(), 1 << 20);
  Error error;
  Catalog catalog;
  REQUIRE(open_catalog(bytes, Check::full, &arena, &catalog, &error) == Status::ok);
  CHECK(catalog.n_offers == 0);
  CHECK(catalog.find("o-1") == no_offer);
}

TEST_CASE("a bundle holds its artifacts; the release may be left out") {
  const pack::AlignedBytes bytes = sample_bundle();
  Arena arena(pack::system_allocator(), 1 << 24);
  Error error;
  Bundle bundle;
  REQUIRE(open_bundle(bytes, Check::full, &arena, &bundle, &error) == Status::ok);
  Model model;
  Release release;
  CHECK(open_model(bundle.model, Check::full, &arena, &model, &error) == Status::ok);
  REQUIRE(open_release(bundle.release, Check::full, &arena, &release, &error) == Status::ok);
  CHECK(release.routes[0].stage == Stage::canary);
  CHECK(release.routes[0].traffic_weight == 0.25);
  CHECK(release.routes[1].model[31] == 4);
  CHECK(release.routes[0].tier == Tier::pinned);
  CHECK(release.routes[1].tier == Tier::warm);
  CHECK(release.routes[0].salt == "autumn");
  CHECK(release.created == 1'795'255'200'000'000);
  CHECK(release.minimum_engine == "0.1.0");
  REQUIRE(release.blobs.size() == 2);
  CHECK(release.blobs[0].n_bytes == std::uint64_t{5} << 32);
  CHECK(release.blobs[0].chunks[0] == 7);
  CHECK(release.blobs[1].chunks == Sha256Digest{});
  const pack::AlignedBytes alone =
      pack::write_bundle("x", bundle.model, bundle.policy, bundle.catalog, {});
  REQUIRE(open_bundle(alone, Check::full, &arena, &bundle, &error) == Status::ok);
  CHECK(bundle.release.empty());
  const pack::AlignedBytes without = pack::write_bundle("x", {}, bundle.policy, bundle.catalog, {});
  CHECK(open_bundle(without, Check::full, &arena, &bundle, &error) == Status::verify);
  CHECK(error.where() == "model");
}

}  // namespace
}  // namespace guardrank::test
#endif
