#include "capi/fetch/src/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace guardrank::fetch {

std::int64_t backoff_micros(const RetryPolicy& policy, std::uint32_t failures, double uniform) {
  std::int64_t most = std::min(policy.base_micros, policy.most_micros);
  for (std::uint32_t i = 0; i < failures && most < policy.most_micros; ++i)
    most = std::min(most * 2, policy.most_micros);
  return static_cast<std::int64_t>(uniform * static_cast<double>(most));
}

std::optional<std::int64_t> retry_after_micros(std::string_view value, std::int64_t now_micros) {
  constexpr std::int64_t second = 1'000'000, longest = std::int64_t{1} << 40;   // seconds: no overflow
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (problem == std::errc{} && end == value.data() + value.size())
    return std::clamp<std::int64_t>(seconds, 0, longest) * second;
  const time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(date) * second - now_micros);
}

bool is_retried_status(long status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace guardrank::fetch
