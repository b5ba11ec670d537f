// Any bytes as JSON, numbers, times and base64; what parses as a double must survive a round trip.
#include <cstdlib>
#include <string_view>

#include "core/base/json.h"
#include "core/base/number_text.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Arena arena(fuzz::allocator(), fuzz::budget_bytes);
  Error error;
  const JsonValue* root = nullptr;
  (void)parse_json(text, &arena, &root, &error);
  double value = 0;
  if (parse_double(text, &value)) {
    char out[max_number_text_bytes];
    const std::size_t n = write_double(value, out);
    double again = 0;
    if (!parse_double({out, n}, &again) || again != value) std::abort();
  }
  std::int64_t micros = 0;
  if (parse_timestamp(text, &micros)) {
    char out[max_number_text_bytes];
    std::int64_t again = 0;
    const std::size_t n = write_timestamp(micros, out);
    if (!parse_timestamp({out, n}, &again) || again != micros) std::abort();
  }
  std::span<const std::uint8_t> bytes;
  (void)parse_base64(text, &arena, &bytes);
  return 0;
}
