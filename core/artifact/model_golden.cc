#include "core/artifact/model_reader.h"
#include "models/schema/golden_generated.h"

namespace guardrank {
namespace {

template <typename T>
Status read_results(const flatbuffers::Vector<T>* source, std::size_t n_wanted,
                    const Place& place, RootReader* reader, std::span<const T>* out) {
  GUARDRANK_TRY(reader->numbers(source, limits::golden_rows * limits::heads, place, out));
  if (out->size() != n_wanted)
    return reader->wanted(Status::dimension, place, {n_wanted, " (rows times heads)"},
                          {out->size()});
  for (std::uint32_t i = 0; i < out->size(); ++i)
    GUARDRANK_TRY(reader->check_finite(double{(*out)[i]}, place));
  return Status::ok;
}

Status read_request(const schema::GoldenRequest& source, const Place& place, std::size_t n_heads,
                    RootReader* reader, GoldenRequest* request) {
  GUARDRANK_TRY(reader->name(source.request(), Place(place, "request"), &request->request,
                             limits::request_json_bytes));
  request->n_rows = source.n_rows();
  if (request->n_rows == 0 || request->n_rows > limits::golden_rows)
    return reader->wanted(Status::limit, Place(place, "n_rows"), {"1 to ", limits::golden_rows},
                          {request->n_rows});
  const std::size_t n_results = request->n_rows * n_heads;
  GUARDRANK_TRY(read_results(source.logits(), n_results, Place(place, "logits"), reader,
                             &request->logits));
  return read_results(source.probabilities(), n_results, Place(place, "probabilities"), reader,
                      &request->probabilities);
}

}  // namespace

Status read_golden(ModelReader* reader) {
  Model& model = reader->model;
  if (model.container.find(SectionKind::golden) == nullptr) return Status::ok;
  RootReader read(reader->root.arena(), reader->root.error());
  const schema::GoldenVectors* root = nullptr;
  GUARDRANK_TRY(read.open(model.container, SectionKind::golden,
                          schema::GoldenVectorsIdentifier(), &root));
  const Place place("golden");
  std::span<GoldenRequest> requests;
  GUARDRANK_TRY(read.make(root->requests(), limits::golden_requests, Place(place, "requests"),
                          &requests));
  for (std::uint32_t i = 0; i < requests.size(); ++i)
    GUARDRANK_TRY(read_request(*root->requests()->Get(i), Place(place, "requests", i),
                               model.heads.size(), &read, &requests[i]));
  model.golden = requests;
  return Status::ok;
}

}  // namespace guardrank
