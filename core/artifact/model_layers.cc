#include "core/artifact/model_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

inline constexpr std::uint8_t max_input_shift = 16;
// Sums of 16,384 products of u7 and s8 stay under 2^28, so that with a bias of at most 2^30 no
// int32 accumulator overflows.
inline constexpr std::int32_t max_bias = std::int32_t{1} << 30;

Status check_shape(const schema::Layer& source, const Place& place, LayerInput input,
                   ModelReader* reader) {
  RootReader& read = reader->root;
  GUARDRANK_TRY(read.check_count(source.n_out(), limits::layer_width, Place(place, "n_out")));
  if (source.n_out() == 0)
    return read.wanted(Status::dimension, Place(place, "n_out"), "at least 1", "0");
  const std::uint32_t n_in =
      input.is_x ? reader->total_inputs : input.previous + reader->fed_inputs;
  GUARDRANK_TRY(read.check_count(n_in, limits::layer_width, Place(place, "n_in")));
  if (source.n_in() != n_in)
    return read.wanted(Status::dimension, Place(place, "n_in"), {n_in, " inputs"},
                       {source.n_in()});
  const std::uint32_t max_shift = input.is_x ? max_input_shift : 0;
  if (source.input_shift() > max_shift)
    return read.wanted(Status::verify, Place(place, "input_shift"), {"at most ", max_shift},
                       {unsigned{source.input_shift()}});
  return Status::ok;
}

Status read_outputs(const schema::Layer& source, const Place& place, RootReader* reader,
                    Layer* layer) {
  const std::uint32_t n_out = source.n_out();
  GUARDRANK_TRY(reader->numbers(source.bias(), limits::layer_width, Place(place, "bias"),
                                &layer->bias));
  GUARDRANK_TRY(reader->numbers(source.multiplier(), limits::layer_width,
                                Place(place, "multiplier"), &layer->multiplier));
  if (layer->bias.size() != n_out)
    return reader->wanted_count(Status::dimension, Place(place, "bias"), n_out, layer->bias.size());
  if (layer->multiplier.size() != n_out)
    return reader->wanted_count(Status::dimension, Place(place, "multiplier"), n_out,
                          layer->multiplier.size());
  for (std::uint32_t i = 0; i < n_out; ++i) {
    if (layer->bias[i] > max_bias || layer->bias[i] < -max_bias)
      return reader->wanted_number(Status::limit, Place(place, "bias", i), "at most 2^30",
                            layer->bias[i]);
    GUARDRANK_TRY(reader->check_finite(double{layer->multiplier[i]},
                                       Place(place, "multiplier", i)));
  }
  return Status::ok;
}

}  // namespace

Status read_layer(const schema::Layer& source, const Place& place, LayerInput input,
                  ModelReader* reader, Layer* layer) {
  GUARDRANK_TRY(check_shape(source, place, input, reader));
  layer->n_out = source.n_out();
  layer->n_in = source.n_in();
  layer->input_shift = source.input_shift();
  GUARDRANK_TRY(read_outputs(source, place, &reader->root, layer));
  const std::uint8_t* weights = nullptr;
  GUARDRANK_TRY(read_raw(reader->weights, "weights", source.weights_offset(), layer->n_out,
                         layer->n_in, Place(place, "weights"), &reader->root, &weights));
  layer->weights = reinterpret_cast<const std::int8_t*>(weights);
  return Status::ok;
}

Status read_layers(const Tables<schema::Layer>* source, const Place& place, LayerInput input,
                   ModelReader* reader, std::span<const Layer>* out) {
  std::span<Layer> layers;
  GUARDRANK_TRY(reader->root.make(source, limits::layers, place, &layers));
  if (layers.empty())
    return reader->root.wanted(Status::dimension, place, "at least one layer", "none");
  for (std::uint32_t i = 0; i < layers.size(); ++i) {
    Place one = place;
    one.set_index(i);
    GUARDRANK_TRY(read_layer(*source->Get(i), one, input, reader, &layers[i]));
    input = {false, layers[i].n_out};
  }
  *out = layers;
  return Status::ok;
}

}  // namespace guardrank
