#include "core/artifact/model_reader.h"
#include "core/artifact/row_shards.h"
#include "core/frame/fact_path.h"

namespace guardrank {
namespace {

constexpr auto dense = static_cast<std::uint8_t>(OutputKind::dense);
constexpr auto embedding = static_cast<std::uint8_t>(OutputKind::embedding);
constexpr Bounds sides = bounds::within(0, static_cast<int>(Side::pair));
constexpr Bounds types = bounds::within(0, static_cast<int>(FactType::f32_vector));
constexpr Bounds outputs = bounds::within(0, embedding);
constexpr Bounds poolings = bounds::within(0, static_cast<int>(Pooling::sum));
constexpr Bounds codes = bounds::within(0, 127);
constexpr Bounds widths = bounds::some(limits::vector_width, Status::dimension);
constexpr Bounds dims = bounds::some(limits::embedding_dim, Status::dimension);
constexpr Bounds n_codes = bounds::some(limits::embedding_rows, Status::dimension);
constexpr Bounds n_inputs = bounds::at_most(limits::cross_inputs);
constexpr Bounds n_transforms = bounds::at_most(limits::transforms_per_field);
constexpr Bounds eight_bits = bounds::within(8, 8, Status::version);

constexpr Member members[] = {
    GUARDRANK_MEMBER(Field, name, VT_NAME, Field, name,
                     {.bounds = &bounds::name, .is_label = true}),
    GUARDRANK_MEMBER(Field, side, VT_SIDE, Field, side, {.bounds = &sides}),
    GUARDRANK_MEMBER(Field, type, VT_TYPE, Field, type, {.bounds = &types}),
    GUARDRANK_MEMBER(Field, output, VT_OUTPUT, Field, output,
                     {.bounds = &outputs, .selects = true}),
    GUARDRANK_MEMBER(Field, pooling, VT_POOLING, Field, pooling, {.bounds = &poolings}),
    GUARDRANK_MEMBER(Field, width, VT_WIDTH, Field, width, {.bounds = &widths, .when = dense}),
    GUARDRANK_MEMBER(Field, inputs, VT_INPUTS, Field, inputs, {.bounds = &n_inputs}),
    GUARDRANK_MEMBER(Field, indicator, VT_INDICATOR, Field, has_indicator),
    GUARDRANK_MEMBER(Field, module_, VT_MODULE_, Field, is_module),
    GUARDRANK_MEMBER(Field, feeds_every_layer, VT_FEEDS_EVERY_LAYER, Field, feeds_every_layer),
    GUARDRANK_MEMBER(Field, scale, VT_SCALE, Field, scale, {.bounds = &bounds::positive}),
    GUARDRANK_MEMBER(Field, table_scale, VT_TABLE_SCALE, Field, table_scale,
                     {.bounds = &bounds::positive}),
    GUARDRANK_MEMBER(Field, indicator_scale, VT_INDICATOR_SCALE, Field, indicator_scale,
                     {.bounds = &bounds::positive}),
    GUARDRANK_MEMBER(Field, zero_point, VT_ZERO_POINT, Field, zero_point, {.bounds = &codes}),
    GUARDRANK_MEMBER(Field, indicator_zero_point, VT_INDICATOR_ZERO_POINT, Field,
                     indicator_zero_point, {.bounds = &codes}),
    GUARDRANK_MEMBER(Field, dim, VT_DIM, Field, dim, {.bounds = &dims, .when = embedding}),
    GUARDRANK_MEMBER(Field, n_codes, VT_N_CODES, Field, n_codes,
                     {.bounds = &n_codes, .when = embedding}),
    GUARDRANK_MEMBER(Field, table_bits, VT_TABLE_BITS, Field, table_bits,
                     {.bounds = &eight_bits, .when = embedding}),
    GUARDRANK_MEMBER(Field, shard_rows, VT_SHARD_ROWS, Field, shard_rows, {.when = embedding}),
    GUARDRANK_MEMBER(Field, shard_hashes, VT_SHARD_HASHES, Field, shard_hashes,
                     {.when = embedding}),
    GUARDRANK_UNREAD(Field, table_offset, VT_TABLE_OFFSET, {.offset = to_raw_offset}),
    GUARDRANK_MEMBER(Field, transforms, VT_TRANSFORMS, Field, transforms,
                     {.bounds = &n_transforms, .child = &transform_table}),
    GUARDRANK_UNREAD(Field, owner, VT_OWNER),
    GUARDRANK_UNREAD(Field, event_time, VT_EVENT_TIME),
    GUARDRANK_UNREAD(Field, created_time, VT_CREATED_TIME),
    GUARDRANK_UNREAD(Field, ttl_seconds, VT_TTL_SECONDS),
    GUARDRANK_UNREAD(Field, access_tag, VT_ACCESS_TAG),
    GUARDRANK_UNREAD(Field, lineage, VT_LINEAGE),
};

Status check_dense(ModelReader* reader, const Field& field) {
  if (field.feeds_every_layer)
    return reader->fail(Status::verify, "feeds_every_layer",
                        "only an embedding can feed every layer");
  if (field.pooling != Pooling::none || field.type == FactType::string_list)
    return reader->fail(Status::verify, "pooling", "only embeddings are pooled");
  if (field.type != FactType::f32_vector && field.width != 1)
    return reader->wanted(Status::dimension, "width", 1, "", field.width);
  return Status::ok;
}

// Rows that are not pooled go to the network as they stand, so their codes must be u7; looking at
// them all takes a full check. Any byte is memory safe: the network only multiplies them.
Status check_codes(ModelReader* reader, const Field& field) {
  if (reader->check_level != Check::full || field.pooling != Pooling::none || field.is_apart())
    return Status::ok;
  const std::size_t size = std::size_t{field.n_codes} * field.dim;
  for (std::size_t i = 0; i < size; ++i)
    if (field.table[i] > 127)
      return reader->fail(Status::verify, "table", "wanted codes of at most 127, found ",
                          field.table[i]);
  return Status::ok;
}

// Candidates' tables are wanted whole: a request reads rows from all over them.
Status check_shards(ModelReader* reader, const Field& field) {
  if (field.side != Side::context)
    return reader->fail(Status::verify, "shard_rows", "only a context field's table is in shards");
  if (std::uint64_t{field.shard_rows} * field.dim > limits::shard_bytes)
    return reader->fail(Status::limit, "shard_rows", "shards of more bytes than ",
                        limits::shard_bytes);
  const std::uint64_t n_wanted = std::uint64_t{n_shards(field)} * Sha256Digest{}.size();
  if (field.shard_hashes.size() == n_wanted) return Status::ok;
  return reader->wanted(Status::verify, "shard_hashes", n_wanted, " bytes",
                        field.shard_hashes.size());
}

Status read_table_in_shards(ModelReader* reader, Field* field) {
  GUARDRANK_TRY(check_shards(reader, *field));
  if (reader->shards.bytes.empty()) {
    reader->has_tables_apart = true;
    return Status::ok;
  }
  const std::uint64_t offset = align_shards(reader->shards_end);
  GUARDRANK_TRY(reader->read_raw(&reader->shards, "table", offset, field->n_codes, field->dim,
                                 &field->table));
  reader->shards_end = offset + std::uint64_t{field->n_codes} * field->dim;
  if (reader->check_level != Check::full || are_shards_right(*field)) return Status::ok;
  return reader->fail(Status::hash, "shard_hashes", "the table's rows do not match them");
}

Status read_table_of(ModelReader* reader, Field* field) {
  if (field->shard_rows != 0) return read_table_in_shards(reader, field);
  return reader->read_raw(&reader->embeddings, "table", reader->raw_offset, field->n_codes,
                          field->dim, &field->table);
}

Status check_embedding(ModelReader* reader, Field* field) {
  if (field->has_indicator)
    return reader->fail(Status::verify, "indicator", "an embedding has a code for missing");
  if ((field->type == FactType::string_list) != (field->pooling != Pooling::none))
    return reader->fail(Status::verify, "pooling", "wanted for string[], and for nothing else");
  if (field->zero_point != 64)
    return reader->wanted(Status::verify, "zero_point", 64, " for an embedding",
                          field->zero_point);
  GUARDRANK_TRY(read_table_of(reader, field));
  return check_codes(reader, *field);
}

Status finish(ModelReader* reader, Field* field) {
  GUARDRANK_TRY(field->output == OutputKind::dense ? check_dense(reader, *field)
                                                   : check_embedding(reader, field));
  return check_chain(reader, *field);
}

constexpr Field blank{};

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

// A block is computed once per request (context) or per offer (candidate), so a cross may only read
// what its block has; a pair cross reads any side. The candidate's own id is a fact of every offer,
// whether or not a field reads it.
Status check_inputs(ModelReader* reader, const Field& field) {
  for (std::uint32_t i = 0; i < field.inputs.size(); ++i) {
    reader->place.enter("inputs", i);
    const Field* named = find_field(reader->model->fields, field.inputs[i]);
    const Side side = named == nullptr ? Side::candidate : named->side;
    const char* problem = nullptr;
    if (named == nullptr && field.inputs[i] != offer_id_name) problem = "no such field: ";
    else if (named != nullptr && !named->inputs.empty()) problem = "a cross itself: ";
    else if (field.side != Side::pair && side != field.side) problem = "on another side: ";
    if (problem != nullptr)
      return reader->fail(Status::reference, nullptr, problem, field.inputs[i]);
    reader->place.leave();
  }
  return Status::ok;
}

// Fields stand as x does: blocks context, candidate, pair; dense first in each.
bool is_in_order(const Field& before, const Field& field) {
  return before.side < field.side ||
         (before.side == field.side && before.output <= field.output);
}

}  // namespace

const Table field_table = table_of<members>({
    .n_bytes = sizeof(Field),
    .blank = &blank,
    .finish = finish_as<ModelReader, Field, finish>,
    .duplicate = Status::reference});

Status check_shards_end(ModelReader* reader) {
  reader->model->has_tables_apart = reader->has_tables_apart;
  if (reader->shards.bytes.size() == reader->shards_end) return Status::ok;
  return reader->wanted(Status::verify, "shards", reader->shards_end, " bytes",
                        reader->shards.bytes.size());
}

Status check_fields(ModelReader* reader) {
  Model& model = *reader->model;
  const Field* before = &model.fields[0];
  for (const Field& field : model.fields) {
    reader->place.enter("fields", Place::no_index, field.name);
    if (!is_in_order(*before, field))
      return reader->fail(Status::verify, nullptr, "fields are not in the order of x");
    before = &field;
    GUARDRANK_TRY(check_inputs(reader, field));
    reader->place.leave();
    const std::uint32_t n = field.n_inputs();
    model.block_inputs[static_cast<std::size_t>(field.side)] += n;
    reader->total_inputs += n;
    if (field.feeds_every_layer) reader->fed_inputs += n;
    if (reader->total_inputs > limits::layer_width)
      return reader->fail(Status::limit, "fields", "too many columns of x: over ",
                          limits::layer_width);
  }
  return Status::ok;
}

}  // namespace guardrank
