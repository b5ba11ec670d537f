#include "models/pack/rows/int8_scorer.h"

#include "core/base/math.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// Ids of candidates that stand for rows.
void name_candidates(std::uint32_t count, Request* request) {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  const std::vector<std::string_view> views(names.begin(), names.end());
  Error error;
  request->reset();
  throw_if(request->set_candidates(views, &error), error);
}

}  // namespace

Int8Scorer::Int8Scorer(const Model& model)
    : facts_(model.fields), request_(facts_.table(), &facts_.catalog(), system_allocator()),
      n_heads_(model.heads.size()) {
  const Kernel* kernel = nullptr;
  Error error;
  throw_if(choose_kernel(KernelChoice::automatic, &kernel, &error), error);
  throw_if(prepare_network(model, *kernel, &weights_.arena(), &network_, &error), error);
}

Matrix Int8Scorer::logits(const EncodedRows& rows, std::uint32_t first, std::uint32_t count) {
  const FloatingPointEnvironment environment;
  frame_memory_.arena().reset();
  name_candidates(count, &request_);
  std::vector<EncodedField> encoded = rows.block(first, count);
  Frame frame;
  Status status = frame.open(request_, &frame_memory_.arena());
  if (status == Status::ok) {
    frame.encoded = encoded;
    status = score_network(network_, &frame);
  }
  if (status != Status::ok) throw PackError(status, "int8 network", "scoring failed");
  Matrix out({count, n_heads_});
  for (std::size_t h = 0; h < n_heads_; ++h) {
    for (std::uint32_t row = 0; row < count; ++row) out(row, h) = frame.logits[h][row];
  }
  return out;
}

}  // namespace guardrank::pack
