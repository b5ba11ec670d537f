#include "capi/src/columns.h"

#include "capi/src/texts.h"

namespace guardrank {
namespace {

Status view_strings(const gr_column& given, Arena* arena, Column* column, Error* error) {
  std::size_t count = given.n_rows;
  if (given.type == GR_TYPE_STRING_LIST && given.n_rows != 0)
    count = given.list_offsets[given.n_rows];
  if (count != 0 && given.texts == nullptr)
    return error->set(Status::argument, "column.texts", {"must not be NULL"});
  std::span<const std::string_view> views;
  GUARDRANK_TRY(view_texts(given.texts, count, "column.texts", arena, &views, error));
  column->strings = views.data();
  return Status::ok;
}

}  // namespace

Status view_column(const gr_column& given, Arena* arena, Column* column, Error* error) {
  column->type = static_cast<FactType>(given.type);
  column->n_rows = static_cast<std::uint32_t>(given.n_rows);
  column->width = given.width;
  column->present = given.present;
  switch (column->type) {
    case FactType::f64: column->numbers = given.numbers; break;
    case FactType::i64:
    case FactType::timestamp: column->integers = given.integers; break;
    case FactType::boolean: column->booleans = given.booleans; break;
    case FactType::f32_vector: column->floats = given.floats; break;
    case FactType::string_list: column->list_offsets = given.list_offsets; [[fallthrough]];
    case FactType::string: return view_strings(given, arena, column, error);
  }
  return Status::ok;
}

}  // namespace guardrank
