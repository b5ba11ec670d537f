// When to try again: exponential backoff with full jitter, and what the origin asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace guardrank::fetch {

struct RetryPolicy {
  std::uint32_t attempts = 4;                 // in all
  std::int64_t base_micros = 200'000;         // the first wait is up to this, each later one up to twice
  std::int64_t most_micros = 10'000'000;
  std::int64_t most_asked_micros = 60'000'000;   // a longer Retry-After is not waited for
};

// A wait in [0, min(most, base * 2^failures)): `failures` from 0, `uniform` in [0, 1).
std::int64_t backoff_micros(const RetryPolicy& policy, std::uint32_t failures, double uniform);

// "120" or an HTTP date, as micros from now; nothing when it is neither.
std::optional<std::int64_t> retry_after_micros(std::string_view value, std::int64_t now_micros);

// Worth another try: 429 and the 5xx that pass.
bool is_retried_status(long status);

}  // namespace guardrank::fetch
