// A small world to evaluate in: facts by name, one request, its frame.
#pragma once

#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/artifact/catalog.h"
#include "core/expr/expression.h"
#include "core/frame/request.h"

namespace guardrank::testing {

inline Allocator host_allocator() {
  Allocator allocator;
  allocator.allocate = [](void*, std::size_t size, std::size_t alignment) -> void* {
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  };
  allocator.release = [](void*, void* memory, std::size_t, std::size_t) { std::free(memory); };
  return allocator;
}

// "true", "3", "3u", "2.5", "'a'", "b'a'", "[1, 2]", "{'a': 1}", "type(int)", "5s 3ns" for a time or
// a duration.
inline std::string value_text(const ExprValue& value) {
  switch (value.kind) {
    case ExprType::null: return "null";
    case ExprType::boolean: return value.integer != 0 ? "true" : "false";
    case ExprType::integer: return std::to_string(value.integer);
    case ExprType::unsigned_integer: return std::to_string(value.natural) + "u";
    case ExprType::number: {
      char digits[64];
      std::snprintf(digits, sizeof digits, "%.17g", value.number);
      return digits;
    }
    case ExprType::string: return "'" + std::string(value.text()) + "'";
    case ExprType::bytes: return "b'" + std::string(value.text()) + "'";
    case ExprType::timestamp:
      return std::to_string(value.integer) + "s " + std::to_string(value.size) + "ns";
    case ExprType::duration:
      return std::to_string(value.integer / 1000000000) + "s " +
             std::to_string(value.integer % 1000000000) + "ns";
    case ExprType::type:
      return "type(" + std::string(expr_type_name(static_cast<ExprType>(value.integer))) + ")";
    case ExprType::dyn: break;
    case ExprType::list:
    case ExprType::map: {
      const bool is_map = value.kind == ExprType::map;
      std::string text = is_map ? "{" : "[";
      for (std::uint32_t i = 0; i < value.size; ++i) {
        text += (i > 0 ? ", " : "") + value_text(element_of(value, i));
        if (is_map) text += ": " + value_text(value.elements[2 * i + 1]);
      }
      return text + (is_map ? "}" : "]");
    }
  }
  return "?";
}

struct World {
  Arena arena{host_allocator(), std::size_t{1} << 30};
  Arena session{host_allocator(), std::size_t{1} << 30};
  FactTable facts;
  Catalog catalog;
  bool has_catalog = false;
  Error error;
  std::unique_ptr<Request> request_;
  Frame frame;
  std::vector<std::string> offers;

  World() { REQUIRE(facts.open(256, &arena, &error) == Status::ok); }

  std::uint32_t add(Namespace space, std::string_view name, FactType type,
                    bool is_declared = true, bool is_protected = false) {
    Fact fact;
    fact.space = space;
    fact.type = type;
    fact.name = name;
    fact.is_declared = is_declared;
    fact.is_protected = is_protected;
    fact.width = type == FactType::f32_vector ? 4 : 0;
    std::uint32_t ordinal = no_fact;
    REQUIRE(facts.add(fact, &ordinal, &error) == Status::ok);
    return ordinal;
  }
  std::uint32_t ctx(std::string_view name, FactType type) {
    return add(Namespace::context, name, type);
  }
  std::uint32_t offer(std::string_view name, FactType type) {
    return add(Namespace::candidate, name, type);
  }

  Request& request() {
    if (request_ == nullptr)
      request_ = std::make_unique<Request>(facts, has_catalog ? &catalog : nullptr,
                                           host_allocator());
    return *request_;
  }
  // Candidates o-0000, o-0001, ... or the ids given.
  void candidates(std::size_t count) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < count; ++i) {
      std::string digits = std::to_string(i);
      ids.push_back("o-" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits);
    }
    candidates(ids);
  }
  void candidates(const std::vector<std::string>& ids) {
    offers = ids;
    std::vector<std::string_view> views(offers.begin(), offers.end());
    REQUIRE(request().set_candidates(views, &error) == Status::ok);
  }
  template <typename T>
  void set_ctx(std::string_view name, T value) {
    const Status status = request().set_context(facts.find(Namespace::context, name),
                                                Value::of(value), &error);
    REQUIRE_MESSAGE(status == Status::ok, error.message());
  }
  template <typename T>
  void set_offer(std::uint32_t row, std::string_view name, T value) {
    const Status status = request().set_candidate(
        row, facts.find(Namespace::candidate, name), Value::of(value), &error);
    REQUIRE_MESSAGE(status == Status::ok, error.message());
  }
  void open() {
    session.reset();
    REQUIRE(frame.open(request(), &session) == Status::ok);
  }

  Status compile(std::string_view source, ExprType wanted, Program* program,
                 NamespaceSet allowed = facts_and_outcomes) {
    error.clear();
    return compile_expression(source, "rules.r", facts, allowed, wanted, &arena, program, &error);
  }
  // What one row comes to: "true", "3", "2.5", "'a'", "unknown ctx.age", "overflow", "zero".
  std::string text(const EvaluatedColumn& column, std::uint32_t row) const {
    const std::uint32_t at = column.row_of(row);
    if (column.state(row) == RowState::unknown) {
      const Fact& fact = facts[column.missing[at]];
      return "unknown " + std::string(namespace_name(fact.space)) + "." + std::string(fact.name);
    }
    if (column.state(row) == RowState::error)
      return column.problems[at] == EvalProblem::division_by_zero
                 ? "zero"
                 : std::string(eval_problem_text(column.problems[at]));
    switch (column.type) {
      case ExprType::boolean: return value_text(ExprValue::of(column.booleans[at] != 0));
      case ExprType::integer: return value_text(ExprValue::of(column.integers[at]));
      case ExprType::unsigned_integer:
        return value_text(ExprValue::of(static_cast<std::uint64_t>(column.integers[at])));
      case ExprType::string: return value_text(ExprValue::of(column.strings[at]));
      case ExprType::number: return value_text(ExprValue::of(column.numbers[at]));
      default: return value_text(column.values[at]);
    }
  }
  std::string eval(std::string_view source, ExprType wanted = ExprType::boolean,
                   std::uint32_t row = 0) {
    Program program;
    if (compile(source, wanted, &program) != Status::ok) return std::string(error.message());
    EvaluatedColumn column;
    REQUIRE(evaluate(program, &frame, &column) == Status::ok);
    return text(column, row);
  }
};

}  // namespace guardrank::testing
