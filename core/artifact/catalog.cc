#include "core/artifact/catalog.h"

#include "core/artifact/catalog_columns.h"

namespace guardrank {
namespace {

// The root as the file holds it.
struct StoredCatalog {
  std::string_view name, version;
  std::uint32_t n_offers = 0;
  bool allows_unlisted = false;
  StoredColumn ids;
  std::span<const std::uint32_t> order;
  const StoredColumn* valid_from = nullptr;
  const StoredColumn* valid_to = nullptr;
  std::span<const StoredColumn> columns;
  StageOneVectors stage_one;
};

constexpr Bounds stage_one_dims = bounds::some(limits::embedding_dim, Status::dimension);
constexpr Member stage_one_members[] = {
    GUARDRANK_MEMBER(StageOneVectors, model, VT_MODEL, StageOneVectors, model,
                     {.bounds = &bounds::digest, .is_required = true}),
    GUARDRANK_MEMBER(StageOneVectors, dim, VT_DIM, StageOneVectors, dim,
                     {.bounds = &stage_one_dims}),
    GUARDRANK_MEMBER(StageOneVectors, scale, VT_SCALE, StageOneVectors, scale,
                     {.bounds = &bounds::positive}),
};
constexpr Table stage_one_table = table_of<stage_one_members>();

constexpr Bounds n_offers = bounds::at_most(limits::offers);
constexpr Bounds n_columns = bounds::at_most(limits::facts);
constexpr Member members[] = {
    GUARDRANK_MEMBER(Catalog, name, VT_NAME, StoredCatalog, name, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Catalog, version, VT_VERSION, StoredCatalog, version,
                     {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Catalog, n_offers, VT_N_OFFERS, StoredCatalog, n_offers,
                     {.bounds = &n_offers}),
    GUARDRANK_MEMBER(Catalog, allows_unlisted, VT_ALLOWS_UNLISTED, StoredCatalog,
                     allows_unlisted),
    GUARDRANK_MEMBER(Catalog, ids, VT_IDS, StoredCatalog, ids,
                     {.child = &column_table, .is_required = true}),
    GUARDRANK_MEMBER(Catalog, order, VT_ORDER, StoredCatalog, order, {.bounds = &n_offers}),
    GUARDRANK_MEMBER(Catalog, valid_from, VT_VALID_FROM, StoredCatalog, valid_from,
                     {.child = &column_table}),
    GUARDRANK_MEMBER(Catalog, valid_to, VT_VALID_TO, StoredCatalog, valid_to,
                     {.child = &column_table}),
    GUARDRANK_MEMBER(Catalog, columns, VT_COLUMNS, StoredCatalog, columns,
                     {.bounds = &n_columns, .child = &column_table}),
    GUARDRANK_MEMBER(Catalog, stage_one, VT_STAGE_ONE, StoredCatalog, stage_one,
                     {.child = &stage_one_table}),
};
constexpr Table table = table_of<members>();

Status read_ids(ColumnReader* reader, const StoredColumn& stored, Catalog* catalog) {
  reader->place.enter("ids");
  if (stored.type != FactType::string || stored.has_present)
    return reader->fail(Status::verify, nullptr, "wanted texts, none missing");
  Column column;
  GUARDRANK_TRY(reader->read_column(stored, &column));
  catalog->ids = {column.strings, catalog->n_offers};
  for (std::uint32_t row = 0; row < catalog->n_offers; ++row)
    if (catalog->ids[row].empty() || catalog->ids[row].size() > limits::offer_id_bytes)
      return reader->fail(Status::limit, nullptr, "wanted 1 to 256 bytes: row ", row);
  reader->place.leave();
  return Status::ok;
}

// Ids that increase strictly along `order` are unique, and make it a permutation.
Status check_order(ColumnReader* reader, Catalog* catalog) {
  if (catalog->order.size() != catalog->n_offers)
    return reader->wanted(Status::dimension, "order", catalog->n_offers, " rows",
                          catalog->order.size());
  std::span<std::uint32_t> rank;
  GUARDRANK_TRY(reader->allocate(catalog->n_offers, &rank));
  for (std::uint32_t i = 0; i < catalog->n_offers; ++i) {
    const std::uint32_t row = catalog->order[i];
    if (row >= catalog->n_offers)
      return reader->fail(Status::reference, "order", "no row ", row);
    if (i > 0 && !(catalog->ids[catalog->order[i - 1]] < catalog->ids[row]))
      return reader->fail(Status::duplicate, "order", "ids not in byte order, or not unique: row ",
                          row);
    rank[row] = i;
  }
  catalog->rank = rank;
  return Status::ok;
}

// `missing` stands where a row has no time.
Status read_times(ColumnReader* reader, const StoredColumn* stored, const char* name,
                  std::int64_t missing, std::span<const std::int64_t>* out) {
  if (stored == nullptr) return Status::ok;
  reader->place.enter(name);
  if (stored->type != FactType::timestamp)
    return reader->fail(Status::verify, nullptr, "wanted timestamps");
  Column column;
  GUARDRANK_TRY(reader->read_column(*stored, &column));
  reader->place.leave();
  *out = {column.integers, column.n_rows};
  if (column.present == nullptr) return Status::ok;
  std::span<std::int64_t> times;
  GUARDRANK_TRY(reader->allocate(column.n_rows, &times));
  for (std::uint32_t row = 0; row < column.n_rows; ++row)
    times[row] = column.is_present(row) ? column.integers[row] : missing;
  *out = times;
  return Status::ok;
}

Status read_columns(ColumnReader* reader, std::span<const StoredColumn> stored,
                    Catalog* catalog) {
  std::span<CatalogColumn> columns;
  GUARDRANK_TRY(reader->allocate(stored.size(), &columns));
  for (std::uint32_t i = 0; i < stored.size(); ++i) {
    reader->place.enter("columns", i, stored[i].name);
    columns[i].name = stored[i].name;
    GUARDRANK_TRY(reader->read_column(stored[i], &columns[i].column));
    reader->place.leave();
  }
  catalog->columns = columns;
  return Status::ok;
}

// Section and description stand together or not at all; any byte is a code.
Status read_stage_one(ColumnReader* reader, const StageOneVectors& stored, Catalog* catalog) {
  const Section* section = catalog->container.find(SectionKind::stage_one);
  if (stored.dim == 0 && section == nullptr) return Status::ok;
  if (stored.dim == 0 || section == nullptr)
    return reader->fail(Status::verify, "stage_one", "section and description go together");
  const std::uint64_t n_bytes = std::uint64_t{catalog->n_offers} * stored.dim;
  if (section->bytes.size() != n_bytes)
    return reader->wanted(Status::dimension, "stage_one", n_bytes, " bytes in the section",
                          section->bytes.size());
  catalog->stage_one = stored;
  catalog->stage_one.codes = reinterpret_cast<const std::int8_t*>(section->bytes.data());
  return Status::ok;
}

Status read_root(ColumnReader* reader, const StoredCatalog& stored, Catalog* catalog) {
  catalog->name = stored.name;
  catalog->version = stored.version;
  catalog->n_offers = reader->n_offers = stored.n_offers;
  catalog->allows_unlisted = stored.allows_unlisted;
  catalog->order = stored.order;
  reader->columns.bytes = section_bytes(catalog->container, SectionKind::columns);
  reader->columns.budget = reader->columns.bytes.size();
  reader->place.enter("root");
  GUARDRANK_TRY(read_ids(reader, stored.ids, catalog));
  GUARDRANK_TRY(check_order(reader, catalog));
  GUARDRANK_TRY(read_times(reader, stored.valid_from, "valid_from", INT64_MIN,
                           &catalog->valid_from));
  GUARDRANK_TRY(read_times(reader, stored.valid_to, "valid_to", INT64_MAX, &catalog->valid_to));
  GUARDRANK_TRY(read_columns(reader, stored.columns, catalog));
  return read_stage_one(reader, stored.stage_one, catalog);
}

}  // namespace

std::uint32_t Catalog::find(std::string_view offer) const {
  if (by_id.is_open()) return by_id.find(offer);
  std::uint32_t first = 0;
  std::uint32_t last = n_offers;
  while (first < last) {
    const std::uint32_t middle = first + (last - first) / 2;
    const std::uint32_t row = order[middle];
    const int ordered = ids[row].compare(offer);
    if (ordered == 0) return row;
    if (ordered < 0) {
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
  ColumnReader reader(arena, error);
  StoredCatalog root;
  GUARDRANK_TRY(reader.open(opened.container, SectionKind::root, schema::CatalogIdentifier(),
                            table, &root));
  GUARDRANK_TRY(read_root(&reader, root, &opened));
  // Without it (ids that were made to collide, no memory) offers are found by their order.
  opened.by_id.open(opened.ids, 0, arena);
  *catalog = opened;
  return Status::ok;
}

}  // namespace guardrank
