// The network in interval arithmetic: what its logits can be where its inputs are known only to lie
// between two codes. Follows the arithmetic of core/model/README.md, each step of which is monotone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/artifact/model.h"

namespace guardrank::tried {

struct Range {
  double low = INFINITY, high = -INFINITY;

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// Codes of x, column by column: blocks context, candidate, pair.
using CodeRanges = std::vector<Range>;

class IntervalNetwork {
 public:
  explicit IntervalNetwork(const Model& model) : model_(model) {
    for (std::uint32_t side = 0; side < 3; ++side) {
      for (const OutputKind output : {OutputKind::dense, OutputKind::embedding}) {
        for (const Field& field : model.fields) {
          if (static_cast<std::uint32_t>(field.side) == side && field.output == output) {
            place(field);
          }
        }
      }
      ends_[side] = static_cast<std::uint32_t>(free_.size());
    }
    for (const Field& field : model.fields) {
      if (!field.feeds_every_layer) continue;
      const std::uint32_t first = first_column_[static_cast<std::size_t>(&field - model.fields.data())];
      for (std::uint32_t i = 0; i < field.n_inputs(); ++i) fed_.push_back(first + i);
    }
  }

  // All that a field's codes can be, whatever its facts.
  const CodeRanges& free_codes() const { return free_; }
  std::uint32_t first_column(Side side) const {
    return side == Side::context ? 0 : ends_[static_cast<std::uint32_t>(side) - 1];
  }

  std::vector<Range> logits(const CodeRanges& x) const {
    std::vector<std::vector<Range>> outputs;       // of gates, one level below
    for (const Level& level : model_.levels) outputs = run_level(level, x, outputs);
    std::vector<Range> logits;
    for (std::size_t h = 0; h < model_.heads.size(); ++h) {
      const std::span<const Layer> tower = model_.heads[h].tower;
      std::vector<Range> codes = outputs.empty() ? x : outputs[h];
      bool reads_x = outputs.empty();
      for (const Layer& layer : tower.first(tower.size() - 1)) {
        codes = run_hidden(layer, codes, x, reads_x);
        reads_x = false;
      }
      logits.push_back(scaled(totals(tower.back(), codes, x, reads_x)[0], tower.back().multiplier[0]));
    }
    return logits;
  }

 private:
  void place(const Field& field) {
    const auto ordinal = static_cast<std::size_t>(&field - model_.fields.data());
    first_column_.resize(model_.fields.size());
    first_column_[ordinal] = static_cast<std::uint32_t>(free_.size());
    for (std::uint32_t i = 0; i < field.n_inputs(); ++i) {
      Range range = {0, 127};
      std::uint8_t zero = 64;
      if (field.output == OutputKind::dense) zero = i < field.width ? field.zero_point : field.indicator_zero_point;
      if (field.output == OutputKind::dense && i >= field.width) {
        const double one = std::nearbyint(1.0 / static_cast<double>(field.indicator_scale)) + zero;
        range = {static_cast<double>(zero), std::clamp(one, 0.0, 127.0)};
      }
      if (field.output == OutputKind::embedding && field.pooling == Pooling::none) {
        range = {};
        for (std::uint32_t code = 0; code < field.n_codes; ++code) {
          range.add(field.table[std::size_t{code} * field.dim + i] & 127);
        }
      }
      free_.push_back(range);
      zero_points_.push_back(zero);
    }
  }

  static Range scaled(Range totals, float multiplier) {
    const double m = static_cast<double>(multiplier);
    return {std::min(totals.low * m, totals.high * m), std::max(totals.low * m, totals.high * m)};
  }

  static Range product(double weight, Range code) {
    return weight < 0 ? Range{weight * code.high, weight * code.low} : Range{weight * code.low, weight * code.high};
  }

  std::vector<Range> totals(const Layer& layer, const std::vector<Range>& previous, const CodeRanges& x,
                            bool reads_x) const {
    std::vector<Range> totals(layer.n_out);
    for (std::uint32_t o = 0; o < layer.n_out; ++o) {
      const std::int8_t* weights = layer.weights + std::size_t{o} * layer.n_in;
      totals[o] = reads_x ? total_over_x(layer, weights, x) : total_over_codes(weights, previous, x);
      totals[o].low += layer.bias[o];
      totals[o].high += layer.bias[o];
    }
    return totals;
  }

  Range total_over_x(const Layer& layer, const std::int8_t* weights, const CodeRanges& x) const {
    Range total = {0, 0};
    const double half = layer.input_shift > 0 ? std::ldexp(1.0, layer.input_shift - 1) : 0;
    for (std::uint32_t side = 0, i = 0; side < 3; ++side) {
      if (i == ends_[side]) continue;
      Range block = {0, 0};
      for (; i < ends_[side]; ++i) {
        const Range code = {x[i].low - zero_points_[i], x[i].high - zero_points_[i]};
        const Range part = product(weights[i], code);
        block.low += part.low;
        block.high += part.high;
      }
      const auto rounded = [&](double sum) {
        return std::clamp(std::floor(std::ldexp(sum + half, -layer.input_shift)), -32768.0, 32767.0);
      };
      total.low += rounded(block.low);
      total.high += rounded(block.high);
    }
    return total;
  }

  Range total_over_codes(const std::int8_t* weights, const std::vector<Range>& previous,
                         const CodeRanges& x) const {
    Range total = {0, 0};
    for (std::size_t i = 0; i < previous.size() + fed_.size(); ++i) {
      const Range code = i < previous.size() ? previous[i] : x[fed_[i - previous.size()]];
      const Range part = product(weights[i], code);
      total.low += part.low;
      total.high += part.high;
    }
    return total;
  }

  std::vector<Range> run_hidden(const Layer& layer, const std::vector<Range>& previous, const CodeRanges& x,
                                bool reads_x) const {
    std::vector<Range> codes = totals(layer, previous, x, reads_x);
    for (std::uint32_t o = 0; o < layer.n_out; ++o) {
      const Range value = scaled(codes[o], layer.multiplier[o]);
      codes[o] = {std::clamp(std::nearbyint(value.low), 0.0, 127.0),
                  std::clamp(std::nearbyint(value.high), 0.0, 127.0)};
    }
    return codes;
  }

  std::vector<std::vector<Range>> run_level(const Level& level, const CodeRanges& x,
                                            const std::vector<std::vector<Range>>& below) const {
    const bool reads_x = below.empty();
    const auto input_of = [&](std::uint32_t owner) {
      return reads_x ? std::vector<Range>{} : below[owner == shared_owner ? below.size() - 1 : owner];
    };
    std::vector<std::vector<Range>> experts, outputs;
    for (const Expert& expert : level.experts) {
      std::vector<Range> codes = input_of(expert.owner);
      for (std::size_t k = 0; k < expert.layers.size(); ++k) {
        codes = run_hidden(expert.layers[k], codes, x, reads_x && k == 0);
      }
      experts.push_back(codes);
    }
    for (const Gate& gate : level.gates) {
      if (gate.experts.size() == 1) {
        outputs.push_back(experts[gate.experts[0]]);
        continue;
      }
      std::vector<Range> weights = totals(*gate.layer, input_of(gate.owner), x, reads_x);
      for (std::size_t e = 0; e < weights.size(); ++e) weights[e] = scaled(weights[e], gate.layer->multiplier[e]);
      outputs.push_back(mix(gate, softmax(weights), experts));
    }
    return outputs;
  }

  // Each expert's share is least where it is low and all others are high.
  static std::vector<Range> softmax(const std::vector<Range>& logits) {
    std::vector<Range> shares;
    for (std::size_t e = 0; e < logits.size(); ++e) {
      double least = 1, most = 1;
      for (std::size_t k = 0; k < logits.size(); ++k) {
        if (k == e) continue;
        least += std::exp(logits[k].high - logits[e].low);
        most += std::exp(logits[k].low - logits[e].high);
      }
      shares.push_back({1 / least, 1 / most});
    }
    return shares;
  }

  // Shares sum to 1: what is left over by the least of each goes to the largest values first.
  static double most(const std::vector<Range>& shares, std::vector<double> values, double sign) {
    std::vector<std::size_t> order(values.size());
    for (std::size_t e = 0; e < order.size(); ++e) order[e] = e;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return sign * values[a] > sign * values[b]; });
    double left = 1, sum = 0;
    for (const Range& share : shares) left -= share.low;
    for (const std::size_t e : order) {
      const double more = std::clamp(shares[e].high - shares[e].low, 0.0, std::max(left, 0.0));
      sum += (shares[e].low + more) * values[e];
      left -= more;
    }
    return sum;
  }

  static std::vector<Range> mix(const Gate& gate, const std::vector<Range>& shares,
                                const std::vector<std::vector<Range>>& experts) {
    std::vector<Range> codes(experts[gate.experts[0]].size());
    for (std::size_t o = 0; o < codes.size(); ++o) {
      std::vector<double> low, high;
      for (std::size_t e = 0; e < gate.experts.size(); ++e) {
        const double multiplier = static_cast<double>(gate.expert_multiplier[e]);
        low.push_back(experts[gate.experts[e]][o].low * multiplier);
        high.push_back(experts[gate.experts[e]][o].high * multiplier);
      }
      codes[o] = {std::clamp(std::nearbyint(most(shares, low, -1) - 1e-4), 0.0, 127.0),
                  std::clamp(std::nearbyint(most(shares, high, 1) + 1e-4), 0.0, 127.0)};
    }
    return codes;
  }

  const Model& model_;
  CodeRanges free_;
  std::vector<std::uint8_t> zero_points_;
  std::vector<std::uint32_t> first_column_, fed_;    // by field; columns that feed every layer
  std::uint32_t ends_[3] = {};
};

}  // namespace guardrank::tried
