// Any bytes as a request in JSON over every type of fact; what is accepted must write and read back
// to the same text.
#include <cstdlib>
#include <string_view>

#include "core/frame/request.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

namespace {

void add(FactTable* facts, Namespace space, std::string_view name, FactType type) {
  Error error;
  Fact fact;
  fact.space = space;
  fact.name = name;
  fact.type = type;
  fact.width = type == FactType::f32_vector ? 3 : 0;
  (void)facts->add(fact, nullptr, &error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view names[] = {"f", "i", "b", "s", "t", "l", "v"};
  Arena arena(fuzz::allocator(), fuzz::budget_bytes);
  Error error;
  FactTable facts;
  if (facts.open(32, &arena, &error) != Status::ok) return 0;
  for (const Namespace space : {Namespace::context, Namespace::candidate, Namespace::pair}) {
    for (unsigned type = 0; type < 7; ++type) {
      add(&facts, space, names[type], static_cast<FactType>(type));
    }
  }
  Catalog catalog;
  catalog.allows_unlisted = true;
  Request request(facts, &catalog, fuzz::allocator());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (read_request_json(text, &request, &error) != Status::ok) return 0;
  std::string_view first;
  if (write_request_json(request, nullptr, &arena, &first) != Status::ok) return 0;
  Request again(facts, &catalog, fuzz::allocator());
  if (read_request_json(first, &again, &error) != Status::ok) std::abort();
  std::string_view second;
  if (write_request_json(again, nullptr, &arena, &second) != Status::ok) return 0;
  if (first != second) std::abort();
  return 0;
}
