#include "core/expr/emission.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/expr/machine.h"

namespace guardrank {

Operation operation_of(OpCode code) {
  Operation operation;
  operation.code = code;
  return operation;
}

// Which level is whose part, from the macros' places in one another.
Status Emission::open_levels() {
  GUARDRANK_TRY(arena_->make(first_macro_level + tree_.n_macros, &levels_));
  for (const Node& node : tree_.nodes) {
    if (node.kind != NodeKind::macro) continue;
    LevelState& level = levels_[first_macro_level + node.scope->ordinal];
    const MacroScope* enclosing = node.scope->enclosing;
    level.parent = enclosing != nullptr ? first_macro_level + enclosing->ordinal
                   : node.varies        ? row_level
                                        : context_level;
    const Node& range = tree_.child(node, 0);
    level.rows = range.most_elements;
    level.element_type = range.type.kind == ExprType::list  ? range.type.element
                         : range.type.kind == ExprType::map ? range.type.key
                                                            : ExprType::dyn;
  }
  levels_[row_level].depth = 1;
  for (std::size_t i = first_macro_level; i < levels_.size(); ++i) {
    levels_[i].depth = levels_[levels_[i].parent].depth + 1;
    levels_[i].rows = multiply_capped(levels_[i].rows, levels_[levels_[i].parent].rows);
  }
  return Status::ok;
}

Status Emission::publish_levels(Program* program) {
  std::span<ProgramLevel> levels;
  GUARDRANK_TRY(arena_->make(levels_.size(), &levels));
  for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = levels_[i];
  program->levels = levels;
  return Status::ok;
}

Status Emission::set_operands(std::initializer_list<std::uint32_t> ordinals, Operation* operation) {
  std::span<std::uint32_t> operands;
  GUARDRANK_TRY(arena_->make(ordinals.size(), &operands));
  std::copy(ordinals.begin(), ordinals.end(), operands.begin());
  operation->operands = operands.data();
  operation->n_operands = static_cast<std::uint32_t>(operands.size());
  n_arguments_ = std::max(n_arguments_, operation->n_operands);
  return Status::ok;
}

// A child's value in the type that its reader wants; may fail in rows where it is of another.
Status Emission::coerce(Node* node, ExprType wanted, std::uint32_t level, Operand* result) {
  if (node->type.kind == wanted) return operand(node, level, result);
  Operand source;
  GUARDRANK_TRY(operand(node, level, &source));
  Operation operation = operation_of(OpCode::generic);
  operation.function = Function::as_type;
  GUARDRANK_TRY(set_operands({source.ordinal}, &operation));
  *result = {place(operation, wanted, level), true};
  release(source, level);
  return Status::ok;
}

// The register of a node for a reader at `level`.
Status Emission::operand(Node* node, std::uint32_t level, Operand* result) {
  if (node->level == level) {
    *result = {node->register_ordinal, node->kind != NodeKind::variable};
    return Status::ok;
  }
  for (const Widening* widened = node->widened; widened != nullptr; widened = widened->next) {
    if (widened->level != level) continue;
    *result = {widened->to_register, false};
    return Status::ok;
  }
  if (level == context_level) return Status::internal;
  Operation operation = operation_of(OpCode::widen);
  operation.type = node->type.kind;
  if (node->is_constant) {
    operation.code = OpCode::constant;
    operation.constant = node->constant;
  } else {
    Operand above;
    GUARDRANK_TRY(operand(node, levels_[level].parent, &above));
    operation.left = above.ordinal;
  }
  operation.target = new_register(level);
  operation.kernel = find_kernel(operation.code);
  LevelState& state = levels_[level];
  if (!operations_.empty()) operations_[state.first_widening + state.n_widenings] = operation;
  ++state.n_widenings;
  cost_ = add_capped(cost_, state.rows);
  std::span<Widening> widening;
  GUARDRANK_TRY(arena_->make(1, &widening));
  widening[0] = {level, operation.target, node->widened};
  node->widened = widening.data();
  *result = {operation.target, false};
  return Status::ok;
}

// Gives the operation its register and puts it among its level's; returns the register.
std::uint32_t Emission::place(Operation operation, ExprType type, std::uint32_t level) {
  LevelState& state = levels_[level];
  operation.type = type;
  operation.target = take(level);
  operation.kernel = find_kernel(operation.code);
  if (!operations_.empty()) operations_[state.first_operation + state.n_operations] = operation;
  ++state.n_operations;
  cost_ = add_capped(cost_, state.rows);
  return operation.target;
}

std::uint32_t Emission::new_register(std::uint32_t level) {
  return levels_[level].first_register + levels_[level].n_registers++;
}
std::uint32_t Emission::take(std::uint32_t level) {
  FreeRegister* free = levels_[level].free;
  if (free == nullptr) return new_register(level);
  levels_[level].free = free->next;
  free->next = spare_;
  spare_ = free;
  return free->ordinal;
}
// The context has one row, and others may still want it.
void Emission::release(const Operand& operand, std::uint32_t level) {
  if (!operand.is_temporary || level == context_level) return;
  FreeRegister* free = spare_;
  if (free != nullptr) {
    spare_ = free->next;
  } else {
    std::span<FreeRegister> made;
    status_ = arena_->make(1, &made);
    if (status_ != Status::ok) return;
    free = made.data();
  }
  *free = {operand.ordinal, levels_[level].free};
  levels_[level].free = free;
}

}  // namespace guardrank
