// One request through the library, and its decision in words.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "bindings/shell/source.h"

namespace guardrank::shell {

// One session and one request, reused.
class Ranker {
 public:
  explicit Ranker(const Source& source) : Ranker(source.engine.get(), source.snapshot.get()) {}
  Ranker(const gr_engine* engine, const gr_snapshot* snapshot);

  // Told with every request from now on: "served.stage" and what else gr_request_set_route takes.
  void tell(std::string name, std::string value);
  // Gives the session what it wants of users' tables; how many shards.
  using AddShards = std::function<std::uint32_t(gr_session*)>;
  void use_shards(AddShards add) { add_shards_ = std::move(add); }

  // The decision as JSON, valid until the next call. `explains_always`: whatever the request says.
  std::string_view rank(std::string_view request, bool explains_always);
  // The same, explained, of every candidate: without the request's limit.
  std::string_view rank_all(std::string_view request);
  // The last one.
  const gr_decision* decision() const { return decision_; }

 private:
  void read(std::string_view request);
  std::string_view decide();
  bool lacks_shards();

  Session session_;
  Request request_;
  const gr_decision* decision_ = nullptr;
  std::vector<std::pair<std::string, std::string>> told_;
  AddShards add_shards_;
};

// "$1.9112", "-$0.0770", or "1.9112 EUR" for another unit. Exact: micros have six digits, of which
// trailing zeros beyond four are left out.
std::string money(std::int64_t micros, const std::string& unit);
// "ctx.age 17 -> 18", of a change in the JSON form.
std::string change_text(const nlohmann::ordered_json& change);
// An integer of the JSON form, which writes those beyond 2^53 as text.
std::int64_t integer_of(const nlohmann::ordered_json& value);

// Position, offer, a column per head and term, score; then the exclusions with their reasons.
std::string decision_text(const nlohmann::ordered_json& decision,
                          const nlohmann::ordered_json& inspection, std::size_t max_width);

}  // namespace guardrank::shell
