// The model's part of packing: folder to model artifact.
#pragma once

#include <filesystem>
#include <memory>

#include "models/pack/artifact/writers.h"
#include "models/pack/quantise/quantise.h"
#include "models/pack/rows/calibration_rows.h"
#include "models/pack/weights/holdout.h"

namespace guardrank::pack {

// What a folder holds, read and checked. Heads to be fitted have their calibrators.
struct ModelFolder {
  TrainedModel trained;
  std::vector<HoldoutHead> holdout;      // by head
};
std::unique_ptr<ModelFolder> read_model_folder(const std::filesystem::path& folder);

struct PackedModel {
  AlignedBytes artifact;
  AlignedBytes shards;                   // tables that are in shards; empty: none is
  std::string report;
};
// Ranges from calibration.jsonl, int8 form, golden vectors, measured errors. `shard_rows` and
// `wants_rows`: as in PackInputs.
PackedModel pack_model(const std::filesystem::path& folder, const ModelFolder& model,
                       const Progress& progress, std::uint32_t shard_rows = 0, bool wants_rows = true);

}  // namespace guardrank::pack
