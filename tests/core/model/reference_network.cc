#include "tests/core/model/reference_network.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/math.h"

namespace guardrank::testing {
namespace {

using Codes = std::vector<int>;

int clamp_code(double value) {
  if (std::isnan(value)) return 0;
  return static_cast<int>(std::clamp(value, 0.0, 127.0));
}

// nearbyint follows the rounding mode, which is to nearest with ties to even.
int input_code(float x, float scale, int zero_point) {
  const float ratio = x / scale;
  return clamp_code(static_cast<double>(std::nearbyint(ratio)) + zero_point);
}

std::int32_t wrap(std::int64_t sum) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::uint64_t>(sum)));
}

struct Input {
  Codes codes, zero_points;
  std::size_t block_end[3] = {0, 0, 0};
  Codes fed;
};

class Reference {
 public:
  Reference(const Model& model, std::span<const EncodedField> encoded, std::uint32_t row)
      : model_(model), encoded_(encoded), row_(row) {
    for (std::size_t side = 0; side < 3; ++side) {
      for (const OutputKind output : {OutputKind::dense, OutputKind::embedding}) {
        for (std::size_t i = 0; i < model.fields.size(); ++i) {
          const Field& field = model.fields[i];
          if (static_cast<std::size_t>(field.side) == side && field.output == output) add_field(i);
        }
      }
      x_.block_end[side] = x_.codes.size();
    }
    for (std::size_t i = 0; i < model.fields.size(); ++i) {
      if (!model.fields[i].feeds_every_layer) continue;
      x_.fed.insert(x_.fed.end(), field_codes_[i].begin(), field_codes_[i].end());
    }
  }

  std::vector<float> run() {
    for (const Level& level : model_.levels) run_level(level);
    std::vector<float> logits;
    for (std::uint32_t h = 0; h < model_.heads.size(); ++h) {
      const std::span<const Layer> tower = model_.heads[h].tower;
      Codes codes = outputs_[h];
      bool on_x = model_.levels.empty();
      for (std::size_t k = 0; k + 1 < tower.size(); ++k, on_x = false) {
        codes = hidden(tower[k], codes, on_x);
      }
      const std::vector<std::int32_t> totals = sums(tower.back(), codes, on_x);
      logits.push_back(static_cast<float>(totals[0]) * tower.back().multiplier[0]);
    }
    return logits;
  }

 private:
  void add_field(std::size_t i) {
    const Field& field = model_.fields[i];
    const EncodedField& encoded = encoded_[i];
    const std::uint32_t row = encoded.n_rows == 1 ? 0 : row_;
    Codes codes, zeros;
    if (field.output == OutputKind::dense) {
      for (std::uint32_t k = 0; k < field.width; ++k) {
        codes.push_back(input_code(encoded.dense[row * field.width + k], field.scale,
                                   field.zero_point));
        zeros.push_back(field.zero_point);
      }
      if (field.has_indicator) {
        codes.push_back(input_code(encoded.is_missing[row] ? 1.0f : 0.0f, field.indicator_scale,
                                   field.indicator_zero_point));
        zeros.push_back(field.indicator_zero_point);
      }
    } else {
      codes = embedding(field, encoded, row);
      zeros.assign(field.dim, 64);
    }
    field_codes_[i] = codes;
    x_.codes.insert(x_.codes.end(), codes.begin(), codes.end());
    x_.zero_points.insert(x_.zero_points.end(), zeros.begin(), zeros.end());
  }

  static Codes embedding(const Field& field, const EncodedField& encoded, std::uint32_t row) {
    std::vector<std::uint32_t> members = {0};
    if (encoded.list_offsets == nullptr) {
      members = {encoded.codes[row]};
    } else {
      members.assign(encoded.codes + encoded.list_offsets[row],
                     encoded.codes + encoded.list_offsets[row + 1]);
    }
    Codes codes;
    for (std::uint32_t d = 0; d < field.dim; ++d) {
      if (field.pooling == Pooling::none) {
        codes.push_back(field.table[members[0] * field.dim + d]);
        continue;
      }
      int sum = 0;
      for (const std::uint32_t code : members) {
        const int byte = field.table[code * field.dim + d];
        sum += byte > 127 ? byte - 256 : byte;
      }
      float v = static_cast<float>(sum) * field.table_scale;
      if (field.pooling == Pooling::mean) v = v / static_cast<float>(members.size());
      codes.push_back(input_code(v, field.scale, 64));
    }
    return codes;
  }

  std::int32_t sum_over_x(const Layer& layer, std::uint32_t o) const {
    std::int64_t total = layer.bias[o];
    std::size_t begin = 0;
    for (const std::size_t end : x_.block_end) {
      std::int64_t acc = 0, zero = 0;
      for (std::size_t i = begin; i < end; ++i) {
        acc += layer.weights[o * layer.n_in + i] * x_.codes[i];
        zero += layer.weights[o * layer.n_in + i] * x_.zero_points[i];
      }
      if (end > begin) {
        const int shift = layer.input_shift;
        const std::int64_t r = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
        total += std::clamp<std::int64_t>((acc - zero + r) >> shift, -32768, 32767);
      }
      begin = end;
    }
    return wrap(total);
  }

  std::vector<std::int32_t> sums(const Layer& layer, const Codes& previous, bool on_x) const {
    Codes input = previous;
    input.insert(input.end(), x_.fed.begin(), x_.fed.end());
    std::vector<std::int32_t> totals;
    for (std::uint32_t o = 0; o < layer.n_out; ++o) {
      if (on_x) {
        totals.push_back(sum_over_x(layer, o));
        continue;
      }
      std::int64_t total = layer.bias[o];
      for (std::size_t i = 0; i < layer.n_in; ++i) {
        total += layer.weights[o * layer.n_in + i] * input.at(i);
      }
      totals.push_back(wrap(total));
    }
    return totals;
  }

  Codes hidden(const Layer& layer, const Codes& previous, bool on_x) const {
    const std::vector<std::int32_t> totals = sums(layer, previous, on_x);
    Codes codes;
    for (std::uint32_t o = 0; o < layer.n_out; ++o) {
      const float value = static_cast<float>(totals[o]) * layer.multiplier[o];
      codes.push_back(clamp_code(std::nearbyint(value)));
    }
    return codes;
  }

  Codes mixture(const Gate& gate, const std::vector<Codes>& experts, bool on_x) {
    const std::size_t n = gate.experts.size();
    if (n == 1) return experts[gate.experts[0]];
    const std::vector<std::int32_t> totals = sums(*gate.layer, outputs_[gate.owner], on_x);
    std::vector<float> g, a, c;
    for (std::size_t e = 0; e < n; ++e) {
      g.push_back(static_cast<float>(totals[e]) * gate.layer->multiplier[e]);
    }
    const float m = *std::max_element(g.begin(), g.end());
    float total = 0;
    for (const float value : g) {
      a.push_back(deterministic_exp(value - m));
      total += a.back();
    }
    for (std::size_t e = 0; e < n; ++e) {
      const float p = a[e] / total;
      c.push_back(p * gate.expert_multiplier[e]);
    }
    Codes codes;
    for (std::size_t j = 0; j < experts[gate.experts[0]].size(); ++j) {
      float v = c[0] * static_cast<float>(experts[gate.experts[0]][j]);
      for (std::size_t e = 1; e < n; ++e) {
        const float part = c[e] * static_cast<float>(experts[gate.experts[e]][j]);
        v += part;
      }
      codes.push_back(clamp_code(std::nearbyint(v)));
    }
    return codes;
  }

  void run_level(const Level& level) {
    const bool on_x = &level == model_.levels.data();
    std::vector<Codes> experts;
    for (const Expert& expert : level.experts) {
      Codes codes = outputs_[expert.owner];
      for (std::size_t k = 0; k < expert.layers.size(); ++k) {
        codes = hidden(expert.layers[k], codes, on_x && k == 0);
      }
      experts.push_back(codes);
    }
    std::map<std::uint32_t, Codes> next;
    for (const Gate& gate : level.gates) next[gate.owner] = mixture(gate, experts, on_x);
    outputs_ = next;
  }

  const Model& model_;
  std::span<const EncodedField> encoded_;
  std::uint32_t row_;
  Input x_;
  std::map<std::size_t, Codes> field_codes_;
  std::map<std::uint32_t, Codes> outputs_;  // by gate owner
};

}  // namespace

std::vector<float> reference_logits(const Model& model, std::span<const EncodedField> encoded,
                                    std::uint32_t row) {
  return Reference(model, encoded, row).run();
}

}  // namespace guardrank::testing
