// Catalog documents, CSV or JSON (contracts.md section 3), to the plain struct of core/artifact.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/artifact/catalog.h"
#include "core/frame/fact_table.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

enum class CatalogFormat { csv, json };

// By the file's name; standard input ("-") is JSON when it starts with a brace.
CatalogFormat catalog_format(const std::filesystem::path& path, std::string_view text);

// Owns everything that its views point to; may be moved.
class CatalogDocument {
 public:
  const Catalog& catalog() const { return catalog_; }

 private:
  friend class CatalogBuilder;

  Memory memory_;
  Catalog catalog_;
};

struct CatalogOptions {
  std::string_view name = "catalog";   // a file's stem; a JSON document's "name" comes first
  std::string_view version;            // empty: the document's, else 12 hex digits of its SHA-256
};

// Columns are the candidate facts of `schema` (what the policy declares and the model reads) and
// take their types from it.
//
// CSV is RFC 4180 with a header line: offer, valid_from, valid_to, offer.<fact>; LF or CRLF, a byte
// order mark is skipped, an empty cell is missing, "|" separates the elements of a list or vector,
// booleans are true and false. Numbers are written as in JSON.
// JSON is {"format": 1, "name", "version", "unlisted": true, "offers": [{"offer", "valid_from",
// "valid_to", "facts": {...}}]}; null is missing.
//
// PackError: Status::column for an unknown or repeated column, a malformed line or one of another
// length; Status::type for a cell of the wrong type ("row 3, column offer.cpa"; the header is row
// 1) or a JSON value ("offers[1].facts.cpa"); Status::duplicate for an offer that stands twice;
// Status::missing for an offer without an id; Status::utf8, Status::json, Status::limit.
CatalogDocument read_catalog(std::string_view text, CatalogFormat format, const FactTable& schema,
                             const CatalogOptions& options = {});

}  // namespace guardrank::pack
