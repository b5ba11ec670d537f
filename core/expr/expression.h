// The rule and term language: source text to a typed program, evaluated by column. Syntax and
// meaning are CEL's (the part listed in core/expr/README.md), a missing fact being unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/frame/fact_table.h"
#include "core/frame/frame.h"

namespace guardrank {

// Static types of expressions.
enum class ExprType : std::uint8_t {
  null = 0, boolean = 1, integer = 2, number = 3, string = 4, timestamp = 5, string_list = 6,
  integer_list = 7, number_list = 8, boolean_list = 9, unsigned_integer = 10,
  other_list = 11,   // an empty literal list, or one of uint or timestamp elements
};
std::string_view expr_type_name(ExprType type);   // CEL's names: "int", "double", "list(string)"

// Which namespaces an expression may use; a bit per Namespace.
using NamespaceSet = std::uint32_t;
constexpr NamespaceSet namespace_bit(Namespace space) {
  return 1u << static_cast<unsigned>(space);
}
inline constexpr NamespaceSet facts_only =
    namespace_bit(Namespace::context) | namespace_bit(Namespace::candidate) |
    namespace_bit(Namespace::pair) | namespace_bit(Namespace::parameter) |
    namespace_bit(Namespace::time);
inline constexpr NamespaceSet facts_and_outcomes =
    facts_only | namespace_bit(Namespace::probability) | namespace_bit(Namespace::reach) |
    namespace_bit(Namespace::value);

// State of one row of a result.
enum class RowState : std::uint8_t { value = 0, unknown = 1, error = 2 };

enum class EvalProblem : std::uint8_t { none = 0, overflow = 1, division_by_zero = 2 };

// A result over the frame's rows, or one row where nothing in it varies by candidate.
struct EvaluatedColumn {
  ExprType type = ExprType::boolean;
  std::uint32_t n_rows = 0;
  const std::uint8_t* states = nullptr;          // RowState per row; null: all values
  const std::uint32_t* missing = nullptr;        // where unknown: ordinal of a missing fact
  const EvalProblem* problems = nullptr;         // where error
  const std::uint8_t* booleans = nullptr;
  const std::int64_t* integers = nullptr;        // int, timestamp; uint: the same 64 bits
  const double* numbers = nullptr;
  const std::string_view* strings = nullptr;

  std::uint32_t row_of(std::uint32_t row) const { return n_rows == 1 ? 0 : row; }
  RowState state(std::uint32_t row) const {
    return states == nullptr ? RowState::value : static_cast<RowState>(states[row_of(row)]);
  }
};

struct Operation;   // core/expr/program.h

// Compiled; immutable and shared between threads.
struct Program {
  ExprType type = ExprType::boolean;
  // First those that depend on the context alone, then the widening of their results, then those
  // that run for each tile of rows.
  std::span<const Operation> operations;
  std::uint32_t n_context_operations = 0, n_broadcasts = 0;
  std::uint32_t n_context_registers = 0;         // of one row; the first ordinals
  std::uint32_t n_registers = 0;
  std::uint32_t n_loads = 0;                     // operations that read a fact's column
  std::uint32_t result = 0;                      // register
  std::span<const std::uint32_t> facts;          // ordinals it reads, ascending
  NamespaceSet namespaces = 0;
};

// Parses, checks and compiles. Status::parse, typecheck, name (unknown fact; a fact that no policy
// declared), protected_fact; the message holds line, column, the source line and a caret.
// `where` names the rule or term. `wanted`: the type the whole must have.
Status compile_expression(std::string_view source, std::string_view where, const FactTable& facts,
                          NamespaceSet allowed, ExprType wanted, Arena* arena, Program* program,
                          Error* error);

// Memory that evaluations of one stage share; grows from the frame's arena and must not outlive
// the request.
struct EvaluationMemory {
  std::span<std::byte> bytes;
};

// Evaluates over the frame's present rows. The result stays until `memory` is used again.
Status evaluate(const Program& program, Frame* frame, EvaluationMemory* memory,
                EvaluatedColumn* result);
// The same in memory of its own from the frame's arena: the result stays as long as the request.
Status evaluate(const Program& program, Frame* frame, EvaluatedColumn* result);

}  // namespace guardrank
