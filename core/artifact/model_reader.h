// What the parts of open_model share. Each part reads one concept of the root into `model` and
// checks it; the order is that of open_model.
#pragma once

#include <array>
#include <cstdint>

#include "core/artifact/root_reader.h"

#include "core/artifact/model.h"
#include "core/base/limits.h"
#include "models/schema/model_generated.h"

namespace guardrank {

struct ModelReader {
  ModelReader(Arena* arena, Error* error) : root(arena, error) {}

  RootReader root;
  Check check = Check::structure;
  Bytes embeddings, weights;
  Model model;
  std::uint32_t total_inputs = 0;    // columns of x
  std::uint32_t fed_inputs = 0;      // columns that every later layer reads again
  std::span<Head> heads;             // those of `model`, while they are filled
  // Width of each gate's output at the level read last, in the gates' order.
  std::array<std::uint32_t, limits::heads + 1> gate_widths{};
};

template <typename Table>
using Tables = flatbuffers::Vector<flatbuffers::Offset<Table>>;

// `count` elements of `element_bytes` at `offset` of a raw section, 64-byte aligned, or
// Status::verify. `section` names it.
Status read_raw(Bytes bytes, std::string_view section, std::uint64_t offset, std::uint64_t count,
                std::uint64_t element_bytes, const Place& place, RootReader* reader,
                const std::uint8_t** out);

Status read_fields(const schema::Model& source, ModelReader* reader);
Status read_transforms(const schema::Field& source, const Place& place, ModelReader* reader,
                       Field* field);

// What a layer reads: x itself, or `previous` columns and then the fed ones.
struct LayerInput {
  bool is_x = false;
  std::uint32_t previous = 0;
};
Status read_layer(const schema::Layer& source, const Place& place, LayerInput input,
                  ModelReader* reader, Layer* layer);
// At least one layer, each reading the one before.
Status read_layers(const Tables<schema::Layer>* source, const Place& place, LayerInput input,
                   ModelReader* reader, std::span<const Layer>* layers);

Status read_heads(const schema::Model& source, ModelReader* reader);
Status read_calibrator(const schema::Calibrator* source, const Place& place, RootReader* reader,
                       Calibrator* calibrator);
Status read_segments(const schema::Head& source, const Place& place, RootReader* reader,
                     Head* head);
Status read_levels(const schema::Model& source, ModelReader* reader);
Status read_towers(const schema::Model& source, ModelReader* reader);
Status read_golden(ModelReader* reader);

}  // namespace guardrank
