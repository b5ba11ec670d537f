// The working memory in which a tile of candidates passes through the network.
#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

template <typename T>
Status take(Arena* arena, std::size_t count, T** first) {
  std::span<T> memory;
  GUARDRANK_TRY(arena->make(count, &memory));
  *first = memory.data();
  return Status::ok;
}

// For sums that are written before they are read, but for those behind the last row.
Status take_sums(Arena* arena, std::size_t count, std::size_t n_behind, std::int32_t** first) {
  std::span<std::int32_t> memory;
  GUARDRANK_TRY(arena->make_uninitialised(count + n_behind, &memory));
  for (std::int32_t& behind : memory.subspan(count)) behind = 0;
  *first = memory.data();
  return Status::ok;
}

Status multiply(std::size_t a, std::size_t b, std::size_t* product) {
  return __builtin_mul_overflow(a, b, product) ? Status::memory : Status::ok;
}

}  // namespace

Status take_codes(Arena* arena, std::size_t bytes, std::uint8_t** first) {
  std::span<std::uint8_t> memory;
  GUARDRANK_TRY(arena->make_uninitialised(bytes, &memory));
  if (!memory.empty()) __builtin_memset(memory.data(), 0, memory.size());
  *first = memory.data();
  return Status::ok;
}

Status open_tile(const NetworkPlan& plan, std::uint32_t n_rows, std::uint32_t n_contexts,
                 Arena* arena, Tile* tile) {
  const NetworkPlan::Prepared& prepared = *plan.prepared;
  tile->rows = n_rows < prepared.tile_rows ? n_rows : prepared.tile_rows;
  for (std::uint32_t side = 0; side < n_sides; ++side) {
    const std::size_t rows = side == static_cast<std::uint32_t>(Side::context) ? n_contexts : tile->rows;
    std::size_t bytes = 0;
    GUARDRANK_TRY(multiply(rows, prepared.block_strides[side], &bytes));
    GUARDRANK_TRY(take_codes(arena, bytes, &tile->x[side]));
  }
  GUARDRANK_TRY(take_codes(arena, std::size_t{tile->rows} * prepared.activation_bytes,
                           &tile->activations));
  constexpr std::size_t read_behind = 8;
  GUARDRANK_TRY(take_sums(arena, std::size_t{tile->rows} * prepared.widest, read_behind, &tile->totals));
  GUARDRANK_TRY(take(arena, prepared.widest, &tile->zeros));
  GUARDRANK_TRY(take(arena,
                     std::size_t{padded_rows(tile->rows)} * prepared.most_experts * gates_per_mix,
                     &tile->coefficients));
  GUARDRANK_TRY(take(arena, prepared.most_experts, &tile->experts));
  if (n_contexts > 1) GUARDRANK_TRY(take(arena, tile->rows, &tile->context_of));
  std::size_t n_sums = 0;
  GUARDRANK_TRY(multiply(n_contexts, prepared.n_context_sums, &n_sums));
  return take_sums(arena, n_sums, 0, &tile->context_sums);
}

}  // namespace guardrank
