#include "models/pack/expressions/failure_place.h"

#include "models/pack/expressions/failure_finder.h"

namespace guardrank::pack {

Status report_failure(std::string_view source, std::string_view where,
                      const ExpressionScope& scope, EvalProblem problem, Frame* frame,
                      Arena* arena, Error* error) {
  const Diagnostic diagnostic{source, where, error};
  FailureFinder finder(diagnostic, scope, frame, arena);
  if (!finder.open() || !finder.fails(finder.root()))
    return error->set(Status::eval, where, {eval_problem_text(problem)});
  const std::uint32_t part = finder.innermost(finder.root());
  const std::string text = finder.problem_text(problem, part);
  const Node& node = finder.tree().nodes[part];
  if (node.kind != NodeKind::failure) return diagnostic.report(Status::eval, node.offset, {std::string_view(text)});
  const std::string_view dot = node.qualifier.empty() ? "" : ".";
  return diagnostic.report(Status::eval, node.offset,
                           {std::string_view(text), " '", clipped(node.qualifier), dot, clipped(node.name), "'"});
}

}  // namespace guardrank::pack
