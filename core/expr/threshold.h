// How far a rule is from changing its mind: the nearest value of one number in it that would.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/expr/expression.h"
#include "core/expr/functions.h"

namespace guardrank {

// A rule as `&&`, `||` and `!` over comparisons of numbers or times and whatever else is true or
// false.
// Programs are ordinals among Thresholds::programs.
struct ThresholdNode {
  enum class Kind : std::uint8_t { fixed, comparison, negation, conjunction, disjunction };
  Kind kind = Kind::fixed;
  Orderings accepted = 0;                // comparison
  std::uint32_t left = 0, right = 0;     // programs; nodes of a negation (left), and, or
};

// What happens to a number on its way to the comparison: `function` of it and another number.
struct ThresholdStep {
  // to_double, add, subtract, multiply, divide, least, greatest
  Function function = Function::none;
  bool is_left = false;                  // it is the left operand
  std::uint32_t other = 0;               // program of the other operand
};

// One place where a fact stands, and its way from there to a side of a comparison.
struct ThresholdPath {
  std::uint32_t fact = no_fact, value = 0;   // ordinal, program
  std::uint32_t node = 0;
  bool is_left = false;                      // side of the comparison
  std::span<const ThresholdStep> steps;
};

struct Thresholds {
  std::span<const Program> programs;
  std::span<const ThresholdNode> nodes;      // children first, the last is the root
  std::span<const ThresholdPath> paths;      // empty: no one number decides
};

// Finds the facts that decide by number: given ones, and p, reach and value of the heads, that
// reach comparisons only, each of them once, through + - * of ints, + - * / of doubles, + - of times
// and durations, least and greatest of two, and double(). A fact that is also read in another way
// (in a macro, an `in`, a product with itself, a quotient of ints) is left out, and an expression
// beyond limits::thresholds gives none. `source` is one that compiles.
Status find_thresholds(std::string_view source, const FactTable& facts, NamespaceSet allowed,
                       Arena* arena, Thresholds* thresholds);

// The value of one fact, all others staying, with which the expression is the opposite of what it
// is. `share`: the size of the change over the size of what it is now; infinite for a time and from 0.
struct ThresholdChange {
  std::uint32_t fact = no_fact;              // no_fact: there is none
  ExprValue from, to;                        // int, double or timestamp, as the fact's type is
  double share = 0;
};

// The thresholds of one expression over the rows of a frame, in the frame's arena.
class ThresholdColumns {
 public:
  Status open(const Thresholds& thresholds, Frame* frame);

  // The nearest change of a fact is found exactly, also through arithmetic that rounds. Of several
  // facts one of the context goes before one of the pair, before what the model says, before the
  // offer's; then one that keeps its sign before one that does not; then the smallest share counts.
  // None where the expression is unknown or an error, or no one number decides; and none leads to
  // where a divisor has another sign, between which a quotient takes every large value.
  ThresholdChange nearest(std::uint32_t row) const;

 private:
  struct Trial;
  enum class Truth : std::uint8_t { is_false, is_true, neither };

  bool number(std::uint32_t program, std::uint32_t row, ExprValue* value) const;
  bool forward(const ThresholdPath& path, std::uint32_t row, ExprValue* value) const;
  bool backward(const ThresholdPath& path, std::uint32_t row, ExprValue* bound) const;
  bool passes_pole(const Trial& trial, std::uint32_t row, const ExprValue& from) const;
  Truth compare(std::uint32_t node, std::uint32_t row, const Trial& trial) const;
  Truth decide(std::uint32_t row, const Trial& trial) const;
  bool flips_at(const ThresholdPath& path, std::uint32_t row, double x, Truth wanted) const;
  // The fewest steps from one double to the next, in a direction from the bound, until the
  // expression is not what it is at the bound; more than `most`: none.
  std::int64_t steps_to_turn(const ThresholdPath& path, std::uint32_t row, double bound,
                             std::int64_t direction, std::int64_t most, Truth wanted) const;
  void try_numbers(const ThresholdPath& path, std::uint32_t row, double bound,
                   const ExprValue& from, Truth wanted, ThresholdChange* best) const;
  void try_near(const ThresholdPath& path, std::uint32_t row, const ExprValue& bound,
                Truth wanted, ThresholdChange* best) const;
  void consider(const Trial& trial, std::uint32_t row, const ExprValue& from, Truth wanted,
                ThresholdChange* best) const;

  const FactTable* facts_ = nullptr;
  Thresholds thresholds_;
  std::span<const EvaluatedColumn> columns_;   // by program
};

}  // namespace guardrank
