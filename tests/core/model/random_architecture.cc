#include "tests/core/model/random_model.h"

namespace guardrank::testing {
namespace {

class Drawing {
 public:
  explicit Drawing(std::uint64_t seed) : random_(seed) {}

  Architecture draw() {
    n_heads_ = 1 + below(4);
    Architecture result;
    result.fields = fields();
    switch (below(6)) {
      case 0: break;  // towers on x
      case 1: result.levels = {single_experts(false)}; break;  // shared bottom
      case 2: result.levels = {single_experts(true)}; break;   // separate towers
      case 3: result.levels = mixture(); break;                // MMoE
      default: result.levels = ple(1 + below(3)); break;
    }
    return with_towers(result);
  }

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
  bool chance(std::uint32_t in) { return below(in) == 0; }

  std::vector<std::uint32_t> widths(std::uint32_t n) {
    std::vector<std::uint32_t> result;
    for (std::uint32_t i = 0; i < n; ++i) result.push_back(1 + below(40));
    return result;
  }

  FieldShape field(Side side, OutputKind output) {
    FieldShape shape;
    shape.side = side;
    shape.output = output;
    if (output == OutputKind::dense) {
      shape.width = chance(4) ? 1 + below(9) : 1;
      shape.has_indicator = chance(2);
      return shape;
    }
    shape.dim = 1 + below(20);
    shape.n_codes = 1 + below(30);
    shape.pooling = chance(3) ? (chance(2) ? Pooling::mean : Pooling::sum) : Pooling::none;
    shape.feeds_every_layer = chance(5);
    return shape;
  }

  std::vector<FieldShape> fields() {
    std::vector<FieldShape> result;
    for (const Side side : {Side::context, Side::candidate, Side::pair}) {
      if (side != Side::candidate && chance(4)) continue;  // a block without columns
      if (side == Side::pair && chance(2)) continue;
      for (const OutputKind output : {OutputKind::dense, OutputKind::embedding}) {
        for (std::uint32_t n = below(4); n > 0; --n) result.push_back(field(side, output));
      }
    }
    if (result.empty()) result.push_back(field(Side::candidate, OutputKind::dense));
    return result;
  }

  // Drawn one after another: the order in which arguments are evaluated is the compiler's choice.
  std::vector<LevelShape> mixture() {
    const std::uint32_t n_experts = 1 + below(5);
    const std::vector<std::uint32_t> expert_widths = widths(1 + below(3));
    return mmoe({}, n_experts, expert_widths, {}, n_heads_).levels;
  }

  LevelShape single_experts(bool is_per_head) {
    LevelShape level;
    const std::uint32_t width = 1 + below(40);
    for (std::uint32_t h = 0; h < (is_per_head ? n_heads_ : 1); ++h) {
      std::vector<std::uint32_t> layers = widths(below(3));
      layers.push_back(width);
      level.experts.push_back({is_per_head ? h : shared_owner, layers});
    }
    for (std::uint32_t h = 0; h < n_heads_; ++h) level.gates.push_back({h, {is_per_head ? h : 0}});
    return level;
  }

  void add_experts(LevelShape* level, std::uint32_t owner, std::uint32_t n, std::uint32_t width) {
    for (; n > 0; --n) {
      std::vector<std::uint32_t> layers = widths(below(3));
      layers.push_back(width);
      level->experts.push_back({owner, layers});
    }
  }

  LevelShape ple_level(std::uint32_t n_shared, bool has_shared_gate) {
    LevelShape level;
    const std::uint32_t width = 1 + below(40);
    add_experts(&level, shared_owner, n_shared, width);
    for (std::uint32_t h = 0; h < n_heads_; ++h) {
      GateShape gate{h, {}};
      const auto first = static_cast<std::uint32_t>(level.experts.size());
      add_experts(&level, h, 1 + below(3), width);
      for (std::uint32_t e = first; e < level.experts.size(); ++e) gate.experts.push_back(e);
      for (std::uint32_t e = 0; e < n_shared; ++e) gate.experts.push_back(e);
      level.gates.push_back(gate);
    }
    if (has_shared_gate) {
      GateShape gate{shared_owner, {}};
      for (std::uint32_t e = 0; e < level.experts.size(); ++e) gate.experts.push_back(e);
      level.gates.push_back(gate);
    }
    return level;
  }

  // A level has shared experts only where the one below it has them.
  std::vector<LevelShape> ple(std::uint32_t n_levels) {
    std::vector<std::uint32_t> n_shared;
    for (std::uint32_t l = 0; l < n_levels; ++l) {
      n_shared.push_back(l == 0 || n_shared.back() > 0 ? below(4) : 0);
    }
    n_shared.push_back(0);
    std::vector<LevelShape> levels;
    for (std::uint32_t l = 0; l < n_levels; ++l) {
      levels.push_back(ple_level(n_shared[l], n_shared[l + 1] > 0));
    }
    return levels;
  }

  Architecture with_towers(Architecture architecture) {
    architecture.towers.clear();
    for (std::uint32_t h = 0; h < n_heads_; ++h) architecture.towers.push_back(widths(below(3)));
    return architecture;
  }

  std::mt19937_64 random_;
  std::uint32_t n_heads_ = 1;
};

}  // namespace

Architecture draw_architecture(std::uint64_t seed) { return Drawing(seed).draw(); }

Architecture mmoe(std::vector<FieldShape> fields, std::uint32_t n_experts,
                  std::vector<std::uint32_t> expert_widths, std::vector<std::uint32_t> tower,
                  std::uint32_t n_heads) {
  Architecture result;
  result.fields = std::move(fields);
  LevelShape level;
  std::vector<std::uint32_t> all;
  for (std::uint32_t e = 0; e < n_experts; ++e) {
    level.experts.push_back({shared_owner, expert_widths});
    all.push_back(e);
  }
  for (std::uint32_t h = 0; h < n_heads; ++h) level.gates.push_back({h, all});
  result.levels.push_back(level);
  result.towers.assign(n_heads, tower);
  return result;
}

}  // namespace guardrank::testing
