// What the parts of open_model share: the tables of one concept each, and what is checked once all
// are read.
#pragma once

#include <cstdint>

#include "core/artifact/flatbuffers.h"

#include "core/artifact/model.h"
#include "core/artifact/table_reader.h"
#include "models/schema/model_generated.h"

namespace guardrank {

struct ModelReader : TableReader {
  using TableReader::TableReader;

  Check check_level = Check::structure;
  RawSection embeddings{{}, "embeddings"}, weights{{}, "weights"}, shards{{}, "shards"};
  std::uint64_t shards_end = 0;      // of the tables in them that were read
  Model* model = nullptr;
  bool has_tables_apart = false;
  std::uint32_t total_inputs = 0;    // columns of x
  std::uint32_t fed_inputs = 0;      // columns that every later layer reads again
};

extern const Table field_table, transform_table, layer_table, level_table, head_table,
    retrieval_table;

// Codes that a field's last transform can give (contracts.md section 1); 0 when it gives numbers.
std::uint64_t count_codes(std::span<const Transform> chain);
// That the chain suits the field.
Status check_chain(ModelReader* reader, const Field& field);

// Between fields, at the place "root": order, inputs; counts the columns of x.
Status check_fields(ModelReader* reader);
// That nothing stands behind the last table in shards.
Status check_shards_end(ModelReader* reader);
// Levels and towers against heads and columns of x, at the place "root".
Status check_graph(ModelReader* reader);
// Stage one's tower against the context block of x, at the place "root".
Status check_retrieval(ModelReader* reader);

Status read_golden(ModelReader* reader);

}  // namespace guardrank
