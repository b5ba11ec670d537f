// One request through the library, and its decision in words.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "bindings/shell/source.h"

namespace guardrank::shell {

struct RankOptions {
  bool with_record = false;       // as base64 in the JSON
  bool explains_always = false;   // whatever the request says
};

// One session and one request, reused.
class Ranker {
 public:
  explicit Ranker(const Source& source);

  // The decision as JSON, valid until the next call.
  std::string_view rank(std::string_view request, const RankOptions& options);
  // The record of the last decision.
  std::string_view record() const;

 private:
  Session session_;
  Request request_;
  const gr_decision* decision_ = nullptr;
};

// "$1.9112", "-$0.0770", or "1.9112 EUR" for another unit. Exact: micros have six digits, of which
// trailing zeros beyond four are left out.
std::string money(std::int64_t micros, const std::string& unit);
// An integer of the JSON form, which writes those beyond 2^53 as text.
std::int64_t integer_of(const nlohmann::ordered_json& value);

// Position, offer, a column per head and term, score; then the exclusions with their reasons.
std::string decision_text(const nlohmann::ordered_json& decision,
                          const nlohmann::ordered_json& inspection, std::size_t max_width);

}  // namespace guardrank::shell
