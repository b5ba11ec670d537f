// Calibration over a request: columns, reach, segments, exclusions.
#include <doctest/doctest.h>

#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "core/calibration/calibration.h"
#include "tests/core/support/heap.h"

using namespace guardrank;
using guardrank::testing::heap;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-13); }

constexpr std::string_view offers[] = {"o-1", "o-2", "o-3", "o-4"};

// Three heads, click -> apply | click -> amount | apply, over up to four candidates.
class Calibration {
 public:
  Calibration() {
    heads.resize(3);
    heads[0].name = "click";
    heads[0].calibrator.kind = CalibratorKind::platt;
    heads[0].calibrator.a = 1.1;
    heads[0].calibrator.b = 0.1;
    heads[1].name = "apply";
    heads[1].given = 0;
    heads[2].name = "amount";
    heads[2].kind = HeadKind::log_amount;
    heads[2].given = 1;
    heads[2].log_sigma = 0.7;
    heads[2].ratio = 1.05;
  }

  Status prepare() {
    GUARDRANK_TRY(facts.open(32, &arena, &error));
    GUARDRANK_TRY(add_calibration_facts(heads, &facts, &error));
    return prepare_calibration(heads, facts, &arena, &plan, &error);
  }

  void open(std::vector<std::vector<float>> values) {
    catalog.allows_unlisted = true;
    request.emplace_back(facts, &catalog, heap);
    const std::size_t n = values[0].size();
    REQUIRE(request.back().set_candidates(std::span(offers).first(n), &error) == Status::ok);
    logits = std::move(values);
  }

  Status apply() {
    GUARDRANK_TRY(frame.open(request.back(), &arena));
    GUARDRANK_TRY(arena.make(logits.size(), &frame.logits));
    for (std::size_t h = 0; h < logits.size(); ++h) frame.logits[h] = logits[h];
    return apply_calibration(plan, &frame, &exclusions, &outcomes);
  }

  std::vector<double> column(Namespace space, std::string_view name) {
    Column found;
    const std::uint32_t fact = facts.find(space, name);
    REQUIRE(fact != no_fact);
    REQUIRE(frame.column(fact, &found) == Status::ok);
    REQUIRE(found.n_rows == frame.n_rows());
    return {found.numbers, found.numbers + found.n_rows};
  }

  Arena arena{heap, std::size_t{1} << 24};
  Error error;
  std::vector<Head> heads;
  FactTable facts;
  CalibrationPlan plan;
  Catalog catalog;
  std::deque<Request> request;
  std::vector<std::vector<float>> logits;
  Frame frame;
  ExclusionList exclusions{&arena};
  std::span<HeadOutcome> outcomes;
};

}  // namespace

TEST_CASE("heads add their columns, declared for expressions") {
  Calibration c;
  REQUIRE(c.prepare() == Status::ok);
  for (const Namespace space : {Namespace::probability, Namespace::reach}) {
    CHECK(c.facts.find(space, "click") != no_fact);
    CHECK(c.facts.find(space, "apply") != no_fact);
    CHECK(c.facts.find(space, "amount") == no_fact);
  }
  const std::uint32_t amount = c.facts.find(Namespace::value, "amount");
  REQUIRE(amount != no_fact);
  CHECK(c.facts[amount].is_declared);
  CHECK(c.facts.find(Namespace::value, "click") == no_fact);
}

TEST_CASE("reach multiplies along the conditions; an amount stands alone") {
  Calibration c;
  REQUIRE(c.prepare() == Status::ok);
  c.open({{-0.5f, 0.25f}, {0.5f, -2.0f}, {3.0f, -1.0f}});
  REQUIRE(c.apply() == Status::ok);
  // pc = sig(1.1 z + 0.1) for z in (-0.5, 0.25); pa = sig(z) for z in (0.5, -2)
  const double pc[] = {0.389360766050778, 0.5926665999540698};
  const double pa[] = {0.6224593312018546, 0.11920292202211755};
  for (std::size_t row = 0; row < 2; ++row) {
    CHECK(c.column(Namespace::probability, "click")[row] == near(pc[row]));
    CHECK(c.column(Namespace::probability, "apply")[row] == near(pa[row]));
    CHECK(c.column(Namespace::reach, "click")[row] == near(pc[row]));
    CHECK(c.column(Namespace::reach, "apply")[row] == near(pc[row] * pa[row]));
    CHECK(c.outcomes[1].reach[row] == near(pc[row] * pa[row]));
  }
  // exp(3 + 0.7^2 / 2) 1.05 and exp(-1 + 0.7^2 / 2) 1.05
  CHECK(c.column(Namespace::value, "amount")[0] == near(26.944795563239683));
  CHECK(c.column(Namespace::value, "amount")[1] == near(0.49351114546706487));
  CHECK(c.outcomes[2].probability[0] == c.column(Namespace::value, "amount")[0]);
  CHECK(c.outcomes[2].corrected.empty());
  CHECK(c.outcomes[2].reach.empty());
  CHECK(c.outcomes[0].logit[1] == 0.25f);
  CHECK(c.exclusions.exclusions().empty());
}

TEST_CASE("a logit or an amount that is not finite excludes its candidate, naming each head") {
  Calibration c;
  REQUIRE(c.prepare() == Status::ok);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  // o-2: click; o-3: apply and an amount of exp(2000)
  c.open({{0.0f, nan, 1.0f, 2.0f}, {0.0f, 0.0f, -infinity, 0.5f}, {1.0f, 1.0f, 2000.0f, 1.0f}});
  REQUIRE(c.apply() == Status::ok);
  CHECK(c.frame.n_rows() == 2);
  CHECK(c.frame.rows()[0] == 0);
  CHECK(c.frame.rows()[1] == 3);
  CHECK(c.column(Namespace::reach, "apply").size() == 2);
  REQUIRE(c.outcomes[0].logit.size() == 2);
  CHECK(c.outcomes[0].logit[1] == 2.0f);
  CHECK(c.outcomes[1].corrected[1] == 0.5);
  CHECK(c.frame.logits[0].size() == 2);
  const std::span<const Exclusion> excluded = c.exclusions.exclusions();
  REQUIRE(excluded.size() == 2);
  CHECK(excluded[0].candidate == 1);
  CHECK(excluded[0].stage == ExclusionStage::value);
  const std::span<const Reason> first = c.exclusions.reasons(excluded[0]);
  REQUIRE(first.size() == 1);
  CHECK(first[0].kind == ReasonKind::probability);
  CHECK(first[0].value == ReasonValue::not_finite);
  CHECK(first[0].index == 0);
  const std::span<const Reason> second = c.exclusions.reasons(excluded[1]);
  REQUIRE(second.size() == 2);
  CHECK(excluded[1].candidate == 2);
  CHECK(second[0].index == 1);
  CHECK(second[1].index == 2);
}

TEST_CASE("all candidates may go, and there may be none") {
  Calibration c;
  REQUIRE(c.prepare() == Status::ok);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  c.open({{nan, nan}, {0.0f, 0.0f}, {0.0f, 0.0f}});
  REQUIRE(c.apply() == Status::ok);
  CHECK(c.frame.n_rows() == 0);
  CHECK(c.outcomes[1].probability.empty());
  CHECK(c.exclusions.exclusions().size() == 2);

  Calibration none;
  REQUIRE(none.prepare() == Status::ok);
  none.open({{}, {}, {}});
  REQUIRE(none.apply() == Status::ok);
  CHECK(none.outcomes.size() == 3);
}

TEST_CASE("a segment's calibrator is picked by a context fact") {
  SegmentCalibrator segments[2];
  segments[0] = {"prime", {}, 420};
  segments[0].calibrator.kind = CalibratorKind::platt;
  segments[0].calibrator.a = 1.1;
  segments[0].calibrator.b = 0.1;
  segments[1] = {"7", {}, 1e12};
  segments[1].calibrator.kind = CalibratorKind::temperature;
  segments[1].calibrator.t = 2.0;
  Calibration c;
  c.heads.resize(1);
  c.heads[0].calibrator = {};
  c.heads[0].segment_field = "segment";
  c.heads[0].kappa = 100;
  c.heads[0].segments = segments;

  const auto probability_of = [&](const Value& value) {
    REQUIRE(c.prepare() == Status::ok);
    c.open({{-1.25f}});
    const std::uint32_t fact = c.facts.find(Namespace::context, "segment");
    REQUIRE(fact != no_fact);
    if (!value.is_missing) {
      REQUIRE(c.request.back().set_context(fact, value, &c.error) == Status::ok);
    }
    REQUIRE(c.apply() == Status::ok);
    return c.column(Namespace::probability, "click")[0];
  };
  SUBCASE("known") {
    // sig(z + 420/520 (0.1 z + 0.1)), z = -1.25
    CHECK(probability_of(Value::of(std::string_view("prime"))) == near(0.2192243339595176));
  }
  SUBCASE("unknown") {
    CHECK(probability_of(Value::of(std::string_view("other"))) == near(0.22270013882530884));
  }
  SUBCASE("missing") { CHECK(probability_of({}) == near(0.22270013882530884)); }
}

TEST_CASE("a segment fact that is an integer goes by its decimal text") {
  SegmentCalibrator segment{"7", {}, 1e15};
  segment.calibrator.kind = CalibratorKind::temperature;
  segment.calibrator.t = 2.0;
  Calibration c;
  c.heads.resize(1);
  c.heads[0].calibrator = {};
  c.heads[0].segment_field = "band";
  c.heads[0].segments = {&segment, 1};
  REQUIRE(c.facts.open(32, &c.arena, &c.error) == Status::ok);
  Fact band;
  band.name = "band";
  band.type = FactType::i64;
  REQUIRE(c.facts.add(band, nullptr, &c.error) == Status::ok);
  REQUIRE(add_calibration_facts(c.heads, &c.facts, &c.error) == Status::ok);
  REQUIRE(prepare_calibration(c.heads, c.facts, &c.arena, &c.plan, &c.error) == Status::ok);
  const std::uint32_t fact = c.facts.find(Namespace::context, "band");
  CHECK(c.facts[fact].type == FactType::i64);
  c.open({{-1.0f}});
  REQUIRE(c.request.back().set_context(fact, Value::of(std::int64_t{7}), &c.error) == Status::ok);
  REQUIRE(c.apply() == Status::ok);
  CHECK(c.column(Namespace::probability, "click")[0] == near(0.3775406687981454));  // sig(-0.5)
}

TEST_CASE("conditions and logits that do not fit are refused") {
  Calibration c;
  c.heads[1].given = 2;
  CHECK(c.prepare() == Status::reference);
  CHECK(c.error.where() == "apply");
  Calibration amount;
  amount.heads.push_back(amount.heads[1]);
  amount.heads[3].name = "again";
  amount.heads[3].given = 2;
  CHECK(amount.prepare() == Status::reference);
  Calibration few;
  REQUIRE(few.prepare() == Status::ok);
  few.open({{0.0f}, {0.0f}});
  CHECK(few.apply() == Status::internal);
  Calibration rows;
  REQUIRE(rows.prepare() == Status::ok);
  rows.open({{0.0f}, {0.0f}, {0.0f, 1.0f}});
  CHECK(rows.apply() == Status::internal);
}
