// A trained model as the folder states it: the graph in float, checked, in the engine's orders.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/artifact/model.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

// Row-major [n_out][n_in]. Columns of a layer that reads x are those of x; other layers have
// [previous | fed embeddings], the fed ones in x order (the file has them in model.json's order).
struct FloatLayer {
  std::uint32_t n_out = 0, n_in = 0;
  bool reads_x = false;
  std::vector<float> weights, bias;
};

struct TrainedExpert {
  std::string name;
  std::uint32_t owner = shared_owner;
  std::vector<FloatLayer> layers;
};

struct TrainedGate {
  std::uint32_t owner = shared_owner;
  std::vector<std::uint32_t> experts;        // ordinals within the level
  std::optional<FloatLayer> layer;           // none when there is one expert
};

struct TrainedLevel {
  std::vector<TrainedExpert> experts;
  std::vector<TrainedGate> gates;            // one per head, in head order, then shared if any

  std::uint32_t width(const TrainedGate& gate) const {
    return experts[gate.experts[0]].layers.back().n_out;
  }
  // The gate whose output a reader for `owner` takes at the next level; SIZE_MAX: none.
  std::size_t gate_of(std::uint32_t owner) const;
};

struct TrainedHead {
  Head head;                                 // its tower is empty; its calibrator as stated
  std::vector<FloatLayer> tower;
  std::optional<CalibratorKind> fit;         // set: to be fitted from the holdout
  std::vector<std::string> segments;         // by the number that a holdout's row has; stated or to be fitted
  bool fits_segments = false;
};

struct TrainedModel;

// Stage one (core/retrieve): two towers whose outputs are multiplied.
struct TrainedRetrieval {
  std::string name;
  std::uint32_t dim = 0;                     // outputs of both towers
  std::vector<FloatLayer> context;           // reads the context block of x
  // Reads the candidate block of x, then the columns of `offer_fields`: dense fields that only the
  // offers' vectors see, since these are made when a catalog is packed.
  std::vector<FloatLayer> offer;
  std::shared_ptr<TrainedModel> offer_fields;// its fields alone; null: none
};

struct TrainedModel {
  Memory memory;                             // what the views and spans below point into
  std::string_view name, version;
  std::span<Field> fields;                   // x order: blocks, dense first; scales not yet set
  std::vector<FieldDeclaration> declarations;// by field
  std::vector<std::vector<float>> tables;    // by field: [n_codes][dim]; empty for dense
  std::vector<TrainedLevel> levels;
  std::vector<TrainedHead> heads;
  std::optional<TrainedRetrieval> retrieval;
  Lineage lineage;
  std::map<std::string, std::string, std::less<>> tensor_names;   // by the contract's name: the file's, if another
  std::vector<std::uint32_t> json_order;     // json_order[i]: x ordinal of model.json's field i
  std::array<std::uint32_t, 3> block_inputs{};
  std::uint32_t n_inputs = 0;                // columns of x
  std::uint32_t n_fed = 0;                   // columns fed to every other layer

  // First column of x of each field.
  std::vector<std::uint32_t> columns() const;
};

}  // namespace guardrank::pack
