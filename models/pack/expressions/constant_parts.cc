#include "models/pack/expressions/constant_parts.h"

#include <vector>

#include "models/pack/expressions/failure_finder.h"
#include "models/pack/memory.h"

namespace guardrank::pack {
namespace {

bool is_whole_zero(const ExprValue& value) {
  const bool is_whole =
      value.kind == ExprType::integer || value.kind == ExprType::unsigned_integer;
  return is_whole && value.integer == 0;
}

class ConstantParts {
 public:
  explicit ConstantParts(FailureFinder* finder)
      : finder_(*finder), nodes_(finder->tree().nodes), is_constant_(nodes_.size()),
        is_inner_(nodes_.size()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) mark(i);
  }

  // Status::ok: none fails.
  Status check(const Diagnostic& diagnostic) {
    for (std::uint32_t part = 0; part < nodes_.size(); ++part) {
      if (nodes_[part].kind == NodeKind::literal) continue;
      if (is_constant_[part] && !is_inner_[part]) {
        const PartOutcome outcome = finder_.run(part);
        if (outcome.is_known && outcome.state == RowState::error)
          return report(diagnostic, finder_.innermost(part), outcome.problem);
      } else if (!is_constant_[part] && divides_by_zero(part)) {
        return report(diagnostic, part, EvalProblem::division_by_zero);
      }
    }
    return Status::ok;
  }

 private:
  // Children stand before their parents.
  void mark(std::size_t at) {
    const Node& node = nodes_[at];
    bool is_constant = node.kind != NodeKind::name && node.kind != NodeKind::variable &&
                       node.kind != NodeKind::macro;
    for (std::uint32_t one = node.first_child; one != no_node; one = nodes_[one].next_sibling)
      is_constant = is_constant && is_constant_[one];
    is_constant_[at] = is_constant;
    for (std::uint32_t one = node.first_child; one != no_node; one = nodes_[one].next_sibling)
      is_inner_[one] = is_constant;
  }

  // Of whole numbers, which have no infinity.
  bool divides_by_zero(std::uint32_t part) {
    const Node& node = nodes_[part];
    const bool is_division =
        node.kind == NodeKind::call && node.n_children == 2 &&
        (node.function == Function::divide || node.function == Function::modulo);
    if (!is_division || !is_constant_[finder_.child(node, 1)]) return false;
    return is_whole_zero(finder_.run(finder_.child(node, 1)).value);
  }

  Status report(const Diagnostic& diagnostic, std::uint32_t part, EvalProblem problem) {
    const std::string text = finder_.problem_text(problem, part);
    return diagnostic.report(Status::eval, nodes_[part].offset,
                             {"fails whatever the facts are: ", std::string_view(text)});
  }

  FailureFinder& finder_;
  const std::span<const Node> nodes_;
  std::vector<bool> is_constant_;
  std::vector<bool> is_inner_;   // of a greater part that is constant
};

}  // namespace

Status check_constant_parts(std::string_view source, std::string_view where, const FactTable& facts,
                            NamespaceSet allowed, Error* error) {
  Memory memory;
  ExpressionScope scope;
  scope.facts = &facts;
  scope.allowed = allowed;
  Request request(facts, nullptr, system_allocator());
  Frame frame;
  const std::string_view offers[] = {"offer"};
  GUARDRANK_TRY(request.set_candidates(offers, error));
  if (frame.open(request, &memory.arena()) != Status::ok) return error->no_memory(where);
  const Diagnostic diagnostic{source, where, error};
  FailureFinder finder(diagnostic, scope, &frame, &memory.arena());
  return finder.open() ? ConstantParts(&finder).check(diagnostic) : Status::ok;
}

}  // namespace guardrank::pack
