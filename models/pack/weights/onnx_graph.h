// What a network's graph in ONNX says of its weights: which way a matrix is multiplied, which bias belongs
// to it, and what takes the sum. Operators: https://onnx.ai/onnx/operators/.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace guardrank::pack {

struct OnnxNode {
  std::string op;                          // with its domain where that is not ONNX's own
  std::vector<std::string> inputs, outputs;
  std::int64_t trans_b = 0, axis = 0;
  float alpha = 1, beta = 1;
  std::vector<std::int64_t> perm;
};

// How a tensor enters the graph.
struct OnnxUse {
  bool is_used = false;
  bool is_transposed = false;              // multiplied as [in, out]
  std::string refusal;                     // not empty: neither as [out, in] nor as [in, out]
};

class OnnxGraph {
 public:
  void add(OnnxNode node);

  OnnxUse use_of(std::string_view tensor) const;
  // The tensor that multiplies where `bias` is added; empty where there is none, or several.
  std::string weight_beside(std::string_view bias) const;
  // Operators that take x W^T + b, past those that only copy or reshape.
  std::vector<std::string> operators_after(std::string_view weight) const;

 private:
  struct Place { std::size_t node = 0, input = 0; };
  struct Reached { Place place; bool is_transposed = false; };
  // Places of a value that are looked at: exporters write a dozen at most, and a file may be hostile.
  static constexpr std::size_t most_places = 1024;

  // Where the value goes, past operators that `passes`; fewer where there are more than `most_places`.
  std::vector<Reached> reach(std::string_view value, bool (*passes)(const OnnxNode&)) const;
  const OnnxNode* maker_of(std::string_view value) const;
  OnnxUse use_at(const Reached& reached) const;
  std::string source_of(std::string_view value) const;
  std::string sum_of(const OnnxNode& product) const;

  std::vector<OnnxNode> nodes_;
  std::multimap<std::string, Place, std::less<>> places_;
  std::map<std::string, std::size_t, std::less<>> makers_;
};

}  // namespace guardrank::pack
