// Gathers a catalog row by row, whatever the document's form.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/frame/request.h"
#include "models/pack/documents/catalog_document.h"

namespace guardrank::pack {

class CatalogBuilder {
 public:
  CatalogBuilder(const FactTable& schema, const CatalogOptions& options)
      : schema_(&schema), options_(options) {}

  // The candidate fact of this name, or null.
  const Fact* find_fact(std::string_view name) const;
  // And what to tell of null.
  static std::string why_no_fact(std::string_view name);

  // Starts the next row. Throws PackError at `where` for a bad or repeated id.
  void add_offer(std::string_view offer, const std::string& where);
  void set_valid_from(std::int64_t micros);
  void set_valid_to(std::int64_t micros);
  // Throws PackError at `where` when the present row ends before it begins.
  void check_validity(const std::string& where) const;
  // A value of the present row, of the fact's type (a vector of its width); texts are copied.
  void set(const Fact& fact, const Value& value, const std::string& where);
  // A column that no row has a value for.
  void declare(const Fact& fact) { column_of(fact); }
  void set_name(std::string_view name) { name_ = name; }
  void set_version(std::string_view version) { version_ = version; }
  void allow_unlisted() { allows_unlisted_ = true; }
  Memory& memory() { return document_.memory_; }

  // `source`: the document, whose hash is the version when none is given.
  CatalogDocument finish(std::string_view source);

 private:
  struct ColumnValues {
    const Fact* fact = nullptr;
    std::vector<Value> values;             // by row; shorter: the rest is missing
  };

  ColumnValues& column_of(const Fact& fact);
  Value copy(const Value& value);
  Column make_column(const ColumnValues& values);
  template <typename T, typename Member>
  const T* gather(const ColumnValues& values, Member member);
  void gather_lists(const ColumnValues& values, Column* column);
  void gather_vectors(const ColumnValues& values, Column* column);

  const FactTable* schema_;
  CatalogOptions options_;
  CatalogDocument document_;
  std::string name_, version_;
  bool allows_unlisted_ = false;
  std::vector<std::string_view> ids_;
  std::unordered_set<std::string_view> seen_;
  std::vector<std::int64_t> valid_from_, valid_to_;
  bool has_valid_from_ = false, has_valid_to_ = false;
  std::deque<ColumnValues> columns_;       // in order of their first appearance
};

void read_catalog_csv(std::string_view text, CatalogBuilder* builder);
void read_catalog_json(std::string_view text, CatalogBuilder* builder);

}  // namespace guardrank::pack
