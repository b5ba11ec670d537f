#include "models/pack/documents/catalog_document.h"

#include "core/base/utf8.h"
#include "models/pack/documents/catalog_builder.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {

CatalogFormat catalog_format(const std::filesystem::path& path, std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = path == "-" ? first != std::string_view::npos && text[first] == '{'
                                   : path.extension() == ".json";
  return is_json ? CatalogFormat::json : CatalogFormat::csv;
}

CatalogDocument read_catalog(std::string_view text, CatalogFormat format, const FactTable& schema,
                             const CatalogOptions& options) {
  std::size_t offset = 0;
  if (!is_valid_utf8(text, &offset))
    throw PackError(Status::utf8, "", "invalid UTF-8 at byte " + std::to_string(offset));
  CatalogBuilder builder(schema, options);
  if (format == CatalogFormat::csv) {
    read_catalog_csv(text, &builder);
  } else {
    read_catalog_json(text, &builder);
  }
  return builder.finish(text);
}

}  // namespace guardrank::pack
