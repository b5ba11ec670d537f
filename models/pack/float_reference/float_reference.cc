#include "models/pack/float_reference/float_reference.h"

#include <algorithm>
#include <new>

#include <xtensor/xview.hpp>

namespace guardrank::pack {
namespace {

constexpr std::uint32_t block_rows = 256;

std::vector<Linear> layers_of(const std::vector<FloatLayer>& layers) {
  return {layers.begin(), layers.end()};
}

Status score_frame(const FloatReference& reference, std::uint32_t n_heads, Frame* frame) {
  const std::uint32_t n_rows = frame->n_rows();
  GUARDRANK_TRY(frame->arena().make(n_heads, &frame->logits));
  for (std::span<float>& head : frame->logits) GUARDRANK_TRY(frame->arena().make(n_rows, &head));
  const Matrix logits = reference.logits(frame->encoded, n_rows);
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    for (std::uint32_t h = 0; h < n_heads; ++h) frame->logits[h][row] = logits(row, h);
  }
  return Status::ok;
}

Status score(const void* self, Frame* frame) {
  const auto* reference = static_cast<const FloatReference*>(self);
  try {
    return score_frame(*reference, reference->n_heads(), frame);
  } catch (const std::bad_alloc&) {
    return Status::memory;
  } catch (...) {
    return Status::internal;
  }
}

}  // namespace

FloatReference::FloatReference(const TrainedModel& model) : model_(&model) {
  for (const TrainedLevel& level : model.levels) {
    levels_.emplace_back();
    for (const TrainedExpert& expert : level.experts)
      levels_.back().experts.push_back(layers_of(expert.layers));
    for (const TrainedGate& gate : level.gates) {
      levels_.back().gates.emplace_back();
      if (gate.layer) levels_.back().gates.back().layer.emplace_back(*gate.layer);
    }
  }
  for (const TrainedHead& head : model.heads) towers_.push_back(layers_of(head.tower));
  if (model.retrieval) context_tower_ = layers_of(model.retrieval->context);
}

std::vector<Matrix> run_tower(const std::vector<Linear>& layers, const Matrix& input) {
  std::vector<Matrix> outputs;
  for (const Linear& layer : layers) {
    outputs.push_back(layer.apply(outputs.empty() ? input : outputs.back()));
    if (outputs.size() < layers.size()) relu(&outputs.back());
  }
  return outputs;
}

Matrix FloatReference::fed_columns(const Matrix& x) const {
  Matrix fed({x.shape(0), model_->n_fed});
  std::size_t from = 0, to = 0;
  for (const Field& field : model_->fields) {
    const std::size_t width = field.n_inputs();
    if (field.feeds_every_layer) {
      xt::view(fed, xt::all(), xt::range(to, to + width)) =
          xt::view(x, xt::all(), xt::range(from, from + width));
      to += width;
    }
    from += width;
  }
  return fed;
}

Matrix FloatReference::level_input(std::size_t depth, std::uint32_t owner, const Matrix& x,
                                   const Matrix& fed, const Activations& done) const {
  if (depth == 0) return x;
  return beside(done.gates[depth - 1][model_->levels[depth - 1].gate_of(owner)], fed);
}

Matrix FloatReference::mix(std::size_t depth, std::size_t gate, const Matrix& x, const Matrix& fed,
                           const Activations& done) const {
  const TrainedGate& shape = model_->levels[depth].gates[gate];
  const auto& outputs = done.experts[depth];
  if (!shape.layer) return outputs[shape.experts[0]].back();
  Matrix share =
      levels_[depth].gates[gate].layer[0].apply(level_input(depth, shape.owner, x, fed, done));
  softmax(&share);
  Matrix mixed = xt::zeros<float>(outputs[shape.experts[0]].back().shape());
  for (std::size_t e = 0; e < shape.experts.size(); ++e)
    mixed += xt::view(share, xt::all(), xt::range(e, e + 1)) * outputs[shape.experts[e]].back();
  return mixed;
}

void FloatReference::run_level(std::size_t depth, const Matrix& x, const Matrix& fed,
                               Activations* done) const {
  const TrainedLevel& shape = model_->levels[depth];
  done->experts.emplace_back(shape.experts.size());
  for (std::size_t e = 0; e < shape.experts.size(); ++e) {
    Matrix input = level_input(depth, shape.experts[e].owner, x, fed, *done);
    for (const Linear& layer : levels_[depth].experts[e]) {
      std::vector<Matrix>& layers = done->experts[depth][e];
      layers.push_back(layer.apply(layers.empty() ? input : beside(layers.back(), fed)));
      relu(&layers.back());
    }
  }
  std::vector<Matrix> gates;
  for (std::size_t g = 0; g < shape.gates.size(); ++g)
    gates.push_back(mix(depth, g, x, fed, *done));
  done->gates.push_back(std::move(gates));
}

void FloatReference::run_towers(const Matrix& x, const Matrix& fed, Activations* done) const {
  done->logits = Matrix({x.shape(0), towers_.size()});
  for (std::size_t h = 0; h < towers_.size(); ++h) {
    done->towers.emplace_back();
    Matrix input = level_input(levels_.size(), static_cast<std::uint32_t>(h), x, fed, *done);
    for (std::size_t k = 0; k + 1 < towers_[h].size(); ++k) {
      done->towers[h].push_back(towers_[h][k].apply(input));
      relu(&done->towers[h].back());
      input = beside(done->towers[h].back(), fed);
    }
    xt::view(done->logits, xt::all(), xt::range(h, h + 1)) = towers_[h].back().apply(input);
  }
}

Activations FloatReference::run(const Matrix& x) const {
  const Matrix fed = fed_columns(x);
  Activations done;
  for (std::size_t l = 0; l < levels_.size(); ++l) run_level(l, x, fed, &done);
  run_towers(x, fed, &done);
  if (!context_tower_.empty())
    done.context_tower =
        run_tower(context_tower_, xt::view(x, xt::all(), xt::range(0, model_->block_inputs[0])));
  return done;
}

Matrix FloatReference::logits(std::span<const EncodedField> encoded, std::uint32_t n_rows) const {
  Matrix out({n_rows, towers_.size()});
  for (std::uint32_t first = 0; first < n_rows; first += block_rows) {
    const std::uint32_t count = std::min(block_rows, n_rows - first);
    xt::view(out, xt::range(first, first + count), xt::all()) =
        run(inputs(encoded, first, count)).logits;
  }
  return out;
}

LogitScorer FloatReference::scorer() const { return {this, score}; }

}  // namespace guardrank::pack
