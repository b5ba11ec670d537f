#include <string>

#include "core/base/limits.h"
#include "core/expr/parser.h"
#include "models/pack/documents/policy_reader.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// A text as a literal of the expression language.
std::string literal(const DocumentNode& node) {
  std::string quoted = "\"";
  for (const char c : node.text()) {
    if (static_cast<unsigned char>(c) < 0x20)
      node.refuse(Status::argument, "control characters are not accepted here");
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// "ctx.state in ["CA", "NY"]"
std::string membership(const DocumentNode& pack) {
  std::string test(pack.at("fact").text());
  test += " in [";
  const std::vector<DocumentNode> values = pack.at("values").items(limits::list_elements);
  if (values.empty())
    pack.at("values").refuse(Status::argument, "without any the pack's rules apply nowhere");
  for (const DocumentNode& value : values) {
    if (!test.ends_with('[')) test += ", ";
    test += literal(value);
  }
  return test + ']';
}

// By itself: what closes a bracket of the pack's own would lead out of the jurisdiction.
void check_whole(const Rule& rule) {
  const std::string where = "rules." + std::string(rule.id) + ".when";
  Memory memory;
  SyntaxTree tree;
  Error error;
  throw_if(parse_expression({rule.when, where, &error}, {}, &memory.arena(), &tree), error);
}

// A comment at its end would hide the bracket.
std::string in_brackets(std::string_view expression) {
  const char* end = expression.find("//") == std::string_view::npos ? ")" : "\n)";
  return "(" + std::string(expression) + end;
}

void read_pack(const DocumentNode& node, UniqueNames* rule_ids, Memory* memory,
               std::vector<Rule>* rules) {
  node.allow({"id", "fact", "values", "rules"});
  read_fact_of(node.at("fact"), Namespace::context);
  const std::string applies = membership(node);
  for (Rule rule : read_rules(node, rule_ids)) {
    std::string when = applies;
    if (!rule.when.empty()) {
      check_whole(rule);
      when += " && " + in_brackets(rule.when);
    }
    if (when.size() > limits::expression_bytes)
      node.refuse(Status::limit, "the pack's values make the condition too long");
    rule.when = memory->text(when);
    rules->push_back(rule);
  }
}

}  // namespace

void read_packs(const DocumentNode& document, UniqueNames* rule_ids, Memory* memory,
                std::vector<Rule>* rules) {
  const auto all = document.maybe("jurisdiction_packs");
  if (!all) return;
  UniqueNames ids;
  for (const DocumentNode& node : all->items(limits::rules)) {
    ids.add(node.at("id"), node.at("id").name());
    read_pack(node, rule_ids, memory, rules);
  }
}

}  // namespace guardrank::pack
