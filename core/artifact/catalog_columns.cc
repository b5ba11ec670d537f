#include "core/artifact/catalog_columns.h"

#include "core/base/utf8.h"

namespace guardrank {
namespace {

constexpr Bounds types = bounds::within(0, static_cast<int>(FactType::f32_vector));
constexpr Bounds widths = bounds::some(limits::vector_width, Status::dimension);
constexpr auto f32_vector = static_cast<std::uint8_t>(FactType::f32_vector);

constexpr Member members[] = {
    GUARDRANK_MEMBER(CatalogColumn, name, VT_NAME, StoredColumn, name,
                     {.bounds = &bounds::name, .is_label = true}),
    GUARDRANK_MEMBER(CatalogColumn, type, VT_TYPE, StoredColumn, type,
                     {.bounds = &types, .selects = true}),
    GUARDRANK_MEMBER(CatalogColumn, width, VT_WIDTH, StoredColumn, width,
                     {.bounds = &widths, .when = f32_vector}),
    GUARDRANK_MEMBER(CatalogColumn, has_present, VT_HAS_PRESENT, StoredColumn, has_present),
    GUARDRANK_MEMBER(CatalogColumn, present_offset, VT_PRESENT_OFFSET, StoredColumn,
                     present_offset),
    GUARDRANK_MEMBER(CatalogColumn, values_offset, VT_VALUES_OFFSET, StoredColumn, values_offset),
    GUARDRANK_MEMBER(CatalogColumn, n_strings, VT_N_STRINGS, StoredColumn, n_strings),
    GUARDRANK_MEMBER(CatalogColumn, lists_offset, VT_LISTS_OFFSET, StoredColumn, lists_offset),
    GUARDRANK_MEMBER(CatalogColumn, bytes_offset, VT_BYTES_OFFSET, StoredColumn, bytes_offset),
    GUARDRANK_MEMBER(CatalogColumn, bytes_length, VT_BYTES_LENGTH, StoredColumn, bytes_length),
};

// Exactly one load: what is checked is what is used, even if the bytes change meanwhile.
std::uint32_t load_once(const std::uint32_t* value) {
  return __atomic_load_n(value, __ATOMIC_RELAXED);
}

// What numbers of a type are made of; an i64 where any bytes will do.
Kind element_of(FactType type) {
  switch (type) {
    case FactType::f64: return Kind::f64;
    case FactType::f32_vector: return Kind::f32;
    case FactType::boolean: return Kind::u8;
    default: return Kind::i64;
  }
}

}  // namespace

const Table column_table = table_of<members>({
    .n_bytes = sizeof(StoredColumn),
    .duplicate = Status::duplicate});

// Numbers are finite, booleans 0 or 1.
Status ColumnReader::read_numbers(const StoredColumn& stored, Column* column) {
  const Kind kind = element_of(column->type);
  const bool is_boolean = kind == Kind::u8;
  column->width = stored.width;
  const std::uint32_t width = kind == Kind::f32 ? stored.width : 1;
  const std::size_t size = is_boolean ? 1 : kind == Kind::f32 ? 4 : 8;
  const std::uint8_t* values = nullptr;
  GUARDRANK_TRY(read_array(stored.values_offset, std::uint64_t{n_offers} * width, size, &values));
  column->values = values;
  if (kind == Kind::i64) return Status::ok;
  const double most = is_boolean ? 1 : bounds::most;
  for (std::uint32_t row = 0; row < n_offers; ++row) {
    for (std::uint32_t i = 0; i < width; ++i, values += size) {
      const double value = read_number(kind, values);
      if ((value >= -most && value <= most) || !column->is_present(row)) continue;
      return fail(is_boolean ? Status::verify : Status::not_finite, nullptr,
                  "wanted 0 or 1 of a boolean, finite numbers otherwise: row ", row);
    }
  }
  return Status::ok;
}

Status ColumnReader::read_strings(const StoredColumn& stored, std::uint32_t n_strings,
                                  Column* column) {
  const std::uint8_t* array = nullptr;
  const std::uint8_t* bytes = nullptr;
  const std::uint64_t n_bytes = stored.bytes_length;
  GUARDRANK_TRY(read_array(stored.values_offset, std::uint64_t{n_strings} + 1, 4, &array));
  GUARDRANK_TRY(read_array(stored.bytes_offset, n_bytes, 1, &bytes));
  const std::uint32_t* offsets = reinterpret_cast<const std::uint32_t*>(array);
  std::span<std::string_view> strings;
  GUARDRANK_TRY(allocate(n_strings, &strings));
  std::uint32_t start = load_once(&offsets[0]);
  for (std::uint32_t i = 0; i < n_strings; ++i) {
    const std::uint32_t end = load_once(&offsets[i + 1]);
    if (start > end || end > n_bytes)
      return fail(Status::verify, nullptr, "leaves the column's bytes: text ", i);
    GUARDRANK_TRY(check(bounds::text, nullptr, end - start, " bytes"));
    strings[i] = {reinterpret_cast<const char*>(bytes) + start, end - start};
    if (!is_valid_utf8(strings[i]))
      return fail(Status::utf8, nullptr, "not valid UTF-8: text ", i);
    start = end;
  }
  column->strings = strings.data();
  return Status::ok;
}

Status ColumnReader::read_lists(const StoredColumn& stored, Column* column) {
  const std::uint8_t* array = nullptr;
  GUARDRANK_TRY(read_array(stored.lists_offset, std::uint64_t{n_offers} + 1, 4, &array));
  const std::uint32_t* offsets = reinterpret_cast<const std::uint32_t*>(array);
  std::span<std::uint32_t> copy;
  GUARDRANK_TRY(allocate(std::size_t{n_offers} + 1, &copy));
  for (std::uint32_t i = 0; i <= n_offers; ++i) {
    copy[i] = load_once(&offsets[i]);
    const std::uint32_t before = i == 0 ? 0 : copy[i - 1];
    if (copy[i] < before || copy[i] > stored.n_strings || (i == 0 && copy[0] != 0))
      return fail(Status::verify, nullptr, "leaves the column's texts: list ", i);
    if (copy[i] - before > limits::list_elements)
      return fail(Status::limit, nullptr, "a list of over 4096 elements: ", copy[i] - before);
  }
  column->list_offsets = copy.data();
  return read_strings(stored, stored.n_strings, column);
}

Status ColumnReader::read_column(const StoredColumn& stored, Column* column) {
  column->type = stored.type;
  column->n_rows = n_offers;
  if (stored.has_present)
    GUARDRANK_TRY(read_array(stored.present_offset, n_offers, 1, &column->present));
  if (stored.type == FactType::string) return read_strings(stored, n_offers, column);
  if (stored.type == FactType::string_list) return read_lists(stored, column);
  return read_numbers(stored, column);
}

}  // namespace guardrank
