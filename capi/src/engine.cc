#include "capi/src/report.h"

#include "core/base/limits.h"

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;

namespace {

Status read_allocator(const gr_engine_options& options, guardrank::Allocator* allocator,
                      Error* error) {
  if ((options.allocate == nullptr) != (options.release == nullptr)) {
    return error->set(Status::argument, "options",
                      {"allocate and release: give both or neither"});
  }
  if (options.allocate == nullptr) {
    *allocator = guardrank::default_allocator();
  } else {
    *allocator = {options.allocator_user, options.allocate, options.release};
  }
  return Status::ok;
}

Status read_kernel(std::int32_t number, gr_engine* engine, Error* error) {
  if (number < GR_KERNEL_AUTOMATIC || number >= guardrank::n_kernel_choices) {
    return error->wanted(Status::argument, "options.kernel", {"a gr_kernel"}, {number});
  }
  engine->kernel = static_cast<guardrank::KernelChoice>(number);
  const guardrank::Kernel* kernel = nullptr;
  GUARDRANK_TRY(guardrank::choose_kernel(engine->kernel, &kernel, error));
  engine->kernel_name = kernel->name;
  return Status::ok;
}

// What an option of bytes says; 0 is the default.
std::size_t read_bytes(std::uint64_t given, std::size_t otherwise) {
  if (given == 0) return otherwise;
  return given < SIZE_MAX / 2 ? static_cast<std::size_t>(given) : SIZE_MAX / 2;
}

Status read_options(const gr_engine_options* given, gr_engine* engine, Error* error) {
  gr_engine_options options;
  GUARDRANK_TRY(guardrank::read_struct(given, "options", &options, error));
  GUARDRANK_TRY(read_allocator(options, &engine->allocator, error));
  GUARDRANK_TRY(read_kernel(options.kernel, engine, error));
  engine->session_limit_bytes =
      read_bytes(options.session_limit_bytes, guardrank::limits::session_bytes);
  engine->context_cache_bytes =
      read_bytes(options.context_cache_bytes, guardrank::limits::context_cache_bytes);
  engine->shard_cache_bytes =
      read_bytes(options.shard_cache_bytes, guardrank::limits::shard_cache_bytes);
  return Status::ok;
}

}  // namespace

extern "C" {

gr_status gr_engine_create(const gr_engine_options* options, gr_engine** engine, gr_error** error) {
  Report report(error);
  if (engine == nullptr) return report.null("engine");
  gr_engine settings;
  if (const Status status = read_options(options, &settings, report.error());
      status != Status::ok) {
    return report.finish(status);
  }
  report.use(settings.allocator);
  auto* created = guardrank::create_handle<gr_engine>(settings.allocator, settings);
  if (created == nullptr) return report.no_memory("engine");
  *engine = created;
  return report.finish(Status::ok);
}

void gr_engine_free(gr_engine* engine) {
  if (engine != nullptr) guardrank::free_handle(engine->allocator, engine);
}

gr_text gr_engine_kernel(const gr_engine* engine) {
  return engine == nullptr ? gr_text{"", 0} : guardrank::as_text(engine->kernel_name);
}

}  // extern "C"
