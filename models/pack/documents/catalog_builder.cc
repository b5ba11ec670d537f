#include "models/pack/documents/catalog_builder.h"

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/frame/fact_path.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {

const Fact* CatalogBuilder::find_fact(std::string_view name) const {
  if (name == offer_id_name) return nullptr;
  const std::uint32_t ordinal = schema_->find(Namespace::candidate, name);
  return ordinal == no_fact ? nullptr : &(*schema_)[ordinal];
}

std::string CatalogBuilder::why_no_fact(std::string_view name) {
  if (name == offer_id_name) return "it is the offer's own id, which stands as offer";
  return "neither the policy nor the model knows the fact offer." + std::string(name);
}

void CatalogBuilder::add_offer(std::string_view offer, const std::string& where) {
  if (offer.empty()) throw PackError(Status::missing, where, "the offer has no id");
  if (offer.size() > limits::offer_id_bytes)
    throw PackError(Status::limit, where,
                    "an id has at most " + std::to_string(limits::offer_id_bytes) + " bytes");
  if (ids_.size() == limits::offers)
    throw PackError(Status::limit, where,
                    "at most " + std::to_string(limits::offers) + " offers are allowed");
  const std::string_view id = memory().text(offer);
  if (!seen_.insert(id).second)
    throw PackError(Status::duplicate, where, "the offer \"" + std::string(id) + "\" stands twice");
  ids_.push_back(id);
  valid_from_.push_back(INT64_MIN);
  valid_to_.push_back(INT64_MAX);
}

void CatalogBuilder::set_valid_from(std::int64_t micros) {
  valid_from_.back() = micros;
  has_valid_from_ = true;
}

void CatalogBuilder::set_valid_to(std::int64_t micros) {
  valid_to_.back() = micros;
  has_valid_to_ = true;
}

void CatalogBuilder::check_validity(const std::string& where) const {
  if (valid_from_.back() >= valid_to_.back())
    throw PackError(Status::argument, where, "must be after valid_from");
}

CatalogBuilder::ColumnValues& CatalogBuilder::column_of(const Fact& fact) {
  for (ColumnValues& column : columns_)
    if (column.fact == &fact) return column;
  columns_.push_back({&fact, {}});
  return columns_.back();
}

Value CatalogBuilder::copy(const Value& value) {
  Value copied = value;
  copied.string = memory().text(value.string);
  std::vector<std::string_view> strings;
  for (const std::string_view text : value.strings) strings.push_back(memory().text(text));
  copied.strings = memory().copy(strings);
  copied.floats = memory().copy(std::vector<float>(value.floats.begin(), value.floats.end()));
  return copied;
}

void CatalogBuilder::set(const Fact& fact, const Value& value, const std::string& where) {
  for (const std::string_view text : value.strings)
    if (text.size() > limits::string_bytes) throw PackError(Status::limit, where, "text too long");
  if (value.string.size() > limits::string_bytes)
    throw PackError(Status::limit, where, "text too long");
  if (value.strings.size() > limits::list_elements)
    throw PackError(Status::limit, where, "list too long");
  std::vector<Value>& values = column_of(fact).values;
  values.resize(ids_.size());
  values.back() = copy(value);
}

template <typename T, typename Member>
const T* CatalogBuilder::gather(const ColumnValues& values, Member member) {
  std::vector<T> all;
  for (const Value& value : values.values) all.push_back(static_cast<T>(value.*member));
  all.resize(ids_.size());
  return memory().copy(all).data();
}

void CatalogBuilder::gather_lists(const ColumnValues& values, Column* column) {
  std::vector<std::string_view> strings;
  std::vector<std::uint32_t> offsets = {0};
  for (const Value& value : values.values) {
    strings.insert(strings.end(), value.strings.begin(), value.strings.end());
    if (strings.size() > UINT32_MAX)
      throw PackError(Status::limit, std::string(values.fact->name), "too many list elements");
    offsets.push_back(static_cast<std::uint32_t>(strings.size()));
  }
  offsets.resize(ids_.size() + 1, offsets.back());
  column->strings = memory().copy(strings).data();
  column->list_offsets = memory().copy(offsets).data();
}

void CatalogBuilder::gather_vectors(const ColumnValues& values, Column* column) {
  column->width = values.fact->width;
  std::vector<float> floats;
  for (const Value& value : values.values) {
    floats.insert(floats.end(), value.floats.begin(), value.floats.end());
    if (value.is_missing) floats.resize(floats.size() + column->width);
  }
  floats.resize(ids_.size() * column->width);
  column->floats = memory().copy(floats).data();
}

Column CatalogBuilder::make_column(const ColumnValues& values) {
  Column column;
  column.type = values.fact->type;
  column.n_rows = static_cast<std::uint32_t>(ids_.size());
  std::vector<std::uint8_t> present;
  for (const Value& value : values.values) present.push_back(value.is_missing ? 0 : 1);
  present.resize(ids_.size());
  column.present = memory().copy(present).data();
  switch (column.type) {
    case FactType::f64: column.numbers = gather<double>(values, &Value::number); break;
    case FactType::i64:
    case FactType::timestamp:
      column.integers = gather<std::int64_t>(values, &Value::integer);
      break;
    case FactType::boolean:
      column.booleans = gather<std::uint8_t>(values, &Value::boolean);
      break;
    case FactType::string:
      column.strings = gather<std::string_view>(values, &Value::string);
      break;
    case FactType::string_list: gather_lists(values, &column); break;
    case FactType::f32_vector: gather_vectors(values, &column); break;
  }
  return column;
}

CatalogDocument CatalogBuilder::finish(std::string_view source) {
  Catalog& catalog = document_.catalog_;
  if (version_.empty()) version_ = options_.version;
  if (version_.empty()) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(source.data());
    const DigestText digest = digest_text(sha256({bytes, source.size()}));
    version_ = std::string(digest.data() + 7, 12);
  }
  catalog.name = memory().text(name_.empty() ? options_.name : std::string_view(name_));
  catalog.version = memory().text(version_);
  catalog.n_offers = static_cast<std::uint32_t>(ids_.size());
  catalog.allows_unlisted = allows_unlisted_;
  catalog.ids = memory().copy(ids_);
  if (has_valid_from_) catalog.valid_from = memory().copy(valid_from_);
  if (has_valid_to_) catalog.valid_to = memory().copy(valid_to_);
  std::vector<CatalogColumn> columns;
  for (const ColumnValues& values : columns_)
    columns.push_back({values.fact->name, make_column(values)});
  catalog.columns = memory().copy(columns);
  return std::move(document_);
}

}  // namespace guardrank::pack
