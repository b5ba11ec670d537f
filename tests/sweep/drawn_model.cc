#include "tests/sweep/drawn_model.h"

#include <algorithm>
#include <cmath>

#include "tests/sweep/drawn_fields.h"

namespace guardrank::sweep {
namespace {

// Embeddings of a chain that ends in codes have those for missing and for unknown. Every 16th is
// as wide as models in use are.
testing::Architecture architecture_of(std::uint64_t seed) {
  testing::Architecture drawn = testing::draw_architecture(seed);
  if (seed % 16 == 0) {
    const auto extra = static_cast<std::uint32_t>(seed / 16 % 64);
    drawn = testing::mmoe(drawn.fields, 2 + extra % 5, {100 + extra, 48 + extra}, {32},
                          static_cast<std::uint32_t>(drawn.towers.size()));
  }
  for (testing::FieldShape& shape : drawn.fields) shape.n_codes += 2;
  return drawn;
}

// What the verifier allows (core/artifact/model_graph.cc).
constexpr std::int32_t largest_bias = 1 << 30;
constexpr std::uint8_t largest_shift = 16;

// RandomModel hands its own memory out as const.
template <typename T>
T& writable(const T& value) {
  return const_cast<T&>(value);
}

}  // namespace

DrawnModel::DrawnModel(std::uint64_t seed, Drawing* drawing)
    : drawing_(drawing), is_extreme_(drawing->one_in(4)), has_ties_(drawing->one_in(2)),
      random_(architecture_of(seed), seed,
              is_extreme_ ? testing::Magnitudes::extreme : testing::Magnitudes::moderate) {
  Model& model = random_.model();
  model.name = "drawn";
  model.version = "1";
  model.fields = memory_.copy(draw_chains(model.fields, drawing_, &memory_));
  bound_all();
  draw_heads();
  if (drawing_->one_in(2)) draw_retrieval();
}

void DrawnModel::bound(const Layer& layer) {
  for (const std::int32_t& bias : layer.bias)
    writable(bias) = std::clamp(bias, -largest_bias, largest_bias);
  writable(layer).input_shift = std::min(layer.input_shift, largest_shift);
  if (!has_ties_ || is_extreme_) return;
  for (const float& multiplier : layer.multiplier)
    writable(multiplier) = std::ldexp(1.0f, std::ilogb(multiplier));
}

void DrawnModel::bound_all() {
  for (const Level& level : model().levels) {
    for (const Expert& expert : level.experts)
      for (const Layer& layer : expert.layers) bound(layer);
    for (const Gate& gate : level.gates)
      if (gate.layer != nullptr) bound(*gate.layer);
  }
  for (const Head& head : model().heads) {
    for (const Layer& layer : head.tower) bound(layer);
    // Logits of some units, so that probabilities are not all 0 and 1.
    if (!is_extreme_)
      writable(head.tower.back().multiplier[0]) *= static_cast<float>(drawing_->between(0.02, 0.2));
  }
}

Calibrator DrawnModel::draw_calibrator() {
  Calibrator calibrator;
  calibrator.kind = static_cast<CalibratorKind>(drawing_->below(5));
  calibrator.a = drawing_->between(0.2, 2);
  calibrator.b = drawing_->between(0, 1.5);
  calibrator.c = drawing_->between(-1, 1);
  calibrator.t = drawing_->between(0.3, 3);
  if (calibrator.kind != CalibratorKind::isotonic) return calibrator;
  std::vector<double> x, y;
  const std::uint32_t n = 1 + drawing_->below(7);
  for (std::uint32_t i = 0; i < n; ++i) {
    x.push_back((i + drawing_->between(0, 0.9)) / n);
    y.push_back((i + drawing_->between(0, 0.9)) / n);
  }
  calibrator.x = memory_.copy(x);
  calibrator.y = memory_.copy(y);
  return calibrator;
}

void DrawnModel::draw_sampling(Head* head) {
  head->sampling_handled = static_cast<SamplingHandled>(drawing_->below(3));
  if (head->sampling_handled != SamplingHandled::none)
    head->negative_sampling_rate = drawing_->between(0.001, 1);
  head->positive_weight = drawing_->one_in(2) ? 1 : drawing_->between(0.1, 20);
  head->calibrator = draw_calibrator();
  if (!drawing_->one_in(3)) return;
  head->segment_field = "segment";
  head->kappa = drawing_->between(0, 200);
  std::vector<SegmentCalibrator> segments;
  for (const std::string_view value : {"near", "prime"}) {
    const Calibrator calibrator = draw_calibrator();
    segments.push_back({value, calibrator, drawing_->between(0, 500)});
  }
  head->segments = memory_.copy(segments);
}

void DrawnModel::draw_heads() {
  Model& model = random_.model();
  std::vector<Head> heads(model.heads.begin(), model.heads.end());
  for (std::uint32_t h = 0; h < heads.size(); ++h) {
    if (h > 0 && drawing_->one_in(2)) heads[h].given = drawing_->below(h);
    if (heads[h].given != no_head && heads[heads[h].given].kind != HeadKind::probability)
      heads[h].given = no_head;
    if (h > 0 && drawing_->one_in(4)) {
      heads[h].kind = HeadKind::log_amount;
      heads[h].log_sigma = drawing_->between(0, 1.5);
      heads[h].ratio = drawing_->between(0.5, 2);
      heads[h].unit = "USD";
    } else {
      draw_sampling(&heads[h]);
    }
  }
  model.heads = memory_.copy(heads);
}

Layer DrawnModel::draw_layer(std::uint32_t n_out, std::uint32_t n_in) {
  std::vector<std::int8_t> weights(std::size_t{n_out} * n_in);
  for (std::int8_t& weight : weights) weight = static_cast<std::int8_t>(drawing_->below(256));
  std::vector<std::int32_t> bias(n_out);
  for (std::int32_t& value : bias) value = static_cast<int>(drawing_->below(20000)) - 10000;
  std::vector<float> multiplier(n_out);
  for (float& value : multiplier) value = static_cast<float>(drawing_->between(0.0005, 0.01));
  Layer layer;
  layer.n_out = n_out;
  layer.n_in = n_in;
  layer.weights = memory_.copy(weights).data();
  layer.bias = memory_.copy(bias);
  layer.multiplier = memory_.copy(multiplier);
  return layer;
}

void DrawnModel::draw_retrieval() {
  Model& model = random_.model();
  std::uint32_t n_in = model.block_inputs[static_cast<std::size_t>(Side::context)];
  if (n_in == 0) return;
  std::vector<Layer> layers;
  for (std::uint32_t n = 1 + drawing_->below(2); n > 0; --n) {
    layers.push_back(draw_layer(1 + drawing_->below(40), n_in));
    n_in = layers.back().n_out;
  }
  model.retrieval = {true, "towers", memory_.copy(layers), n_in, 0.05f};
}

}  // namespace guardrank::sweep
