#include "capi/src/arrow_column.h"

#include <algorithm>

#include "capi/src/arrow_format.h"
#include "core/base/limits.h"
#include "core/frame/fact_path.h"
#include "core/frame/given_rows.h"
#include "core/frame/value_check.h"

namespace guardrank {
namespace {

// More rows than any buffer holds: places are reckoned in int64.
constexpr std::int64_t most_rows = std::int64_t{1} << 40;

// An array, and what its values mean.
struct Part {
  ArrowFormat format;
  const ArrowArray* array = nullptr;

  bool is_missing(std::int64_t row) const {
    if (format.kind == ArrowKind::nothing) return true;
    return array->buffers[0] != nullptr && !arrow_bit(array->buffers[0], array->offset + row);
  }
};

class Reader {
 public:
  Reader(const Fact& fact, Arena* arena, Error* error)
      : fact_(fact), arena_(arena), error_(error), place_(arrow_place(fact)) {}

  Status open(const ArrowSchema& schema, const ArrowArray& array);
  Status read(const ArrowRows& rows, Column* column);

 private:
  Status open_part(const ArrowSchema& schema, const ArrowArray& array, Part* part);
  Status open_child(const ArrowSchema& schema, const ArrowArray& array);
  Status open_dictionary(const ArrowSchema& schema, const ArrowArray& array);
  Status refuse(const ArrowSchema& schema, std::string_view expected);
  Status check_rows(const Part& part, std::int64_t first, std::int64_t count);
  Status read_value(std::int64_t row, Value* value);
  Status read_text(const Part& part, std::int64_t row, std::string_view* text);
  Status read_bounds(const Part& part, const void* offsets, std::int64_t row, std::int64_t* first,
                     std::int64_t* last);
  Status read_word(std::int64_t row, Value* value);
  Status read_list(std::int64_t row, Value* value);
  Status read_vector(std::int64_t row, Value* value);
  Status read_time_value(std::int64_t row, Value* value);
  Status read_integer(std::int64_t row, Value* value);
  Status count_elements(const ArrowRows& rows, std::size_t* count);
  Status write_lists(const ArrowRows& rows, Column* column);
  Status write_values(const ArrowRows& rows, Column* column);
  Status read_row(const ArrowRows& rows, std::uint32_t row, Value* stored);

  const Fact& fact_;
  Arena* arena_;
  Error* error_;
  Text<Error::max_part_bytes> place_;
  Part values_;
  Part inner_;                         // elements of a list or vector; the dictionary of words
  bool is_dictionary_ = false;
  std::uint32_t row_ = 0;              // for messages
  std::span<std::string_view> texts_;  // of one list
  std::span<float> floats_;            // of one vector
};

Status Reader::refuse(const ArrowSchema& schema, std::string_view expected) {
  const std::string_view found = schema.format == nullptr ? "NULL" : schema.format;
  return error_->wanted(Status::type, place_.view(), {expected}, {"\"", found.substr(0, 40), "\""});
}

Status Reader::open_part(const ArrowSchema& schema, const ArrowArray& array, Part* part) {
  if (schema.format == nullptr || !read_arrow_format(schema.format, &part->format))
    return refuse(schema, "Arrow format n, b, c, C, s, S, i, I, l, L, f, g, u, U, +l, +L, +w:1 to "
                          "+w:4096, or tss, tsm, tsu, tsn in :UTC");
  part->array = &array;
  const std::int64_t n_children = part->format.n_children;
  if (schema.n_children != n_children)
    return error_->wanted(Status::argument, place_.view(), {n_children, " children of the schema"},
                          {schema.n_children});
  return check_arrow_array(array, part->format.n_buffers, n_children, place_.view(), error_);
}

Status Reader::open_child(const ArrowSchema& schema, const ArrowArray& array) {
  const ArrowKind kind = values_.format.kind;
  if (schema.children == nullptr || schema.children[0] == nullptr ||
      array.children[0] == nullptr)
    return error_->set(Status::argument, place_.view(), {"its child is NULL"});
  const ArrowSchema& inner = *schema.children[0];
  GUARDRANK_TRY(open_part(inner, *array.children[0], &inner_));
  const bool is_list = kind == ArrowKind::list && inner_.format.kind == ArrowKind::text;
  const bool is_vector = kind == ArrowKind::vector && inner_.format.kind == ArrowKind::number &&
                         inner_.format.bytes == 4;
  if ((!is_list && !is_vector) || inner.dictionary != nullptr)
    return refuse(inner, kind == ArrowKind::list ? "a list of u or U" : "a list of f");
  return Status::ok;
}

Status Reader::open_dictionary(const ArrowSchema& schema, const ArrowArray& array) {
  if (array.dictionary == nullptr)
    return error_->set(Status::argument, place_.view(), {"its dictionary is NULL"});
  if (values_.format.kind != ArrowKind::integer)
    return refuse(schema, "a dictionary's index of integers");
  GUARDRANK_TRY(open_part(*schema.dictionary, *array.dictionary, &inner_));
  if (inner_.format.kind != ArrowKind::text || schema.dictionary->dictionary != nullptr)
    return refuse(*schema.dictionary, "a dictionary of u or U");
  is_dictionary_ = true;
  return check_rows(inner_, 0, array.dictionary->length);
}

Status Reader::open(const ArrowSchema& schema, const ArrowArray& array) {
  GUARDRANK_TRY(open_part(schema, array, &values_));
  if (schema.dictionary != nullptr) return open_dictionary(schema, array);
  if (array.dictionary != nullptr)
    return error_->set(Status::argument, place_.view(), {"a dictionary that the schema has not"});
  return values_.format.n_children == 0 ? Status::ok : open_child(schema, array);
}

// Rows are there, and the buffers that they are read from.
Status Reader::check_rows(const Part& part, std::int64_t first, std::int64_t count) {
  if (first > part.array->length || count > part.array->length - first)
    return error_->wanted(Status::argument, place_.view(), {first + count, " rows of Arrow"},
                          {part.array->length});
  // The bytes of texts may be NULL where all of them are empty; a text is looked at one by one.
  const std::int64_t n_needed = part.format.kind == ArrowKind::text ? 2 : part.format.n_buffers;
  for (std::int64_t i = 1; i < n_needed && count != 0; ++i)
    if (part.array->buffers[i] == nullptr)
      return error_->set(Status::argument, place_.view(), {"buffer ", i, " is NULL"});
  return Status::ok;
}

Status Reader::read_bounds(const Part& part, const void* offsets, std::int64_t row,
                           std::int64_t* first, std::int64_t* last) {
  ArrowFormat format = part.format;
  format.is_signed = true;
  const std::int64_t i = part.array->offset + row;
  *first = arrow_integer(format, offsets, i);
  *last = arrow_integer(format, offsets, i + 1);
  if (*first >= 0 && *last >= *first) return Status::ok;
  return error_->set(Status::argument, fact_path(fact_, row_).view(),
                     {"offsets of Arrow go from ", *first, " to ", *last});
}

Status Reader::read_text(const Part& part, std::int64_t row, std::string_view* text) {
  std::int64_t first = 0, last = 0;
  GUARDRANK_TRY(read_bounds(part, part.array->buffers[1], row, &first, &last));
  *text = {};
  if (first == last) return Status::ok;
  if (part.array->buffers[2] == nullptr)
    return error_->set(Status::argument, place_.view(), {"buffer 2 is NULL"});
  *text = {static_cast<const char*>(part.array->buffers[2]) + first,
           static_cast<std::size_t>(last - first)};
  return Status::ok;
}

Status Reader::read_word(std::int64_t row, Value* value) {
  const std::int64_t index =
      arrow_integer(values_.format, values_.array->buffers[1], values_.array->offset + row);
  if (index < 0 || index >= inner_.array->length)
    return error_->wanted(Status::argument, fact_path(fact_, row_).view(),
                          {"an index below ", inner_.array->length, " of the dictionary"}, {index});
  if (inner_.is_missing(index)) return Status::ok;
  std::string_view text;
  GUARDRANK_TRY(read_text(inner_, index, &text));
  *value = Value::of(text);
  return Status::ok;
}

Status Reader::read_list(std::int64_t row, Value* value) {
  std::int64_t first = 0, last = 0;
  GUARDRANK_TRY(read_bounds(values_, values_.array->buffers[1], row, &first, &last));
  if (last - first > limits::list_elements)
    return error_->over_limit(fact_path(fact_, row_).view(), limits::list_elements,
                              " elements (limits::list_elements)",
                              static_cast<std::uint64_t>(last - first));
  const auto count = static_cast<std::size_t>(last - first);
  GUARDRANK_TRY(check_rows(inner_, first, last - first));
  if (texts_.empty() && arena_->make(limits::list_elements, &texts_) != Status::ok)
    return error_->no_memory(place_.view());
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t element = first + static_cast<std::int64_t>(i);
    if (inner_.is_missing(element))
      return error_->wanted(Status::type, fact_path(fact_, row_).view(), {"strings"}, {"a null"});
    GUARDRANK_TRY(read_text(inner_, element, &texts_[i]));
  }
  value->type = FactType::string_list;
  value->is_missing = false;
  value->strings = texts_.first(count);
  return Status::ok;
}

Status Reader::read_vector(std::int64_t row, Value* value) {
  const auto width = static_cast<std::size_t>(values_.format.width);
  const std::int64_t first = (values_.array->offset + row) * values_.format.width;
  GUARDRANK_TRY(check_rows(inner_, first, values_.format.width));
  if (floats_.empty() && arena_->make(width, &floats_) != Status::ok)
    return error_->no_memory(place_.view());
  for (std::size_t i = 0; i < width; ++i) {
    const std::int64_t element = first + static_cast<std::int64_t>(i);
    if (inner_.is_missing(element))
      return error_->wanted(Status::type, fact_path(fact_, row_).view(), {"numbers"}, {"a null"});
    floats_[i] = arrow_load<float>(inner_.array->buffers[1], inner_.array->offset + element);
  }
  value->type = FactType::f32_vector;
  value->is_missing = false;
  value->floats = floats_;
  return Status::ok;
}

Status Reader::read_time_value(std::int64_t row, Value* value) {
  const ArrowFormat& format = values_.format;
  const auto count =
      arrow_load<std::int64_t>(values_.array->buffers[1], values_.array->offset + row);
  std::int64_t micros = 0;
  if (count % format.over != 0)
    return error_->wanted(Status::type, fact_path(fact_, row_).view(), {"whole microseconds"},
                          {count, " nanoseconds"});
  if (__builtin_mul_overflow(count, format.times, &micros))
    return error_->wanted(Status::type, fact_path(fact_, row_).view(),
                          {"a time within 64 bits of microseconds"}, {count});
  *value = Value::of(micros / format.over);
  value->type = FactType::timestamp;
  return Status::ok;
}

Status Reader::read_integer(std::int64_t row, Value* value) {
  const ArrowFormat& format = values_.format;
  const std::int64_t i = values_.array->offset + row;
  const std::int64_t integer = arrow_integer(format, values_.array->buffers[1], i);
  if (integer < 0 && !format.is_signed)
    return error_->wanted(Status::type, fact_path(fact_, row_).view(), {"at most ", INT64_MAX},
                          {static_cast<std::uint64_t>(integer)});
  *value = Value::of(integer);
  return Status::ok;
}

// Of a row that is there.
Status Reader::read_value(std::int64_t row, Value* value) {
  const ArrowArray& array = *values_.array;
  const std::int64_t i = array.offset + row;
  if (is_dictionary_) return read_word(row, value);
  switch (values_.format.kind) {
    case ArrowKind::nothing: return Status::ok;
    case ArrowKind::boolean: *value = Value::of(arrow_bit(array.buffers[1], i)); return Status::ok;
    case ArrowKind::integer: return read_integer(row, value);
    case ArrowKind::number:
      *value = Value::of(values_.format.bytes == 4 ? double{arrow_load<float>(array.buffers[1], i)}
                                                   : arrow_load<double>(array.buffers[1], i));
      return Status::ok;
    case ArrowKind::text: {
      std::string_view text;
      GUARDRANK_TRY(read_text(values_, row, &text));
      *value = Value::of(text);
      return Status::ok;
    }
    case ArrowKind::list: return read_list(row, value);
    case ArrowKind::vector: return read_vector(row, value);
    case ArrowKind::time: return read_time_value(row, value);
  }
  return Status::internal;
}

Status Reader::read_row(const ArrowRows& rows, std::uint32_t row, Value* stored) {
  row_ = row;
  Value value;
  const std::int64_t place = rows.first + row;
  const bool is_missing =
      (rows.validity != nullptr && !arrow_bit(rows.validity, rows.offset + row)) ||
      values_.is_missing(place);
  if (!is_missing) GUARDRANK_TRY(read_value(place, &value));
  return check_value(fact_, row, value, stored, error_);
}

Status Reader::count_elements(const ArrowRows& rows, std::size_t* count) {
  *count = 0;
  for (std::uint32_t row = 0; row < rows.count; ++row) {
    Value stored;
    GUARDRANK_TRY(read_row(rows, row, &stored));
    *count += stored.strings.size();
  }
  return *count <= UINT32_MAX ? Status::ok : error_->no_memory(place_.view());
}

// Row by row into place: `store_value` would move the lists after each.
Status Reader::write_lists(const ArrowRows& rows, Column* column) {
  std::size_t count = 0;
  GUARDRANK_TRY(count_elements(rows, &count));
  std::span<std::string_view> elements;
  std::span<std::uint32_t> offsets;
  std::span<std::uint8_t> present;
  // A column has an array of elements even where all lists are empty.
  if (arena_->make(std::max<std::size_t>(count, 1), &elements) != Status::ok ||
      arena_->make(std::size_t{rows.count} + 1, &offsets) != Status::ok ||
      arena_->make(rows.count, &present) != Status::ok)
    return error_->no_memory(place_.view());
  std::uint32_t end = 0;
  for (std::uint32_t row = 0; row < rows.count; ++row) {
    Value stored;
    GUARDRANK_TRY(read_row(rows, row, &stored));
    present[row] = stored.is_missing ? 0 : 1;
    for (const std::string_view text : stored.strings)
      if (copy_text(text, arena_, &elements[end++]) != Status::ok)
        return error_->no_memory(place_.view());
    offsets[row + 1] = end;
  }
  column->type = FactType::string_list;
  column->n_rows = rows.count;
  column->present = present.data();
  column->strings = elements.data();
  column->list_offsets = offsets.data();
  return Status::ok;
}

Status Reader::write_values(const ArrowRows& rows, Column* column) {
  if (make_rows(fact_, rows.count, arena_, column) != Status::ok)
    return error_->no_memory(place_.view());
  for (std::uint32_t row = 0; row < rows.count; ++row) {
    Value stored;
    GUARDRANK_TRY(read_row(rows, row, &stored));
    if (store_value(stored, row, arena_, column) != Status::ok)
      return error_->no_memory(place_.view());
  }
  return Status::ok;
}

Status Reader::read(const ArrowRows& rows, Column* column) {
  GUARDRANK_TRY(check_rows(values_, rows.first, rows.count));
  return fact_.type == FactType::string_list ? write_lists(rows, column)
                                             : write_values(rows, column);
}

}  // namespace

bool arrow_bit(const void* bitmap, std::int64_t index) {
  return (static_cast<const std::uint8_t*>(bitmap)[index >> 3] >> (index & 7) & 1) != 0;
}

Text<Error::max_part_bytes> arrow_place(const Fact& fact) {
  return {namespace_name(fact.space), ".", fact.name};
}

Status check_arrow_array(const ArrowArray& array, std::int64_t n_buffers, std::int64_t n_children,
                         std::string_view where, Error* error) {
  if (array.release == nullptr)
    return error->set(Status::argument, where, {"an array that has been released"});
  if (array.length < 0 || array.length > most_rows || array.offset < 0 || array.offset > most_rows)
    return error->wanted(Status::argument, where, {"a length and an offset from 0 to ", most_rows},
                         {array.length, " and ", array.offset});
  if (array.null_count < -1 || array.null_count > array.length)
    return error->wanted(Status::argument, where, {"nulls from -1 to ", array.length},
                         {array.null_count});
  if (array.n_buffers != n_buffers || (n_buffers != 0 && array.buffers == nullptr))
    return error->wanted(Status::argument, where, {n_buffers, " buffers"},
                         {array.buffers == nullptr ? 0 : array.n_buffers});
  if (array.n_children != n_children || (n_children != 0 && array.children == nullptr))
    return error->wanted(Status::argument, where, {n_children, " children"},
                         {array.children == nullptr ? 0 : array.n_children});
  if (n_buffers != 0 && array.null_count > 0 && array.buffers[0] == nullptr)
    return error->set(Status::argument, where, {array.null_count, " nulls and no bitmap of them"});
  return Status::ok;
}

Status read_arrow_column(const Fact& fact, const ArrowRows& rows, const ArrowSchema& schema,
                         const ArrowArray& array, Arena* arena, Column* column, Error* error) {
  Reader reader(fact, arena, error);
  GUARDRANK_TRY(reader.open(schema, array));
  return reader.read(rows, column);
}

}  // namespace guardrank
