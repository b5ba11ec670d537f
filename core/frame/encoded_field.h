// A model field after its transforms: numbers or codes, ready for quantising.
#pragma once

#include <cstdint>

namespace guardrank {

// n_rows is 1 for a context field. Dense: `dense` has n_rows * width floats (0 where missing) and
// `is_missing` n_rows bytes (1 missing) for the indicator. Embedding: codes; with a pooled list,
// row i has codes[list_offsets[i] .. list_offsets[i+1]), an empty list having the one code 0.
struct EncodedField {
  std::uint32_t n_rows = 0;
  std::uint32_t width = 0;
  const float* dense = nullptr;
  const std::uint8_t* is_missing = nullptr;
  const std::uint32_t* codes = nullptr;
  const std::uint32_t* list_offsets = nullptr;
  // Of a context field whose table is not with the model: the table's rows of `codes`, in their order.
  const std::uint8_t* rows = nullptr;

  // Of a context field that is an embedding.
  std::uint32_t n_codes() const { return list_offsets == nullptr ? 1 : list_offsets[1]; }
};

}  // namespace guardrank
