// The syntax tree: nodes in one array, children before their parents, so that checking and
// compiling are plain loops and no input can exhaust the native stack.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/expr/expression.h"

namespace guardrank {

enum class NodeKind : std::uint8_t {
  literal,      // constant
  name,         // qualifier.name, or a bare name with an empty qualifier
  select,       // a field of its child
  call,         // an operator, or a function by name; children are the arguments
  conditional,  // condition ? first : second
  list,         // a list literal; children are the elements
};

// Operators and functions that have overloads. `named` ones are found by their text.
enum class Function : std::uint8_t {
  negate, logical_not,
  add, subtract, multiply, divide, modulo,
  equal, not_equal, less, less_equal, greater, greater_equal,
  in, logical_and, logical_or,
  to_double,
  none,
};
// As people write it: "+", "in", "double".
std::string_view function_text(Function function);

// A literal. `integer` also holds a uint's 64 bits and a bool (0 or 1).
struct Constant {
  ExprType type = ExprType::null;
  std::int64_t integer = 0;
  double number = 0;
  std::string_view string;
};

inline constexpr std::uint32_t no_node = UINT32_MAX;
inline constexpr std::uint32_t no_register = UINT32_MAX;

struct Node {
  NodeKind kind = NodeKind::literal;
  Function function = Function::none;    // call: none when `name` is not a function known here
  bool is_member_call = false;           // child.name(...)
  bool is_presence_test = false;         // name under has(...)
  // Found by check.
  ExprType type = ExprType::null;
  ExprType element_type = ExprType::null;  // list literal
  bool varies = false;                   // from candidate to candidate
  bool is_folded = false;                // a part of its parent's constant: nothing to compute
  bool is_constant_list = false;
  std::uint32_t offset = 0;              // byte in the source that messages point at
  std::uint32_t first_child = no_node, next_sibling = no_node, n_children = 0;
  std::uint32_t fact = no_fact;
  // Found by compile.
  std::uint32_t register_ordinal = no_register, broadcast = no_register;
  std::string_view qualifier, name;
  Constant constant;
};

struct SyntaxTree {
  std::span<Node> nodes;                 // the last one is the root

  Node& root() const { return nodes[nodes.size() - 1]; }
  Node& child(const Node& node, std::uint32_t which) const {
    std::uint32_t at = node.first_child;
    for (; which > 0; --which) at = nodes[at].next_sibling;
    return nodes[at];
  }
};

}  // namespace guardrank
