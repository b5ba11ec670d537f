#include "core/artifact/catalog.h"

#include "core/artifact/catalog_columns.h"
#include "core/base/limits.h"

namespace guardrank {
namespace {

Status read_names(const schema::Catalog& source, RootReader* reader, Catalog* catalog) {
  const Place root("root");
  GUARDRANK_TRY(reader->name(source.name(), Place(root, "name"), &catalog->name));
  GUARDRANK_TRY(reader->name(source.version(), Place(root, "version"), &catalog->version));
  catalog->n_offers = source.n_offers();
  catalog->allows_unlisted = source.allows_unlisted();
  return reader->check_count(catalog->n_offers, limits::offers, Place(root, "n_offers"));
}

Status read_ids(const schema::Catalog& source, ColumnReader* reader, Catalog* catalog) {
  const Place root("root");
  const Place place(root, "ids");
  if (source.ids()->type() != schema::CatalogType::string || source.ids()->has_present())
    return reader->root->fail(Status::verify, place, "wanted texts, none missing");
  Column column;
  GUARDRANK_TRY(reader->read(*source.ids(), place, &column));
  catalog->ids = {column.strings, catalog->n_offers};
  for (std::uint32_t row = 0; row < catalog->n_offers; ++row)
    if (catalog->ids[row].empty() || catalog->ids[row].size() > limits::offer_id_bytes)
      return reader->root->wanted(Status::limit, place,
                                  {"ids of 1 to ", limits::offer_id_bytes, " bytes"},
                                  {catalog->ids[row].size(), " in row ", row});
  return Status::ok;
}

// Ids that increase strictly along `order` are unique, and make it a permutation.
Status read_order(const schema::Catalog& source, RootReader* reader, Catalog* catalog) {
  const Place root("root");
  const Place place(root, "order");
  GUARDRANK_TRY(reader->numbers(source.order(), limits::offers, place, &catalog->order));
  if (catalog->order.size() != catalog->n_offers)
    return reader->wanted(Status::dimension, place, {catalog->n_offers, " rows"},
                          {catalog->order.size()});
  std::span<std::uint32_t> rank;
  GUARDRANK_TRY(reader->allocate(catalog->n_offers, &rank));
  for (std::uint32_t i = 0; i < catalog->n_offers; ++i) {
    const std::uint32_t row = catalog->order[i];
    if (row >= catalog->n_offers)
      return reader->fail(Status::reference, place, {"no row ", row});
    if (i > 0 && !(catalog->ids[catalog->order[i - 1]] < catalog->ids[row]))
      return reader->fail(Status::duplicate, place,
                          {"ids are not in byte order, or not unique (row ", row, ")"});
    rank[row] = i;
  }
  catalog->rank = rank;
  return Status::ok;
}

// `missing` stands where a row has no time.
Status read_times(const schema::CatalogColumn* source, const char* name,
                  std::int64_t missing, ColumnReader* reader,
                  std::span<const std::int64_t>* out) {
  if (source == nullptr) return Status::ok;
  const Place root("root");
  const Place place(root, name);
  if (source->type() != schema::CatalogType::timestamp)
    return reader->root->fail(Status::verify, place, "wanted timestamps");
  Column column;
  GUARDRANK_TRY(reader->read(*source, place, &column));
  *out = {column.integers, column.n_rows};
  if (column.present == nullptr) return Status::ok;
  std::span<std::int64_t> times;
  GUARDRANK_TRY(reader->root->allocate(column.n_rows, &times));
  for (std::uint32_t row = 0; row < column.n_rows; ++row)
    times[row] = column.is_present(row) ? column.integers[row] : missing;
  *out = times;
  return Status::ok;
}

Status read_column(const schema::CatalogColumn& source, std::span<const CatalogColumn> before,
                   Place* place, ColumnReader* reader, CatalogColumn* column) {
  GUARDRANK_TRY(reader->root->name(source.name(), Place(*place, "name"), &column->name));
  place->set_label(column->name);
  for (const CatalogColumn& other : before)
    if (other.name == column->name)
      return reader->root->fail(Status::duplicate, *place, "two columns have this name");
  return reader->read(source, *place, &column->column);
}

Status read_columns(const schema::Catalog& source, ColumnReader* reader, Catalog* catalog) {
  const Place root("root");
  std::span<CatalogColumn> columns;
  GUARDRANK_TRY(reader->root->make(source.columns(), limits::facts, Place(root, "columns"),
                                   &columns));
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    Place place(root, "columns", i);
    GUARDRANK_TRY(read_column(*source.columns()->Get(i), columns.first(i), &place, reader,
                              &columns[i]));
  }
  catalog->columns = columns;
  return Status::ok;
}

Status read_root(const schema::Catalog& source, RootReader* reader, Catalog* catalog) {
  GUARDRANK_TRY(read_names(source, reader, catalog));
  const Section* section = catalog->container.find(SectionKind::columns);
  ColumnReader columns{reader, section == nullptr ? Bytes() : section->bytes, catalog->n_offers};
  GUARDRANK_TRY(read_ids(source, &columns, catalog));
  GUARDRANK_TRY(read_order(source, reader, catalog));
  GUARDRANK_TRY(read_times(source.valid_from(), "valid_from", INT64_MIN, &columns,
                           &catalog->valid_from));
  GUARDRANK_TRY(read_times(source.valid_to(), "valid_to", INT64_MAX, &columns,
                           &catalog->valid_to));
  return read_columns(source, &columns, catalog);
}

}  // namespace

std::uint32_t Catalog::find(std::string_view offer) const {
  std::uint32_t first = 0;
  std::uint32_t last = n_offers;
  while (first < last) {
    const std::uint32_t middle = first + (last - first) / 2;
    const std::uint32_t row = order[middle];
    if (ids[row] == offer) return row;
    if (ids[row] < offer) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return no_offer;
}

Status open_catalog(Bytes bytes, Check check, Arena* arena, Catalog* catalog, Error* error) {
  Catalog opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::catalog, bytes, check, arena, &opened.container,
                                  error));
  RootReader reader(arena, error);
  const schema::Catalog* root = nullptr;
  GUARDRANK_TRY(reader.open(opened.container, SectionKind::root, schema::CatalogIdentifier(),
                            &root));
  GUARDRANK_TRY(read_root(*root, &reader, &opened));
  *catalog = opened;
  return Status::ok;
}

}  // namespace guardrank
