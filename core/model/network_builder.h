// Prepares a network step by step. Private to core/model.
#pragma once

#include "core/model/prepared_network.h"

namespace guardrank {

class NetworkBuilder {
 public:
  NetworkBuilder(const Model& model, Arena* arena, NetworkPlan::Prepared* prepared)
      : model_(model), arena_(arena), prepared_(prepared) {}

  // Checks again, in few words, what the artifact's reader has checked and explained.
  Status prepare();

 private:
  // network_prepare.cc: fields
  Status place_fields();
  void size_tile();
  Status place_field(std::uint32_t ordinal, std::span<PreparedField> places, std::uint32_t at);
  Status collect_zero_points();
  Status collect_fed();
  void write_zero_points(const Field& field, std::uint32_t first);

  // network_graph.cc
  Status prepare_levels();
  Status prepare_towers();
  Status check_level(const Level& level) const;
  std::uint32_t level_bytes(const Level& level) const;
  Status prepare_level(std::uint32_t l, std::uint32_t offset);
  Status prepare_expert(std::uint32_t l, const Expert& expert, PreparedExpert* out);
  Status prepare_gate(std::uint32_t l, const Gate& gate, PreparedGate* out);
  // Layers of gates over x: one for those that are mixed together and have the same shift.
  Status stack_gates(std::span<const Gate> gates, std::span<PreparedGate> out);
  Status stack_some(std::span<const Gate> gates, std::span<PreparedGate> out, std::size_t first);
  // What gates multiply with, as if they were rows: of the first, whose layer others share.
  Status place_multipliers(std::span<PreparedGate> gates);
  // The first layer reads x (at level 0, or in towers without levels) or an owner's gate below.
  Status prepare_layers(std::span<const Layer> layers, bool reads_x, std::uint32_t previous,
                        std::span<PreparedLayer>* out);
  // The output of the owner's gate in a level.
  Status find_output(std::uint32_t l, std::uint32_t owner, Slot* slot) const;
  Slot take_slot(std::uint32_t width, std::uint32_t* offset) const;

  // network_pack.cc
  Status check_layer(const Layer& layer, std::uint32_t n_in) const;
  // Outputs of several layers as those of one.
  Status join_layers(std::span<const Layer* const> layers, Layer* joined);
  Status fold(const Layer& layer, PreparedLayer* out);
  Status begin_layer(const Layer& layer, std::uint32_t n_in, PreparedLayer* out);
  Status layer_over_x(const Layer& layer, PreparedLayer* out);
  Status layer_over_codes(const Layer& layer, std::uint32_t previous, PreparedLayer* out);

  const Model& model_;
  Arena* arena_;
  NetworkPlan::Prepared* prepared_;
  std::uint32_t n_inputs_ = 0;                  // columns of x
  std::span<std::uint8_t> zero_points_;         // by column of x
  std::uint32_t slots_end_ = 0;                 // next free byte of the level being prepared
};

}  // namespace guardrank
