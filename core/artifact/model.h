// A model artifact as plain values: everything structured is copied out of the FlatBuffers root
// once, after verification; embeddings and weights stay where they are.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/container.h"
#include "core/frame/column.h"

namespace guardrank {

enum class Side : std::uint8_t { context = 0, candidate = 1, pair = 2 };
enum class TransformKind : std::uint8_t {
  identity = 0, fill = 1, clip = 2, log1p = 3, signed_log = 4, standardize = 5, bucketize = 6,
  vocabulary = 7, hash = 8, cross = 9, days_since = 10,
};
enum class OutputKind : std::uint8_t { dense = 0, embedding = 1 };
enum class Pooling : std::uint8_t { none = 0, mean = 1, sum = 2 };

struct Transform {
  TransformKind kind = TransformKind::identity;
  double number = 0;                        // fill of a number, a bool (0, 1) or a timestamp
  std::string_view text;                    // fill of a string
  double minimum = 0, maximum = 0;          // clip
  double mean = 0, standard_deviation = 1;  // standardize
  std::span<const double> edges;            // bucketize: strictly increasing
  std::span<const std::string_view> values; // vocabulary, in code order
  std::span<const std::uint32_t> sorted;    // vocabulary: ordinals of `values` in byte order
  std::uint32_t buckets = 0;                // hash
  std::uint64_t seed = 0;                   // hash
};

// One declared field. First-layer inputs are u7 codes q = clamp(round_half_even(x / scale) +
// zero_point, 0, 127); an embedding's zero point is 64.
struct Field {
  std::string_view name;
  Side side = Side::context;
  FactType type = FactType::f64;
  std::uint32_t width = 1;                  // dense: floats per row (n of f32[n]), else 1
  std::span<const std::string_view> inputs; // cross: the facts joined, by field name
  std::span<const Transform> transforms;
  OutputKind output = OutputKind::dense;
  bool has_indicator = false;
  bool is_module = false;
  bool feeds_every_layer = false;
  Pooling pooling = Pooling::none;
  float scale = 1;
  std::uint8_t zero_point = 64;
  float indicator_scale = 1;
  std::uint8_t indicator_zero_point = 0;
  std::uint32_t dim = 0;                    // embedding
  std::uint32_t n_codes = 0;                // embedding rows
  // Not pooled: u7 codes in the field's own scale and zero point. Pooled: s8 in `table_scale`.
  const std::uint8_t* table = nullptr;
  float table_scale = 1;
  std::uint8_t table_bits = 8;              // of a code; no other width is read yet
  // A table in shards: rows of each (the last may have fewer) and SHA-256 of each, one after another.
  // `table` is null where they did not come along with the model. 0: it is in none.
  std::uint32_t shard_rows = 0;
  std::span<const std::uint8_t> shard_hashes;

  bool is_apart() const { return shard_rows != 0 && table == nullptr; }

  // Columns of the input vector that this field takes.
  std::uint32_t n_inputs() const {
    return output == OutputKind::embedding ? dim : width + (has_indicator ? 1 : 0);
  }
};

// A linear layer, s8 weights [n_out][n_in] row-major. T below is the layer's int32 sum (see
// core/model/README.md); hidden layers give clamp(round_half_even(float(T) * multiplier), 0, 127),
// a gate or a logit float(T) * multiplier.
struct Layer {
  std::uint32_t n_out = 0, n_in = 0;
  const std::int8_t* weights = nullptr;
  std::span<const std::int32_t> bias;       // n_out
  std::span<const float> multiplier;        // n_out
  std::uint8_t input_shift = 0;             // layers that read x: bits dropped of each block's sum
};

inline constexpr std::uint32_t shared_owner = UINT32_MAX;

struct Expert {
  std::string_view name;
  std::uint32_t owner = shared_owner;       // head ordinal, or shared
  std::span<const Layer> layers;
};

struct Gate {
  std::uint32_t owner = shared_owner;       // head ordinal, or shared
  std::span<const std::uint32_t> experts;   // ordinals within the level
  const Layer* layer = nullptr;             // null when there is one expert
  std::span<const float> expert_multiplier; // expert's code to the gate's output code
};

struct Level {
  std::span<const Expert> experts;
  std::span<const Gate> gates;              // one per head, in head order, then shared if any
};

enum class HeadKind : std::uint8_t { probability = 0, log_amount = 1 };
enum class SamplingHandled : std::uint8_t { none = 0, correct = 1, weighted = 2 };
enum class CalibratorKind : std::uint8_t { identity = 0, platt = 1, temperature = 2, beta = 3, isotonic = 4 };

struct Calibrator {
  CalibratorKind kind = CalibratorKind::identity;
  double a = 1, b = 0, c = 0;               // platt a, b; beta a, b, c
  double t = 1;                             // temperature
  std::span<const double> x, y;             // isotonic knots: x strictly increasing
};

struct SegmentCalibrator {
  std::string_view value;
  Calibrator calibrator;
  double positives = 0;
};

inline constexpr std::uint32_t no_head = UINT32_MAX;

struct Head {
  std::string_view name;
  HeadKind kind = HeadKind::probability;
  std::uint32_t given = no_head;            // always an earlier head
  std::span<const Layer> tower;
  double negative_sampling_rate = 1;
  SamplingHandled sampling_handled = SamplingHandled::none;
  double positive_weight = 1;
  Calibrator calibrator;
  std::string_view segment_field;           // context fact; empty: no segments
  double kappa = 0;
  std::span<const SegmentCalibrator> segments;
  double log_sigma = 0, ratio = 1;          // log_amount
  std::string_view unit;
};

struct GoldenRequest {
  std::string_view request;                 // JSON, the request form of contracts.md
  std::uint32_t n_rows = 0;
  std::span<const float> logits;            // n_rows * heads, by row
  std::span<const double> probabilities;    // n_rows * heads, by row; amounts for value heads
  std::span<const std::uint8_t> rows;       // of tables in shards, as the request reads them
};

struct Lineage {
  std::string_view code, data, features, config, lock, evaluation;
};

// Stage one (core/retrieve): the context block of x to the vector that offers are multiplied by.
// Hidden layers give codes as any other does; the last gives clamp(round_half_even(float(T) *
// multiplier), -127, 127).
struct Retrieval {
  bool is_set = false;
  std::string_view name;
  std::span<const Layer> context_tower;
  std::uint32_t dim = 0;                    // outputs of its last layer
  float scale = 0;                          // of those
};

struct Model {
  Container container;
  std::string_view name, version;
  std::span<const Field> fields;            // x order: blocks context, candidate, pair; dense first
  std::span<const Level> levels;
  std::span<const Head> heads;
  Retrieval retrieval;
  std::span<const GoldenRequest> golden;
  Lineage lineage;
  std::string_view report;                  // the packer's, JSON
  std::uint32_t block_inputs[3] = {0, 0, 0};// columns of x per side
  bool has_tables_apart = false;            // some field `is_apart`
};

// Verifies structure, then meaning, then copies. `bytes` as for open_container. `shards`: all tables
// that are in shards, in the order of their fields, each 64-byte aligned; or nothing.
Status open_model(Bytes bytes, Check check, Arena* arena, Model* model, Error* error,
                  Bytes shards = {});

}  // namespace guardrank
