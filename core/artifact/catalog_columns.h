// The arrays of a catalog's columns: bounds, offsets and texts checked, then viewed.
#pragma once

#include "core/artifact/flatbuffers.h"

#include "core/artifact/catalog.h"
#include "core/artifact/table_reader.h"
#include "models/schema/catalog_generated.h"

namespace guardrank {

// A column as the root describes it.
struct StoredColumn {
  std::string_view name;
  FactType type = FactType::f64;
  bool has_present = false;
  std::uint32_t width = 0, n_strings = 0;
  std::uint64_t present_offset = 0, values_offset = 0, lists_offset = 0, bytes_offset = 0,
                bytes_length = 0;
};

extern const Table column_table;

struct ColumnReader : TableReader {
  using TableReader::TableReader;

  // The section's budget is its size: a well-made one is viewed once. Otherwise many columns could
  // share one array, and a small file cost their product.
  RawSection columns{{}, "columns"};
  std::uint32_t n_offers = 0;

  // One column of n_offers rows, at the reader's place.
  Status read_column(const StoredColumn& stored, Column* column);

 private:
  Status read_array(std::uint64_t offset, std::uint64_t count, std::uint64_t element_bytes,
                    const std::uint8_t** out) {
    return read_raw(&columns, nullptr, offset, count, element_bytes, out);
  }
  Status read_numbers(const StoredColumn& stored, Column* column);
  Status read_lists(const StoredColumn& stored, Column* column);
  Status read_strings(const StoredColumn& stored, std::uint32_t n_strings, Column* column);
};

}  // namespace guardrank
