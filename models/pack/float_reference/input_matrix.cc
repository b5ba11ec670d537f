// Encoded fields to columns of x: dense values as they are, indicators, embeddings looked up and
// pooled.
#include <algorithm>

#include "models/pack/float_reference/float_reference.h"

namespace guardrank::pack {
namespace {

// Where one field's columns go.
struct Target {
  Matrix* x;
  std::uint32_t column;

  float* row(std::uint32_t i) const { return x->data() + i * x->shape(1) + column; }
};

void fill_dense(const Field& field, const EncodedField& encoded, std::uint32_t first,
                std::uint32_t count, const Target& target) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t row = encoded.n_rows == 1 ? 0 : first + i;
    float* out = target.row(i);
    std::copy_n(encoded.dense + std::size_t{row} * field.width, field.width, out);
    if (field.has_indicator) out[field.width] = encoded.is_missing[row] != 0 ? 1.0f : 0.0f;
  }
}

void fill_embedding(const Field& field, const std::vector<float>& table,
                    const EncodedField& encoded, std::uint32_t first, std::uint32_t count,
                    const Target& target) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t row = encoded.n_rows == 1 ? 0 : first + i;
    std::copy_n(table.data() + std::size_t{encoded.codes[row]} * field.dim, field.dim,
                target.row(i));
  }
}

void fill_pooled(const Field& field, const std::vector<float>& table, const EncodedField& encoded,
                 std::uint32_t first, std::uint32_t count, const Target& target) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t row = encoded.n_rows == 1 ? 0 : first + i;
    const std::uint32_t begin = encoded.list_offsets[row], end = encoded.list_offsets[row + 1];
    float* out = target.row(i);
    std::fill_n(out, field.dim, 0.0f);
    for (std::uint32_t at = begin; at < end; ++at) {
      const float* entry = table.data() + std::size_t{encoded.codes[at]} * field.dim;
      for (std::uint32_t j = 0; j < field.dim; ++j) out[j] += entry[j];
    }
    if (field.pooling != Pooling::mean || end == begin) continue;
    for (std::uint32_t j = 0; j < field.dim; ++j) out[j] /= static_cast<float>(end - begin);
  }
}

}  // namespace

Matrix FloatReference::inputs(std::span<const EncodedField> encoded, std::uint32_t first,
                              std::uint32_t count) const {
  Matrix x({count, model_->n_inputs});
  std::uint32_t column = 0;
  for (std::size_t f = 0; f < model_->fields.size(); ++f) {
    const Field& field = model_->fields[f];
    const Target target{&x, column};
    if (field.output == OutputKind::dense)
      fill_dense(field, encoded[f], first, count, target);
    else if (field.pooling == Pooling::none)
      fill_embedding(field, model_->tables[f], encoded[f], first, count, target);
    else
      fill_pooled(field, model_->tables[f], encoded[f], first, count, target);
    column += field.n_inputs();
  }
  return x;
}

}  // namespace guardrank::pack
