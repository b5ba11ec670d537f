#include "models/pack/quantise/quantise.h"

#include <algorithm>
#include <cmath>

#include "models/pack/quantise/input_scales.h"
#include "models/pack/quantise/quantise_layer.h"

namespace guardrank::pack {
namespace {

// Scale of u7 codes over [0, high]. What never was active on the rows is given room up to 1.
double activation_scale(const Range& range) {
  return (range.high > 1e-30f ? double{range.high} : 1.0) / 127;
}

class Quantiser {
 public:
  Quantiser(const TrainedModel& trained, const Ranges& ranges, Memory* memory)
      : trained_(trained), ranges_(ranges), memory_(memory) {}

  void run(Model* model) {
    const std::span<Field> fields = memory_->make<Field>(trained_.fields.size());
    std::copy(trained_.fields.begin(), trained_.fields.end(), fields.begin());
    inputs_ = quantise_fields(trained_, ranges_, fields, memory_);
    model->fields = fields;
    const std::span<Level> levels = memory_->make<Level>(trained_.levels.size());
    for (std::size_t l = 0; l < levels.size(); ++l) levels[l] = level(l);
    model->levels = levels;
    const std::span<Head> heads = memory_->make<Head>(trained_.heads.size());
    for (std::size_t h = 0; h < heads.size(); ++h) heads[h] = head(h);
    model->heads = heads;
    if (trained_.retrieval) model->retrieval = retrieval(*trained_.retrieval);
  }

 private:
  // Columns of a layer after `n_previous` codes of scale `previous`.
  std::vector<InputColumn> after(std::size_t n_previous, double previous) const {
    std::vector<InputColumn> columns(n_previous, InputColumn{previous, 0, 0, 127});
    columns.insert(columns.end(), inputs_.fed.begin(), inputs_.fed.end());
    return columns;
  }

  // What the first layer of a reader for `owner` at level `depth` reads.
  std::vector<InputColumn> level_input(std::size_t depth, std::uint32_t owner) const {
    if (depth == 0) return inputs_.x;
    const TrainedLevel& below = trained_.levels[depth - 1];
    const std::size_t gate = below.gate_of(owner);
    return after(below.width(below.gates[gate]), gate_scale(depth - 1, gate));
  }

  double expert_scale(std::size_t depth, std::uint32_t expert) const {
    return activation_scale(ranges_.experts[depth][expert].back());
  }

  // A gate over one expert passes its codes on: the scale is the expert's.
  double gate_scale(std::size_t depth, std::size_t gate) const {
    const TrainedGate& shape = trained_.levels[depth].gates[gate];
    if (!shape.layer) return expert_scale(depth, shape.experts[0]);
    return activation_scale(ranges_.gates[depth][gate]);
  }

  Layer layer(const FloatLayer& from, const std::vector<InputColumn>& columns, LayerOutput output,
              double scale) const {
    return quantise_layer(from, columns, trained_.block_inputs, output, scale, memory_);
  }

  Expert expert(std::size_t depth, std::size_t ordinal) const {
    const TrainedExpert& from = trained_.levels[depth].experts[ordinal];
    const std::span<Layer> layers = memory_->make<Layer>(from.layers.size());
    std::vector<InputColumn> columns = level_input(depth, from.owner);
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const double scale = activation_scale(ranges_.experts[depth][ordinal][k]);
      layers[k] = layer(from.layers[k], columns, LayerOutput::codes, scale);
      columns = after(from.layers[k].n_out, scale);
    }
    return {memory_->text(from.name), from.owner, layers};
  }

  Gate gate(std::size_t depth, std::size_t ordinal) const {
    const TrainedGate& from = trained_.levels[depth].gates[ordinal];
    Gate out;
    out.owner = from.owner;
    out.experts = memory_->copy(from.experts);
    if (!from.layer) return out;         // one expert: its codes pass on unchanged
    const std::span<float> multiplier = memory_->make<float>(from.experts.size());
    for (std::size_t e = 0; e < multiplier.size(); ++e)
      multiplier[e] =
          static_cast<float>(expert_scale(depth, from.experts[e]) / gate_scale(depth, ordinal));
    out.expert_multiplier = multiplier;
    const std::span<Layer> own = memory_->make<Layer>(1);
    own[0] = layer(*from.layer, level_input(depth, from.owner), LayerOutput::real, 1);
    out.layer = own.data();
    return out;
  }

  Level level(std::size_t depth) const {
    const TrainedLevel& from = trained_.levels[depth];
    const std::span<Expert> experts = memory_->make<Expert>(from.experts.size());
    for (std::size_t e = 0; e < experts.size(); ++e) experts[e] = expert(depth, e);
    const std::span<Gate> gates = memory_->make<Gate>(from.gates.size());
    for (std::size_t g = 0; g < gates.size(); ++g) gates[g] = gate(depth, g);
    return {experts, gates};
  }

  Head head(std::size_t ordinal) const {
    const TrainedHead& from = trained_.heads[ordinal];
    Head out = from.head;
    const std::span<Layer> tower = memory_->make<Layer>(from.tower.size());
    std::vector<InputColumn> columns =
        level_input(trained_.levels.size(), static_cast<std::uint32_t>(ordinal));
    for (std::size_t k = 0; k + 1 < tower.size(); ++k) {
      const double scale = activation_scale(ranges_.towers[ordinal][k]);
      tower[k] = layer(from.tower[k], columns, LayerOutput::codes, scale);
      columns = after(from.tower[k].n_out, scale);
    }
    tower.back() = layer(from.tower.back(), columns, LayerOutput::real, 1);
    out.tower = tower;
    return out;
  }

  // Stage one's context tower: the last layer's codes are s8, the others' u7 as elsewhere.
  Retrieval retrieval(const TrainedRetrieval& from) const {
    const std::span<Layer> layers = memory_->make<Layer>(from.context.size());
    std::vector<InputColumn> columns(
        inputs_.x.begin(), inputs_.x.begin() + std::ptrdiff_t{trained_.block_inputs[0]});
    double scale = 1;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const Range& range = ranges_.context_tower[k];
      scale = k + 1 < layers.size() ? activation_scale(range)
                                    : activation_scale({0, std::max(range.high, -range.low)});
      layers[k] = layer(from.context[k], columns, LayerOutput::codes, scale);
      columns.assign(from.context[k].n_out, InputColumn{scale, 0, 0, 127});
    }
    return {true, memory_->text(from.name), layers, from.dim, static_cast<float>(scale)};
  }

  const TrainedModel& trained_;
  const Ranges& ranges_;
  Memory* memory_;
  QuantisedInputs inputs_;
};

}  // namespace

QuantisedModel quantise(const TrainedModel& trained, const Ranges& ranges) {
  QuantisedModel out;
  Quantiser(trained, ranges, &out.memory).run(&out.model);
  out.model.name = trained.name;
  out.model.version = trained.version;
  out.model.lineage = trained.lineage;
  for (std::size_t i = 0; i < 3; ++i) out.model.block_inputs[i] = trained.block_inputs[i];
  return out;
}

}  // namespace guardrank::pack
