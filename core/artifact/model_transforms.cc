#include "core/artifact/model_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

bool gives_codes(TransformKind kind) {
  return kind == TransformKind::bucketize || kind == TransformKind::vocabulary ||
         kind == TransformKind::hash;
}

Status check_increasing(std::span<const double> edges, const Place& place, RootReader* reader) {
  GUARDRANK_TRY(reader->check_finite(edges, place));
  for (std::size_t i = 1; i < edges.size(); ++i)
    if (!(edges[i - 1] < edges[i]))
      return reader->fail(Status::verify, place, {"edges must increase strictly (edge ", i, ")"});
  return Status::ok;
}

// Strictly increasing texts under `sorted` make it a permutation, and the values unique.
Status check_sorted(const Transform& transform, const Place& place, RootReader* reader) {
  const std::span<const std::string_view> values = transform.values;
  const std::span<const std::uint32_t> sorted = transform.sorted;
  if (sorted.size() != values.size())
    return reader->wanted(Status::dimension, place, {values.size(), " ordinals"}, {sorted.size()});
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] >= values.size())
      return reader->fail(Status::reference, place, {"no value ", sorted[i]});
    if (i > 0 && !(values[sorted[i - 1]] < values[sorted[i]]))
      return reader->fail(Status::verify, place, "values are not in byte order, or not unique");
  }
  return Status::ok;
}

Status read_vocabulary(const schema::Transform& source, const Place& place, RootReader* reader,
                       Transform* transform) {
  GUARDRANK_TRY(reader->texts(source.values(), limits::vocabulary_values, Place(place, "values"),
                              &transform->values));
  GUARDRANK_TRY(reader->numbers(source.sorted(), limits::vocabulary_values,
                                Place(place, "sorted"), &transform->sorted));
  return check_sorted(*transform, Place(place, "sorted"), reader);
}

Status read_clip(const Place& place, RootReader* reader, const Transform& transform) {
  GUARDRANK_TRY(reader->check_finite(transform.minimum, Place(place, "minimum")));
  GUARDRANK_TRY(reader->check_finite(transform.maximum, Place(place, "maximum")));
  if (transform.minimum > transform.maximum)
    return reader->wanted(Status::verify, Place(place, "maximum"),
                          {"at least ", transform.minimum}, {transform.maximum});
  return Status::ok;
}

Status read_hash(const Place& place, RootReader* reader, const Transform& transform) {
  if (transform.buckets == 0)
    return reader->wanted(Status::verify, Place(place, "buckets"), "at least 1", "0");
  return reader->check_count(transform.buckets, limits::embedding_rows - 1,
                             Place(place, "buckets"));
}

Status read_arguments(const schema::Transform& source, const Place& place, RootReader* reader,
                      Transform* transform) {
  switch (transform->kind) {
    case TransformKind::fill:
      GUARDRANK_TRY(reader->check_finite(transform->number, Place(place, "number")));
      return reader->text(source.text(), Place(place, "text"), &transform->text);
    case TransformKind::clip: return read_clip(place, reader, *transform);
    case TransformKind::standardize:
      GUARDRANK_TRY(reader->check_finite(transform->mean, Place(place, "mean")));
      return reader->check_positive(transform->standard_deviation,
                                    Place(place, "standard_deviation"));
    case TransformKind::bucketize:
      GUARDRANK_TRY(reader->numbers(source.edges(), limits::vocabulary_values,
                                    Place(place, "edges"), &transform->edges));
      return check_increasing(transform->edges, Place(place, "edges"), reader);
    case TransformKind::vocabulary: return read_vocabulary(source, place, reader, transform);
    case TransformKind::hash: return read_hash(place, reader, *transform);
    default: return Status::ok;
  }
}

Status read_transform(const schema::Transform& source, const Place& place, RootReader* reader,
                      Transform* transform) {
  if (source.kind() > schema::TransformKind::days_since)
    return reader->fail(Status::verify, Place(place, "kind"), "unknown transform");
  transform->kind = static_cast<TransformKind>(source.kind());
  transform->number = source.number();
  transform->minimum = source.minimum();
  transform->maximum = source.maximum();
  transform->mean = source.mean();
  transform->standard_deviation = source.standard_deviation();
  transform->buckets = source.buckets();
  transform->seed = source.seed();
  return read_arguments(source, place, reader, transform);
}

// Codes that the last transform can give (contracts.md section 1); 0 when it gives none.
std::uint64_t count_codes(const Transform& last) {
  switch (last.kind) {
    case TransformKind::bucketize: return std::uint64_t{last.edges.size()} + 2;
    case TransformKind::vocabulary: return std::uint64_t{last.values.size()} + 2;
    case TransformKind::hash: return std::uint64_t{last.buckets} + 1;
    default: return 0;
  }
}

Status check_chain(const Place& place, RootReader* reader, const Field& field) {
  const std::span<const Transform> chain = field.transforms;
  for (std::uint32_t i = 0; i < chain.size(); ++i) {
    if (gives_codes(chain[i].kind) && i + 1 != chain.size())
      return reader->fail(Status::verify, Place(place, "transforms", i),
                          "nothing may follow a transform that gives codes");
    if ((chain[i].kind == TransformKind::cross) != (i == 0 && !field.inputs.empty()))
      return reader->fail(Status::verify, Place(place, "transforms", i),
                          "cross stands first, exactly in a field with inputs");
  }
  if (chain.empty() && !field.inputs.empty())
    return reader->fail(Status::verify, Place(place, "inputs"), "inputs without a cross");
  const std::uint64_t n_codes = chain.empty() ? 0 : count_codes(chain.back());
  const bool is_embedding = field.output == OutputKind::embedding;
  if (is_embedding != (n_codes != 0))
    return reader->fail(Status::verify, Place(place, "transforms"),
                        is_embedding ? "an embedding's last transform must give codes"
                                     : "a dense field's last transform must give numbers");
  if (is_embedding && n_codes != field.n_codes)
    return reader->wanted(Status::dimension, Place(place, "n_codes"),
                          {n_codes, " (as the last transform gives)"}, {field.n_codes});
  return Status::ok;
}

}  // namespace

Status read_transforms(const schema::Field& source, const Place& place, ModelReader* reader,
                       Field* field) {
  RootReader& read = reader->root;
  std::span<Transform> transforms;
  GUARDRANK_TRY(read.make(source.transforms(), limits::transforms_per_field,
                          Place(place, "transforms"), &transforms));
  for (std::uint32_t i = 0; i < transforms.size(); ++i)
    GUARDRANK_TRY(read_transform(*source.transforms()->Get(i), Place(place, "transforms", i),
                                 &read, &transforms[i]));
  field->transforms = transforms;
  return check_chain(place, &read, *field);
}

}  // namespace guardrank
