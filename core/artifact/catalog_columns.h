// The arrays of a catalog's columns: bounds, offsets and texts checked, then viewed.
#pragma once

#include "core/artifact/root_reader.h"

#include "core/artifact/catalog.h"
#include "models/schema/catalog_generated.h"

namespace guardrank {

struct ColumnReader {
  RootReader* root;
  Bytes columns;                // the section
  std::uint32_t n_offers = 0;
  // Bytes of the section that arrays may still take: a well-made one is viewed once. Otherwise many
  // columns could share one array, and a small file cost their product.
  std::uint64_t budget = columns.size();

  // One column of n_offers rows; the name is read elsewhere.
  Status read(const schema::CatalogColumn& source, const Place& place, Column* column);

 private:
  Status read_array(std::uint64_t offset, std::uint64_t count, std::uint64_t element_bytes,
                    const Place& place, const std::uint8_t** out);
  Status read_numbers(const schema::CatalogColumn& source, const Place& place, Column* column);
  Status read_vectors(const schema::CatalogColumn& source, const Place& place, Column* column);
  Status read_booleans(const schema::CatalogColumn& source, const Place& place, Column* column);
  Status read_lists(const schema::CatalogColumn& source, const Place& place, Column* column);
  Status read_strings(const schema::CatalogColumn& source, std::uint32_t n_strings,
                      const Place& place, Column* column);
};

}  // namespace guardrank
