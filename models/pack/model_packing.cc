#include "models/pack/model_packing.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/calibration/calibration.h"
#include "models/pack/calibrate/fit_head.h"
#include "models/pack/golden_requests.h"
#include "models/pack/pack_error.h"
#include "models/pack/report.h"
#include "models/pack/weights/weights_folder.h"

namespace guardrank::pack {
namespace {

Ranges observe(const TrainedModel& trained, const FloatReference& reference,
               const CalibrationRows& rows, const Progress& progress) {
  constexpr std::uint32_t block_rows = 256;
  Ranges ranges(trained);
  for (std::uint32_t first = 0; first < rows.encoded.size(); first += block_rows) {
    const std::uint32_t count = std::min(block_rows, rows.encoded.size() - first);
    const Matrix x = reference.inputs(rows.encoded.block(first, count), 0, count);
    ranges.add(trained, x, reference.run(x));
    if (progress) progress("activation ranges", first + count, rows.encoded.size());
  }
  for (std::size_t f = 0; f < rows.missing.size(); ++f) {
    ranges.fields[f].add(rows.missing[f].low);
    ranges.fields[f].add(rows.missing[f].high);
  }
  return ranges;
}

// Tables of users, not of offers, and only those that are larger than one shard.
void cut_tables(std::uint32_t shard_rows, QuantisedModel* quantised) {
  if (shard_rows == 0) return;
  const std::span<Field> fields = quantised->memory.make<Field>(quantised->model.fields.size());
  std::copy(quantised->model.fields.begin(), quantised->model.fields.end(), fields.begin());
  for (Field& field : fields) {
    if (field.side != Side::context || field.output != OutputKind::embedding) continue;
    if (field.n_codes <= shard_rows) continue;
    if (std::uint64_t{shard_rows} * field.dim > limits::shard_bytes)
      throw PackError(Status::limit, "shard-rows",
                      std::to_string(shard_rows) + " rows of " + std::string(field.name) +
                          " are over " + std::to_string(limits::shard_bytes) + " bytes");
    field.shard_rows = shard_rows;
  }
  quantised->model.fields = fields;
}

void check_rows(const TrainedModel& trained, const CalibrationRows& rows) {
  if (rows.encoded.size() > 0 || !needs_rows(trained)) return;
  throw PackError(Status::missing, "calibration.jsonl",
                  std::string(rows.exists ? "has no rows" : "is not in the folder") +
                      "; ranges of dense fields and hidden layers come from it. Write one line "
                      "{\"context\": {}, \"candidate\": {}, \"pair\": {}} of raw facts for each of "
                      "some 20000 training rows");
}

}  // namespace

std::unique_ptr<ModelFolder> read_model_folder(const std::filesystem::path& folder) {
  auto out = std::make_unique<ModelFolder>(ModelFolder{read_weights_folder(folder), {}});
  out->holdout = read_holdout(folder, out->trained);
  for (std::size_t h = 0; h < out->trained.heads.size(); ++h) {
    TrainedHead& head = out->trained.heads[h];
    if (head.fit) fit_head(out->holdout[h], &out->trained.memory, &head);
  }
  return out;
}

PackedModel pack_model(const std::filesystem::path& folder, const ModelFolder& model,
                       const Progress& progress, std::uint32_t shard_rows, bool wants_rows) {
  const TrainedModel& trained = model.trained;
  const CalibrationRows rows = read_calibration_rows(folder, trained, golden_samples, progress);
  if (wants_rows) check_rows(trained, rows);
  const FloatReference reference(trained);
  QuantisedModel quantised = quantise(trained, observe(trained, reference, rows, progress));
  const std::vector<LogitError> errors =
      measure_logit_errors(reference, quantised.model, rows, progress);
  PackedModel out;
  out.report = model_report({trained, quantised.model, rows, errors, model.holdout});
  cut_tables(shard_rows, &quantised);
  quantised.model.golden = make_golden(quantised.model, rows, &quantised.memory);
  quantised.model.report = out.report;
  out.artifact = write_model(quantised.model, trained.declarations);
  out.shards = write_shards(quantised.model);
  return out;
}

}  // namespace guardrank::pack
