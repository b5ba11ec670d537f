// One expression against facts in JSON, for people who write policies.
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "capi/tools/src/border.h"
#include "capi/tools/src/expression_text.h"
#include "capi/tools/src/tools_text.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/number_text.h"
#include "core/expr/expression.h"

namespace {

using guardrank::Arena;
using guardrank::Column;
using guardrank::Error;
using guardrank::EvaluatedColumn;
using guardrank::ExprType;
using guardrank::ExprValue;
using guardrank::Fact;
using guardrank::FactType;
using guardrank::JsonType;
using guardrank::JsonValue;
using guardrank::NamedConstant;
using guardrank::Namespace;
using guardrank::Report;
using guardrank::RowState;
using guardrank::Status;
namespace pack = guardrank::pack;

constexpr std::string_view where = "expression";

// Facts as defaults of a table, whatever else there is as named values.
class JsonFacts {
 public:
  explicit JsonFacts(std::string_view json) {
    Error error;
    pack::throw_if(facts.open(guardrank::limits::facts, &memory.arena(), &error), error);
    const JsonValue* root = nullptr;
    pack::throw_if(guardrank::parse_json(json, &memory.arena(), &root, &error), error);
    if (root->type != JsonType::object)
      throw pack::PackError(Status::type, "facts", "wanted an object");
    for (const JsonValue* at = root->first; at != nullptr; at = at->next) add_top(*at);
  }

  pack::Memory memory;
  guardrank::FactTable facts;
  std::vector<NamedConstant> constants;
  std::int64_t now = 0;

 private:
  void add_top(const JsonValue& value) {
    if (value.key == "now") return add_now(value);
    for (const Namespace space :
         {Namespace::context, Namespace::candidate, Namespace::pair, Namespace::probability,
          Namespace::reach, Namespace::value, Namespace::parameter}) {
      if (namespace_name(space) != value.key) continue;
      if (value.type != JsonType::object)
        throw pack::PackError(Status::type, std::string(value.key), "wanted an object of facts");
      for (const JsonValue* at = value.first; at != nullptr; at = at->next) add_fact(space, *at);
      return;
    }
    constants.push_back({value.key, ExprType::dyn, value_of(value)});
  }

  void add_now(const JsonValue& value) {
    if (value.type != JsonType::string || !guardrank::parse_timestamp(value.text, &now))
      throw pack::PackError(Status::type, "now", "wanted a time such as 2026-11-21T10:00:00Z");
    Fact fact;
    fact.space = Namespace::time;
    fact.type = FactType::timestamp;
    fact.name = "now";
    add(fact);
  }

  // A number, text, bool or list of texts is a fact, null a number that is missing; anything else is
  // a value of its own.
  void add_fact(Namespace space, const JsonValue& value) {
    Fact fact;
    fact.space = space;
    fact.name = value.key;
    fact.is_declared = true;
    const bool is_of_policy = space != Namespace::context && space != Namespace::candidate &&
                              space != Namespace::pair;
    const bool is_whole = value.is_integer && !is_of_policy;
    fact.type = value.type == JsonType::string    ? FactType::string
                : value.type == JsonType::boolean ? FactType::boolean
                : value.type == JsonType::array   ? FactType::string_list
                : is_whole                        ? FactType::i64
                                                  : FactType::f64;
    if (value.type == JsonType::object || (value.type == JsonType::array && !holds_texts(value))) {
      const std::string& name = names_.emplace_back(std::string(namespace_name(space)) + "." +
                                                    std::string(value.key));
      constants.push_back({name, ExprType::dyn, value_of(value)});
      return;
    }
    if (value.type != JsonType::null) fact.fallback = column_of(value, fact.type);
    add(fact);
  }

  void add(const Fact& fact) {
    Error error;
    pack::throw_if(facts.add(fact, nullptr, &error), error);
  }

  static bool holds_texts(const JsonValue& list) {
    for (const JsonValue* at = list.first; at != nullptr; at = at->next)
      if (at->type != JsonType::string) return false;
    return true;
  }

  Column column_of(const JsonValue& value, FactType type) {
    Column column;
    column.type = type;
    column.n_rows = 1;
    switch (type) {
      case FactType::i64: column.integers = &integers_.emplace_back(value.integer); break;
      case FactType::f64: column.numbers = &numbers_.emplace_back(value.number); break;
      case FactType::boolean: column.booleans = &bools_.emplace_back(value.boolean ? 1 : 0); break;
      case FactType::string:
        column.strings = texts_.emplace_back(1, value.text).data();
        break;
      default: {
        std::vector<std::string_view>& texts = texts_.emplace_back();
        for (const JsonValue* at = value.first; at != nullptr; at = at->next)
          texts.push_back(at->text);
        offsets_.push_back({0, static_cast<std::uint32_t>(texts.size())});
        column.strings = texts.data();
        column.list_offsets = offsets_.back().data();
        break;
      }
    }
    return column;
  }

  ExprValue value_of(const JsonValue& value) {
    switch (value.type) {
      case JsonType::null: return {};
      case JsonType::boolean: return ExprValue::of(value.boolean);
      case JsonType::number:
        return value.is_integer ? ExprValue::of(value.integer) : ExprValue::of(value.number);
      case JsonType::string: return ExprValue::of(value.text);
      default: break;
    }
    const bool is_map = value.type == JsonType::object;
    std::vector<ExprValue> made;
    for (const JsonValue* at = value.first; at != nullptr; at = at->next) {
      if (is_map) made.push_back(ExprValue::of(at->key));
      made.push_back(value_of(*at));
    }
    std::vector<ExprValue>& kept = values_.emplace_back(std::move(made));
    ExprValue result = ExprValue::of_list(kept.data(), value.n_children);
    if (is_map) result.kind = ExprType::map;
    if (is_map) guardrank::sort_entries(kept.data(), value.n_children);
    return result;
  }

  std::deque<std::string> names_;
  std::deque<std::int64_t> integers_;
  std::deque<double> numbers_;
  std::deque<std::uint8_t> bools_;
  std::deque<std::vector<std::string_view>> texts_;
  std::deque<std::vector<std::uint32_t>> offsets_;
  std::deque<std::vector<ExprValue>> values_;
};

ExprValue first_value(const EvaluatedColumn& column) {
  switch (column.type) {
    case ExprType::boolean: return ExprValue::of(column.booleans[0] != 0);
    case ExprType::integer: return ExprValue::of(column.integers[0]);
    case ExprType::unsigned_integer:
      return ExprValue::of(static_cast<std::uint64_t>(column.integers[0]));
    case ExprType::number: return ExprValue::of(column.numbers[0]);
    case ExprType::string: return ExprValue::of(column.strings[0]);
    default: return column.values[0];
  }
}

// {"type", "value", "text", "cost"}, or {"type": "unknown", "fact", "cost"}.
Status write_result(const JsonFacts& given, const EvaluatedColumn& column, std::uint64_t cost,
                    Arena* arena, gr_tools_text* out) {
  guardrank::JsonWriter writer(arena);
  writer.begin_object().key("type");
  if (column.state(0) == RowState::unknown) {
    const Fact& fact = given.facts[column.missing[0]];
    const std::string name =
        std::string(namespace_name(fact.space)) + "." + std::string(fact.name);
    writer.string("unknown").key("fact").string(name);
  } else {
    const ExprValue value = first_value(column);
    writer.string(expr_type_name(value.kind)).key("value");
    guardrank::tools::write_json(value, &writer);
    writer.key("text").string(guardrank::tools::expression_text(value));
  }
  writer.key("cost").natural(cost).end_object();
  out->text = std::string(writer.view());
  return writer.status();
}

Status evaluate_expression(std::string_view expression, std::string_view json, gr_tools_text* out,
                           Error* error) {
  JsonFacts given(json);
  Arena& arena = given.memory.arena();
  guardrank::ExpressionScope scope;
  scope.facts = &given.facts;
  scope.allowed = guardrank::facts_and_outcomes;
  scope.constants = given.constants;
  guardrank::Program program;
  GUARDRANK_TRY(compile_expression(expression, where, scope, ExprType::dyn, &arena, &program,
                                   error));
  guardrank::Request request(given.facts, nullptr, guardrank::default_allocator());
  const std::string_view offers[] = {"offer"};
  GUARDRANK_TRY(request.set_candidates(offers, error));
  request.set_time(given.now);
  guardrank::Frame frame;
  EvaluatedColumn column;
  Status status = frame.open(request, &arena);
  if (status == Status::ok) status = evaluate(program, &frame, &column);
  if (status != Status::ok)
    return error->set(status, where, {status == Status::limit ? "takes too long" : "no memory"});
  if (column.state(0) == RowState::error)
    return error->set(Status::eval, where, {eval_problem_text(column.problems[0])});
  return write_result(given, column, program.cost, &arena, out);
}

}  // namespace

gr_status gr_tools_evaluate_expression(const char* expression, size_t expression_size,
                                       const char* facts, size_t facts_size,
                                       gr_tools_text** result, gr_error** error) {
  Report report(error);
  if (result == nullptr) return report.null("result");
  *result = nullptr;
  if (expression == nullptr && expression_size != 0) return report.null("expression");
  if (facts == nullptr && facts_size != 0) return report.null("facts");
  return guardrank::tools::at_border(&report, [&] {
    auto made = std::make_unique<gr_tools_text>();
    const std::string_view json = facts_size == 0 ? "{}" : std::string_view{facts, facts_size};
    GUARDRANK_TRY(evaluate_expression({expression, expression_size}, json, made.get(),
                                      report.error()));
    *result = made.release();
    return Status::ok;
  });
}
