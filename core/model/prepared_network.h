// What a prepared network looks like inside: layers in the kernels' layout, and where each tile
// keeps its activations. Private to core/model.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/arena.h"
#include "core/model/network.h"

namespace guardrank {

inline constexpr std::uint32_t n_sides = 3;
inline constexpr std::uint8_t largest_code = 127;
inline constexpr std::uint8_t embedding_zero_point = 64;

// Whether any kernel of this build makes use of folded layers or of columns quantised together: a
// module that is downloaded does without what prepares them.
#if defined(__wasm__)
inline constexpr bool has_wide_kernels = false;
#else
inline constexpr bool has_wide_kernels = true;
#endif

constexpr std::uint32_t padded_outputs(std::uint32_t n) {
  return (n + outputs_per_block - 1) / outputs_per_block * outputs_per_block;
}
constexpr std::uint32_t padded_inputs(std::uint32_t n) {
  return (n + inputs_per_group - 1) / inputs_per_group * inputs_per_group;
}
constexpr std::uint32_t padded_rows(std::uint32_t n) {
  return (n + rows_per_step - 1) / rows_per_step * rows_per_step;
}
// Bytes of a row of codes with room for the padded outputs of the layer that writes it.
constexpr std::uint32_t code_stride(std::uint32_t n_codes) { return (n_codes + 79) / 64 * 64; }

// A run of weight columns: all inputs of a layer, or those of one block of x.
struct PreparedBlock {
  PackedWeights weights;                   // n_in 0: the block has no columns
  const std::int32_t* initial = nullptr;   // what the sums start from
  bool may_saturate = true;                // some codes could take a rounded sum beyond int16
};

struct PreparedLayer {
  std::uint32_t n_out = 0;
  std::uint32_t n_out_padded = 0;
  const float* multiplier = nullptr;       // padded with zeros
  bool is_calm = false;                    // see LayerTask
  bool reads_x = false;
  std::uint8_t shift = 0;
  PreparedBlock blocks[n_sides];           // a layer that does not read x has only the first
  const std::int32_t* bias = nullptr;      // layers that read x: added after rounding
  std::uint32_t context_offset = 0;        // its place in a request's context sums
  // The one block besides the context's from whose `start` codes may be computed; see LayerTask.
  const PreparedBlock* folded = nullptr;
  const float* scaled_multiplier = nullptr;
};

// Codes of a tile, [row][width | fed embeddings | zeros]. Row r of a slot stands at
// offset * rows of the tile + r * stride.
struct Slot {
  std::uint32_t offset = 0;
  std::uint32_t width = 0;
  std::uint32_t stride = 0;
};

struct PreparedExpert {
  std::span<PreparedLayer> layers;
  Slot input, output;
};

// Gates over x that are mixed together share a layer, each from its column on. Their softmaxes over one row are
// one, as if they were rows: what they multiply with stands so beside the first of them (SoftmaxTask).
struct PreparedGate {
  const PreparedLayer* layer = nullptr;    // null: `output` is the one expert's
  std::uint32_t column = 0;
  std::uint32_t n_sharing = 1;             // of the first: how many share its layer
  std::span<float> multiplier_by_gate, expert_multiplier_by_gate;
  std::span<Slot> experts;
  std::span<const float> expert_multiplier;
  Slot input, output;
};

// Gates over the same experts are mixed together, so many at a time.
inline constexpr std::uint32_t gates_per_mix = 6;

struct PreparedLevel {
  std::span<PreparedExpert> experts;
  std::span<PreparedGate> gates;
};

struct PreparedTower {
  std::span<PreparedLayer> layers;
  Slot input;
};

// One field's place in x.
struct PreparedField {
  std::uint32_t ordinal = 0;
  std::uint32_t column = 0;                // within its side's block
};

// Columns of x that every layer reads again.
struct FedColumns {
  std::uint32_t side = 0, column = 0, n = 0;
};

struct NetworkPlan::Prepared {
  std::span<PreparedField> fields[n_sides];
  std::uint32_t block_inputs[n_sides] = {};
  std::uint32_t block_strides[n_sides] = {};
  std::span<FedColumns> fed;
  std::uint32_t fed_width = 0;
  std::span<PreparedLevel> levels;
  std::span<PreparedTower> towers;
  Slot hidden[2];                          // hidden layers of an expert or tower, in turn
  std::uint32_t activation_bytes = 0;      // of all slots, per row
  std::uint32_t widest = 0;                // padded outputs of the widest layer
  std::uint32_t n_context_sums = 0;        // of all layers that read x
  std::uint32_t n_wide_blocks = 0;         // of 64 outputs, of all other layers
  std::uint32_t most_experts = 1;          // under one gate
  std::uint32_t tile_rows = 0;
};

// Working memory of one tile of candidates, and where it stands.
struct Tile {
  std::uint32_t rows = 0;                  // rows that the memory is for
  std::uint32_t n = 0;                     // rows in use
  std::uint8_t* x[n_sides] = {};           // context: a row per request
  std::uint8_t* activations = nullptr;
  std::int32_t* totals = nullptr;          // rows * widest, and what softmax may read behind them
  std::int32_t* zeros = nullptr;           // widest
  float* coefficients = nullptr;           // gates_per_mix * most_experts * padded rows
  Rows<const std::uint8_t>* experts = nullptr;
  std::int32_t* context_sums = nullptr;    // n_context_sums per request
  std::int32_t* starts = nullptr;          // null, or LayerTask's `start` of layers that have one
  std::uint32_t* context_of = nullptr;     // by row: its request; null: there is one
  // By row, where candidates' sums are kept; null: the candidate block is multiplied.
  const std::int16_t* const* kept = nullptr;
  Ahead* ahead = nullptr;                  // null, or kept sums of the rows to come
};

inline Rows<std::uint8_t> slot_rows(const Tile& tile, const Slot& slot) {
  return {tile.activations + std::size_t{slot.offset} * tile.rows, slot.stride};
}
inline Rows<const std::uint8_t> read_rows(const Tile& tile, const Slot& slot) {
  return {tile.activations + std::size_t{slot.offset} * tile.rows, slot.stride};
}

// network.cc
// Whether the candidate block's codes are read: not where all sums are kept and none of its fields
// feeds every layer.
bool reads_candidate_codes(const NetworkPlan& plan, const KeptCandidates& kept);
// Logits of the tile's rows, by head from `first_row` on.
void run_tile(const NetworkPlan& plan, const Tile& tile, std::uint32_t first_row,
              std::span<std::span<float>> logits);

// network_inputs.cc: codes of rows [first, first + n) of one side's block.
void quantise_block(const NetworkPlan& plan, std::uint32_t side,
                    std::span<const EncodedField> encoded, std::uint32_t first, std::uint32_t n,
                    std::uint8_t* codes);

// network_layers.cc
// Puts into `tile.context_sums` what the contexts [first, first + n) and the bias contribute to a layer
// that reads x.
void add_contexts(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile,
                  std::uint32_t first, std::uint32_t n);
// The candidate block's rounded sums of rows [first, first + n) for one layer that reads x, to
// sums[row * n_context_sums + the layer's place].
void sum_candidate_block(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile,
                         std::uint32_t first, std::uint32_t n, std::int16_t* sums);
// T of the layer for the tile's rows.
Rows<const std::int32_t> layer_totals(const NetworkPlan& plan, const PreparedLayer& layer,
                                      const Slot& input, const Tile& tile);
// What `starts` needs where the tile's rows have one context.
void start_folded_layers(const NetworkPlan& plan, const Tile& tile);
// A hidden layer's codes, with the fed embeddings behind them.
void run_hidden_layer(const NetworkPlan& plan, const PreparedLayer& layer, const Slot& input,
                      const Slot& output, const Tile& tile);
// Puts the fed embeddings behind a slot's codes.
void append_fed(const NetworkPlan& plan, const Slot& slot, const Tile& tile);

template <typename Visit>
void for_each_layer_over_x(const NetworkPlan::Prepared& prepared, const Visit& visit) {
  const auto visit_layer = [&](const PreparedLayer& layer) {
    if (layer.reads_x) visit(layer);
  };
  for (const PreparedLevel& level : prepared.levels) {
    for (const PreparedExpert& expert : level.experts) visit_layer(expert.layers.front());
    for (const PreparedGate& gate : level.gates) {
      if (gate.layer != nullptr && gate.column == 0) visit_layer(*gate.layer);
    }
  }
  for (const PreparedTower& tower : prepared.towers) visit_layer(tower.layers.front());
}

// network_tile.cc
// Zeroed, since kernels read (and multiply by zero) padding that no field and no layer writes.
Status take_codes(Arena* arena, std::size_t bytes, std::uint8_t** first);
// Working memory for up to `n_rows` rows at a time, of `n_contexts` requests.
Status open_tile(const NetworkPlan& plan, std::uint32_t n_rows, std::uint32_t n_contexts,
                 Arena* arena, Tile* tile);

// network_gates.cc
// How many gates from the first on, which is a mixture, mix the same experts.
std::size_t count_alike(std::span<const PreparedGate> gates);
// Each gate's mixture of its experts' codes.
void run_gates(const NetworkPlan& plan, const PreparedLevel& level, const Tile& tile);

}  // namespace guardrank
