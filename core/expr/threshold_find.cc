#include "core/expr/threshold.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/expr/check.h"
#include "core/expr/compile.h"
#include "core/expr/parser.h"

namespace guardrank {
namespace {

bool is_call(const Node& node, Function function) {
  return node.kind == NodeKind::call && node.function == function;
}

bool is_time(ExprType type) {
  return type == ExprType::timestamp || type == ExprType::duration;
}

bool can_change(Namespace space) {
  return space != Namespace::parameter && space != Namespace::time;
}

class ThresholdFinder {
 public:
  ThresholdFinder(std::string_view source, const FactTable& facts, NamespaceSet allowed,
                  Arena* arena)
      : diagnostic_{source, {}, nullptr}, facts_(facts), arena_(arena) {
    scope_.facts = &facts;
    scope_.allowed = allowed;
  }

  Status find(Thresholds* thresholds) {
    GUARDRANK_TRY(parse_expression(diagnostic_, scope_, arena_, &tree_));
    GUARDRANK_TRY(check_expression(diagnostic_, scope_, ExprType::boolean, &tree_));
    GUARDRANK_TRY(arena_->make(tree_.nodes.size(), &links_));
    GUARDRANK_TRY(arena_->make(limits::thresholds, &nodes_));
    GUARDRANK_TRY(arena_->make(limits::thresholds, &paths_));
    GUARDRANK_TRY(arena_->make(limits::thresholds, &programs_));
    link();
    GUARDRANK_TRY(add_nodes());
    GUARDRANK_TRY(find_places());
    for (std::uint32_t i = 0; i < n_places_ && !is_too_large_; ++i)
      if (is_changeable(places_[i])) GUARDRANK_TRY(add_path(places_[i].node));
    if (!is_too_large_) *thresholds = {programs_.first(n_programs_), nodes_.first(n_nodes_),
                                       paths_.first(n_paths_)};
    return Status::ok;
  }

 private:
  // What a node of the tree is here.
  struct Link {
    std::uint32_t parent = no_node;
    std::uint32_t place = no_node;       // among nodes_
    bool decides = false;                // it or what is beside it, joined by && || !
  };
  struct Place {
    std::uint32_t node = no_node, comparison = no_node;
  };

  bool is_logic(const Node& node) const {
    return node.kind == NodeKind::call && is_logical(node.function) && node.n_children <= 2;
  }
  bool is_comparison_of_numbers(const Node& node) const {
    if (node.kind != NodeKind::call || !is_comparison(node.function)) return false;
    const ExprType left = tree_.child(node, 0).type.kind, right = tree_.child(node, 1).type.kind;
    return is_numeric(left) ? is_numeric(right) : is_time(left) && left == right;
  }

  void link() {
    links_[tree_.nodes.size() - 1].decides = true;
    for (std::size_t i = tree_.nodes.size(); i-- > 0;) {
      const Node& node = tree_.nodes[i];
      for (std::uint32_t at = node.first_child; at != no_node; at = tree_.nodes[at].next_sibling) {
        links_[at].parent = static_cast<std::uint32_t>(i);
        links_[at].decides = links_[i].decides && is_logic(node);
      }
    }
  }

  Status add_nodes() {
    for (std::uint32_t i = 0; i < tree_.nodes.size(); ++i) {
      if (!links_[i].decides) continue;
      if (n_nodes_ == nodes_.size()) is_too_large_ = true;
      if (is_too_large_) return Status::ok;
      links_[i].place = n_nodes_;
      GUARDRANK_TRY(fill_node(i, &nodes_[n_nodes_++]));
    }
    return Status::ok;
  }

  Status fill_node(std::uint32_t at, ThresholdNode* made) {
    using Kind = ThresholdNode::Kind;
    const Node& node = tree_.nodes[at];
    const std::uint32_t left = node.first_child;
    if (is_logic(node)) {
      made->kind = node.function == Function::logical_not   ? Kind::negation
                   : node.function == Function::logical_and ? Kind::conjunction
                                                            : Kind::disjunction;
      made->left = links_[left].place;
      if (node.n_children == 2) made->right = links_[tree_.nodes[left].next_sibling].place;
      return Status::ok;
    }
    if (!is_comparison_of_numbers(node)) return add_program(at, ExprType::boolean, &made->left);
    made->kind = Kind::comparison;
    made->accepted = accepted_by(node.function);
    GUARDRANK_TRY(add_program(left, ExprType::dyn, &made->left));
    return add_program(tree_.nodes[left].next_sibling, ExprType::dyn, &made->right);
  }

  // A part of the expression as a program of its own: its root comes last, and what stands before
  // it and belongs elsewhere is nothing to compute.
  Status add_program(std::uint32_t root, ExprType wanted, std::uint32_t* ordinal) {
    if (n_programs_ == programs_.size()) is_too_large_ = true;
    if (is_too_large_) return Status::ok;
    SyntaxTree part;
    part.n_macros = tree_.n_macros;
    GUARDRANK_TRY(arena_->make(root + 1, &part.nodes));
    std::copy(tree_.nodes.begin(), tree_.nodes.begin() + root + 1, part.nodes.begin());
    for (Node& node : part.nodes) node.is_folded = true;
    part.root().is_folded = false;
    for (std::size_t i = root + 1; i-- > 0;) {
      Node& node = part.nodes[i];
      if (node.is_folded) node.fact = no_fact;
      else for (std::uint32_t at = node.first_child; at != no_node; at = part.nodes[at].next_sibling)
        part.nodes[at].is_folded = false;
    }
    *ordinal = n_programs_++;
    return compile_tree(diagnostic_, scope_, wanted, &part, arena_, &programs_[*ordinal]);
  }

  // The comparison that a fact's place leads to through steps only, or no_node; `n_steps` may be
  // null.
  std::uint32_t comparison_of(std::uint32_t at, std::uint32_t* n_steps) const {
    for (at = links_[at].parent; at != no_node; at = links_[at].parent) {
      const Node& node = tree_.nodes[at];
      if (links_[at].decides) return is_comparison_of_numbers(node) ? at : no_node;
      if (!is_step(node)) return no_node;
      if (n_steps != nullptr) ++*n_steps;
    }
    return no_node;
  }
  bool is_step(const Node& node) const {
    if (is_call(node, Function::to_double)) return is_numeric(tree_.child(node, 0).type.kind);
    if (node.kind != NodeKind::call || node.n_children != 2) return false;
    const ExprType left = tree_.child(node, 0).type.kind, right = tree_.child(node, 1).type.kind;
    const bool is_double = left == ExprType::number && right == left;
    const bool is_int = left == ExprType::integer && right == left;
    switch (node.function) {
      case Function::divide: return is_double;
      case Function::multiply: case Function::least: case Function::greatest:
        return is_double || is_int;
      case Function::add: case Function::subtract:
        return is_double || is_int || (is_time(left) && is_time(right));
      default: return false;
    }
  }

  // Where facts stand by value, and what they lead to.
  Status find_places() {
    GUARDRANK_TRY(arena_->make(limits::thresholds, &places_));
    for (std::uint32_t i = 0; i < tree_.nodes.size(); ++i) {
      const Node& node = tree_.nodes[i];
      if (node.kind != NodeKind::name || node.is_presence_test || node.fact == no_fact) continue;
      if (n_places_ == places_.size()) is_too_large_ = true;
      if (is_too_large_) break;
      places_[n_places_++] = {i, comparison_of(i, nullptr)};
    }
    return Status::ok;
  }

  // Whether a fact that may change stands here, which every comparison reads at most once and
  // nothing else reads.
  bool is_changeable(const Place& place) const {
    const Node& node = tree_.nodes[place.node];
    const bool is_number = is_numeric(node.type.kind) || node.type.kind == ExprType::timestamp;
    if (!can_change(facts_[node.fact].space) || !is_number) return false;
    std::uint32_t last = no_node;   // places of one comparison are neighbours
    for (const Place& other : places_.first(n_places_)) {
      if (tree_.nodes[other.node].fact != node.fact) continue;
      if (other.comparison == no_node || other.comparison == last) return false;
      last = other.comparison;
    }
    return true;
  }

  Status add_path(std::uint32_t at) {
    if (n_paths_ == paths_.size()) is_too_large_ = true;
    if (is_too_large_) return Status::ok;
    ThresholdPath& path = paths_[n_paths_++];
    path.fact = tree_.nodes[at].fact;
    GUARDRANK_TRY(add_program(at, ExprType::dyn, &path.value));
    std::uint32_t n_steps = 0;
    const std::uint32_t comparison = comparison_of(at, &n_steps);
    path.node = links_[comparison].place;
    std::span<ThresholdStep> steps;
    GUARDRANK_TRY(arena_->make(n_steps, &steps));
    for (ThresholdStep& step : steps) {
      const std::uint32_t parent = links_[at].parent;
      GUARDRANK_TRY(fill_step(parent, at, &step));
      at = parent;
    }
    path.is_left = tree_.nodes[comparison].first_child == at;
    path.steps = steps;
    return Status::ok;
  }

  Status fill_step(std::uint32_t parent, std::uint32_t from, ThresholdStep* step) {
    const Node& node = tree_.nodes[parent];
    step->function = node.function;
    step->is_left = node.first_child == from;
    if (node.n_children == 1) return Status::ok;
    const std::uint32_t other =
        step->is_left ? tree_.nodes[node.first_child].next_sibling : node.first_child;
    return add_program(other, ExprType::dyn, &step->other);
  }

  const Diagnostic diagnostic_;
  ExpressionScope scope_;
  const FactTable& facts_;
  Arena* arena_;
  SyntaxTree tree_;
  std::span<Link> links_;
  std::span<ThresholdNode> nodes_;
  std::span<ThresholdPath> paths_;
  std::span<Program> programs_;
  std::span<Place> places_;
  std::uint32_t n_nodes_ = 0, n_paths_ = 0, n_programs_ = 0, n_places_ = 0;
  bool is_too_large_ = false;
};

}  // namespace

Status find_thresholds(std::string_view source, const FactTable& facts, NamespaceSet allowed,
                       Arena* arena, Thresholds* thresholds) {
  *thresholds = {};
  return ThresholdFinder(source, facts, allowed, arena).find(thresholds);
}

}  // namespace guardrank
