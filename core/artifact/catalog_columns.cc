#include "core/artifact/catalog_columns.h"

#include "core/base/math.h"
#include "core/base/utf8.h"

namespace guardrank {
namespace {

// Exactly one load: what is checked is what is used, even if the bytes change meanwhile.
std::uint32_t load_once(const std::uint32_t* value) {
  return __atomic_load_n(value, __ATOMIC_RELAXED);
}

}  // namespace

Status ColumnReader::read_array(std::uint64_t offset, std::uint64_t count,
                                std::uint64_t element_bytes, const Place& place,
                                const std::uint8_t** out) {
  if (offset % section_alignment != 0)
    return root->fail(Status::verify, place,
                      {"offset ", offset, " in section columns is not 64-byte aligned"});
  if (offset > columns.size() || count > (columns.size() - offset) / element_bytes)
    return root->fail(Status::verify, place,
                      {count, " values of ", element_bytes, " bytes at ", offset,
                       " leave section columns of ", columns.size(), " bytes"});
  if (count * element_bytes > budget)
    return root->fail(Status::verify, place, "the section's arrays overlap");
  budget -= count * element_bytes;
  *out = columns.data() + offset;
  return Status::ok;
}

Status ColumnReader::read_numbers(const schema::CatalogColumn& source, const Place& place,
                                  Column* column) {
  const std::uint8_t* values = nullptr;
  GUARDRANK_TRY(read_array(source.values_offset(), n_offers, 8, place, &values));
  if (column->type != FactType::f64) {
    column->integers = reinterpret_cast<const std::int64_t*>(values);
    return Status::ok;
  }
  column->numbers = reinterpret_cast<const double*>(values);
  for (std::uint32_t row = 0; row < n_offers; ++row)
    if (column->is_present(row) && !is_finite(column->numbers[row]))
      return root->fail(Status::not_finite, place, {"row ", row, ": wanted a finite number"});
  return Status::ok;
}

Status ColumnReader::read_vectors(const schema::CatalogColumn& source, const Place& place,
                                  Column* column) {
  column->width = source.width();
  if (column->width == 0 || column->width > limits::vector_width)
    return root->wanted(Status::dimension, place, {"a width of 1 to ", limits::vector_width},
                        {column->width});
  const std::uint8_t* values = nullptr;
  GUARDRANK_TRY(read_array(source.values_offset(), std::uint64_t{n_offers} * column->width, 4,
                           place, &values));
  column->floats = reinterpret_cast<const float*>(values);
  for (std::uint32_t row = 0; row < n_offers; ++row) {
    const float* first = column->floats + std::size_t{row} * column->width;
    for (std::uint32_t i = 0; column->is_present(row) && i < column->width; ++i)
      if (!is_finite(double{first[i]}))
        return root->fail(Status::not_finite, place, {"row ", row, ": wanted finite numbers"});
  }
  return Status::ok;
}

Status ColumnReader::read_booleans(const schema::CatalogColumn& source, const Place& place,
                                   Column* column) {
  GUARDRANK_TRY(read_array(source.values_offset(), n_offers, 1, place, &column->booleans));
  for (std::uint32_t row = 0; row < n_offers; ++row)
    if (column->is_present(row) && column->booleans[row] > 1)
      return root->wanted_count(Status::verify, place, "0 or 1", column->booleans[row]);
  return Status::ok;
}

Status ColumnReader::read_strings(const schema::CatalogColumn& source, std::uint32_t n_strings,
                                  const Place& place, Column* column) {
  const std::uint8_t* array = nullptr;
  const std::uint8_t* bytes = nullptr;
  const std::uint64_t n_bytes = source.bytes_length();
  GUARDRANK_TRY(read_array(source.values_offset(), std::uint64_t{n_strings} + 1, 4, place,
                           &array));
  GUARDRANK_TRY(read_array(source.bytes_offset(), n_bytes, 1, place, &bytes));
  const std::uint32_t* offsets = reinterpret_cast<const std::uint32_t*>(array);
  std::span<std::string_view> strings;
  GUARDRANK_TRY(root->allocate(n_strings, &strings));
  std::uint32_t start = load_once(&offsets[0]);
  for (std::uint32_t i = 0; i < n_strings; ++i) {
    const std::uint32_t end = load_once(&offsets[i + 1]);
    if (start > end || end > n_bytes)
      return root->fail(Status::verify, place, {"text ", i, " leaves the column's bytes"});
    if (end - start > limits::string_bytes)
      return root->wanted(Status::limit, place, {"at most ", limits::string_bytes, " bytes"},
                          {end - start, " in text ", i});
    strings[i] = {reinterpret_cast<const char*>(bytes) + start, end - start};
    if (!is_valid_utf8(strings[i]))
      return root->fail(Status::utf8, place, {"text ", i, " is not valid UTF-8"});
    start = end;
  }
  column->strings = strings.data();
  return Status::ok;
}

Status ColumnReader::read_lists(const schema::CatalogColumn& source, const Place& place,
                                Column* column) {
  const std::uint8_t* array = nullptr;
  GUARDRANK_TRY(read_array(source.lists_offset(), std::uint64_t{n_offers} + 1, 4, place, &array));
  const std::uint32_t* offsets = reinterpret_cast<const std::uint32_t*>(array);
  std::span<std::uint32_t> copy;
  GUARDRANK_TRY(root->allocate(std::size_t{n_offers} + 1, &copy));
  for (std::uint32_t i = 0; i <= n_offers; ++i) {
    copy[i] = load_once(&offsets[i]);
    const std::uint32_t before = i == 0 ? 0 : copy[i - 1];
    if (copy[i] < before || copy[i] > source.n_strings() || (i == 0 && copy[0] != 0))
      return root->fail(Status::verify, place, {"list ", i, " leaves the column's texts"});
    if (copy[i] - before > limits::list_elements)
      return root->wanted(Status::limit, place, {"at most ", limits::list_elements, " elements"},
                          {copy[i] - before});
  }
  column->list_offsets = copy.data();
  return read_strings(source, source.n_strings(), place, column);
}

Status ColumnReader::read(const schema::CatalogColumn& source, const Place& place,
                          Column* column) {
  if (source.type() > schema::CatalogType::f32_vector)
    return root->fail(Status::verify, Place(place, "type"), "unknown type");
  column->type = static_cast<FactType>(source.type());
  column->n_rows = n_offers;
  if (source.has_present())
    GUARDRANK_TRY(read_array(source.present_offset(), n_offers, 1, place, &column->present));
  switch (column->type) {
    case FactType::f64:
    case FactType::i64:
    case FactType::timestamp: return read_numbers(source, place, column);
    case FactType::boolean: return read_booleans(source, place, column);
    case FactType::string: return read_strings(source, n_offers, place, column);
    case FactType::string_list: return read_lists(source, place, column);
    case FactType::f32_vector: return read_vectors(source, place, column);
  }
  return Status::internal;
}

}  // namespace guardrank
