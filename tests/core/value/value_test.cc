#include "core/value/value.h"

#include <cmath>
#include <limits>

#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

struct Terms : World {
  std::vector<Term> terms;
  Policy policy;
  ValuePlan plan;
  Scores scores;
  ExclusionList exclusions{&session};
  std::vector<std::vector<double>> columns;

  void term(std::string_view id, TermKind kind, std::string_view expr) {
    Term made;
    made.id = id;
    made.kind = kind;
    made.expr = expr;
    terms.push_back(made);
  }
  // A probability column over all rows, set by a stage.
  void outcome(std::uint32_t fact, std::vector<double> values) {
    columns.push_back(std::move(values));
    Column column;
    column.type = FactType::f64;
    column.n_rows = static_cast<std::uint32_t>(columns.back().size());
    column.numbers = columns.back().data();
    frame.set_column(fact, column);
  }
  Status prepare() {
    policy.terms = terms;
    return prepare_value(policy, facts, &arena, &plan, &error);
  }
  void run() {
    REQUIRE_MESSAGE(prepare() == Status::ok, error.message());
    exclusions = ExclusionList(&session);
    REQUIRE(apply_value(plan, &frame, &exclusions, &scores) == Status::ok);
    REQUIRE(scores.score.size() == frame.n_rows());
    for (std::uint32_t row = 0; row < frame.n_rows(); ++row) {
      __extension__ __int128 sum = 0;
      for (const auto& values : scores.terms) sum += values[row];
      CHECK((sum == scores.score[row]));
    }
  }
  std::string why(std::uint32_t candidate) const {
    std::string text;
    for (const Exclusion& exclusion : exclusions.exclusions()) {
      if (exclusion.candidate != candidate) continue;
      CHECK(exclusion.stage == ExclusionStage::value);
      for (const Reason& reason : exclusions.reasons(exclusion)) {
        CHECK(reason.kind == ReasonKind::term);
        text += text.empty() ? "" : " ";
        text += std::string(terms[reason.index].id) + ":" +
                std::string(reason_value_name(reason.value));
        if (reason.missing_fact != no_fact)
          text += "(" + std::string(facts[reason.missing_fact].name) + ")";
      }
    }
    return text;
  }
};

TEST_CASE("terms are rounded half even to micros; penalties are subtracted") {
  Terms world;
  world.offer("cpa", FactType::f64);
  const std::uint32_t reach = world.add(Namespace::reach, "approve", FactType::f64);
  const std::uint32_t p = world.add(Namespace::probability, "approve", FactType::f64);
  world.candidates(2);
  world.set_offer(0, "cpa", 120.0);
  world.set_offer(1, "cpa", 80.0);
  world.open();
  world.outcome(reach, {0.015625, 0.03125});
  world.outcome(p, {0.25, 0.5});
  world.term("revenue", TermKind::revenue, "offer.cpa * reach.approve");
  world.term("risk", TermKind::penalty, "(1.0 - p.approve) * 0.0000025");   // 1.875, 1.25 micros
  world.term("bonus", TermKind::bonus, "0.0000025");                         // 2.5 micros
  world.run();
  CHECK(world.scores.terms[0][0] == 1875000);
  CHECK(world.scores.terms[0][1] == 2500000);
  CHECK(world.scores.terms[1][0] == -2);
  CHECK(world.scores.terms[1][1] == -1);
  CHECK(world.scores.terms[2][0] == 2);
  CHECK(world.scores.score[0] == 1875000);
  CHECK(world.scores.score[1] == 2500001);
}

TEST_CASE("a term that fails removes its row, and all failing terms are told") {
  Terms world;
  world.offer("x", FactType::f64);
  world.offer("y", FactType::f64);
  world.offer("n", FactType::i64);
  world.candidates(8);
  const double x[] = {1, 0, 1, 1, 1, 9.3e12, 1, 1};
  const double y[] = {1, 0, -1, 1, 1, 1, 0, 1};
  for (std::uint32_t i = 0; i < 8; ++i) {
    if (i != 3) world.set_offer(i, "x", x[i]);
    if (i != 3) world.set_offer(i, "y", y[i]);
    world.set_offer(i, "n", static_cast<std::int64_t>(i == 4 ? 0 : 1));
  }
  world.open();
  world.term("ratio", TermKind::revenue, "offer.x / offer.y");
  world.term("cost", TermKind::penalty, "offer.y");
  world.term("whole", TermKind::bonus, "double(1 / offer.n)");
  world.run();
  REQUIRE(world.frame.n_rows() == 2);
  CHECK(world.frame.rows()[0] == 0);
  CHECK(world.frame.rows()[1] == 7);
  CHECK(world.scores.score[1] == 1000000);
  CHECK(world.why(1) == "ratio:not_finite");          // 0 / 0
  CHECK(world.why(2) == "cost:error");                // a penalty below zero
  CHECK(world.why(3) == "ratio:unknown(x) cost:unknown(y)");
  CHECK(world.why(4) == "whole:error");
  CHECK(world.why(5) == "ratio:overflow");            // 9.3e18 micros > 2^63
  CHECK(world.why(6) == "ratio:not_finite");          // 1 / 0
}

TEST_CASE("the sum is exact: what passes out of int64 and comes back stays") {
  Terms world;
  world.offer("x", FactType::f64);
  world.candidates(2);
  world.set_offer(0, "x", 9.0e12);
  world.set_offer(1, "x", 1.0);
  world.open();
  world.term("a", TermKind::revenue, "offer.x");
  world.term("b", TermKind::revenue, "offer.x");
  world.term("c", TermKind::penalty, "offer.x");
  world.run();
  CHECK(world.frame.n_rows() == 2);
  CHECK(world.scores.score[0] == 9000000000000000000);
  world.terms.pop_back();
  world.run();
  CHECK(world.frame.n_rows() == 1);
  CHECK(world.why(0) == "a:overflow");
  CHECK(world.scores.score[0] == 2000000);
}

TEST_CASE("no terms score zero, no rows score nothing") {
  Terms world;
  world.candidates(2);
  world.open();
  world.run();
  CHECK(world.scores.score[1] == 0);
  Terms empty;
  empty.candidates(0);
  empty.open();
  empty.term("a", TermKind::revenue, "1.0");
  empty.run();
  CHECK(empty.scores.score.empty());
}

TEST_CASE("a term must be a double, and the message helps") {
  Terms world;
  world.offer("n", FactType::i64);
  world.term("flat", TermKind::revenue, "2");
  CHECK(world.prepare() == Status::typecheck);
  CHECK(world.error.where() == "terms.flat");
  CHECK(world.error.message().find("write 2.0") != std::string_view::npos);
  world.terms[0].expr = "offer.n * 2";
  CHECK(world.prepare() == Status::typecheck);
  CHECK(world.error.message().find("convert with double(...)") != std::string_view::npos);
}

}  // namespace
}  // namespace guardrank::testing
