#include <algorithm>
#include <numeric>

#include "models/pack/artifact/section_builder.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/pack_error.h"
#include "models/schema/catalog_generated.h"

namespace guardrank::pack {
namespace {

// The root and the section `columns` of one catalog while they grow.
class CatalogWriter {
 public:
  AlignedBytes write(const Catalog& catalog);

 private:
  using ColumnOffset = flatbuffers::Offset<schema::CatalogColumn>;

  // Where a column's arrays went.
  struct Arrays {
    std::uint64_t present = 0, values = 0, lists = 0, bytes = 0, bytes_length = 0;
    std::uint32_t n_strings = 0;
  };

  ColumnOffset column(std::string_view name, const Column& column);
  ColumnOffset times(std::string_view name, std::span<const std::int64_t> times);
  flatbuffers::Offset<schema::StageOneVectors> stage_one(const StageOneVectors& vectors);
  void add_values(const Column& column, Arrays* arrays);
  void add_strings(std::span<const std::string_view> strings, Arrays* arrays);

  Builder root_;
  RawSection columns_;
};

void CatalogWriter::add_strings(std::span<const std::string_view> strings, Arrays* arrays) {
  std::vector<std::uint32_t> offsets = {0};
  std::vector<char> bytes;
  for (const std::string_view value : strings) {
    bytes.insert(bytes.end(), value.begin(), value.end());
    if (bytes.size() > UINT32_MAX)
      throw PackError(Status::limit, "catalog", "a column's texts are over 4 GiB");
    offsets.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  arrays->n_strings = static_cast<std::uint32_t>(strings.size());
  arrays->values = columns_.add<std::uint32_t>(offsets);
  arrays->bytes = columns_.add(bytes.data(), bytes.size());
  arrays->bytes_length = bytes.size();
}

void CatalogWriter::add_values(const Column& column, Arrays* arrays) {
  const std::size_t n = column.n_rows;
  switch (column.type) {
    case FactType::f64: arrays->values = columns_.add(column.numbers, 8 * n); return;
    case FactType::i64:
    case FactType::timestamp: arrays->values = columns_.add(column.integers, 8 * n); return;
    case FactType::boolean: arrays->values = columns_.add(column.booleans, n); return;
    case FactType::f32_vector:
      arrays->values = columns_.add(column.floats, 4 * n * column.width);
      return;
    case FactType::string: add_strings({column.strings, n}, arrays); return;
    case FactType::string_list: {
      static constexpr std::uint32_t none[] = {0};
      const std::uint32_t* lists = n == 0 ? none : column.list_offsets;
      arrays->lists = columns_.add(lists, 4 * (n + 1));
      add_strings({column.strings, lists[n]}, arrays);
      return;
    }
  }
}

CatalogWriter::ColumnOffset CatalogWriter::column(std::string_view name, const Column& from) {
  Arrays arrays;
  const bool has_present = from.present != nullptr;
  if (has_present) arrays.present = columns_.add(from.present, from.n_rows);
  add_values(from, &arrays);
  const auto name_offset = text(&root_, name);
  return schema::CreateCatalogColumn(root_, name_offset,
                                     static_cast<schema::CatalogType>(from.type), from.width,
                                     has_present, arrays.present, arrays.values, arrays.n_strings,
                                     arrays.lists, arrays.bytes, arrays.bytes_length);
}

CatalogWriter::ColumnOffset CatalogWriter::times(std::string_view name,
                                                 std::span<const std::int64_t> times) {
  if (times.empty()) return {};
  Column column_of_times;
  column_of_times.type = FactType::timestamp;
  column_of_times.n_rows = static_cast<std::uint32_t>(times.size());
  column_of_times.integers = times.data();
  return column(name, column_of_times);
}

flatbuffers::Offset<schema::StageOneVectors> CatalogWriter::stage_one(
    const StageOneVectors& vectors) {
  if (vectors.codes == nullptr) return {};
  const auto model = root_.CreateVector(vectors.model.data(), vectors.model.size());
  return schema::CreateStageOneVectors(root_, model, vectors.dim, vectors.scale);
}

AlignedBytes CatalogWriter::write(const Catalog& catalog) {
  Column ids;
  ids.type = FactType::string;
  ids.n_rows = catalog.n_offers;
  ids.strings = catalog.ids.data();
  std::vector<std::uint32_t> order(catalog.n_offers);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return catalog.ids[a] != catalog.ids[b] ? catalog.ids[a] < catalog.ids[b] : a < b;
  });
  const ColumnOffset id_column = column("offer", ids);
  const ColumnOffset from = times("valid_from", catalog.valid_from);
  const ColumnOffset to = times("valid_to", catalog.valid_to);
  std::vector<ColumnOffset> columns;
  for (const CatalogColumn& one : catalog.columns) columns.push_back(column(one.name, one.column));
  const auto all = offsets_vector(&root_, columns);
  const auto order_offset = optional_vector<std::uint32_t>(&root_, order);
  const auto stage_one_offset = stage_one(catalog.stage_one);
  const auto name = text(&root_, catalog.name);
  const auto version = text(&root_, catalog.version);
  schema::FinishCatalogBuffer(
      root_, schema::CreateCatalog(root_, name, version, catalog.n_offers, catalog.allows_unlisted,
                                   id_column, order_offset, from, to, all, stage_one_offset));
  std::vector<NewSection> sections = {{SectionKind::root, finished(root_)},
                                      {SectionKind::columns, columns_.view()}};
  if (catalog.stage_one.codes != nullptr)
    sections.push_back({SectionKind::stage_one,
                        {reinterpret_cast<const std::uint8_t*>(catalog.stage_one.codes),
                         std::size_t{catalog.n_offers} * catalog.stage_one.dim}});
  return write_container(ArtifactKind::catalog, sections);
}

}  // namespace

AlignedBytes write_catalog(const Catalog& catalog) { return CatalogWriter().write(catalog); }

}  // namespace guardrank::pack
