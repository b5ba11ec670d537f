// Embedding rows of models whose tables did not come along (core/artifact/row_shards.h): shards that a
// host handed over, and which of them a ranking lacks. A session's own, bounded, used longest ago out
// first. A shard is found by its SHA-256 alone, so that it serves every model that names it.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/row_shards.h"
#include "core/base/arena.h"
#include "core/frame/encoded_field.h"

namespace guardrank {

struct WantedShard {
  Sha256Digest hash{};
  std::uint64_t n_bytes = 0;
  std::string_view field;              // whose table; the model's
  std::uint32_t shard = 0;             // its place in the table
};

class ShardCache {
 public:
  ShardCache(const Allocator& allocator, std::size_t budget_bytes)
      : allocator_(allocator), budget_bytes_(budget_bytes) {}
  ~ShardCache();
  ShardCache(const ShardCache&) = delete;
  ShardCache& operator=(const ShardCache&) = delete;

  // A ranking begins: nothing is wanted yet, and what it uses stays until the next one.
  void begin();
  // Puts beside the codes of the context fields the rows that their tables, apart from the model, have
  // there. What lacks is among `wanted` from then on, some at a time: Status::missing. Status::limit:
  // what the ranking needs is more than the cache may hold.
  Status take_rows(const Model& model, Arena* arena, std::span<EncodedField> encoded);
  // Copies a shard that is wanted. Status::hash: none of them is of these bytes.
  Status add(Bytes shard);

  std::span<const WantedShard> wanted() const { return {wanted_, n_wanted_}; }
  std::size_t held_bytes() const { return held_bytes_; }

 private:
  struct Shard {
    Shard* next;                       // used before it
    Sha256Digest hash;
    std::uint32_t n_bytes;
    std::uint64_t used;                // the ranking that used it last

    std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  };
  // A host that fetches them does so for all at once; more take another round.
  static constexpr std::uint32_t most_wanted = 32;

  static std::size_t cost(std::uint64_t n_bytes) { return static_cast<std::size_t>(n_bytes) + sizeof(Shard); }
  Shard* find(const Sha256Digest& hash);
  void need(std::uint64_t n_bytes);
  void want(const Field& field, std::uint32_t index, const RowShard& shard);
  Status take_field(const Field& field, Arena* arena, EncodedField* encoded);
  void drop_last();

  Allocator allocator_;
  std::size_t budget_bytes_, held_bytes_ = 0;
  std::size_t needed_bytes_ = 0;       // by the ranking, as far as is known
  std::uint32_t n_needed_ = 0;
  std::uint64_t ranking_ = 0;
  std::uint32_t n_shards_ = 0;
  std::uint32_t n_wanted_ = 0;
  Shard* first_ = nullptr;
  WantedShard wanted_[most_wanted];
};

}  // namespace guardrank
