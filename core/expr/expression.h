// The rule and term language: source text to a typed program, evaluated by column. Syntax and
// meaning are CEL's (the part listed in core/expr/README.md), a missing fact being unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/expr/expr_value.h"
#include "core/frame/fact_table.h"
#include "core/frame/frame.h"

namespace guardrank {

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

// A result over the frame's rows, or one row where nothing in it varies by candidate.
struct EvaluatedColumn {
  ExprType type = ExprType::boolean;
  std::uint32_t n_rows = 0;
  const std::uint8_t* states = nullptr;          // RowState per row; null: all values
  const std::uint32_t* missing = nullptr;        // where unknown: ordinal of a missing fact
  const EvalProblem* problems = nullptr;         // where error
  const std::uint8_t* booleans = nullptr;
  const std::int64_t* integers = nullptr;        // int; uint: the same 64 bits
  const double* numbers = nullptr;
  const std::string_view* strings = nullptr;
  const ExprValue* values = nullptr;             // every other type

  std::uint32_t row_of(std::uint32_t row) const { return n_rows == 1 ? 0 : row; }
  RowState state(std::uint32_t row) const {
    return states == nullptr ? RowState::value : static_cast<RowState>(states[row_of(row)]);
  }
};

struct Operation;   // core/expr/program.h
struct ProgramLevel;

// Compiled; immutable and shared between threads.
struct Program {
  ExprType type = ExprType::boolean;
  bool varies = false;                           // from row to row
  bool makes_values = false;                     // texts, lists, maps: what they take varies
  std::span<const Operation> operations;         // by level
  std::span<const ProgramLevel> levels;                 // the context, the rows, then macros' elements
  std::uint32_t n_registers = 0;
  std::uint32_t n_loads = 0;                     // operations that read a fact's column
  std::uint32_t n_arguments = 0;                 // most operands of one operation
  std::uint32_t result = 0;                      // register
  std::span<const std::uint32_t> facts;          // ordinals it reads, ascending
  NamespaceSet namespaces = 0;
  // Steps that one row can take at most, all lists being as long as they may; capped at UINT64_MAX.
  // Above limits::evaluation_row_steps some request can drive it to EvalProblem::limit.
  std::uint64_t cost = 0;
};

// A name that stands for a value, beside the facts: for tools and tests.
struct NamedConstant {
  std::string_view name;                         // may have dots: the longest match is taken
  ExprType type = ExprType::dyn;                 // `dyn` where it is not to be relied upon
  ExprValue value;
};

// What an expression may name, and how strictly it is checked.
struct ExpressionScope {
  const FactTable* facts = nullptr;
  NamespaceSet allowed = 0;
  std::span<const NamedConstant> constants;      // must outlive the program
  std::string_view container;                    // names are tried within it first: "com.example"
  bool is_checked = true;   // else what has no overload, and what is unknown, fails when it runs
  bool is_by_row = false;   // run all by row, though nothing varies: for tests
};

// Parses, checks and compiles. Status::parse, typecheck, name (unknown fact; a fact that no policy
// declared), protected_fact; the message holds line, column, the source line and a caret.
// `where` names the rule or term. `wanted`: the type the whole must have.
Status compile_expression(std::string_view source, std::string_view where, const FactTable& facts,
                          NamespaceSet allowed, ExprType wanted, Arena* arena, Program* program,
                          Error* error);

// The same in a scope of one's own; `wanted` may be ExprType::dyn for whatever comes.
Status compile_expression(std::string_view source, std::string_view where,
                          const ExpressionScope& scope, ExprType wanted, Arena* arena,
                          Program* program, Error* error);

// Memory that evaluations of one stage share; grows from the frame's arena and must not outlive
// the request.
struct EvaluationMemory {
  std::span<std::byte> bytes;
  std::span<std::byte> heap;                     // texts, lists and maps made on the way
};

// Evaluates over the frame's present rows. The result stays until `memory` is used again. A row
// that takes more than limits::evaluation_row_steps is an error of that row; Status::limit when all
// rows together take more than limits::evaluation_steps or limits::evaluation_heap_bytes.
Status evaluate(const Program& program, Frame* frame, EvaluationMemory* memory,
                EvaluatedColumn* result);
// The same in memory of its own from the frame's arena: the result stays as long as the request.
Status evaluate(const Program& program, Frame* frame, EvaluatedColumn* result);

}  // namespace guardrank
