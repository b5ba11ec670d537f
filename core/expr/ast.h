// The syntax tree: nodes in one array, children before their parents, so that checking and
// compiling are plain loops and no input can exhaust the native stack.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/expr/expression.h"
#include "core/expr/functions.h"

namespace guardrank {

enum class NodeKind : std::uint8_t {
  literal,      // constant
  name,         // qualifier.name, or a bare name with an empty qualifier
  variable,     // of the macro `scope`
  select,       // a field of its child
  call,         // an operator, or a function by name; children are the arguments
  conditional,  // condition ? first : second
  list,         // a list literal; children are the elements
  map,          // a map literal; children are key, value, key, value
  macro,        // over `scope`: range, then body, then what map(x, condition, result) makes
  failure,      // of an unchecked expression: `problem` when it runs
};

enum class Macro : std::uint8_t { all, exists, exists_one, map, filter };

inline constexpr std::uint32_t no_node = UINT32_MAX;
inline constexpr std::uint32_t no_register = UINT32_MAX;

// A static type: what a list's elements and a map's keys and values are, one level deep.
struct TypeShape {
  ExprType kind = ExprType::null;
  ExprType element = ExprType::dyn;   // of a list; a map's values
  ExprType key = ExprType::dyn;
};

// One macro's variable, in the arena of the tree.
struct MacroScope {
  std::string_view variable;
  std::uint32_t range = no_node;
  std::uint32_t ordinal = 0;          // among all macros
  MacroScope* enclosing = nullptr;
};

// A node's value copied to the rows of a deeper level.
struct Widening {
  std::uint32_t level = 0, to_register = no_register;
  Widening* next = nullptr;
};

struct Node {
  NodeKind kind = NodeKind::literal;
  Function function = Function::none;    // call: none when `name` is not a function known here
  Macro macro = Macro::all;
  EvalProblem problem = EvalProblem::none;
  bool is_presence_test = false;         // name or select under has(...)
  // Found by check.
  TypeShape type;
  bool varies = false;                   // from candidate to candidate
  bool is_folded = false;                // a part of its parent's constant: nothing to compute
  bool is_constant = false;              // a literal, or a list or map of literals
  std::uint32_t offset = 0;              // byte in the source that messages point at
  std::uint32_t first_child = no_node, next_sibling = no_node, n_children = 0;
  std::uint32_t fact = no_fact;
  // That it can have, where it is a list or map; that any list or map within it can have.
  std::uint32_t most_elements = 0, most_inner = 0;
  // Found by compile.
  std::uint32_t level = 0, register_ordinal = no_register;
  Widening* widened = nullptr;
  MacroScope* scope = nullptr;           // variable, macro: its own
  std::string_view qualifier, name;
  ExprValue constant;
};

struct SyntaxTree {
  std::span<Node> nodes;                 // the last one is the root
  std::uint32_t n_macros = 0;

  Node& root() const { return nodes[nodes.size() - 1]; }
  Node& child(const Node& node, std::uint32_t which) const {
    std::uint32_t at = node.first_child;
    for (; which > 0; --which) at = nodes[at].next_sibling;
    return nodes[at];
  }
};

}  // namespace guardrank
