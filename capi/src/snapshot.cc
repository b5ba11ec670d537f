#include "capi/src/report.h"
#include "capi/src/shared_bytes.h"
#include "core/base/limits.h"

using guardrank::Check;
using guardrank::Error;
using guardrank::Report;
using guardrank::Status;

namespace {

Status check_bundle(const gr_artifact& artifact, Error* error) {
  const guardrank::ArtifactKind kind = artifact.opened.container.kind;
  if (kind == guardrank::ArtifactKind::bundle) return Status::ok;
  return error->wanted(Status::argument, "bundle", {"a bundle"},
                       {"a ", guardrank::artifact_kind_name(kind)});
}

guardrank::KeptBudget budget_of(const gr_snapshot_options& options) {
  const std::uint64_t codes = options.catalog_codes_bytes;
  return {codes != 0 ? codes : guardrank::limits::catalog_codes_bytes, options.catalog_sums_bytes};
}

Status open(const gr_engine& engine, const gr_artifact& bundle, const gr_snapshot_options& options,
            gr_snapshot** snapshot, Error* error) {
  auto* created =
      guardrank::create_handle<gr_snapshot>(engine.allocator, engine.allocator, bundle.bytes);
  if (created == nullptr) {
    return error->set(Status::memory, "snapshot", {"the host gave no memory for it"});
  }
  guardrank::retain_bytes(bundle.bytes);
  // The artifact was checked as its opener wished; once more for what is read again.
  Status status = created->snapshot.open(bundle.bytes->bytes, Check::structure, engine.kernel,
                                         options.skip_golden == 0, error);
  if (status == Status::ok) {
    status = created->snapshot.keep_catalog(budget_of(options), error);
  }
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
  gr_snapshot_options known;
  Status status = guardrank::read_struct(options, "options", &known, report.error());
  if (status == Status::ok) status = check_bundle(*bundle, report.error());
  if (status == Status::ok) {
    status = open(*engine, *bundle, known, snapshot, report.error());
  }
  return report.finish(status);
}

gr_snapshot* gr_snapshot_retain(const gr_snapshot* snapshot) {
  if (snapshot == nullptr) return nullptr;
  snapshot->count.fetch_add(1, std::memory_order_relaxed);
  return const_cast<gr_snapshot*>(snapshot);
}

void gr_snapshot_free(gr_snapshot* snapshot) {
  if (snapshot == nullptr || snapshot->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  guardrank::SharedBytes* bytes = snapshot->bytes;
  if (snapshot->release_scorer != nullptr) snapshot->release_scorer(snapshot->scorer_owner);
  guardrank::free_handle(snapshot->allocator, snapshot);
  guardrank::release_bytes(bytes);
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
