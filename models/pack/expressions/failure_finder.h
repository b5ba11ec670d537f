// Parts of an expression run by themselves, to tell which of them an error comes from.
#pragma once

#include <string>

#include "core/expr/ast.h"
#include "core/expr/diagnostic.h"

namespace guardrank::pack {

// Its first row.
struct PartOutcome {
  bool is_known = false;   // else it could not be run
  RowState state = RowState::value;
  ExprValue value;         // where it is one
  EvalProblem problem = EvalProblem::none;
};

// What the first row has; its state must be a value.
ExprValue first_value(const EvaluatedColumn& column);

// Looks into one expression; views the scope, the frame and the arena.
class FailureFinder {
 public:
  FailureFinder(const Diagnostic& diagnostic, const ExpressionScope& scope, Frame* frame,
                Arena* arena)
      : diagnostic_{diagnostic.source, diagnostic.where, nullptr}, scope_(scope), frame_(frame),
        arena_(arena) {}

  // False where the expression cannot be taken apart. Parts are nodes of the tree, by ordinal.
  bool open();
  const SyntaxTree& tree() const { return tree_; }
  std::uint32_t root() const { return static_cast<std::uint32_t>(tree_.nodes.size() - 1); }

  PartOutcome run(std::uint32_t part);
  bool fails(std::uint32_t part);
  // Of a part that fails: the innermost that the error comes from. What stood within a macro may
  // stand by itself afterwards, for one of its elements.
  std::uint32_t innermost(std::uint32_t part);
  std::uint32_t child(const Node& node, std::uint32_t which) const;
  // What is wrong at the part that the error comes from, for people.
  std::string problem_text(EvalProblem problem, std::uint32_t part);

 private:
  bool take_part(std::uint32_t part, SyntaxTree* taken);
  std::uint32_t failing_child(std::uint32_t part);
  std::uint32_t failing_branch(const Node& node);
  std::uint32_t failing_element(const Node& node);
  void release(const MacroScope* scope);
  void bind(const MacroScope* scope, const ExprValue& element);

  const Diagnostic diagnostic_;
  const ExpressionScope& scope_;
  Frame* frame_;
  Arena* arena_;
  SyntaxTree tree_;
  std::span<Node> taken_;   // room for a part: a program keeps no view of its tree
  std::size_t n_parts_ = 0;
};

}  // namespace guardrank::pack
