// Trained weights, a policy and a catalog to a bundle.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "models/pack/artifact/writers.h"
#include "models/pack/model_packing.h"

namespace guardrank::pack {

struct PackInputs {
  std::filesystem::path model_folder;    // model.json, weights.safetensors or weights.onnx, ...
  std::filesystem::path policy;          // YAML or JSON
  std::filesystem::path catalog;         // CSV or JSON; empty: no offers, any may be named
  std::uint32_t shard_rows = 0;          // context fields' tables of more rows are in shards of so many
  std::optional<TwoStage> two_stage;     // in the policy's place, unchecked: for measuring
  bool wants_rows = true;                // else calibration.jsonl may lack: int8 then says nothing
  Progress progress;
};

struct PackResult {
  AlignedBytes bundle;
  std::string report;                    // JSON
  std::unique_ptr<ModelFolder> model;    // what was packed, in float
};

// The bundle has been opened with a full check, its expressions compiled and its golden vectors
// replayed before it is given. Throws PackError.
PackResult pack(const PackInputs& inputs);

}  // namespace guardrank::pack
