#include "capi/src/report.h"
#include "capi/src/shared_bytes.h"

#include "core/base/limits.h"
#include "core/engine/inspect.h"

using guardrank::Bytes;
using guardrank::Check;
using guardrank::Error;
using guardrank::Report;
using guardrank::SharedBytes;
using guardrank::Status;

namespace {

Status check_bytes(Bytes bytes, const gr_artifact_options& options, Error* error) {
  if (bytes.data() == nullptr) {
    return error->set(Status::argument, "bytes", {"must not be NULL"});
  }
  const std::uint64_t size = bytes.size();  // 64 bits wide where size_t is not
  if (size > guardrank::limits::artifact_bytes) {
    return error->over_limit("size", guardrank::limits::artifact_bytes, " bytes", size);
  }
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  if (options.release != nullptr && address % guardrank::section_alignment != 0) {
    return error->set(Status::argument, "bytes", {"borrowed bytes must be 64-byte aligned"});
  }
  if (options.check != GR_CHECK_STRUCTURE && options.check != GR_CHECK_FULL) {
    return error->wanted(Status::argument, "options.check", {"a gr_check"}, {options.check});
  }
  return Status::ok;
}

// Takes over the bytes: on failure borrowed ones have been released.
Status share(const gr_engine& engine, Bytes bytes, const gr_artifact_options& options,
             SharedBytes** shared, Error* error) {
  Status status = check_bytes(bytes, options, error);
  if (status == Status::ok) {
    *shared = options.release == nullptr
                  ? guardrank::copy_bytes(engine.allocator, bytes)
                  : guardrank::borrow_bytes(engine.allocator, bytes, options);
    if (*shared != nullptr) return Status::ok;
    status = error->no_memory("artifact");
  }
  if (options.release != nullptr) {
    options.release(options.release_user, bytes.data(), bytes.size());
  }
  return status;
}

// Gives the count of `shared` to the artifact, or back on failure.
Status open(const gr_engine& engine, SharedBytes* shared, std::int32_t check,
            gr_artifact** artifact, Error* error) {
  auto* created = guardrank::create_handle<gr_artifact>(engine.allocator, engine.allocator, shared);
  if (created == nullptr) {
    guardrank::release_bytes(shared);
    return error->no_memory("artifact");
  }
  const Status status = guardrank::open_artifact(shared->bytes, static_cast<Check>(check),
                                                 &created->arena, &created->opened, error);
  if (status != Status::ok) {
    gr_artifact_free(created);
    return status;
  }
  created->is_verified = static_cast<Check>(check) == Check::full;
  created->id = guardrank::digest_text(created->opened.container.id);
  *artifact = created;
  return Status::ok;
}

}  // namespace

extern "C" {

gr_status gr_artifact_open(const gr_engine* engine, const uint8_t* bytes, size_t size,
                           const gr_artifact_options* options, gr_artifact** artifact,
                           gr_error** error) {
  Report report(error);
  gr_artifact_options known;
  if (guardrank::read_struct(options, "options", &known, report.error()) != Status::ok) {
    if (known.release != nullptr) known.release(known.release_user, bytes, size);
    return report.finish(Status::struct_size);
  }
  if (engine == nullptr || artifact == nullptr) {
    if (known.release != nullptr) known.release(known.release_user, bytes, size);
    return report.null(engine == nullptr ? "engine" : "artifact");
  }
  report.use(engine->allocator);
  SharedBytes* shared = nullptr;
  Status status = share(*engine, {bytes, size}, known, &shared, report.error());
  if (status == Status::ok) status = open(*engine, shared, known.check, artifact, report.error());
  return report.finish(status);
}

void gr_artifact_free(gr_artifact* artifact) {
  if (artifact == nullptr) return;
  SharedBytes* bytes = artifact->bytes;
  guardrank::free_handle(artifact->allocator, artifact);
  guardrank::release_bytes(bytes);
}

gr_text gr_artifact_id(const gr_artifact* artifact) {
  if (artifact == nullptr) return {"", 0};
  return {artifact->id.data(), artifact->id.size()};
}

gr_text gr_artifact_kind(const gr_artifact* artifact) {
  if (artifact == nullptr) return {"", 0};
  return guardrank::as_text(guardrank::artifact_kind_name(artifact->opened.container.kind));
}

gr_status gr_artifact_inspect(gr_artifact* artifact, gr_text* json, gr_error** error) {
  Report report(error);
  if (artifact == nullptr || json == nullptr) {
    return report.null(artifact == nullptr ? "artifact" : "json");
  }
  report.use(artifact->allocator);
  if (artifact->inspection.empty() &&
      guardrank::write_inspection(artifact->opened, &artifact->arena, &artifact->inspection) !=
          Status::ok) {
    return report.no_memory("json");
  }
  *json = guardrank::as_text(artifact->inspection);
  return report.finish(Status::ok);
}

}  // extern "C"
