#include "models/pack/pack.h"

#include <memory>

#include "capi/src/shared_bytes.h"
#include "capi/tools/src/border.h"
#include "capi/tools/src/tools_text.h"
#include "models/pack/float_reference/float_reference.h"

namespace {

using guardrank::Error;
using guardrank::Report;
using guardrank::Status;
using guardrank::tools::at_border;
using guardrank::tools::progress_of;
namespace pack = guardrank::pack;

Status read_inputs(const gr_tools_pack_options* options, pack::PackInputs* inputs, Error* error) {
  gr_tools_pack_options known;
  GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, error));
  for (const auto& [path, name] : {std::pair(known.model_folder, "options.model_folder"),
                                   std::pair(known.policy_path, "options.policy_path")}) {
    if (path == nullptr) return error->set(Status::argument, name, {"must not be NULL"});
  }
  inputs->model_folder = known.model_folder;
  inputs->policy = known.policy_path;
  if (known.catalog_path != nullptr) inputs->catalog = known.catalog_path;
  if (known.single_stage != 0) inputs->two_stage = guardrank::TwoStage{};
  inputs->shard_rows = known.shard_rows;
  inputs->progress = progress_of(known.progress, known.progress_user);
  return Status::ok;
}

// The trained model and the float network over it, for as long as a snapshot ranks with them.
struct FloatScorer {
  explicit FloatScorer(std::unique_ptr<pack::ModelFolder> folder)
      : model(std::move(folder)), reference(model->trained) {}

  std::unique_ptr<pack::ModelFolder> model;
  pack::FloatReference reference;
};

void release_scorer(void* owner) { delete static_cast<FloatScorer*>(owner); }

// Puts the float network into a snapshot that nobody else has seen yet.
void replace_scorer(std::unique_ptr<FloatScorer> scorer, gr_snapshot* snapshot) {
  snapshot->snapshot.set_scorer(scorer->reference.scorer());
  snapshot->scorer_owner = scorer.release();
  snapshot->release_scorer = release_scorer;
}

// Status and error object of the C functions that do the rest.
gr_status open_snapshot(const gr_engine* engine, const pack::AlignedBytes& bundle,
                        gr_snapshot** snapshot, gr_error** error) {
  gr_artifact* artifact = nullptr;
  gr_status status =
      gr_artifact_open(engine, bundle.data(), bundle.size(), nullptr, &artifact, error);
  if (status != GR_STATUS_OK) return status;
  status = gr_snapshot_create(engine, artifact, nullptr, snapshot, error);
  gr_artifact_free(artifact);
  return status;
}

}  // namespace

extern "C" {

gr_status gr_tools_pack(const gr_tools_pack_options* options, gr_tools_text** bundle,
                        gr_tools_text** report, gr_error** error) {
  Report outcome(error);
  if (options == nullptr) return outcome.null("options");
  if (bundle == nullptr) return outcome.null("bundle");
  return at_border(&outcome, [&] {
    pack::PackInputs inputs;
    GUARDRANK_TRY(read_inputs(options, &inputs, outcome.error()));
    pack::PackResult result = pack::pack(inputs);
    auto packed = std::make_unique<gr_tools_text>();
    packed->bytes = std::move(result.bundle);
    if (report != nullptr) {
      auto told = std::make_unique<gr_tools_text>();
      told->text = std::move(result.report);
      *report = told.release();
    }
    *bundle = packed.release();
    return Status::ok;
  });
}

gr_status gr_tools_snapshot_float(const gr_engine* engine, const gr_tools_pack_options* options,
                                  gr_snapshot** snapshot, gr_error** error) {
  Report outcome(error);
  if (engine == nullptr) return outcome.null("engine");
  if (options == nullptr) return outcome.null("options");
  if (snapshot == nullptr) return outcome.null("snapshot");
  outcome.use(engine->allocator);
  pack::AlignedBytes bundle;
  std::unique_ptr<FloatScorer> scorer;
  const gr_status packed = at_border(&outcome, [&] {
    pack::PackInputs inputs;
    GUARDRANK_TRY(read_inputs(options, &inputs, outcome.error()));
    inputs.wants_rows = false;
    pack::PackResult result = pack::pack(inputs);
    bundle = std::move(result.bundle);
    scorer = std::make_unique<FloatScorer>(std::move(result.model));
    return Status::ok;
  });
  if (packed != GR_STATUS_OK) return packed;
  gr_snapshot* created = nullptr;
  const gr_status opened = open_snapshot(engine, bundle, &created, error);
  if (opened != GR_STATUS_OK) return opened;
  replace_scorer(std::move(scorer), created);
  *snapshot = created;
  return GR_STATUS_OK;
}

}  // extern "C"
