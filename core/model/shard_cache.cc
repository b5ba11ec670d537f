#include "core/model/shard_cache.h"

#include <cstring>
#include <new>

namespace guardrank {
namespace {

// More would take long to look through.
constexpr std::uint32_t most_shards = 1024;

}  // namespace

ShardCache::~ShardCache() {
  while (first_ != nullptr) drop_last();
}

void ShardCache::begin() {
  ++ranking_;
  needed_bytes_ = 0;
  n_needed_ = n_wanted_ = 0;
}

void ShardCache::need(std::uint64_t n_bytes) {
  needed_bytes_ += cost(n_bytes);
  ++n_needed_;
}

// The shard, now the one used last; null where it is not here.
ShardCache::Shard* ShardCache::find(const Sha256Digest& hash) {
  for (Shard** link = &first_; *link != nullptr; link = &(*link)->next) {
    Shard* found = *link;
    if (found->hash != hash) continue;
    if (found->used != ranking_) need(found->n_bytes);
    found->used = ranking_;
    *link = found->next;
    found->next = first_;
    return first_ = found;
  }
  return nullptr;
}

void ShardCache::want(const Field& field, std::uint32_t index, const RowShard& shard) {
  for (const WantedShard& known : wanted())
    if (known.hash == shard.hash) return;
  if (n_wanted_ == most_wanted) return;
  need(shard.n_bytes);
  wanted_[n_wanted_++] = {shard.hash, shard.n_bytes, field.name, index};
}

Status ShardCache::take_field(const Field& field, Arena* arena, EncodedField* encoded) {
  const std::uint32_t n = encoded->n_codes();
  std::span<std::uint8_t> rows;
  GUARDRANK_TRY(arena->make_uninitialised(std::size_t{n} * field.dim, &rows));
  encoded->rows = rows.data();
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t code = encoded->codes[i] < field.n_codes ? encoded->codes[i] : 0;
    const RowShard place = shard_at(field, code / field.shard_rows);
    Shard* shard = find(place.hash);
    // By the hash of its bytes it may be another table's, of another length.
    const bool is_here = shard != nullptr && shard->n_bytes == place.n_bytes;
    if (!is_here) want(field, code / field.shard_rows, place);
    else
      std::memcpy(&rows[std::size_t{i} * field.dim],
                  shard->bytes() + std::size_t{code - place.first_row} * field.dim, field.dim);
  }
  return Status::ok;
}

Status ShardCache::take_rows(const Model& model, Arena* arena, std::span<EncodedField> encoded) {
  if (!model.has_tables_apart) return Status::ok;
  for (std::size_t i = 0; i < model.fields.size(); ++i)
    if (model.fields[i].is_apart()) GUARDRANK_TRY(take_field(model.fields[i], arena, &encoded[i]));
  if (n_needed_ <= most_shards && needed_bytes_ <= budget_bytes_)
    return n_wanted_ == 0 ? Status::ok : Status::missing;
  n_wanted_ = 0;
  return Status::limit;
}

Status ShardCache::add(Bytes bytes) {
  const Sha256Digest hash = sha256(bytes);
  std::uint32_t i = 0;
  while (i < n_wanted_ && (wanted_[i].hash != hash || wanted_[i].n_bytes != bytes.size())) ++i;
  if (i == n_wanted_) return Status::hash;
  const std::size_t size = cost(bytes.size());
  while (first_ != nullptr && (held_bytes_ > budget_bytes_ - size || n_shards_ == most_shards))
    drop_last();
  void* memory = allocator_.allocate(allocator_.user, size, alignof(Shard));
  if (memory == nullptr) return Status::memory;
  first_ = ::new (memory) Shard{first_, hash, static_cast<std::uint32_t>(bytes.size()), ranking_};
  std::memcpy(first_->bytes(), bytes.data(), bytes.size());
  held_bytes_ += size;
  ++n_shards_;
  wanted_[i] = wanted_[--n_wanted_];
  return Status::ok;
}

void ShardCache::drop_last() {
  Shard** link = &first_;
  while ((*link)->next != nullptr) link = &(*link)->next;
  Shard* last = *link;
  *link = nullptr;
  --n_shards_;
  const std::size_t size = cost(last->n_bytes);
  held_bytes_ -= size;
  allocator_.release(allocator_.user, last, size, alignof(Shard));
}

}  // namespace guardrank
