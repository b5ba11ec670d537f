#include "tests/core/model/random_model.h"

#include <cmath>

namespace guardrank::testing {

template <typename T>
std::span<const T> RandomModel::keep(std::vector<T> values, std::deque<std::vector<T>>* store) {
  store->push_back(std::move(values));
  return store->back();
}

std::uint32_t RandomModel::below(std::uint32_t end) {
  return static_cast<std::uint32_t>(random_() % end);
}

float RandomModel::between(float least, float most) {
  return least + (most - least) * static_cast<float>(random_() >> 40) * 0x1p-24f;
}

std::string_view RandomModel::name(const std::string& text) {
  names_.push_back(text);
  return names_.back();
}

RandomModel::RandomModel(const Architecture& architecture, std::uint64_t seed,
                         Magnitudes magnitudes)
    : random_(seed), magnitudes_(magnitudes) {
  add_fields(architecture);
  const auto n_heads = static_cast<std::uint32_t>(architecture.towers.size());
  std::vector<std::uint32_t> inputs(n_heads + 1, n_inputs_);  // by head, then shared
  for (std::size_t l = 0; l < architecture.levels.size(); ++l) {
    const LevelShape& shape = architecture.levels[l];
    add_level(shape, l == 0, n_heads, inputs);
    inputs.assign(n_heads + 1, 0);
    for (const GateShape& gate : shape.gates) {
      const std::uint32_t owner = gate.owner == shared_owner ? n_heads : gate.owner;
      inputs[owner] = shape.experts[gate.experts[0]].widths.back() + fed_width_;
    }
  }
  add_heads(architecture, inputs);
  model_.fields = fields_;
  model_.levels = levels_;
  model_.heads = heads_;
}

Field RandomModel::make_field(const FieldShape& shape) {
  Field field;
  field.name = name("field" + std::to_string(fields_.size()));
  field.side = shape.side;
  field.output = shape.output;
  field.type = shape.width > 1 ? FactType::f32_vector : FactType::f64;
  field.width = shape.width;
  field.has_indicator = shape.has_indicator;
  field.dim = shape.dim;
  field.n_codes = shape.n_codes;
  field.pooling = shape.pooling;
  field.feeds_every_layer = shape.feeds_every_layer;
  field.scale = between(0.01f, 0.2f);
  field.indicator_scale = between(0.007f, 0.02f);
  if (shape.output == OutputKind::dense) {
    field.zero_point = static_cast<std::uint8_t>(below(128));
    field.indicator_zero_point = static_cast<std::uint8_t>(below(20));
    return field;
  }
  field.type = shape.pooling == Pooling::none ? FactType::string : FactType::string_list;
  std::vector<std::uint8_t> table(std::size_t{shape.n_codes} * shape.dim);
  const bool is_signed = shape.pooling != Pooling::none;
  for (std::uint8_t& code : table) code = static_cast<std::uint8_t>(below(is_signed ? 256 : 128));
  field.table = keep(std::move(table), &tables_).data();
  field.table_scale = field.scale * between(0.5f, 1.0f);
  return field;
}

void RandomModel::add_fields(const Architecture& architecture) {
  for (const FieldShape& shape : architecture.fields) {
    fields_.push_back(make_field(shape));
    const std::uint32_t n = fields_.back().n_inputs();
    model_.block_inputs[static_cast<std::size_t>(shape.side)] += n;
    n_inputs_ += n;
    if (shape.feeds_every_layer) fed_width_ += n;
  }
}

Layer RandomModel::make_layer(std::uint32_t n_out, std::uint32_t n_in, bool reads_x) {
  const bool is_extreme = magnitudes_ == Magnitudes::extreme;
  std::vector<std::int8_t> weights(std::size_t{n_out} * n_in);
  for (std::int8_t& weight : weights) {
    weight = is_extreme && below(2) == 0 ? (below(2) == 0 ? -128 : 127)
                                         : static_cast<std::int8_t>(below(256));
  }
  Layer layer{n_out, n_in, keep(std::move(weights), &weights_).data(), {}, {}, 0};
  if (reads_x) layer.input_shift = static_cast<std::uint8_t>(below(is_extreme ? 32 : 8));
  // Sums of n_in products of codes (about 64) and weights (about 74): their likely size.
  const float likely = 4700.0f * std::sqrt(static_cast<float>(n_in));
  const float size = is_extreme ? likely : std::ldexp(likely, -layer.input_shift) + 1.0f;
  std::vector<std::int32_t> bias(n_out);
  std::vector<float> multiplier(n_out);
  for (std::uint32_t o = 0; o < n_out; ++o) {
    bias[o] = static_cast<std::int32_t>(between(-0.5f, 1.0f) * size);
    multiplier[o] = between(20.0f, 90.0f) / size;
    if (is_extreme && below(4) == 0) bias[o] = below(2) == 0 ? INT32_MIN : INT32_MAX;
    if (is_extreme && below(8) == 0) {
      multiplier[o] = std::ldexp(1.0f, -140 + static_cast<int>(below(260)));
    }
  }
  layer.bias = keep(std::move(bias), &biases_);
  layer.multiplier = keep(std::move(multiplier), &multipliers_);
  return layer;
}

std::span<const Layer> RandomModel::add_layers(const std::vector<std::uint32_t>& widths,
                                               std::uint32_t n_in, bool reads_x) {
  std::vector<Layer> layers;
  for (const std::uint32_t width : widths) {
    layers.push_back(make_layer(width, n_in, reads_x && layers.empty()));
    n_in = width + fed_width_;
  }
  return keep(std::move(layers), &layers_);
}

void RandomModel::add_level(const LevelShape& shape, bool reads_x, std::uint32_t n_heads,
                            const std::vector<std::uint32_t>& inputs) {
  const auto inputs_of = [&](std::uint32_t owner) {
    return inputs[owner == shared_owner ? n_heads : owner];
  };
  std::vector<Expert> experts;
  for (const ExpertShape& expert : shape.experts) {
    experts.push_back({name("e" + std::to_string(experts.size())), expert.owner,
                       add_layers(expert.widths, inputs_of(expert.owner), reads_x)});
  }
  std::vector<Gate> gates;
  for (const GateShape& gate_shape : shape.gates) {
    Gate gate{gate_shape.owner, keep(gate_shape.experts, &ordinals_), nullptr, {}};
    const auto n = static_cast<std::uint32_t>(gate_shape.experts.size());
    if (n > 1) {
      gate.layer = &add_layers({n}, inputs_of(gate_shape.owner), reads_x)[0];
      std::vector<float> scaling(n);
      for (float& value : scaling) value = between(0.5f, 1.5f);
      gate.expert_multiplier = keep(std::move(scaling), &multipliers_);
    }
    gates.push_back(gate);
  }
  levels_.push_back({keep(std::move(experts), &experts_), keep(std::move(gates), &gates_)});
}

void RandomModel::add_heads(const Architecture& architecture,
                            const std::vector<std::uint32_t>& inputs) {
  for (std::size_t h = 0; h < architecture.towers.size(); ++h) {
    Head head;
    head.name = name("head" + std::to_string(h));
    std::vector<std::uint32_t> widths = architecture.towers[h];
    widths.push_back(1);
    head.tower = add_layers(widths, inputs[h], architecture.levels.empty());
    heads_.push_back(head);
  }
}

RandomInputs::RandomInputs(const Model& model, std::uint32_t n_rows, std::uint64_t seed)
    : random_(seed) {
  for (const Field& field : model.fields) {
    EncodedField encoded;
    const bool is_shared = field.side == Side::context || random_() % 10 == 0;
    encoded.n_rows = is_shared ? 1 : n_rows;
    encoded.width = field.width;
    if (field.output == OutputKind::dense) {
      add_dense(field, &encoded);
    } else {
      add_codes(field, &encoded);
    }
    encoded_.push_back(encoded);
  }
}

void RandomInputs::add_dense(const Field& field, EncodedField* encoded) {
  std::vector<float> numbers(std::size_t{encoded->n_rows} * field.width);
  for (float& number : numbers) {
    // Halves of the scale stand on the border between two codes.
    number = random_() % 4 == 0
                 ? field.scale * (static_cast<float>(random_() % 200) - 100.0f) * 0.5f
                 : field.scale * 150.0f * (static_cast<float>(random_() >> 40) * 0x1p-24f - 0.5f);
  }
  std::vector<std::uint8_t> flags(encoded->n_rows);
  for (std::uint8_t& flag : flags) flag = random_() % 3 == 0;
  numbers_.push_back(std::move(numbers));
  flags_.push_back(std::move(flags));
  encoded->dense = numbers_.back().data();
  encoded->is_missing = flags_.back().data();
}

void RandomInputs::add_codes(const Field& field, EncodedField* encoded) {
  std::vector<std::uint32_t> codes, offsets = {0};
  for (std::uint32_t row = 0; row < encoded->n_rows; ++row) {
    const std::uint64_t n = field.pooling == Pooling::none ? 1 : 1 + random_() % 5;
    for (std::uint64_t i = 0; i < n; ++i) {
      codes.push_back(static_cast<std::uint32_t>(random_() % field.n_codes));
    }
    offsets.push_back(static_cast<std::uint32_t>(codes.size()));
  }
  codes_.push_back(std::move(codes));
  encoded->codes = codes_.back().data();
  // A pooled field without offsets has one code per row.
  if (field.pooling == Pooling::none || codes_.back().size() == encoded->n_rows) return;
  codes_.push_back(std::move(offsets));
  encoded->list_offsets = codes_.back().data();
}

}  // namespace guardrank::testing
