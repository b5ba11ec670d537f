#include "models/pack/quantise/input_scales.h"

#include <algorithm>
#include <cmath>

namespace guardrank::pack {
namespace {

constexpr int embedding_zero_point = 64;
constexpr int highest_code = 127;

Range table_range(const std::vector<float>& table) {
  Range range;
  for (float value : table) range.add(value);
  return range;
}

// Covers [low, high] with codes 0 to 127 around 64: 64 steps down, 63 up.
float centred_scale(const Range& range) {
  const float scale = std::max(range.high / 63.0f, -range.low / 64.0f);
  return scale > 0 && std::isfinite(1 / scale) ? scale : 1.0f;
}

// Min-max with a zero point of its own: 0 is exact, both ends are within half a step.
void scale_dense(const Range& range, Field* field) {
  const double scale = (static_cast<double>(range.high) - range.low) / highest_code;
  const bool is_usable = static_cast<float>(scale) > 0 &&
                         std::isfinite(1 / static_cast<float>(scale)) &&
                         std::isfinite(static_cast<float>(scale));
  field->scale = is_usable ? static_cast<float>(scale) : 1.0f;
  field->zero_point =
      static_cast<std::uint8_t>(is_usable ? round_code(-range.low / scale, 0, highest_code) : 0);
}

// An indicator is 0 or 1: the ends of the codes, so that it is no coarser than its neighbours.
void scale_indicator(Field* field) {
  field->indicator_scale = 1.0f / highest_code;
  field->indicator_zero_point = 0;
}

void quantise_table(const std::vector<float>& table, const Range& pooled, Field* field,
                    Memory* memory) {
  const Range range = table_range(table);
  field->zero_point = embedding_zero_point;
  std::span<std::uint8_t> codes = memory->make<std::uint8_t>(table.size());
  field->table = codes.data();
  if (field->pooling == Pooling::none) {
    field->scale = centred_scale(range);
    for (std::size_t i = 0; i < table.size(); ++i)
      codes[i] = static_cast<std::uint8_t>(round_code(table[i] / field->scale, -64, 63) + 64);
    return;
  }
  Range both = range;
  both.add(pooled.low);
  both.add(pooled.high);
  field->scale = centred_scale(field->pooling == Pooling::sum ? both : range);
  const float largest = std::max(range.high, -range.low);
  field->table_scale = largest > 0 && std::isfinite(127.0f / largest) ? largest / 127.0f : 1.0f;
  for (std::size_t i = 0; i < table.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(
        static_cast<std::int8_t>(round_code(table[i] / field->table_scale, -127, 127)));
}

// Lowest and highest code of each column of a table: what its sums can reach at worst.
void narrow_columns(const Field& field, InputColumn* columns) {
  for (std::uint32_t j = 0; j < field.dim; ++j) {
    columns[j].lowest = highest_code;
    columns[j].highest = 0;
    for (std::uint32_t row = 0; row < field.n_codes; ++row) {
      const int code = field.table[std::size_t{row} * field.dim + j];
      columns[j].lowest = std::min(columns[j].lowest, code);
      columns[j].highest = std::max(columns[j].highest, code);
    }
  }
}

void add_columns(const Field& field, QuantisedInputs* inputs) {
  const std::size_t first = inputs->x.size();
  const InputColumn value{field.scale, field.zero_point, 0, highest_code};
  inputs->x.insert(inputs->x.end(), field.output == OutputKind::dense ? field.width : field.dim,
                   value);
  if (field.has_indicator)
    inputs->x.push_back({field.indicator_scale, field.indicator_zero_point, 0, highest_code});
  if (field.output == OutputKind::embedding && field.pooling == Pooling::none)
    narrow_columns(field, inputs->x.data() + first);
  if (field.feeds_every_layer)
    inputs->fed.insert(inputs->fed.end(), inputs->x.begin() + static_cast<std::ptrdiff_t>(first),
                       inputs->x.end());
}

}  // namespace

int round_code(double value, int low, int high) {
  const double rounded = std::nearbyint(value);   // half to even, the default mode
  return rounded < low ? low : rounded > high ? high : static_cast<int>(rounded);
}

QuantisedInputs quantise_fields(const TrainedModel& trained, const Ranges& ranges,
                                std::span<Field> fields, Memory* memory) {
  QuantisedInputs inputs;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    Field& field = fields[f];
    if (field.output == OutputKind::embedding) {
      quantise_table(trained.tables[f], ranges.fields[f], &field, memory);
    } else {
      scale_dense(ranges.fields[f], &field);
      if (field.has_indicator) scale_indicator(&field);
    }
    add_columns(field, &inputs);
  }
  return inputs;
}

}  // namespace guardrank::pack
