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

// What plain JSON gives within "ctx", "offer", ... stands as defaults of a table of facts, a null there
// as a fact that is missing; typed objects, lists and maps, and whatever else there is, as named
// values. The text must outlive it.
class JsonFacts {
 public:
  explicit JsonFacts(std::string_view json);

  // Adds what the expression names of ctx, offer and pair and nothing is given for, as missing.
  void add_missing(std::string_view expression);

  // A null does not say what it would be: gives those there are (the first few) the next types of all
  // that they may have. False when there are no more.
  bool take_next_types();

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
  void add_null(Namespace space, std::string_view name);
  bool is_given(Namespace space, std::string_view name) const;
  void make_table();
  Column column_of(const JsonValue& value, FactType type);

  std::vector<Fact> added_;
  std::vector<std::size_t> nulls_;     // among those
  std::size_t types_taken_ = 0;
  JsonValues values_;
  std::deque<std::string> names_;
  std::deque<std::int64_t> integers_;
  std::deque<double> numbers_;
  std::deque<std::uint8_t> bools_;
  std::deque<std::vector<std::string_view>> texts_;
  std::deque<std::vector<std::uint32_t>> offsets_;
};

}  // namespace guardrank::tools
