#include "core/engine/snapshot.h"

#include <new>

#include "core/artifact/row_shards.h"
#include "core/base/limits.h"
#include "core/base/hash.h"
#include "core/base/math.h"
#include "core/decision/version.h"
#include "core/engine/bind_facts.h"
#include "core/engine/golden.h"

namespace guardrank {
namespace {

// An artifact's structure is copied and its weights laid out again: some times its own size.
constexpr std::uint64_t wanted_bytes = 4 * limits::artifact_bytes;
constexpr std::size_t snapshot_bytes =
    wanted_bytes < SIZE_MAX / 2 ? static_cast<std::size_t>(wanted_bytes) : SIZE_MAX / 2;

Status check_reference(std::size_t route, std::string_view kind, const Sha256Digest& named,
                       const Sha256Digest& nested, Error* error) {
  if (named == nested) return Status::ok;
  const Text<64> where{"release.routes[", route, "].", kind};
  const DigestText wanted = digest_text(named), found = digest_text(nested);
  return error->wanted(Status::reference, where, {std::string_view{wanted.data(), wanted.size()}},
                       {std::string_view{found.data(), found.size()}});
}

// "1.20.3" to its three numbers; false for anything else.
bool read_version(std::string_view text, std::uint32_t (&parts)[3]) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i != 0 && (at >= text.size() || text[at++] != '.')) return false;
    const std::size_t first = at;
    parts[i] = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - first < 9; ++at) {
      parts[i] = parts[i] * 10 + static_cast<std::uint32_t>(text[at] - '0');
    }
    if (at == first) return false;
  }
  return at == text.size();
}

Status check_engine(std::string_view minimum, Error* error) {
  if (minimum.empty()) return Status::ok;
  std::uint32_t wanted[3], own[3];
  bool is_enough = read_version(minimum, wanted) && read_version(engine_version, own);
  for (std::size_t i = 0; is_enough && i < 3 && own[i] <= wanted[i]; ++i) {
    is_enough = own[i] == wanted[i];
  }
  if (is_enough) return Status::ok;
  return error->wanted(Status::version, "release.minimum_engine",
                       {"at most this engine's ", engine_version}, {minimum});
}

Status check_sections(const Container& container, std::string_view artifact, Error* error) {
  for (const Section& section : container.sections) {
    if (sha256(section.bytes) == section.hash) continue;
    return error->set(Status::hash, Text<48>{artifact, ".", section_kind_name(section.kind)},
                      {"the bytes do not match the section's hash"});
  }
  return Status::ok;
}

}  // namespace

Snapshot::Snapshot(const Allocator& allocator)
    : allocator_(allocator), arena_(allocator, snapshot_bytes),
      kept_arena_(allocator, SIZE_MAX) {}   // its budget bounds it

Status Snapshot::open(Bytes bundle, Check check, KernelChoice kernel, bool replays_golden,
                      Error* error) {
  const FloatingPointEnvironment environment;
  Bundle opened;
  GUARDRANK_TRY(open_bundle(bundle, check, &arena_, &opened, error));
  GUARDRANK_TRY(open_artifacts(
      {opened.model, opened.policy, opened.catalog, opened.release, opened.shards}, check, error));
  GUARDRANK_TRY(check_all_routes(error));
  return finish(kernel, replays_golden, error);
}

Status Snapshot::open_parts(const SnapshotParts& parts, Check check, KernelChoice kernel,
                            bool replays_golden, Error* error) {
  const FloatingPointEnvironment environment;
  GUARDRANK_TRY(open_artifacts(parts, check, error));
  GUARDRANK_TRY(check_some_route(error));
  return finish(kernel, replays_golden, error);
}

Status Snapshot::finish(KernelChoice kernel, bool replays_golden, Error* error) {
  GUARDRANK_TRY(bind(kernel, error));
  return replays_golden ? replay_golden(error) : Status::ok;
}

Status Snapshot::replay_golden(Error* error) const {
  const FloatingPointEnvironment environment;
  return guardrank::replay_golden(model_, pipeline_.network, allocator_, error);
}

Status Snapshot::verify(Error* error) const {
  GUARDRANK_TRY(check_sections(model_.container, "model", error));
  for (const Field& field : model_.fields) {
    if (field.shard_rows == 0 || field.table == nullptr || are_shards_right(field)) continue;
    return error->set(Status::hash, "shards", {"the rows do not match the model's hashes"});
  }
  GUARDRANK_TRY(check_sections(policy_.container, "policy", error));
  GUARDRANK_TRY(check_sections(catalog_.container, "catalog", error));
  return check_sections(release_.container, "release", error);
}

Status Snapshot::keep_catalog(const KeptBudget& budget, Error* error) {
  begin_kept(budget);
  while (n_kept_steps_left() != 0) GUARDRANK_TRY(keep_more(UINT32_MAX, error));
  return Status::ok;
}

// Without memory for the builder nothing is kept.
void Snapshot::begin_kept(const KeptBudget& budget) {
  release_kept();
  end_kept();
  pipeline_.kept = {};
  void* memory = allocator_.allocate(allocator_.user, sizeof(KeptCatalogBuilder), alignof(KeptCatalogBuilder));
  if (memory == nullptr) return;
  builder_ = ::new (memory)
      KeptCatalogBuilder(pipeline_.features, pipeline_.network, facts_, catalog_, allocator_);
  builder_->open(budget, &kept_arena_, &pipeline_.kept);
  if (n_kept_steps_left() == 0) end_kept();
}

void Snapshot::end_kept() {
  if (builder_ == nullptr) return;
  builder_->~KeptCatalogBuilder();
  allocator_.release(allocator_.user, builder_, sizeof(KeptCatalogBuilder), alignof(KeptCatalogBuilder));
  builder_ = nullptr;
}

Status Snapshot::keep_more(std::uint32_t most_steps, Error* error) {
  if (builder_ == nullptr) return Status::ok;
  const FloatingPointEnvironment environment;
  const Status status = builder_->step(most_steps, error);
  if (status != Status::ok || n_kept_steps_left() == 0) end_kept();
  return status;
}

Status Snapshot::open_artifacts(const SnapshotParts& parts, Check check, Error* error) {
  if (open_model(parts.model, check, &arena_, &model_, error, parts.shards) != Status::ok) {
    return error->within("model");
  }
  if (open_policy(parts.policy, check, &arena_, &policy_, error) != Status::ok) {
    return error->within("policy");
  }
  if (open_catalog(parts.catalog, check, &arena_, &catalog_, error) != Status::ok) {
    return error->within("catalog");
  }
  if (parts.release.empty()) return name_after_policy(error);
  if (open_release(parts.release, check, &arena_, &release_, error) != Status::ok) {
    return error->within("release");
  }
  GUARDRANK_TRY(check_engine(release_.minimum_engine, error));
  pipeline_.release_name = release_.name;
  return Status::ok;
}

// A bundle made by hand has no release: "us-cards@41" says as much as there is.
Status Snapshot::name_after_policy(Error* error) {
  std::span<char> name;
  const std::size_t n_bytes = policy_.name.size() + 1 + policy_.version.size();
  if (arena_.make(n_bytes, &name) != Status::ok) {
    return error->no_memory("release");
  }
  write_pieces(name.data(), name.size(), {policy_.name, "@", policy_.version});
  pipeline_.release_name = {name.data(), name.size()};
  return Status::ok;
}

Status Snapshot::check_some_route(Error* error) const {
  for (const Route& route : release_.routes) {
    if (route.model == model_.container.id && route.policy == policy_.container.id &&
        route.catalog == catalog_.container.id) {
      return Status::ok;
    }
  }
  if (release_.routes.empty()) return Status::ok;    // without a release
  return error->set(Status::reference, "release", {"none of its routes names these artifacts"});
}

Status Snapshot::check_all_routes(Error* error) const {
  for (std::size_t i = 0; i < release_.routes.size(); ++i) {
    const Route& route = release_.routes[i];
    GUARDRANK_TRY(check_reference(i, "model", route.model, model_.container.id, error));
    GUARDRANK_TRY(check_reference(i, "policy", route.policy, policy_.container.id, error));
    GUARDRANK_TRY(check_reference(i, "catalog", route.catalog, catalog_.container.id, error));
  }
  return Status::ok;
}

Status Snapshot::bind(KernelChoice kernel, Error* error) {
  GUARDRANK_TRY(bind_facts(model_, policy_, catalog_, &arena_, &facts_, error));
  if (name_facts(facts_, &arena_, &pipeline_.fact_names) != Status::ok) {
    return error->no_memory("facts");
  }
  pipeline_.facts = &facts_;
  pipeline_.model = &model_;
  pipeline_.policy = &policy_;
  pipeline_.catalog = &catalog_;
  pipeline_.ids = {release_.container.id, model_.container.id, policy_.container.id,
                   catalog_.container.id};
  return prepare(kernel, error);
}

Status Snapshot::prepare(KernelChoice kernel, Error* error) {
  Pipeline& p = pipeline_;
  const Kernel* chosen = nullptr;
  GUARDRANK_TRY(choose_kernel(kernel, &chosen, error));
  GUARDRANK_TRY(prepare_eligibility(policy_, facts_, &arena_, &p.eligibility, error));
  GUARDRANK_TRY(prepare_retrieval(model_, policy_, catalog_, facts_, &arena_, &p.retrieval, error));
  GUARDRANK_TRY(prepare_features(model_.fields, facts_, &arena_, &p.features, error));
  GUARDRANK_TRY(prepare_network(model_, *chosen, &arena_, &p.network, error));
  GUARDRANK_TRY(prepare_calibration(model_.heads, facts_, &arena_, &p.calibration, error));
  GUARDRANK_TRY(prepare_value(policy_, facts_, &arena_, &p.value, error));
  return prepare_placement(policy_, facts_, &arena_, &p.placement, error);
}

}  // namespace guardrank
