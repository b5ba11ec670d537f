// The float reference against the contract's text, the int8 network against the
// float reference.
#include <cmath>

#include <doctest/doctest.h>

#include "models/pack/pack.h"
#include "models/pack/quantise/quantise.h"
#include "models/pack/rows/int8_scorer.h"
#include "models/pack/weights/weights_folder.h"
#include "tests/pack/drawn_network.h"

using namespace guardrank::testing;
namespace pack = guardrank::pack;

namespace {

constexpr std::size_t n_rows = 200;

struct Packed {
  Packed(const DrawnNetwork &network, const Folder &folder)
      : trained(read(network, folder)),
        rows(pack::read_calibration_rows(folder.path(), trained, 16, {})),
        reference(trained) {}

  static pack::TrainedModel read(const DrawnNetwork &network,
                                 const Folder &folder) {
    network.write(folder, n_rows, 99);
    return pack::read_weights_folder(folder.path());
  }

  pack::QuantisedModel quantised() const {
    pack::Ranges ranges(trained);
    const pack::Matrix x =
        reference.inputs(rows.encoded.block(0, n_rows), 0, n_rows);
    ranges.add(trained, x, reference.run(x));
    return pack::quantise(trained, ranges);
  }

  pack::Matrix float_logits() const {
    return reference.logits(rows.encoded.block(0, n_rows), n_rows);
  }

  pack::TrainedModel trained;
  pack::CalibrationRows rows;
  pack::FloatReference reference;
};

double spread(const pack::Matrix &logits, std::size_t head) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n_rows; ++i) {
    sum += logits(i, head);
    squares += logits(i, head) * logits(i, head);
  }
  return std::sqrt(
      std::max(0.0, squares / n_rows - sum / n_rows * (sum / n_rows)));
}

} // namespace

TEST_CASE("the float reference computes what the contract says, on every kind "
          "of graph") {
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    const DrawnNetwork network = draw_network(seed);
    const Folder folder;
    const Packed packed(network, folder);
    REQUIRE(packed.rows.encoded.size() == n_rows);
    const pack::Matrix found = packed.float_logits();
    std::mt19937_64 random(99);
    double worst = 0;
    for (std::size_t row = 0; row < n_rows; ++row) {
      const std::vector<double> wanted =
          contract_logits(network, draw_row(&random));
      for (std::size_t h = 0; h < wanted.size(); ++h)
        worst = std::max(worst, std::abs(found(row, h) - wanted[h]) /
                                    (1 + std::abs(wanted[h])));
    }
    CHECK(worst < 1e-5);
  }
}

TEST_CASE("int8 stays near float on the calibration rows") {
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    const Folder folder;
    const Packed packed(draw_network(seed), folder);
    const pack::QuantisedModel quantised = packed.quantised();
    pack::Int8Scorer scorer(quantised.model);
    const pack::Matrix wanted = packed.float_logits();
    const pack::Matrix found = scorer.logits(packed.rows.encoded, 0, n_rows);
    for (std::size_t h = 0; h < 2; ++h) {
      double worst = 0, mean = 0;
      for (std::size_t row = 0; row < n_rows; ++row) {
        const double error = std::abs(double{found(row, h)} - wanted(row, h));
        worst = std::max(worst, error);
        mean += error / n_rows;
      }
      // Untrained networks of a few dozen columns: codes of 7 bits at two to
      // six places in a row, on inputs with heavy tails.
      CHECK(worst < 0.05 + 0.15 * spread(wanted, h));
      CHECK(mean < 0.015 + 0.04 * spread(wanted, h));
    }
  }
}

TEST_CASE(
    "units that never are active and weights of zero divide nothing by zero") {
  DrawnNetwork network = draw_network(2);
  for (auto &[name, tensor] : network.tensors) {
    if (name.ends_with(".weight"))
      std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
    if (name.ends_with(".bias") && name.starts_with("level"))
      std::fill(tensor.values.begin(), tensor.values.end(), -1.0f);
  }
  const Folder folder;
  const Packed packed(network, folder);
  const pack::QuantisedModel quantised = packed.quantised();
  pack::Int8Scorer scorer(quantised.model);
  const pack::Matrix wanted = packed.float_logits();
  const pack::Matrix found = scorer.logits(packed.rows.encoded, 0, n_rows);
  for (std::size_t h = 0; h < 2; ++h) {
    CHECK(std::isfinite(found(0, h)));
    CHECK(found(0, h) == doctest::Approx(wanted(0, h)).epsilon(1e-4));
  }
}

TEST_CASE("a layer far out of scale keeps its bias") {
  // Weights a millionth of the bias: the channel's scale must leave the bias
  // within int32.
  DrawnNetwork network = draw_network(0);
  auto &weights = network.tensors["tower.click.layer.0.weight"].values;
  for (float &w : weights)
    w *= 1e-9f;
  for (float &b : network.tensors["tower.click.layer.0.bias"].values)
    b = 1000.0f;
  const Folder folder;
  const Packed packed(network, folder);
  const pack::QuantisedModel quantised = packed.quantised();
  pack::Int8Scorer scorer(quantised.model);
  const pack::Matrix found = scorer.logits(packed.rows.encoded, 0, 1);
  CHECK(found(0, 0) ==
        doctest::Approx(packed.float_logits()(0, 0)).epsilon(0.02));
}

TEST_CASE(
    "calibration rows are wanted where ranges come from them, and only there") {
  const Folder folder;
  folder.write_model(small_spec(), small_tensors());
  const auto model = pack::read_model_folder(folder.path());
  const auto error =
      error_of([&] { pack::pack_model(folder.path(), *model, {}); });
  CHECK(error.status() == guardrank::Status::missing);
  CHECK(mentions(error, "calibration.jsonl"));
}

TEST_CASE("a broken calibration line is named") {
  const Folder folder;
  folder.write_model(small_spec(), small_tensors());
  const auto model = pack::read_model_folder(folder.path());
  const auto line_error = [&](const std::string &line) {
    folder.write("calibration.jsonl",
                 "{\"context\": {\"income\": 1}}\n\n" + line + "\n");
    return error_of([&] { pack::pack_model(folder.path(), *model, {}); });
  };
  CHECK(mentions(line_error("{\"context\": {\"income\": \"x\"}}"),
                 "calibration.jsonl: line 3"));
  CHECK(line_error("{\"context\": {\"income\": \"x\"}}").status() ==
        guardrank::Status::type);
  CHECK(mentions(line_error("{\"contexts\": {}}"), "unknown member"));
  CHECK(line_error("{\"context\": {\"income\": 1e999}}").status() !=
        guardrank::Status::ok);
  CHECK(line_error("{\"context\":").status() == guardrank::Status::json);
  CHECK(line_error("{\"context\": {\"income\": 2}}").status() ==
        guardrank::Status::ok);
}
