#include <algorithm>

#include "capi/src/report.h"
#include "capi/src/shared_bytes.h"
#include "core/base/limits.h"

using guardrank::ArtifactKind;
using guardrank::Bytes;
using guardrank::Check;
using guardrank::Error;
using guardrank::Report;
using guardrank::Status;

namespace {

// The artifacts that a snapshot is made of: a bundle, or model, policy, catalog and release.
using Parts = std::array<const gr_artifact*, 4>;

Status check_kind(const gr_artifact& artifact, ArtifactKind kind, std::string_view where,
                  Error* error) {
  const ArtifactKind found = artifact.opened.container.kind;
  if (found == kind) return Status::ok;
  return error->wanted(Status::argument, where, {"a ", guardrank::artifact_kind_name(kind)},
                       {"a ", guardrank::artifact_kind_name(found)});
}

Status check_parts(const gr_snapshot_parts& given, Parts* parts, Error* error) {
  *parts = {given.model, given.policy, given.catalog, given.release};
  constexpr ArtifactKind kinds[] = {ArtifactKind::model, ArtifactKind::policy,
                                    ArtifactKind::catalog, ArtifactKind::release};
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const std::string_view name = guardrank::artifact_kind_name(kinds[i]);
    if ((*parts)[i] != nullptr) {
      GUARDRANK_TRY(check_kind(*(*parts)[i], kinds[i], name, error));
    } else if (kinds[i] != ArtifactKind::release) {
      return error->set(Status::argument, name, {"must not be NULL"});
    }
  }
  return Status::ok;
}

// Tells networks apart where what they make of a context is kept: two may have one id, as long as
// nobody has hashed their bytes.
std::atomic<std::uint64_t> n_snapshots{0};

guardrank::KeptBudget budget_of(const gr_snapshot_options& options) {
  const std::uint64_t codes = options.catalog_codes_bytes;
  return {codes != 0 ? codes : guardrank::limits::catalog_codes_bytes, options.catalog_sums_bytes};
}

// The artifacts were checked as their openers wished; once more for what is read again.
Status open_parts(const gr_engine& engine, const Parts& parts, gr_snapshot* snapshot, Error* error) {
  bool is_verified = true;
  Bytes bytes[4];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == nullptr) continue;
    snapshot->bytes[i] = parts[i]->bytes;
    guardrank::retain_bytes(snapshot->bytes[i]);
    bytes[i] = snapshot->bytes[i]->bytes;
    is_verified = is_verified && parts[i]->is_verified;
  }
  snapshot->is_verified.store(is_verified, std::memory_order_relaxed);
  guardrank::Snapshot& core = snapshot->snapshot;
  if (parts[1] == nullptr) return core.open(bytes[0], Check::structure, engine.kernel, false, error);
  return core.open_parts({bytes[0], bytes[1], bytes[2], bytes[3]}, Check::structure, engine.kernel,
                         false, error);
}

std::uint32_t n_steps_left(const gr_snapshot& snapshot) {
  return (snapshot.replays_golden ? 1 : 0) + snapshot.snapshot.n_kept_steps_left();
}

Status take_steps(gr_snapshot* snapshot, std::uint32_t steps, Error* error) {
  guardrank::Snapshot& core = snapshot->snapshot;
  if (steps != 0 && snapshot->replays_golden) {
    GUARDRANK_TRY(core.replay_golden(error));
    snapshot->replays_golden = false;
    --steps;
  }
  while (steps != 0 && core.n_kept_steps_left() != 0) {
    const std::uint32_t before = core.n_kept_steps_left();
    GUARDRANK_TRY(core.keep_more(steps, error));
    steps -= std::min(steps, before - core.n_kept_steps_left());   // all at once where memory was refused
  }
  if (snapshot->is_ready || n_steps_left(*snapshot) != 0) return Status::ok;
  snapshot->is_ready = true;
  if (core.pipeline().kept.is_empty()) snapshot->kept.drop(&core);
  return Status::ok;
}

Status prepare(const gr_engine& engine, const Parts& parts, const gr_snapshot_options& options,
               gr_snapshot* snapshot, Error* error) {
  GUARDRANK_TRY(open_parts(engine, parts, snapshot, error));
  snapshot->snapshot.set_serial(1 + n_snapshots.fetch_add(1, std::memory_order_relaxed));
  snapshot->snapshot.begin_kept(budget_of(options));
  snapshot->replays_golden = options.skip_golden == 0;
  return take_steps(snapshot, options.in_steps == 0 ? UINT32_MAX : 0, error);
}

Status create(const gr_engine& engine, const Parts& parts, const gr_snapshot_options* given,
              gr_snapshot** snapshot, Error* error) {
  gr_snapshot_options options;
  GUARDRANK_TRY(guardrank::read_struct(given, "options", &options, error));
  auto* created = guardrank::create_handle<gr_snapshot>(engine.allocator, engine.allocator);
  if (created == nullptr) {
    return error->no_memory("snapshot");
  }
  const Status status = prepare(engine, parts, options, created, error);
  if (status != Status::ok) {
    gr_snapshot_free(created);
    return status;
  }
  *snapshot = created;
  return Status::ok;
}

const guardrank::Pipeline& pipeline_of(const gr_snapshot* snapshot) {
  return snapshot->snapshot.pipeline();
}

}  // namespace

extern "C" {

gr_status gr_snapshot_create(const gr_engine* engine, const gr_artifact* bundle,
                             const gr_snapshot_options* options, gr_snapshot** snapshot,
                             gr_error** error) {
  Report report(error);
  if (engine == nullptr) return report.null("engine");
  if (bundle == nullptr) return report.null("bundle");
  if (snapshot == nullptr) return report.null("snapshot");
  report.use(engine->allocator);
  Status status = check_kind(*bundle, ArtifactKind::bundle, "bundle", report.error());
  if (status == Status::ok) status = create(*engine, {bundle}, options, snapshot, report.error());
  return report.finish(status);
}

gr_status gr_snapshot_create_from(const gr_engine* engine, const gr_snapshot_parts* parts,
                                  const gr_snapshot_options* options, gr_snapshot** snapshot,
                                  gr_error** error) {
  Report report(error);
  if (engine == nullptr) return report.null("engine");
  if (parts == nullptr) return report.null("parts");
  if (snapshot == nullptr) return report.null("snapshot");
  report.use(engine->allocator);
  gr_snapshot_parts given;
  Parts known;
  Status status = guardrank::read_struct(parts, "parts", &given, report.error());
  if (status == Status::ok) status = check_parts(given, &known, report.error());
  if (status == Status::ok) status = create(*engine, known, options, snapshot, report.error());
  return report.finish(status);
}

gr_status gr_snapshot_prepare(gr_snapshot* snapshot, uint32_t steps, uint32_t* left, gr_error** error) {
  Report report(error);
  if (snapshot == nullptr || left == nullptr) return report.null(snapshot == nullptr ? "snapshot" : "left");
  report.use(snapshot->allocator);
  const Status status = take_steps(snapshot, steps, report.error());
  if (status == Status::ok) *left = n_steps_left(*snapshot);
  return report.finish(status);
}

gr_snapshot* gr_snapshot_retain(const gr_snapshot* snapshot) {
  if (snapshot == nullptr) return nullptr;
  snapshot->count.fetch_add(1, std::memory_order_relaxed);
  return const_cast<gr_snapshot*>(snapshot);
}

void gr_snapshot_free(gr_snapshot* snapshot) {
  if (snapshot == nullptr || snapshot->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const std::array<guardrank::SharedBytes*, 4> bytes = snapshot->bytes;
  if (snapshot->release_scorer != nullptr) snapshot->release_scorer(snapshot->scorer_owner);
  guardrank::free_handle(snapshot->allocator, snapshot);
  for (guardrank::SharedBytes* part : bytes) {
    if (part != nullptr) guardrank::release_bytes(part);
  }
}

bool gr_snapshot_trim(gr_snapshot* snapshot) {
  return snapshot != nullptr && snapshot->is_ready && snapshot->kept.drop(&snapshot->snapshot);
}

uint32_t gr_snapshot_fact(const gr_snapshot* snapshot, gr_namespace space, gr_text name) {
  // A C caller may pass any number; C++ may not even load one that the enum does not have.
  std::uint32_t number = 0;
  static_assert(sizeof number == sizeof space);
  std::memcpy(&number, &space, sizeof number);
  if (snapshot == nullptr || number > GR_NAMESPACE_PAIR) return GR_NO_FACT;
  return pipeline_of(snapshot).facts->find(static_cast<guardrank::Namespace>(number),
                                           guardrank::as_view(name));
}

uint32_t gr_snapshot_head_count(const gr_snapshot* snapshot) {
  if (snapshot == nullptr) return 0;
  return static_cast<uint32_t>(pipeline_of(snapshot).model->heads.size());
}

gr_text gr_snapshot_head_name(const gr_snapshot* snapshot, uint32_t head) {
  if (head >= gr_snapshot_head_count(snapshot)) return {"", 0};
  return guardrank::as_text(pipeline_of(snapshot).model->heads[head].name);
}

uint32_t gr_snapshot_guardrail_count(const gr_snapshot* snapshot) {
  if (snapshot == nullptr) return 0;
  return static_cast<uint32_t>(pipeline_of(snapshot).policy->guardrails.size());
}

gr_text gr_snapshot_guardrail_name(const gr_snapshot* snapshot, uint32_t guardrail) {
  if (guardrail >= gr_snapshot_guardrail_count(snapshot)) return {"", 0};
  return guardrank::as_text(pipeline_of(snapshot).policy->guardrails[guardrail].id);
}

uint32_t gr_snapshot_term_count(const gr_snapshot* snapshot) {
  if (snapshot == nullptr) return 0;
  return static_cast<uint32_t>(pipeline_of(snapshot).policy->terms.size());
}

gr_text gr_snapshot_term_name(const gr_snapshot* snapshot, uint32_t term) {
  if (term >= gr_snapshot_term_count(snapshot)) return {"", 0};
  return guardrank::as_text(pipeline_of(snapshot).policy->terms[term].id);
}

uint32_t gr_snapshot_offer_count(const gr_snapshot* snapshot) {
  return snapshot == nullptr ? 0 : pipeline_of(snapshot).catalog->n_offers;
}

}  // extern "C"
