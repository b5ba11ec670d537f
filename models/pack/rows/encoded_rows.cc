#include "models/pack/rows/encoded_rows.h"

namespace guardrank::pack {

void EncodedRows::append(std::span<const EncodedField> encoded) {
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    const EncodedField& from = encoded[f];
    Column& to = columns_[f];
    if (fields_[f].output == OutputKind::dense) {
      to.dense.insert(to.dense.end(), from.dense, from.dense + fields_[f].width);
      to.is_missing.push_back(from.is_missing == nullptr ? 0 : from.is_missing[0]);
    } else if (fields_[f].pooling == Pooling::none) {
      to.codes.push_back(from.codes[0]);
    } else {
      to.codes.insert(to.codes.end(), from.codes + from.list_offsets[0],
                      from.codes + from.list_offsets[1]);
      to.list_offsets.push_back(static_cast<std::uint32_t>(to.codes.size()));
    }
  }
  ++size_;
}

std::vector<EncodedField> EncodedRows::block(std::uint32_t first, std::uint32_t count) const {
  std::vector<EncodedField> out(fields_.size());
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    const Column& from = columns_[f];
    out[f].n_rows = count;
    if (fields_[f].output == OutputKind::dense) {
      out[f].width = fields_[f].width;
      out[f].dense = from.dense.data() + std::size_t{first} * fields_[f].width;
      out[f].is_missing = from.is_missing.data() + first;
    } else if (fields_[f].pooling == Pooling::none) {
      out[f].codes = from.codes.data() + first;
    } else {
      out[f].codes = from.codes.data();
      out[f].list_offsets = from.list_offsets.data() + first;   // absolute within `codes`
    }
  }
  return out;
}

}  // namespace guardrank::pack
