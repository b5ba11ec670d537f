#include "core/expr/compile.h"

#include <algorithm>

#include "core/expr/emission.h"
#include "core/expr/fold.h"
#include "core/expr/pattern.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

class Emitter : Emission {
 public:
  Emitter(const Diagnostic& diagnostic, const ExpressionScope& scope, SyntaxTree* tree,
          Arena* arena)
      : Emission(tree, arena), diagnostic_(diagnostic), is_checked_(scope.is_checked) {}

  Status emit(ExprType wanted, Program* program) {
    GUARDRANK_TRY(open_levels());
    GUARDRANK_TRY(run(wanted, program));
    std::uint32_t n_operations = 0, n_registers = 0;
    for (LevelState& level : levels_) {
      level.first_widening = n_operations;
      level.first_operation = n_operations + level.n_widenings;
      n_operations = level.first_operation + level.n_operations;
      level.first_register = n_registers;
      n_registers += level.n_registers;
    }
    GUARDRANK_TRY(arena_->make(n_operations, &operations_));
    GUARDRANK_TRY(run(wanted, program));
    program->operations = operations_;
    program->n_registers = n_registers;
    program->n_loads = n_loads_;
    program->n_arguments = n_arguments_;
    program->makes_values = n_arguments_ > 0 || makes_lists_;
    program->cost = cost_;
    return publish_levels(program);
  }

 private:
  Status run(ExprType wanted, Program* program) {
    n_loads_ = n_arguments_ = 0;
    cost_ = 0;
    for (LevelState& level : levels_) {
      level.n_widenings = level.n_operations = level.n_registers = 0;
      level.free = nullptr;
    }
    for (std::size_t i = first_macro_level; i < levels_.size(); ++i)
      levels_[i].element = new_register(static_cast<std::uint32_t>(i));
    for (Node& node : tree_.nodes) {
      node.widened = nullptr;
      if (!node.is_folded) GUARDRANK_TRY(emit_node(&node));
      GUARDRANK_TRY(status_);
    }
    Node& root = tree_.root();
    program->type = wanted == ExprType::dyn ? root.type.kind : wanted;
    Operand result;
    GUARDRANK_TRY(coerce(&root, program->type, root.level, &result));
    program->varies = root.level != context_level;
    program->result = result.ordinal;
    return Status::ok;
  }

  Status emit_node(Node* node) {
    node->level = node->varies ? row_level : context_level;
    for (std::uint32_t at = node->first_child; at != no_node; at = tree_.nodes[at].next_sibling)
      if (levels_[tree_.nodes[at].level].depth > levels_[node->level].depth)
        node->level = tree_.nodes[at].level;
    Operation operation = operation_of(OpCode::constant);
    if (node->is_constant) {
      operation.constant = node->constant;
      finish(operation, node);
      return Status::ok;
    }
    switch (node->kind) {
      case NodeKind::failure: return emit_failure(node);
      case NodeKind::name: return emit_fact(node);
      case NodeKind::variable:
        node->level = first_macro_level + node->scope->ordinal;
        node->register_ordinal = levels_[node->level].element;
        return Status::ok;
      case NodeKind::select:
        return emit_generic(node, node->is_presence_test ? Function::has_field
                                                         : Function::select_field);
      case NodeKind::conditional: return emit_conditional(node);
      case NodeKind::list: return emit_generic(node, Function::make_list);
      case NodeKind::map: return emit_generic(node, Function::make_map);
      case NodeKind::macro: return emit_macro(node);
      default: return emit_call(node);
    }
  }

  Status emit_failure(Node* node) {
    Operation operation = operation_of(OpCode::failure);
    operation.problem = node->problem;
    finish(operation, node);
    return Status::ok;
  }

  Status emit_fact(Node* node) {
    Operation operation = operation_of(node->is_presence_test ? OpCode::has_fact : OpCode::load);
    operation.fact = node->fact;
    operation.load = n_loads_++;
    finish(operation, node);
    return Status::ok;
  }

  Status emit_conditional(Node* node) {
    Operation operation = operation_of(OpCode::select);
    Operand parts[3];
    for (std::uint32_t i = 0; i < 3; ++i)
      GUARDRANK_TRY(coerce(&tree_.child(*node, i), i == 0 ? ExprType::boolean : node->type.kind,
                           node->level, &parts[i]));
    operation.left = parts[0].ordinal;
    operation.right = parts[1].ordinal;
    operation.third = parts[2].ordinal;
    finish(operation, node);
    for (const Operand& part : parts) release(part, node->level);
    return Status::ok;
  }

  Status emit_macro(Node* node) {
    const std::uint32_t inner = first_macro_level + node->scope->ordinal;
    Operation operation = operation_of(OpCode::macro);
    operation.macro = node->macro;
    operation.level = inner;
    node->level = levels_[inner].parent;
    Operand range, body, made;
    GUARDRANK_TRY(operand(&tree_.child(*node, 0), node->level, &range));
    makes_lists_ = makes_lists_ || node->macro == Macro::map || node->macro == Macro::filter;
    const bool is_test = node->macro != Macro::map || node->n_children == 3;
    GUARDRANK_TRY(coerce(&tree_.child(*node, 1), is_test ? ExprType::boolean : ExprType::dyn, inner,
                         &body));
    if (node->n_children == 3)
      GUARDRANK_TRY(coerce(&tree_.child(*node, 2), ExprType::dyn, inner, &made));
    operation.left = range.ordinal;
    operation.right = is_test ? body.ordinal : no_register;
    operation.third = is_test ? made.ordinal : body.ordinal;
    finish(operation, node);
    release(range, node->level);
    return Status::ok;
  }

  Status emit_call(Node* node) {
    switch (node->function) {
      case Function::none:
        node->problem = EvalProblem::no_overload;
        return emit_failure(node);
      case Function::logical_not: case Function::logical_and: case Function::logical_or:
        return emit_logic(node);
      case Function::least: case Function::greatest: case Function::clamp: return emit_chain(node);
      case Function::in:
        if (takes_constant_list(*node)) return emit_in(node);
        break;
      default: break;
    }
    const bool is_unary = node->n_children == 1;
    const ExprType second =
        is_unary ? ExprType::null : tree_.child(*node, 1).type.kind;
    Overload overload;
    const bool is_found =
        find_overload(node->function, tree_.child(*node, 0).type.kind, second, &overload);
    if (!is_found || overload.code == OpCode::generic) return emit_generic(node, node->function);
    return emit_typed(node, overload);
  }

  Status emit_typed(Node* node, const Overload& overload) {
    Operand first, second;
    GUARDRANK_TRY(operand(&tree_.child(*node, 0), node->level, &first));
    if (node->n_children == 2)
      GUARDRANK_TRY(operand(&tree_.child(*node, 1), node->level, &second));
    Operation operation = operation_of(overload.code);
    operation.accepted = overload.accepted;
    operation.function = node->function;
    if (overload.code == OpCode::in_list) count_elements(*node);
    operation.left = first.ordinal;
    operation.right = second.ordinal;
    finish(operation, node);
    release(first, node->level);
    release(second, node->level);
    return Status::ok;
  }

  Status emit_logic(Node* node) {
    Operation operation =
        operation_of(node->function == Function::logical_not   ? OpCode::logical_not
                     : node->function == Function::logical_and ? OpCode::logical_and
                                                               : OpCode::logical_or);
    Operand first, second;
    GUARDRANK_TRY(coerce(&tree_.child(*node, 0), ExprType::boolean, node->level, &first));
    if (node->n_children == 2)
      GUARDRANK_TRY(coerce(&tree_.child(*node, 1), ExprType::boolean, node->level, &second));
    operation.left = first.ordinal;
    operation.right = second.ordinal;
    finish(operation, node);
    release(first, node->level);
    release(second, node->level);
    return Status::ok;
  }

  // least(a, b, c) is least(least(a, b), c); clamp(x, low, high) is least(greatest(x, low), high).
  Status emit_chain(Node* node) {
    const ExprType type = node->type.kind;
    Operand sum;
    GUARDRANK_TRY(coerce(&tree_.child(*node, 0), type, node->level, &sum));
    for (std::uint32_t i = 1; i < node->n_children; ++i) {
      Operation operation = operation_of(OpCode::constant);
      operation.function = node->function != Function::clamp ? node->function
                           : i == 1                          ? Function::greatest
                                                             : Function::least;
      Operand next;
      GUARDRANK_TRY(coerce(&tree_.child(*node, i), type, node->level, &next));
      Overload overload;
      if (find_overload(operation.function, type, type, &overload)) operation.code = overload.code;
      else operation.code = OpCode::generic;
      operation.left = sum.ordinal;
      operation.right = next.ordinal;
      if (operation.code == OpCode::generic)
        GUARDRANK_TRY(set_operands({sum.ordinal, next.ordinal}, &operation));
      finish(operation, node);
      release(sum, node->level);
      release(next, node->level);
      sum = {node->register_ordinal, true};
    }
    return Status::ok;
  }

  bool takes_constant_list(const Node& node) const {
    const Node& list = tree_.child(node, 1);
    return list.is_constant && list.constant.kind == ExprType::list &&
           has_constant_in(tree_.child(node, 0).type.kind);
  }

  Status emit_in(Node* node) {
    Node& sought = tree_.child(*node, 0);
    Operand value;
    GUARDRANK_TRY(operand(&sought, node->level, &value));
    Operation operation = operation_of(OpCode::in_strings);
    operation.left = value.ordinal;
    if (!operations_.empty())
      GUARDRANK_TRY(make_constant_in(tree_.child(*node, 1).constant, sought.type.kind, arena_,
                                     &operation));
    finish(operation, node);
    release(value, node->level);
    return Status::ok;
  }

  // What an operation over its operands' elements costs.
  void count_elements(const Node& node) {
    std::uint64_t elements = 2;
    for (std::uint32_t at = node.first_child; at != no_node; at = tree_.nodes[at].next_sibling)
      elements += tree_.nodes[at].most_elements;
    cost_ = add_capped(cost_, multiply_capped(elements, levels_[node.level].rows));
  }

  // A function that takes its operands as values of whatever type.
  Status emit_generic(Node* node, Function function) {
    Operation operation = operation_of(OpCode::generic);
    operation.function = function;
    operation.accepted = accepted_by(function);
    operation.constant = ExprValue::of(node->name);
    std::span<Operand> operands;
    GUARDRANK_TRY(arena_->make(node->n_children, &operands));
    std::uint32_t at = node->first_child;
    for (Operand& one : operands) {
      GUARDRANK_TRY(operand(&tree_.nodes[at], node->level, &one));
      at = tree_.nodes[at].next_sibling;
    }
    count_elements(*node);
    std::span<std::uint32_t> ordinals;
    GUARDRANK_TRY(arena_->make(operands.size(), &ordinals));
    for (std::size_t i = 0; i < ordinals.size(); ++i) ordinals[i] = operands[i].ordinal;
    operation.operands = ordinals.data();
    operation.n_operands = node->n_children;
    n_arguments_ = std::max(n_arguments_, node->n_children);
    if (function == Function::matches) GUARDRANK_TRY(set_pattern(*node, &operation));
    if (is_time_part(function) && node->n_children == 2)
      GUARDRANK_TRY(check_zone(tree_.child(*node, 1)));
    finish(operation, node);
    for (const Operand& one : operands) release(one, node->level);
    return Status::ok;
  }

  // A time zone that is written out can be told now.
  Status check_zone(const Node& zone) const {
    if (!is_checked_ || !zone.is_constant || zone.constant.kind != ExprType::string ||
        is_time_zone(zone.constant.text()))
      return Status::ok;
    return diagnostic_.report(Status::parse, zone.offset,
                              {"'UTC' or an offset like '+02:00' is wanted: other time zones are "
                               "not known"});
  }

  // A pattern that is written out is read once, and complained about here.
  Status set_pattern(const Node& node, Operation* operation) {
    const Node& text = tree_.child(node, 1);
    if (!text.is_constant || text.constant.kind != ExprType::string) return Status::ok;
    if (operations_.empty()) return Status::ok;
    const PatternRoom room = pattern_room(text.constant.text());
    std::span<Pattern> pattern;
    std::span<PatternStep> steps;
    std::span<std::int32_t> pairs;
    GUARDRANK_TRY(arena_->make(1, &pattern));
    GUARDRANK_TRY(arena_->make(room.n_steps, &steps));
    GUARDRANK_TRY(arena_->make(room.n_pairs, &pairs));
    const std::string_view problem =
        read_pattern(text.constant.text(), steps, pairs, &pattern[0]);
    if (problem.empty()) operation->elements = pattern.data();
    else if (is_checked_) return diagnostic_.report(Status::parse, text.offset, {problem});
    return Status::ok;
  }

  const Diagnostic& diagnostic_;
  const bool is_checked_;
  std::uint32_t n_loads_ = 0;
  bool makes_lists_ = false;
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

Status compile_tree(const Diagnostic& diagnostic, const ExpressionScope& scope, ExprType wanted,
                    SyntaxTree* tree, Arena* arena, Program* program) {
  *program = {};
  GUARDRANK_TRY(fold_constants(tree, arena));
  if (scope.facts != nullptr) GUARDRANK_TRY(collect_facts(*scope.facts, *tree, arena, program));
  return Emitter(diagnostic, scope, tree, arena).emit(wanted, program);
}

}  // namespace guardrank
