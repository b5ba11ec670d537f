#include "core/artifact/model_reader.h"
#include "models/schema/golden_generated.h"

namespace guardrank {
namespace {

constexpr Bounds n_rows = bounds::within(1, limits::golden_rows, Status::limit);
constexpr Bounds n_results = bounds::at_most(limits::golden_rows * limits::heads);
constexpr Member request_members[] = {
    GUARDRANK_MEMBER(GoldenRequest, request, VT_REQUEST, GoldenRequest, request,
                     {.bounds = &bounds::request}),
    GUARDRANK_MEMBER(GoldenRequest, n_rows, VT_N_ROWS, GoldenRequest, n_rows,
                     {.bounds = &n_rows}),
    GUARDRANK_MEMBER(GoldenRequest, logits, VT_LOGITS, GoldenRequest, logits,
                     {.bounds = &n_results, .each = &bounds::finite}),
    GUARDRANK_MEMBER(GoldenRequest, probabilities, VT_PROBABILITIES, GoldenRequest, probabilities,
                     {.bounds = &n_results, .each = &bounds::finite}),
    GUARDRANK_MEMBER(GoldenRequest, rows, VT_ROWS, GoldenRequest, rows),
};

Status finish_request(ModelReader* reader, GoldenRequest* request) {
  const std::size_t n_wanted = request->n_rows * reader->model->heads.size();
  if (request->logits.size() != n_wanted)
    return reader->wanted(Status::dimension, "logits", n_wanted, " (rows times heads)",
                          request->logits.size());
  if (request->probabilities.size() != n_wanted)
    return reader->wanted(Status::dimension, "probabilities", n_wanted, " (rows times heads)",
                          request->probabilities.size());
  return Status::ok;
}

constexpr Table request_table = table_of<request_members>({
    .n_bytes = sizeof(GoldenRequest),
    .finish = finish_as<ModelReader, GoldenRequest, finish_request>});

constexpr Bounds n_requests = bounds::at_most(limits::golden_requests);
constexpr Member golden_members[] = {
    GUARDRANK_MEMBER(GoldenVectors, requests, VT_REQUESTS, Model, golden,
                     {.bounds = &n_requests, .child = &request_table}),
};
constexpr Table golden_table = table_of<golden_members>();

}  // namespace

Status read_golden(ModelReader* reader) {
  const Container& container = reader->model->container;
  if (container.find(SectionKind::golden) == nullptr) return Status::ok;
  return reader->open(container, SectionKind::golden, schema::GoldenVectorsIdentifier(),
                      golden_table, reader->model);
}

}  // namespace guardrank
