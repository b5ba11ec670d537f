// Models and encoded inputs drawn at random, straight in memory: for tests and benchmarks that need
// a graph of any shape without packing one.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "core/artifact/model.h"
#include "core/frame/encoded_field.h"

namespace guardrank::testing {

struct FieldShape {
  Side side = Side::candidate;
  OutputKind output = OutputKind::dense;
  std::uint32_t width = 1;         // dense
  bool has_indicator = false;      // dense
  std::uint32_t dim = 0;           // embedding
  std::uint32_t n_codes = 0;       // embedding
  Pooling pooling = Pooling::none; // embedding
  bool feeds_every_layer = false;  // embedding
};

struct ExpertShape {
  std::uint32_t owner = shared_owner;
  std::vector<std::uint32_t> widths;
};

struct GateShape {
  std::uint32_t owner = shared_owner;
  std::vector<std::uint32_t> experts;
};

struct LevelShape {
  std::vector<ExpertShape> experts;
  std::vector<GateShape> gates;
};

struct Architecture {
  std::vector<FieldShape> fields;
  std::vector<LevelShape> levels;
  std::vector<std::vector<std::uint32_t>> towers;  // hidden widths, by head
};

// Separate towers on x, shared bottom, MMoE, or PLE of one to three levels, with every kind of
// field: which one follows from the seed.
Architecture draw_architecture(std::uint64_t seed);
// One level of `n_experts` shared experts, one gate per head over all of them.
Architecture mmoe(std::vector<FieldShape> fields, std::uint32_t n_experts,
                  std::vector<std::uint32_t> expert_widths, std::vector<std::uint32_t> tower,
                  std::uint32_t n_heads);

// How large the numbers are: `moderate` keeps most codes within range, `extreme` uses the ends of
// int8, int32 and of the shifts, so that everything saturates or wraps somewhere.
enum class Magnitudes { moderate, extreme };

// Owns what its model points at.
class RandomModel {
 public:
  RandomModel(const Architecture& architecture, std::uint64_t seed,
              Magnitudes magnitudes = Magnitudes::moderate);
  RandomModel(const RandomModel&) = delete;
  RandomModel& operator=(const RandomModel&) = delete;

  const Model& model() const { return model_; }
  Model& model() { return model_; }

 private:
  void add_fields(const Architecture& architecture);
  void add_level(const LevelShape& shape, bool reads_x, std::uint32_t n_heads,
                 const std::vector<std::uint32_t>& inputs);
  void add_heads(const Architecture& architecture, const std::vector<std::uint32_t>& inputs);
  std::span<const Layer> add_layers(const std::vector<std::uint32_t>& widths, std::uint32_t n_in,
                                    bool reads_x);
  Layer make_layer(std::uint32_t n_out, std::uint32_t n_in, bool reads_x);
  Field make_field(const FieldShape& shape);
  std::string_view name(const std::string& text);
  template <typename T>
  std::span<const T> keep(std::vector<T> values, std::deque<std::vector<T>>* store);
  std::uint32_t below(std::uint32_t end);
  float between(float least, float most);

  std::mt19937_64 random_;
  Magnitudes magnitudes_;
  Model model_;
  std::uint32_t n_inputs_ = 0, fed_width_ = 0;
  std::deque<std::string> names_;
  std::deque<std::vector<std::uint8_t>> tables_;
  std::deque<std::vector<std::int8_t>> weights_;
  std::deque<std::vector<std::int32_t>> biases_;
  std::deque<std::vector<float>> multipliers_;
  std::deque<std::vector<Layer>> layers_;
  std::deque<std::vector<Expert>> experts_;
  std::deque<std::vector<Gate>> gates_;
  std::deque<std::vector<std::uint32_t>> ordinals_;
  std::vector<Field> fields_;
  std::vector<Level> levels_;
  std::vector<Head> heads_;
};

// Encoded fields of a request over a model: `n_rows` candidates, one context row. Some candidate
// fields have one row for all, as a default of the policy gives.
class RandomInputs {
 public:
  RandomInputs(const Model& model, std::uint32_t n_rows, std::uint64_t seed);
  RandomInputs(const RandomInputs&) = delete;
  RandomInputs& operator=(const RandomInputs&) = delete;

  std::span<const EncodedField> encoded() const { return encoded_; }

 private:
  void add_dense(const Field& field, EncodedField* encoded);
  void add_codes(const Field& field, EncodedField* encoded);

  std::mt19937_64 random_;
  std::deque<std::vector<float>> numbers_;
  std::deque<std::vector<std::uint8_t>> flags_;
  std::deque<std::vector<std::uint32_t>> codes_;
  std::vector<EncodedField> encoded_;
};

}  // namespace guardrank::testing
