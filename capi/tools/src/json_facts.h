// Facts for one expression, from JSON.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "capi/tools/src/json_value.h"
#include "core/expr/expression.h"
#include "core/frame/fact_table.h"
#include "models/pack/memory.h"

namespace guardrank::tools {

// What plain JSON gives within "ctx", "offer", ... stands as defaults of a table of facts; typed
// objects, lists and maps, and whatever else there is, as named values. The text must outlive it.
class JsonFacts {
 public:
  explicit JsonFacts(std::string_view json);

  pack::Memory memory;
  FactTable facts;
  std::vector<NamedConstant> constants;
  std::int64_t now = 0;

 private:
  void add_top(const JsonValue& value);
  void add_now(const JsonValue& value);
  void add_fact(Namespace space, const JsonValue& value);
  void add_constant(const std::string& name, const JsonValue& value);
  void add(const Fact& fact);
  Column column_of(const JsonValue& value, FactType type);

  JsonValues values_;
  std::deque<std::string> names_;
  std::deque<std::int64_t> integers_;
  std::deque<double> numbers_;
  std::deque<std::uint8_t> bools_;
  std::deque<std::vector<std::string_view>> texts_;
  std::deque<std::vector<std::uint32_t>> offsets_;
};

}  // namespace guardrank::tools
