#include "capi/tools/src/json_facts.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/base/number_text.h"
#include "core/expr/lexer.h"
#include "models/pack/pack_error.h"

namespace guardrank::tools {
namespace {

bool holds_texts(const JsonValue& list) {
  for (const JsonValue* at = list.first; at != nullptr; at = at->next)
    if (at->type != JsonType::string) return false;
  return true;
}

// A number, text, bool or list of texts is a fact, null one that is missing.
bool is_fact(const JsonValue& value) {
  return value.type != JsonType::object &&
         (value.type != JsonType::array || holds_texts(value));
}

FactType type_of(Namespace space, const JsonValue& value) {
  const bool is_of_policy = space != Namespace::context && space != Namespace::candidate &&
                            space != Namespace::pair;
  switch (value.type) {
    case JsonType::string: return FactType::string;
    case JsonType::boolean: return FactType::boolean;
    case JsonType::array: return FactType::string_list;
    default: return value.is_integer && !is_of_policy ? FactType::i64 : FactType::f64;
  }
}

}  // namespace

JsonFacts::JsonFacts(std::string_view json) : values_(&memory.arena()) {
  Error error;
  const JsonValue* root = nullptr;
  pack::throw_if(parse_json(json, &memory.arena(), &root, &error), error);
  if (root->type != JsonType::object)
    throw pack::PackError(Status::type, "facts", "wanted an object");
  for (const JsonValue* at = root->first; at != nullptr; at = at->next) add_top(*at);
  make_table();
}

void JsonFacts::make_table() {
  Error error;
  facts = FactTable();
  const auto room = static_cast<std::uint32_t>(std::max<std::size_t>(added_.size(), 1));
  pack::throw_if(facts.open(room, &memory.arena(), &error), error);
  for (const Fact& fact : added_) pack::throw_if(facts.add(fact, nullptr, &error), error);
}

void JsonFacts::add_missing(std::string_view expression) {
  Lexer lexer(expression);
  Token before[3];   // the last is the newest
  for (Token token = lexer.next(); token.kind != TokenKind::end && token.kind != TokenKind::bad;
       token = lexer.next()) {
    for (const Namespace space : {Namespace::context, Namespace::candidate, Namespace::pair}) {
      const bool is_member = before[1].text == namespace_name(space) && before[2].text == "." &&
                             before[0].text != "." && token.kind == TokenKind::identifier;
      if (is_member && !is_given(space, token.text)) add_null(space, token.text);
    }
    before[0] = before[1];
    before[1] = before[2];
    before[2] = token;
  }
  make_table();
}

bool JsonFacts::is_given(Namespace space, std::string_view name) const {
  const std::string full = std::string(namespace_name(space)) + "." + std::string(name);
  for (const NamedConstant& constant : constants)
    if (constant.name == full) return true;
  for (const Fact& fact : added_)
    if (fact.space == space && fact.name == name) return true;
  return false;
}

void JsonFacts::add_null(Namespace space, std::string_view name) {
  nulls_.push_back(added_.size());
  add(fact_of(space, FactType::f64, name, true));
}

bool JsonFacts::take_next_types() {
  constexpr FactType types[] = {FactType::f64, FactType::string, FactType::boolean, FactType::i64,
                                FactType::string_list, FactType::timestamp};
  constexpr std::size_t n_types = std::size(types), most_nulls = 4;
  std::size_t left = ++types_taken_;
  for (std::size_t i = 0; i < nulls_.size() && i < most_nulls; ++i, left /= n_types)
    added_[nulls_[i]].type = types[left % n_types];
  if (left != 0) return false;
  make_table();
  return true;
}

void JsonFacts::add_top(const JsonValue& value) {
  if (value.key == "now") return add_now(value);
  for (const Namespace space :
       {Namespace::context, Namespace::candidate, Namespace::pair, Namespace::probability,
        Namespace::reach, Namespace::value, Namespace::parameter}) {
    if (namespace_name(space) != value.key) continue;
    if (value.type != JsonType::object || is_typed(value))
      throw pack::PackError(Status::type, std::string(value.key), "wanted an object of facts");
    for (const JsonValue* at = value.first; at != nullptr; at = at->next) add_fact(space, *at);
    return;
  }
  add_constant(std::string(value.key), value);
}

void JsonFacts::add_now(const JsonValue& value) {
  ExprValue time;
  if (is_typed(value)) time = values_.read(value, "now");
  const bool is_text = value.type == JsonType::string && parse_timestamp(value.text, &now);
  if (!is_text && time.kind != ExprType::timestamp)
    throw pack::PackError(Status::type, "now", "wanted a time such as 2026-11-21T10:00:00Z");
  if (!is_text) now = time.integer * 1'000'000 + time.size / 1000;
  Fact fact;
  fact.space = Namespace::time;
  fact.type = FactType::timestamp;
  fact.name = "now";
  add(fact);
}

void JsonFacts::add_fact(Namespace space, const JsonValue& value) {
  if (!is_fact(value)) {
    return add_constant(std::string(namespace_name(space)) + "." + std::string(value.key), value);
  }
  if (value.type == JsonType::null) return add_null(space, value.key);
  Fact fact = fact_of(space, type_of(space, value), value.key, true);
  fact.fallback = column_of(value, fact.type);
  add(fact);
}

// A typed object's type may be relied upon, that of plain JSON not.
void JsonFacts::add_constant(const std::string& name, const JsonValue& value) {
  const std::string& kept = names_.emplace_back(name);
  const ExprValue made = values_.read(value, kept);
  constants.push_back({kept, is_typed(value) ? made.kind : ExprType::dyn, made});
}

void JsonFacts::add(const Fact& fact) { added_.push_back(fact); }

Column JsonFacts::column_of(const JsonValue& value, FactType type) {
  Column column;
  column.type = type;
  column.n_rows = 1;
  switch (type) {
    case FactType::i64: column.integers = &integers_.emplace_back(value.integer); break;
    case FactType::f64: column.numbers = &numbers_.emplace_back(value.number); break;
    case FactType::boolean: column.booleans = &bools_.emplace_back(value.boolean ? 1 : 0); break;
    case FactType::string: column.strings = texts_.emplace_back(1, value.text).data(); break;
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

}  // namespace guardrank::tools
