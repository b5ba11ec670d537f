#include "models/pack/weights/onnx_graph.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

namespace guardrank::pack {
namespace {

bool is_one_of(std::string_view op, std::initializer_list<std::string_view> ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

bool copies(const OnnxNode& node) { return is_one_of(node.op, {"Identity", "Cast", "Dropout"}); }

bool reshapes(const OnnxNode& node) {
  return copies(node) ||
         is_one_of(node.op, {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"});
}

bool swaps_two(const OnnxNode& node) {
  return node.op == "Transpose" && (node.perm.empty() || node.perm == std::vector<std::int64_t>{1, 0});
}

bool keeps_numbers(const OnnxNode& node) { return copies(node) || swaps_two(node); }

OnnxUse refused(std::string why) { return {true, false, std::move(why)}; }

}  // namespace

void OnnxGraph::add(OnnxNode node) {
  const std::size_t index = nodes_.size();
  for (std::size_t i = 0; i < node.inputs.size(); ++i) places_.emplace(node.inputs[i], Place{index, i});
  for (const std::string& output : node.outputs) makers_.emplace(output, index);
  nodes_.push_back(std::move(node));
}

std::vector<OnnxGraph::Reached> OnnxGraph::reach(std::string_view value,
                                                 bool (*passes)(const OnnxNode&)) const {
  std::vector<Reached> reached;
  std::vector<std::pair<std::string, bool>> open = {{std::string(value), false}};
  std::set<std::pair<std::string, bool>> seen = {open[0]};
  for (std::size_t n = 0, steps = 0; n < open.size() && steps < most_places; ++n) {
    const auto [name, is_transposed] = open[n];
    const auto [first, last] = places_.equal_range(name);
    for (auto at = first; at != last && steps < most_places; ++at, ++steps) {
      const OnnxNode& node = nodes_[at->second.node];
      if (!passes(node) || node.outputs.empty()) {
        reached.push_back({at->second, is_transposed});
        continue;
      }
      const std::pair next(node.outputs[0], is_transposed != swaps_two(node));
      if (seen.insert(next).second) open.push_back(next);
    }
  }
  return reached;
}

const OnnxNode* OnnxGraph::maker_of(std::string_view value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? nullptr : &nodes_[found->second];
}

OnnxUse OnnxGraph::use_at(const Reached& reached) const {
  const OnnxNode& node = nodes_[reached.place.node];
  const std::size_t input = reached.place.input;
  if (node.op == "Gemm" && (node.alpha != 1 || node.beta != 1))
    return refused("is scaled by Gemm's alpha or beta: wanted 1");
  const bool multiplies = input == 1 && (node.op == "Gemm" || node.op == "MatMul");
  if (multiplies) {
    const bool is_stored_so = node.op == "Gemm" && node.trans_b != 0;
    return {true, reached.is_transposed == is_stored_so, {}};
  }
  const bool is_added = node.op == "Add" || (node.op == "Gemm" && input == 2);
  const bool is_table = node.op == "Gather" && input == 0 && node.axis == 0;
  if (is_added || is_table) return {true, reached.is_transposed, {}};
  return refused("is input " + std::to_string(input) + " of " + node.op +
                 ": wanted a weight of Gemm or MatMul, a bias that is added or a table of Gather");
}

OnnxUse OnnxGraph::use_of(std::string_view tensor) const {
  OnnxUse use;
  for (const Reached& reached : reach(tensor, keeps_numbers)) {
    const OnnxUse one = use_at(reached);
    if (!one.refusal.empty()) return one;
    if (use.is_used && use.is_transposed != one.is_transposed)
      return refused("is multiplied both as it stands and transposed");
    use = one;
  }
  return use;
}

// Back from what a product reads to the tensor in the file.
std::string OnnxGraph::source_of(std::string_view value) const {
  std::string name(value);
  for (std::size_t steps = 0; steps < most_places; ++steps) {
    const OnnxNode* maker = maker_of(name);
    if (maker == nullptr) return name;
    if (!keeps_numbers(*maker) || maker->inputs.empty()) return {};
    name = maker->inputs[0];
  }
  return {};
}

std::string OnnxGraph::weight_beside(std::string_view bias) const {
  std::string weight;
  for (const Reached& reached : reach(bias, keeps_numbers)) {
    const OnnxNode* product = &nodes_[reached.place.node];
    if (product->op == "Add" && product->inputs.size() == 2)
      product = maker_of(product->inputs[1 - reached.place.input]);
    if (product == nullptr || !is_one_of(product->op, {"MatMul", "Gemm"}) ||
        product->inputs.size() < 2)
      return {};
    const std::string source = source_of(product->inputs[1]);
    if (source.empty() || (!weight.empty() && source != weight)) return {};
    weight = source;
  }
  return weight;
}

// x W^T + b: what is added to the product, or the product where nothing is.
std::string OnnxGraph::sum_of(const OnnxNode& product) const {
  const auto [first, last] = places_.equal_range(product.outputs[0]);
  if (product.op != "MatMul" || first == last || std::next(first) != last) return product.outputs[0];
  const OnnxNode& next = nodes_[first->second.node];
  return next.op == "Add" && !next.outputs.empty() ? next.outputs[0] : product.outputs[0];
}

std::vector<std::string> OnnxGraph::operators_after(std::string_view weight) const {
  std::vector<std::string> operators;
  for (const Reached& product : reach(weight, keeps_numbers)) {
    const OnnxNode& node = nodes_[product.place.node];
    if (node.outputs.empty()) continue;
    for (const Reached& next : reach(sum_of(node), reshapes))
      operators.push_back(nodes_[next.place.node].op);
  }
  return operators;
}

}  // namespace guardrank::pack
