#include "core/artifact/model_reader.h"

namespace guardrank {
namespace {

constexpr Bounds n_layers = bounds::some(limits::layers, Status::dimension);
constexpr Bounds dims = bounds::some(limits::embedding_dim, Status::dimension);
constexpr Member members[] = {
    GUARDRANK_MEMBER(Retrieval, name, VT_NAME, Retrieval, name,
                     {.bounds = &bounds::optional_name}),
    GUARDRANK_MEMBER(Retrieval, context_tower, VT_CONTEXT_TOWER, Retrieval, context_tower,
                     {.bounds = &n_layers, .child = &layer_table}),
    GUARDRANK_UNREAD(Retrieval, offer_tower, VT_OFFER_TOWER, {.child = &layer_table}),
    GUARDRANK_MEMBER(Retrieval, dim, VT_DIM, Retrieval, dim, {.bounds = &dims}),
    GUARDRANK_MEMBER(Retrieval, scale, VT_SCALE, Retrieval, scale, {.bounds = &bounds::positive}),
};

Status finish_retrieval(ModelReader*, Retrieval* retrieval) {
  retrieval->is_set = true;
  return Status::ok;
}

}  // namespace

const Table retrieval_table = table_of<members>({
    .finish = finish_as<ModelReader, Retrieval, finish_retrieval>});

Status check_retrieval(ModelReader* reader) {
  const Retrieval& retrieval = reader->model->retrieval;
  if (!retrieval.is_set) return Status::ok;
  reader->place.enter("retrieval");
  if (retrieval.context_tower.empty())
    return reader->fail(Status::dimension, "context_tower", "wanted at least one layer");
  std::uint32_t n_in = reader->model->block_inputs[static_cast<std::size_t>(Side::context)];
  for (std::uint32_t i = 0; i < retrieval.context_tower.size(); ++i) {
    const Layer& layer = retrieval.context_tower[i];
    reader->place.enter("context_tower", i);
    if (layer.n_in != n_in)
      return reader->wanted(Status::dimension, "n_in", n_in, " inputs", layer.n_in);
    if (layer.input_shift != 0)
      return reader->fail(Status::verify, "input_shift", "only where all of x is read");
    n_in = layer.n_out;
    reader->place.leave();
  }
  if (retrieval.dim != n_in)
    return reader->wanted(Status::dimension, "dim", n_in, " outputs of the tower", retrieval.dim);
  reader->place.leave();
  return Status::ok;
}

}  // namespace guardrank
