// The order of preparation, and where each field stands in x.
#include "core/base/limits.h"
#include "core/model/network_builder.h"

namespace guardrank {
namespace {

// Activations of a tile stay within a core's own cache.
constexpr std::uint32_t tile_bytes = 384u << 10;
constexpr std::uint32_t most_tile_rows = 120, least_tile_rows = 12;

std::uint32_t side_of(const Field& field) { return static_cast<std::uint32_t>(field.side); }

Status check_field(const Field& field) {
  if (side_of(field) >= n_sides || field.n_inputs() == 0 || field.n_inputs() > limits::layer_width)
    return Status::dimension;
  const bool has_table = field.table != nullptr || (field.is_apart() && field.side == Side::context);
  const bool is_usable = field.output != OutputKind::embedding || (has_table && field.n_codes != 0);
  return is_usable ? Status::ok : Status::reference;
}

}  // namespace

Status NetworkBuilder::place_field(std::uint32_t ordinal, std::span<PreparedField> places,
                                   std::uint32_t at) {
  const Field& field = model_.fields[ordinal];
  GUARDRANK_TRY(check_field(field));
  std::uint32_t& n = prepared_->block_inputs[side_of(field)];
  places[at] = {ordinal, n};
  n += field.n_inputs();
  n_inputs_ += field.n_inputs();
  return n_inputs_ > limits::layer_width ? Status::limit : Status::ok;
}

Status NetworkBuilder::place_fields() {
  for (std::uint32_t side = 0; side < n_sides; ++side) {
    std::uint32_t count = 0, at = 0;
    for (const Field& field : model_.fields) count += side_of(field) == side;
    GUARDRANK_TRY(arena_->make(count, &prepared_->fields[side]));
    for (const OutputKind output : {OutputKind::dense, OutputKind::embedding}) {
      for (std::uint32_t i = 0; i < model_.fields.size(); ++i) {
        const Field& field = model_.fields[i];
        if (side_of(field) != side || field.output != output) continue;
        GUARDRANK_TRY(place_field(i, prepared_->fields[side], at++));
      }
    }
    const std::uint32_t found = prepared_->block_inputs[side];
    if (model_.block_inputs[side] != found) return Status::dimension;
    prepared_->block_strides[side] = code_stride(found);
  }
  GUARDRANK_TRY(collect_zero_points());
  return collect_fed();
}

void NetworkBuilder::write_zero_points(const Field& field, std::uint32_t first) {
  if (field.output == OutputKind::embedding) {
    for (std::uint32_t i = 0; i < field.dim; ++i) zero_points_[first + i] = embedding_zero_point;
    return;
  }
  for (std::uint32_t i = 0; i < field.width; ++i) zero_points_[first + i] = field.zero_point;
  if (field.has_indicator) zero_points_[first + field.width] = field.indicator_zero_point;
}

Status NetworkBuilder::collect_zero_points() {
  GUARDRANK_TRY(arena_->make(n_inputs_, &zero_points_));
  std::uint32_t first = 0;
  for (std::uint32_t side = 0; side < n_sides; ++side) {
    for (const PreparedField& place : prepared_->fields[side]) {
      write_zero_points(model_.fields[place.ordinal], first + place.column);
    }
    first += prepared_->block_inputs[side];
  }
  return Status::ok;
}

Status NetworkBuilder::collect_fed() {
  std::uint32_t count = 0, at = 0;
  for (const Field& field : model_.fields) count += field.feeds_every_layer;
  GUARDRANK_TRY(arena_->make(count, &prepared_->fed));
  for (std::uint32_t i = 0; i < model_.fields.size(); ++i) {
    const Field& field = model_.fields[i];
    if (!field.feeds_every_layer) continue;
    for (const PreparedField& place : prepared_->fields[side_of(field)]) {
      if (place.ordinal != i) continue;
      prepared_->fed[at++] = {side_of(field), place.column, field.n_inputs()};
    }
    prepared_->fed_width += field.n_inputs();
  }
  return Status::ok;
}

void NetworkBuilder::size_tile() {
  std::uint32_t per_row = prepared_->activation_bytes + prepared_->widest * 4;
  for (const std::uint32_t stride : prepared_->block_strides) per_row += stride;
  std::uint32_t rows = tile_bytes / per_row / 12 * 12;  // kernels take rows by 2, 4, 6 or 12
  rows = rows > most_tile_rows ? most_tile_rows : rows;
  prepared_->tile_rows = rows < least_tile_rows ? least_tile_rows : rows;
}

Status NetworkBuilder::prepare() {
  GUARDRANK_TRY(place_fields());
  GUARDRANK_TRY(prepare_levels());
  GUARDRANK_TRY(prepare_towers());
  size_tile();
  return Status::ok;
}

Status prepare_network(const Model& model, const Kernel& kernel, Arena* arena, NetworkPlan* plan,
                       Error* error) {
  std::span<NetworkPlan::Prepared> prepared;
  Status status = arena->make(1, &prepared);
  if (status == Status::ok) status = NetworkBuilder(model, arena, prepared.data()).prepare();
  if (status == Status::memory) return error->no_memory("model");
  if (status != Status::ok) return error->set(status, "model", {"its layers do not fit together"});
  *plan = {&model, &kernel, prepared.data(), 0};
  return Status::ok;
}

}  // namespace guardrank
