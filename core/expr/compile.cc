#include "core/expr/compile.h"

#include <algorithm>

#include "core/expr/literal_list.h"
#include "core/expr/overloads.h"

namespace guardrank {
namespace {

// Runs twice over the tree: once to count, once to write into arrays of that size. Registers of one
// row (context) come first, then the widened copies of those that rows need, then those of a tile,
// which are used again as soon as their one reader has run.
class Emitter {
 public:
  Emitter(SyntaxTree* tree, Arena* arena, std::span<std::uint32_t> free)
      : tree_(*tree), arena_(arena), free_(free) {}

  Status count(Program* program) {
    GUARDRANK_TRY(run());
    program->n_context_operations = n_context_;
    program->n_context_registers = n_context_;
    program->n_broadcasts = n_broadcasts_;
    program->n_loads = n_loads_;
    program->n_registers = n_context_ + n_broadcasts_ + n_row_registers_;
    return Status::ok;
  }
  std::uint32_t n_operations() const { return n_context_ + n_broadcasts_ + n_rows_; }

  Status write(const Program& program, std::span<Operation> operations) {
    first_broadcast_ = program.n_context_operations;
    first_row_ = first_broadcast_ + program.n_broadcasts;
    operations_ = operations;
    return run();
  }

 private:
  Status run() {
    n_context_ = n_broadcasts_ = n_rows_ = n_row_registers_ = n_free_ = n_loads_ = 0;
    for (Node& node : tree_.nodes) node.register_ordinal = node.broadcast = no_register;
    for (Node& node : tree_.nodes)
      if (!node.is_folded) GUARDRANK_TRY(emit_node(&node));
    return Status::ok;
  }

  Status emit_node(Node* node) {
    switch (node->kind) {
      case NodeKind::literal: emit_constant(node); return Status::ok;
      case NodeKind::name: emit_fact(node); return Status::ok;
      case NodeKind::conditional: emit_conditional(node); return Status::ok;
      case NodeKind::call: break;
      default: return Status::internal;   // check leaves no other
    }
    if (node->function == Function::in && tree_.child(*node, 1).kind == NodeKind::list)
      return emit_in_literal_list(node);
    return emit_call(node);
  }

  void emit_constant(Node* node) {
    Operation operation;
    operation.code = OpCode::constant;
    operation.constant = node->constant;
    finish(operation, node);
  }

  void emit_fact(Node* node) {
    Operation operation;
    operation.code = node->is_presence_test ? OpCode::has_fact : OpCode::load;
    operation.fact = node->fact;
    operation.load = n_loads_++;
    finish(operation, node);
  }

  void emit_conditional(Node* node) {
    Operation operation;
    operation.code = OpCode::select;
    operation.left = operand(&tree_.child(*node, 0), node->varies);
    operation.right = operand(&tree_.child(*node, 1), node->varies);
    operation.third = operand(&tree_.child(*node, 2), node->varies);
    finish(operation, node);
    for (std::uint32_t i = 0; i < 3; ++i) release(tree_.child(*node, i));
  }

  Status emit_call(Node* node) {
    const bool is_unary = node->n_children == 1;
    Node& left = tree_.child(*node, 0);
    Node& right = tree_.child(*node, is_unary ? 0 : 1);
    Overload overload;
    if (!find_overload(node->function, left.type, right.type, &overload)) return Status::internal;
    Operation operation = call(overload, operand(&left, node->varies),
                               is_unary ? no_register : operand(&right, node->varies));
    finish(operation, node);
    release(left);
    if (!is_unary) release(right);
    return Status::ok;
  }

  static Operation call(const Overload& overload, std::uint32_t left, std::uint32_t right) {
    Operation operation;
    operation.code = overload.code;
    operation.accepted = overload.accepted;
    operation.left = overload.is_swapped ? right : left;
    operation.right = overload.is_swapped ? left : right;
    return operation;
  }

  Status emit_in_literal_list(Node* node) {
    Node& value = tree_.child(*node, 0);
    Node& list = tree_.child(*node, 1);
    if (!list.is_constant_list) return emit_in_expressions(node, &value, list);
    Operation operation;
    operation.left = operand(&value, node->varies);
    if (!operations_.empty())
      GUARDRANK_TRY(make_literal_list(tree_, list, value.type, arena_, &operation));
    finish(operation, node);
    release(value);
    return Status::ok;
  }

  // CEL makes the list before it looks, so an unknown element makes the answer unknown.
  Status emit_in_expressions(Node* node, Node* value, const Node& list) {
    Overload equality;
    if (!find_overload(Function::equal, value->type, list.element_type, &equality))
      return Status::internal;
    const std::uint32_t sought = operand(value, node->varies);
    std::uint32_t found = no_register;
    for (std::uint32_t at = list.first_child; at != no_node; at = tree_.nodes[at].next_sibling) {
      Operation equal = call(equality, sought, operand(&tree_.nodes[at], node->varies));
      const std::uint32_t hit = place(equal, ExprType::boolean, node->varies);
      release(tree_.nodes[at]);
      if (found == no_register) {
        found = hit;
        continue;
      }
      Operation either;
      either.code = OpCode::strict_or;
      either.left = found;
      either.right = hit;
      const std::uint32_t joined = place(either, ExprType::boolean, node->varies);
      if (node->varies) release(found), release(hit);
      found = joined;
    }
    node->register_ordinal = found;
    release(*value);
    return Status::ok;
  }

  // The register of a child for a reader that runs per row, or once.
  std::uint32_t operand(Node* node, bool reader_varies) {
    if (node->varies || !reader_varies) return node->register_ordinal;
    if (node->broadcast != no_register) return node->broadcast;
    node->broadcast = first_broadcast_ + n_broadcasts_++;
    if (operations_.empty()) return node->broadcast;
    Operation operation;
    operation.code = OpCode::broadcast;
    operation.type = node->type;
    operation.left = node->register_ordinal;
    operation.target = node->broadcast;
    operations_[node->broadcast] = operation;   // one operation per register so far
    return node->broadcast;
  }

  void finish(const Operation& operation, Node* node) {
    node->register_ordinal = place(operation, node->type, node->varies);
  }

  // Gives the operation its register and puts it among its kind; returns the register.
  std::uint32_t place(Operation operation, ExprType type, bool varies) {
    operation.type = type;
    operation.target = varies ? take() : n_context_;
    const std::uint32_t at = varies ? first_row_ + n_rows_++ : n_context_++;
    if (!operations_.empty()) operations_[at] = operation;
    return operation.target;
  }

  std::uint32_t take() {
    if (n_free_ > 0) return free_[--n_free_];
    return first_row_ + n_row_registers_++;
  }
  void release(std::uint32_t row_register) { free_[n_free_++] = row_register; }
  void release(const Node& node) {
    if (node.varies) release(node.register_ordinal);
  }

  SyntaxTree& tree_;
  Arena* arena_;
  std::span<std::uint32_t> free_;
  std::span<Operation> operations_;        // empty while counting
  std::uint32_t first_broadcast_ = 0, first_row_ = 0;
  std::uint32_t n_context_ = 0, n_broadcasts_ = 0, n_rows_ = 0;
  std::uint32_t n_row_registers_ = 0, n_free_ = 0, n_loads_ = 0;
};

Status collect_facts(const FactTable& facts, const SyntaxTree& tree, Arena* arena,
                     Program* program) {
  std::size_t count = 0;
  for (const Node& node : tree.nodes) count += node.fact == no_fact ? 0 : 1;
  std::span<std::uint32_t> ordinals;
  GUARDRANK_TRY(arena->make(count, &ordinals));
  count = 0;
  for (const Node& node : tree.nodes) {
    if (node.fact == no_fact) continue;
    ordinals[count++] = node.fact;
    program->namespaces |= namespace_bit(facts[node.fact].space);
  }
  std::make_heap(ordinals.begin(), ordinals.end());
  std::sort_heap(ordinals.begin(), ordinals.end());
  const auto end = std::unique(ordinals.begin(), ordinals.end());
  program->facts = ordinals.subspan(0, static_cast<std::size_t>(end - ordinals.begin()));
  return Status::ok;
}

}  // namespace

Status compile_tree(const FactTable& facts, SyntaxTree* tree, Arena* arena, Program* program) {
  *program = {};
  GUARDRANK_TRY(collect_facts(facts, *tree, arena, program));
  std::span<std::uint32_t> free;
  // Live registers: one per node, and three of a list under way.
  GUARDRANK_TRY(arena->make(tree->nodes.size() + 3, &free));
  Emitter emitter(tree, arena, free);
  GUARDRANK_TRY(emitter.count(program));
  std::span<Operation> operations;
  GUARDRANK_TRY(arena->make(emitter.n_operations(), &operations));
  GUARDRANK_TRY(emitter.write(*program, operations));
  program->type = tree->root().type;
  program->operations = operations;
  program->result = tree->root().register_ordinal;
  return Status::ok;
}

}  // namespace guardrank
