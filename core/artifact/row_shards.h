// Embedding tables in shards of equal numbers of rows, each with its own SHA-256 in the model: so that
// whoever ranks for one user fetches the shard that holds the user's row, and not the table.
#pragma once

#include <cstdint>

#include "core/artifact/model.h"

namespace guardrank {

// Of a verified field with `shard_rows`.
constexpr std::uint32_t n_shards(const Field& field) {
  return field.n_codes / field.shard_rows + (field.n_codes % field.shard_rows != 0);
}

// Tables stand 64-byte aligned where all shards are together.
constexpr std::uint64_t align_shards(std::uint64_t offset) {
  return (offset + section_alignment - 1) / section_alignment * section_alignment;
}

struct RowShard {
  Sha256Digest hash{};
  std::uint32_t first_row = 0, n_rows = 0;
  std::uint32_t n_bytes = 0;
};
// One below n_shards(field).
RowShard shard_at(const Field& field, std::uint32_t index);

// Whether every shard of a table that came along has its SHA-256.
bool are_shards_right(const Field& field);

}  // namespace guardrank
