#include "core/artifact/row_shards.h"

namespace guardrank {

RowShard shard_at(const Field& field, std::uint32_t index) {
  RowShard shard;
  __builtin_memcpy(shard.hash.data(), &field.shard_hashes[index * shard.hash.size()],
                   shard.hash.size());
  shard.first_row = index * field.shard_rows;
  const std::uint32_t left = field.n_codes - shard.first_row;
  shard.n_rows = left < field.shard_rows ? left : field.shard_rows;
  shard.n_bytes = shard.n_rows * field.dim;
  return shard;
}

bool are_shards_right(const Field& field) {
  for (std::uint32_t i = 0; i < n_shards(field); ++i) {
    const RowShard shard = shard_at(field, i);
    const std::uint8_t* first = field.table + std::size_t{shard.first_row} * field.dim;
    if (sha256(Bytes{first, shard.n_bytes}) != shard.hash) return false;
  }
  return true;
}

}  // namespace guardrank
