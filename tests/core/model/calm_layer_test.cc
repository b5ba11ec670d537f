// Which layers are calm (LayerTask), from their weights alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/model/prepared_network.h"
#include "tests/core/model/random_model.h"
#include "tests/core/support/heap.h"

using namespace guardrank;
using guardrank::testing::heap;
using guardrank::testing::draw_architecture;
using guardrank::testing::RandomModel;

namespace {

// The largest total of a layer over codes, in size, times its output's multiplier.
double largest_product(const Layer& layer) {
  double largest = 0;
  for (std::size_t o = 0; o < layer.n_out; ++o) {
    double least = layer.bias[o], most = layer.bias[o];
    for (std::size_t i = 0; i < layer.n_in; ++i) {
      const int weight = layer.weights[o * layer.n_in + i];
      (weight < 0 ? least : most) += 127.0 * weight;
    }
    largest = std::max(largest, std::max(-least, most) * std::abs(double{layer.multiplier[o]}));
  }
  return largest;
}

}  // namespace

TEST_CASE("a layer is calm where no product with a multiplier can reach 2^22") {
  std::size_t n_checked = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomModel model(draw_architecture(seed), seed * 49979687);
    if (model.model().levels.empty()) continue;
    for (const double wanted : {4.1e6, 4.3e6, 1e9}) {
      const Layer& last = model.model().heads[0].tower.back();
      const auto scale = static_cast<float>(wanted / largest_product(last));
      for (const float& each : last.multiplier) const_cast<float&>(each) *= scale;   // the test's own
      Arena arena(heap, std::size_t{1} << 26);
      Error error;
      NetworkPlan plan;
      REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
      CHECK(plan.prepared->towers[0].layers.back().is_calm == (wanted < 0x1p22));
      ++n_checked;
    }
  }
  CHECK(n_checked >= 30);
}
