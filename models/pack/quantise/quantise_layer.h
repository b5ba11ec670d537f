// One linear layer to s8 weights per output channel.
#pragma once

#include <span>

#include "models/pack/quantise/input_scales.h"

namespace guardrank::pack {

// What a layer's sums are turned into.
enum class LayerOutput { codes, real };

// `columns`: what the layer reads, n_in of them. `output_scale` counts for LayerOutput::codes.
// `block_inputs` (for a layer that reads x): columns per block, to find the shift.
Layer quantise_layer(const FloatLayer& layer, std::span<const InputColumn> columns,
                     std::span<const std::uint32_t> block_inputs, LayerOutput output,
                     double output_scale, Memory* memory);

}  // namespace guardrank::pack
