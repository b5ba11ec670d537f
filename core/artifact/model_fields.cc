#include "core/artifact/model_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

Status check_kinds(const schema::Field& source, const Place& place, RootReader* reader) {
  if (source.side() > schema::Side::pair)
    return reader->fail(Status::verify, Place(place, "side"), "unknown side");
  if (source.type() > schema::FactType::f32_vector)
    return reader->fail(Status::verify, Place(place, "type"), "unknown type");
  if (source.output() > schema::OutputKind::embedding)
    return reader->fail(Status::verify, Place(place, "output"), "unknown output");
  if (source.pooling() > schema::Pooling::sum)
    return reader->fail(Status::verify, Place(place, "pooling"), "unknown pooling");
  return Status::ok;
}

void copy_plain(const schema::Field& source, Field* field) {
  field->side = static_cast<Side>(source.side());
  field->type = static_cast<FactType>(source.type());
  field->width = source.width();
  field->output = static_cast<OutputKind>(source.output());
  field->has_indicator = source.indicator();
  field->is_module = source.module_();
  field->feeds_every_layer = source.feeds_every_layer();
  field->pooling = static_cast<Pooling>(source.pooling());
  field->scale = source.scale();
  field->zero_point = source.zero_point();
  field->indicator_scale = source.indicator_scale();
  field->indicator_zero_point = source.indicator_zero_point();
  field->dim = source.dim();
  field->n_codes = source.n_codes();
  field->table_scale = source.table_scale();
}

Status check_zero_point(std::uint8_t zero_point, const Place& place, RootReader* reader) {
  if (zero_point <= 127) return Status::ok;
  return reader->wanted_count(Status::verify, place, "at most 127", zero_point);
}

Status check_scales(const Field& field, const Place& place, RootReader* reader) {
  GUARDRANK_TRY(reader->check_positive(double{field.scale}, Place(place, "scale")));
  GUARDRANK_TRY(reader->check_positive(double{field.table_scale}, Place(place, "table_scale")));
  GUARDRANK_TRY(
      reader->check_positive(double{field.indicator_scale}, Place(place, "indicator_scale")));
  GUARDRANK_TRY(check_zero_point(field.zero_point, Place(place, "zero_point"), reader));
  return check_zero_point(field.indicator_zero_point, Place(place, "indicator_zero_point"),
                          reader);
}

Status check_range(std::uint32_t value, std::uint32_t maximum, const Place& place,
                   RootReader* reader) {
  if (value == 0) return reader->wanted(Status::dimension, place, "at least 1", "0");
  return reader->check_count(value, maximum, place);
}

Status check_dense(const Field& field, const Place& place, RootReader* reader) {
  if (field.feeds_every_layer)
    return reader->fail(Status::verify, Place(place, "feeds_every_layer"),
                        "only an embedding can feed every layer");
  if (field.pooling != Pooling::none || field.type == FactType::string_list)
    return reader->fail(Status::verify, Place(place, "pooling"), "only embeddings are pooled");
  const bool is_vector = field.type == FactType::f32_vector;
  GUARDRANK_TRY(check_range(field.width, limits::vector_width, Place(place, "width"), reader));
  if (!is_vector && field.width != 1)
    return reader->wanted_count(Status::dimension, Place(place, "width"), "1", field.width);
  return Status::ok;
}

// Rows that are not pooled go to the network as they stand, so their codes must be u7; looking at
// them all takes a full check. Any byte is memory safe: the network only multiplies them.
Status check_codes(const Field& field, const Place& place, RootReader* reader) {
  const std::size_t size = std::size_t{field.n_codes} * field.dim;
  for (std::size_t i = 0; i < size; ++i)
    if (field.table[i] > 127)
      return reader->wanted_count(Status::verify, Place(place, "table"),
                            "codes of at most 127 in section embeddings",
                            field.table[i]);
  return Status::ok;
}

Status read_table(const schema::Field& source, const Place& place, ModelReader* reader,
                  Field* field) {
  RootReader& read = reader->root;
  GUARDRANK_TRY(check_range(field->dim, limits::embedding_dim, Place(place, "dim"), &read));
  GUARDRANK_TRY(
      check_range(field->n_codes, limits::embedding_rows, Place(place, "n_codes"), &read));
  if (source.table_bits() != 8)
    return read.wanted(Status::version, Place(place, "table_bits"), {"8"},
                       {unsigned{source.table_bits()}, " (unsupported)"});
  if (field->has_indicator)
    return read.fail(Status::verify, Place(place, "indicator"),
                     "an embedding has a code for missing, and no indicator");
  if ((field->type == FactType::string_list) != (field->pooling != Pooling::none))
    return read.fail(Status::verify, Place(place, "pooling"),
                     "wanted for string[], and for nothing else");
  if (field->zero_point != 64)
    return read.wanted_count(Status::verify, Place(place, "zero_point"), "64 for an embedding",
                       field->zero_point);
  field->width = 1;
  GUARDRANK_TRY(read_raw(reader->embeddings, "embeddings", source.table_offset(), field->n_codes,
                         field->dim, Place(place, "table"), &read, &field->table));
  if (reader->check == Check::full && field->pooling == Pooling::none)
    return check_codes(*field, place, &read);
  return Status::ok;
}

Status read_field(const schema::Field& source, Place* place, ModelReader* reader, Field* field) {
  RootReader& read = reader->root;
  GUARDRANK_TRY(read.name(source.name(), Place(*place, "name"), &field->name));
  place->set_label(field->name);
  GUARDRANK_TRY(check_kinds(source, *place, &read));
  copy_plain(source, field);
  GUARDRANK_TRY(check_scales(*field, *place, &read));
  GUARDRANK_TRY(
      read.texts(source.inputs(), limits::fields, Place(*place, "inputs"), &field->inputs));
  if (field->output == OutputKind::dense) {
    GUARDRANK_TRY(check_dense(*field, *place, &read));
  } else {
    GUARDRANK_TRY(read_table(source, *place, reader, field));
  }
  return read_transforms(source, *place, reader, field);
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

// A block is computed once per request (context) or per offer (candidate), so a cross may only read
// what its block has; a pair cross reads any side.
Status check_inputs(std::span<const Field> fields, const Field& field, const Place& place,
                    RootReader* reader) {
  for (std::uint32_t i = 0; i < field.inputs.size(); ++i) {
    const Place input(place, "inputs", i);
    const Field* named = find_field(fields, field.inputs[i]);
    if (named == nullptr)
      return reader->fail(Status::reference, input, {"no field \"", field.inputs[i], "\""});
    if (!named->inputs.empty())
      return reader->fail(Status::reference, input,
                          {"\"", field.inputs[i], "\" is a cross itself"});
    if (field.side != Side::pair && named->side != field.side)
      return reader->fail(Status::reference, input,
                          {"\"", field.inputs[i], "\" is on another side"});
  }
  return Status::ok;
}

// Fields stand as x does: blocks context, candidate, pair; dense first in each.
Status check_order(std::span<const Field> fields, std::uint32_t index, const Place& place,
                   RootReader* reader) {
  if (index == 0) return Status::ok;
  const Field& before = fields[index - 1];
  const Field& field = fields[index];
  if (before.side < field.side) return Status::ok;
  if (before.side == field.side && before.output <= field.output) return Status::ok;
  return reader->fail(Status::verify, place, "fields are not in the order of x");
}

Status check_field(std::uint32_t index, const Place& place, ModelReader* reader) {
  const std::span<const Field> fields = reader->model.fields;
  const Field& field = fields[index];
  GUARDRANK_TRY(check_order(fields, index, place, &reader->root));
  if (find_field(fields.first(index), field.name) != nullptr)
    return reader->root.fail(Status::reference, place, "two fields have this name");
  return check_inputs(fields, field, place, &reader->root);
}

Status count_inputs(const Place& place, ModelReader* reader) {
  std::uint64_t total = 0;
  for (const Field& field : reader->model.fields) {
    total += field.n_inputs();
    GUARDRANK_TRY(reader->root.check_count(total, limits::layer_width, place));
    reader->model.block_inputs[static_cast<std::size_t>(field.side)] += field.n_inputs();
    if (field.feeds_every_layer) reader->fed_inputs += field.n_inputs();
  }
  reader->total_inputs = static_cast<std::uint32_t>(total);
  return Status::ok;
}

}  // namespace

Status read_fields(const schema::Model& source, ModelReader* reader) {
  const Place root("root");
  const Place all(root, "fields");
  std::span<Field> fields;
  GUARDRANK_TRY(reader->root.make(source.fields(), limits::fields, all, &fields));
  if (fields.empty())
    return reader->root.wanted(Status::dimension, all, "at least one", "none");
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    Place place(root, "fields", i);
    GUARDRANK_TRY(read_field(*source.fields()->Get(i), &place, reader, &fields[i]));
  }
  reader->model.fields = fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    Place place(root, "fields", i);
    place.set_label(fields[i].name);
    GUARDRANK_TRY(check_field(i, place, reader));
  }
  return count_inputs(all, reader);
}

}  // namespace guardrank
