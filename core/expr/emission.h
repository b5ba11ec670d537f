// Where operations and their values are put: levels, registers, and what they cost.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "core/base/arena.h"
#include "core/expr/program.h"

namespace guardrank {

inline std::uint64_t add_capped(std::uint64_t a, std::uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
inline std::uint64_t multiply_capped(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

// A register that may be used again.
struct FreeRegister {
  std::uint32_t ordinal = 0;
  FreeRegister* next = nullptr;
};

struct LevelState : ProgramLevel {
  std::uint32_t depth = 0;
  std::uint64_t rows = 1;             // most of them, per candidate
  FreeRegister* free = nullptr;
};

// Where an operand stands; a temporary one has no other reader.
struct Operand {
  std::uint32_t ordinal = no_register;
  bool is_temporary = false;
};

// One of that code. Out of line: an operation has many members.
Operation operation_of(OpCode code);

// What compiling passes over twice: once to count, once to write into arrays of that size. Registers
// of a level below the context are used again as soon as their one reader has run.
class Emission {
 protected:
  Emission(SyntaxTree* tree, Arena* arena) : tree_(*tree), arena_(arena) {}

  // Which level is whose part, from the macros' places in one another.
  Status open_levels();
  Status publish_levels(Program* program);

  Status set_operands(std::initializer_list<std::uint32_t> ordinals, Operation* operation);
  // A child's value in the type that its reader wants; may fail in rows where it is of another.
  Status coerce(Node* node, ExprType wanted, std::uint32_t level, Operand* result);
  // The register of a node for a reader at `level`.
  Status operand(Node* node, std::uint32_t level, Operand* result);
  // Gives the operation its register and puts it among its level's; returns the register.
  std::uint32_t place(Operation operation, ExprType type, std::uint32_t level);
  void finish(const Operation& operation, Node* node) {
    node->register_ordinal = place(operation, node->type.kind, node->level);
  }
  std::uint32_t new_register(std::uint32_t level);
  // The context has one row, and others may still want it.
  void release(const Operand& operand, std::uint32_t level);

  SyntaxTree& tree_;
  Arena* arena_;
  std::span<LevelState> levels_;
  std::span<Operation> operations_;        // empty while counting
  std::uint32_t n_arguments_ = 0;
  std::uint64_t cost_ = 0;
  Status status_ = Status::ok;             // of what cannot return one

 private:
  std::uint32_t take(std::uint32_t level);

  FreeRegister* spare_ = nullptr;
};

}  // namespace guardrank
