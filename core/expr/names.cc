#include "core/expr/names.h"

#include <array>

#include "core/base/limits.h"

namespace guardrank {
namespace {

constexpr unsigned n_namespaces = 8;

bool is_allowed(const ExpressionScope& scope, Namespace space) {
  return (scope.allowed & namespace_bit(space)) != 0;
}

// Facts that a message may propose.
bool is_usable(const ExpressionScope& scope, const Fact& fact) {
  const bool needs_declaration = fact.space == Namespace::context ||
                                 fact.space == Namespace::candidate ||
                                 fact.space == Namespace::pair;
  return is_allowed(scope, fact.space) && !fact.is_protected &&
         (fact.is_declared || !needs_declaration) && fact.type != FactType::f32_vector;
}

bool find_namespace(std::string_view text, Namespace* space) {
  for (unsigned i = 0; i < n_namespaces; ++i) {
    *space = static_cast<Namespace>(i);
    if (namespace_name(*space) == text) return true;
  }
  return false;
}

// Insertions, deletions and replacements that lead from one text to the other (Levenshtein 1966);
// texts longer than the row count as far away.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t longest = 64;
  if (a.size() > longest || b.size() > longest) return SIZE_MAX;
  std::array<std::size_t, longest + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      const std::size_t shorter = (row[j + 1] < row[j] ? row[j + 1] : row[j]) + 1;
      row[j + 1] = replaced < shorter ? replaced : shorter;
    }
  }
  return row[b.size()];
}

// The usable fact closest to the name as written; the same name elsewhere beats a misspelling.
const Fact* nearest_fact(const ExpressionScope& scope, std::string_view qualifier,
                         std::string_view name) {
  const Fact* nearest = nullptr;
  // Doubled, so that another namespace costs half an edit; at most a third of the name may differ.
  std::size_t best = 2 * (name.size() / 3 > 1 ? name.size() / 3 : 1) + 2;
  for (const Fact& fact : scope.facts->facts()) {
    if (!is_usable(scope, fact)) continue;
    const std::size_t edits = edit_distance(name, fact.name);
    if (edits == SIZE_MAX) continue;
    const std::size_t distance = 2 * edits + (namespace_name(fact.space) == qualifier ? 0 : 1);
    if (distance >= best) continue;
    nearest = &fact;
    best = distance;
  }
  return nearest;
}

Status report_unknown(const Diagnostic& diagnostic, const ExpressionScope& scope, const Node& node,
                      std::string_view what) {
  const std::string_view dot = node.qualifier.empty() ? "" : ".";
  const Fact* meant = nearest_fact(scope, node.qualifier, node.name);
  Text<128> hint;
  if (meant != nullptr) {
    const bool is_bare = meant->space == Namespace::time;
    hint.assign({"; did you mean ", is_bare ? "" : namespace_name(meant->space),
                 is_bare ? "" : ".", clipped(meant->name), "?"});
  }
  return diagnostic.report(Status::name, node.offset,
                           {what, " '", clipped(node.qualifier), dot, clipped(node.name), "'",
                            hint.view()});
}

Status report_closed(const Diagnostic& diagnostic, const Node& node, Namespace space) {
  const bool is_outcome = space == Namespace::probability || space == Namespace::reach ||
                          space == Namespace::value;
  const std::string_view reason =
      is_outcome ? " is known only after the model has run; guardrails and terms may read it"
                 : " may not be read here";
  return diagnostic.report(Status::name, node.offset,
                           {"'", namespace_name(space), ".", clipped(node.name), "'", reason});
}

// False for a vector.
bool expression_type(FactType type, TypeShape* result) {
  constexpr ExprType kinds[] = {ExprType::number, ExprType::integer, ExprType::boolean,
                                ExprType::string, ExprType::timestamp, ExprType::list};
  const auto at = static_cast<std::size_t>(type);
  if (at >= sizeof kinds / sizeof kinds[0]) return false;
  result->kind = kinds[at];
  if (type == FactType::string_list) result->element = ExprType::string;
  return true;
}

Status bind(const Diagnostic& diagnostic, const ExpressionScope& scope, Namespace space, Node* node) {
  if (!is_allowed(scope, space)) return report_closed(diagnostic, *node, space);
  node->fact = scope.facts->find(space, node->name);
  if (node->fact == no_fact) return report_unknown(diagnostic, scope, *node, "no fact is called");
  const Fact& fact = (*scope.facts)[node->fact];
  if (fact.is_protected)
    return diagnostic.report(Status::protected_fact, node->offset,
                             {"'", namespace_name(space), ".", clipped(fact.name),
                              "' is protected: no expression may read it"});
  const bool needs_declaration = space == Namespace::context || space == Namespace::candidate ||
                                 space == Namespace::pair;
  if (needs_declaration && !fact.is_declared)
    return report_unknown(diagnostic, scope, *node, "the policy declares no fact");
  if (!expression_type(fact.type, &node->type))
    return diagnostic.report(Status::typecheck, node->offset,
                             {"'", namespace_name(space), ".", clipped(fact.name),
                              "' is a vector; expressions cannot read it"});
  node->varies = !(space == Namespace::context || space == Namespace::parameter ||
                   space == Namespace::time);
  if (node->is_presence_test) node->type = {ExprType::boolean};
  if (node->type.kind == ExprType::list) node->most_elements = limits::list_elements;
  return Status::ok;
}

}  // namespace

Status resolve_name(const Diagnostic& diagnostic, const ExpressionScope& scope, Node* node) {
  Namespace space = Namespace::time;
  if (node->qualifier.empty()) {
    if (node->name == namespace_name(Namespace::time)) return bind(diagnostic, scope, space, node);
    return report_unknown(diagnostic, scope, *node, "unknown name");
  }
  if (find_namespace(node->qualifier, &space) && space != Namespace::time)
    return bind(diagnostic, scope, space, node);
  return report_unknown(diagnostic, scope, *node, "unknown name");
}

}  // namespace guardrank
