#include "capi/src/columns.h"
#include "capi/tools/src/border.h"
#include "core/base/limits.h"
#include "core/base/math.h"
#include "models/pack/rows/model_facts.h"
#include "models/pack/weights/model_json.h"
#include "models/pack/weights/trained_model.h"

namespace pack = guardrank::pack;
using guardrank::Column;
using guardrank::Error;
using guardrank::FactType;
using guardrank::Field;
using guardrank::Report;
using guardrank::Status;

// Fields count as model.json has them, not in the order of x.
struct gr_tools_features {
  explicit gr_tools_features(std::string_view json)
      : model(pack::read_fields_json(json)), facts(model.fields) {}

  bool has(std::uint32_t field) const { return field < model.json_order.size(); }
  const Field& field(std::uint32_t i) const { return model.fields[model.json_order[i]]; }
  std::span<const std::uint32_t> inputs(std::uint32_t i) const {
    return facts.plan().inputs[model.json_order[i]];
  }

  pack::TrainedModel model;
  pack::ModelFacts facts;
  pack::Memory memory;                 // of the last encode
};

namespace {

Status check_column(const gr_column& column, FactType wanted, Error* error) {
  if (column.type < GR_TYPE_F64 || column.type > GR_TYPE_F32_VECTOR)
    return error->wanted(Status::argument, "column.type", {"a gr_type"}, {column.type});
  const auto type = static_cast<FactType>(column.type);
  if (type != wanted && !(wanted == FactType::f64 && type == FactType::i64))
    return error->wanted(Status::type, "column.type", {guardrank::fact_type_name(wanted)},
                         {guardrank::fact_type_name(type)});
  const void* values[] = {column.numbers,  column.integers,     column.booleans, column.texts,
                          column.integers, column.list_offsets, column.floats};
  if (column.n_rows != 0 && values[column.type] == nullptr)
    return error->set(Status::argument, "column", {"has no values of its type"});
  if (column.n_rows > UINT32_MAX)
    return error->wanted(Status::limit, "column.n_rows", {"at most ", UINT32_MAX}, {column.n_rows});
  return Status::ok;
}

Status check_offsets(const gr_column& column, Error* error) {
  for (std::size_t row = 0; row < column.n_rows; ++row) {
    if (column.list_offsets[row] > column.list_offsets[row + 1])
      return error->set(Status::argument, "column.list_offsets", {"fall at row ", row});
    const std::uint32_t length = column.list_offsets[row + 1] - column.list_offsets[row];
    if (length > guardrank::limits::list_elements)
      return error->wanted(Status::limit, "column.list_offsets",
                           {"at most ", guardrank::limits::list_elements, " elements a row"},
                           {length});
  }
  return Status::ok;
}

Status convert_column(const gr_column& given, FactType wanted, guardrank::Arena* arena,
                      Column* column, Error* error) {
  GUARDRANK_TRY(check_column(given, wanted, error));
  if (given.type == GR_TYPE_STRING_LIST) GUARDRANK_TRY(check_offsets(given, error));
  return guardrank::view_column(given, arena, column, error);
}

struct Call {
  gr_tools_features* features;
  std::uint32_t field;
  const gr_column* columns;
  std::size_t n_columns;
  std::int64_t now;
};

Status convert_columns(const Call& call, std::span<Column> columns, Error* error) {
  const std::span<const std::uint32_t> inputs = call.features->inputs(call.field);
  if (call.n_columns != inputs.size())
    return error->wanted(Status::argument, "n_columns", {inputs.size()}, {call.n_columns});
  if (call.columns == nullptr) return error->set(Status::argument, "columns", {"must not be NULL"});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    gr_column known;
    GUARDRANK_TRY(guardrank::read_struct(&call.columns[i], "columns", &known, error));
    const FactType type = call.features->facts.table()[inputs[i]].type;
    GUARDRANK_TRY(convert_column(known, type, &call.features->memory.arena(), &columns[i], error));
    if (columns[i].n_rows != columns[0].n_rows)
      return error->wanted(Status::argument, "column.n_rows", {columns[0].n_rows},
                           {columns[i].n_rows});
    const Field& field = call.features->field(call.field);
    if (type == FactType::f32_vector && columns[i].width != field.width)
      return error->wanted(Status::argument, "column.width", {field.width}, {columns[i].width});
  }
  return Status::ok;
}

Status encode(const Call& call, gr_tools_encoded* encoded, Error* error) {
  const guardrank::FloatingPointEnvironment environment;
  call.features->memory.arena().reset();
  const std::span<Column> columns =
      call.features->memory.make<Column>(call.features->inputs(call.field).size());
  GUARDRANK_TRY(convert_columns(call, columns, error));
  const Field& field = call.features->field(call.field);
  guardrank::EncodedField out;
  const Status status = guardrank::encode_field(field, columns, columns[0].n_rows, call.now,
                                                &call.features->memory.arena(), &out);
  if (status != Status::ok)
    return error->set(status, field.name, {"the columns cannot be encoded"});
  gr_tools_encoded result{};
  result.width = field.output == guardrank::OutputKind::dense ? field.width : 0;
  result.dense = out.dense;
  result.is_missing = out.is_missing;
  result.codes = out.codes;
  result.list_offsets = out.list_offsets;
  return static_cast<Status>(guardrank::write_struct(result, encoded));
}

}  // namespace

extern "C" {

gr_status gr_tools_features_create(const char* model_json, size_t size,
                                   gr_tools_features** features, gr_error** error) {
  Report report(error);
  if (model_json == nullptr) return report.null("model_json");
  if (features == nullptr) return report.null("features");
  return guardrank::tools::at_border(&report, [&] {
    *features = new gr_tools_features({model_json, size});
    return Status::ok;
  });
}

void gr_tools_features_free(gr_tools_features* features) { delete features; }

uint32_t gr_tools_features_field_count(const gr_tools_features* features) {
  return features == nullptr ? 0 : static_cast<uint32_t>(features->model.json_order.size());
}

uint32_t gr_tools_features_input_count(const gr_tools_features* features, uint32_t field) {
  if (features == nullptr || !features->has(field)) return 0;
  return static_cast<uint32_t>(features->inputs(field).size());
}

gr_text gr_tools_features_input_name(const gr_tools_features* features, uint32_t field,
                                     uint32_t input) {
  if (input >= gr_tools_features_input_count(features, field)) return {"", 0};
  return guardrank::as_text(features->facts.table()[features->inputs(field)[input]].name);
}

uint32_t gr_tools_features_code_count(const gr_tools_features* features, uint32_t field) {
  return features == nullptr || !features->has(field) ? 0 : features->field(field).n_codes;
}

gr_status gr_tools_features_encode(gr_tools_features* features, uint32_t field,
                                   const gr_column* columns, size_t n_columns, int64_t now,
                                   gr_tools_encoded* encoded, gr_error** error) {
  Report report(error);
  if (features == nullptr) return report.null("features");
  if (encoded == nullptr) return report.null("encoded");
  if (!features->has(field))
    return report.finish(
        report.error()->wanted(Status::argument, "field",
                               {"an ordinal below ", features->model.json_order.size()}, {field}));
  return guardrank::tools::at_border(&report, [&] {
    return encode({features, field, columns, n_columns, now}, encoded, report.error());
  });
}

}  // extern "C"
