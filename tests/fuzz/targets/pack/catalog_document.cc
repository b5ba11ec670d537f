// Any bytes as a catalog in CSV and in JSON over a few typed facts: a document or a PackError.
#include "models/pack/documents/catalog_document.h"
#include "models/pack/pack_error.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

namespace {

void add(FactTable* facts, std::string_view name, FactType type) {
  Error error;
  Fact fact;
  fact.space = Namespace::candidate;
  fact.name = name;
  fact.type = type;
  (void)facts->add(fact, nullptr, &error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Arena arena(fuzz::allocator(), fuzz::budget_bytes);
  Error error;
  FactTable facts;
  if (facts.open(8, &arena, &error) != Status::ok) return 0;
  add(&facts, "cpa", FactType::f64);
  add(&facts, "min_age", FactType::i64);
  add(&facts, "open", FactType::boolean);
  add(&facts, "partner", FactType::string);
  add(&facts, "since", FactType::timestamp);
  add(&facts, "tags", FactType::string_list);
  for (const auto format : {pack::CatalogFormat::csv, pack::CatalogFormat::json}) {
    try {
      (void)pack::read_catalog({reinterpret_cast<const char*>(data), size}, format, facts);
    } catch (const pack::PackError&) {
    }
  }
  return 0;
}
