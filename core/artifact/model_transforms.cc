#include "core/artifact/model_reader.h"

namespace guardrank {
namespace {

constexpr std::uint8_t number_of(TransformKind kind) { return static_cast<std::uint8_t>(kind); }

constexpr auto fill = number_of(TransformKind::fill), clip = number_of(TransformKind::clip),
               standardize = number_of(TransformKind::standardize),
               bucketize = number_of(TransformKind::bucketize),
               vocabulary = number_of(TransformKind::vocabulary),
               hash = number_of(TransformKind::hash);
constexpr Bounds kinds = bounds::within(0, number_of(TransformKind::days_since));
constexpr Bounds n_values = bounds::at_most(limits::vocabulary_values);
constexpr Bounds n_buckets = bounds::some(limits::embedding_rows - 1, Status::verify);

constexpr Member members[] = {
    GUARDRANK_MEMBER(Transform, kind, VT_KIND, Transform, kind,
                     {.bounds = &kinds, .selects = true}),
    GUARDRANK_MEMBER(Transform, number, VT_NUMBER, Transform, number,
                     {.bounds = &bounds::finite, .when = fill}),
    GUARDRANK_MEMBER(Transform, text, VT_TEXT, Transform, text, {.when = fill}),
    GUARDRANK_MEMBER(Transform, minimum, VT_MINIMUM, Transform, minimum,
                     {.bounds = &bounds::finite, .when = clip}),
    GUARDRANK_MEMBER(Transform, maximum, VT_MAXIMUM, Transform, maximum,
                     {.bounds = &bounds::finite, .when = clip}),
    GUARDRANK_MEMBER(Transform, mean, VT_MEAN, Transform, mean,
                     {.bounds = &bounds::finite, .when = standardize}),
    GUARDRANK_MEMBER(Transform, standard_deviation, VT_STANDARD_DEVIATION, Transform,
                     standard_deviation, {.bounds = &bounds::positive, .when = standardize}),
    GUARDRANK_MEMBER(Transform, edges, VT_EDGES, Transform, edges,
                     {.bounds = &n_values, .each = &bounds::finite, .when = bucketize}),
    GUARDRANK_MEMBER(Transform, values, VT_VALUES, Transform, values,
                     {.bounds = &n_values, .when = vocabulary}),
    GUARDRANK_MEMBER(Transform, sorted, VT_SORTED, Transform, sorted,
                     {.bounds = &n_values, .when = vocabulary}),
    GUARDRANK_MEMBER(Transform, buckets, VT_BUCKETS, Transform, buckets,
                     {.bounds = &n_buckets, .when = hash}),
    GUARDRANK_MEMBER(Transform, seed, VT_SEED, Transform, seed, {.when = hash}),
};

// Strictly increasing texts under `sorted` make it a permutation, and the values unique.
Status check_sorted(ModelReader* reader, const Transform& transform) {
  const std::span<const std::string_view> values = transform.values;
  const std::span<const std::uint32_t> sorted = transform.sorted;
  if (sorted.size() != values.size())
    return reader->wanted(Status::dimension, "sorted", values.size(), " ordinals", sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] >= values.size())
      return reader->fail(Status::reference, "sorted", "no value ", sorted[i]);
    if (i > 0 && !(values[sorted[i - 1]] < values[sorted[i]]))
      return reader->fail(Status::verify, "sorted", "values not in byte order, or not unique: ",
                          i);
  }
  return Status::ok;
}

Status finish(ModelReader* reader, Transform* transform) {
  if (transform->minimum > transform->maximum)
    return reader->fail(Status::verify, "maximum", "wanted at least the minimum");
  const std::span<const double> edges = transform->edges;
  for (std::size_t i = 1; i < edges.size(); ++i)
    if (!(edges[i - 1] < edges[i]))
      return reader->fail(Status::verify, "edges", "edges must increase strictly: edge ", i);
  return check_sorted(reader, *transform);
}

constexpr Transform blank{};

}  // namespace

const Table transform_table = table_of<members>({
    .n_bytes = sizeof(Transform),
    .blank = &blank,
    .finish = finish_as<ModelReader, Transform, finish>});

std::uint64_t count_codes(std::span<const Transform> chain) {
  if (chain.empty()) return 0;
  const Transform& last = chain.back();
  switch (last.kind) {
    case TransformKind::bucketize: return std::uint64_t{last.edges.size()} + 2;
    case TransformKind::vocabulary: return std::uint64_t{last.values.size()} + 2;
    case TransformKind::hash: return std::uint64_t{last.buckets} + 1;
    default: return 0;
  }
}

Status check_chain(ModelReader* reader, const Field& field) {
  const std::span<const Transform> chain = field.transforms;
  for (std::uint32_t i = 0; i < chain.size(); ++i) {
    const bool gives_codes = count_codes(chain.first(i + 1)) != 0;
    const bool is_cross = chain[i].kind == TransformKind::cross;
    if ((!gives_codes || i + 1 == chain.size()) && is_cross == (i == 0 && !field.inputs.empty()))
      continue;
    reader->place.enter("transforms", i);
    return reader->fail(Status::verify, nullptr,
                        "codes come last, and a cross first, exactly in a field with inputs");
  }
  if (chain.empty() && !field.inputs.empty())
    return reader->fail(Status::verify, "inputs", "inputs without a cross");
  const std::uint64_t n_codes = count_codes(chain);
  if ((field.output == OutputKind::embedding) != (n_codes != 0))
    return reader->fail(Status::verify, "transforms",
                        "the last must give codes for an embedding, and numbers for a dense field");
  if (n_codes != 0 && n_codes != field.n_codes)
    return reader->wanted(Status::dimension, "n_codes", n_codes, " as the last transform gives",
                          field.n_codes);
  return Status::ok;
}

}  // namespace guardrank
