// Encoded fields of many rows, column by column.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/artifact/model.h"
#include "core/frame/encoded_field.h"

namespace guardrank::pack {

class EncodedRows {
 public:
  // `fields` must outlive it.
  explicit EncodedRows(std::span<const Field> fields) : fields_(fields), columns_(fields.size()) {}

  // The first row of each field.
  void append(std::span<const EncodedField> encoded);
  std::uint32_t size() const { return size_; }
  // Rows [first, first + count); views that hold until the next append.
  std::vector<EncodedField> block(std::uint32_t first, std::uint32_t count) const;

 private:
  struct Column {
    std::vector<float> dense;
    std::vector<std::uint8_t> is_missing;
    std::vector<std::uint32_t> codes;
    std::vector<std::uint32_t> list_offsets{0};
  };

  std::span<const Field> fields_;
  std::vector<Column> columns_;
  std::uint32_t size_ = 0;
};

}  // namespace guardrank::pack
