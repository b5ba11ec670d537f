#include "models/plan/sweep.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/frame/frame.h"
#include "models/pack/pack_error.h"
#include "models/plan/sample_outcome.h"
#include "models/plan/varied_pipeline.h"
#include "tests/plan/reference_bundle.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
// A reference bundle, and the requests that stand beside it.
class Reference {
 public:
  explicit Reference(const std::string& name)
      : bundle_("models/reference/" + name + ".guardrank"),
        requests_(read_source("models/reference/" + name + "/requests.jsonl")) {}

  const Pipeline& pipeline() const { return bundle_.pipeline(); }
  const std::string& requests() const { return requests_; }

 private:
  ReferenceBundle bundle_;
  std::string requests_;
};

double at(const Json& report, std::size_t parameter, std::size_t point, const char* figure) {
  return report.at("parameters")[parameter].at("points")[point].at("figures").at(figure);
}

TEST_CASE("figures are means over requests of what they show, weighed by exposure") {
  const Reference goods("goods");
  const Sample sample(goods.pipeline(), goods.requests(), "", 3);
  const SampleOutcome outcome = sample.run(goods.pipeline(), {});
  // The same by hand.
  Request request(*goods.pipeline().facts, goods.pipeline().catalog, pack::system_allocator());
  Session session(pack::system_allocator(), SIZE_MAX);
  std::istringstream lines(goods.requests());
  double score = 0, favorite = 0, n = 0;
  for (std::string line; std::getline(lines, line); n += 1) {
    Error error;
    Decision decision;
    REQUIRE(read_request_json(line, &request, &error) == Status::ok);
    REQUIRE(rank(goods.pipeline(), request, &session, &decision, &error) == Status::ok);
    const std::size_t shown = std::min<std::size_t>(3, decision.ranked.size());
    const double weights[] = {1.0, 1.0 / std::log2(3.0), 0.5};
    double total = 0;
    for (std::size_t i = 0; i < shown; ++i) total += weights[i];
    for (std::size_t i = 0; i < shown; ++i) {
      const std::uint32_t row = decision.ranked[i].row;
      score += weights[i] / total * static_cast<double>(decision.scores.score[row]) / 1e6;
      favorite += weights[i] / total * decision.heads[0].reach[row];
    }
  }
  REQUIRE(n == static_cast<double>(sample.size()));
  REQUIRE(goods.pipeline().model->heads[0].name == "favorite");
  CHECK(outcome.means[sample.figures().find("score")] == doctest::Approx(score / n).epsilon(1e-12));
  CHECK(outcome.means[sample.figures().find("reach.favorite")] ==
        doctest::Approx(favorite / n).epsilon(1e-12));
  CHECK_THROWS_AS(sample.figures().find("nonsense"), pack::PackError);
}

// What a policy shows of the cards, summed here: over 10 positions.
struct ByHand {
  double n = 0, shown = 0, approve = 0, apply_reach = 0, approve_reach = 0;

  void add(const Decision& decision) {
    n += 1;
    if (decision.ranked.empty()) return;
    shown += 1;
    const std::size_t depth = std::min<std::size_t>(10, decision.ranked.size());
    double total = 0;
    for (std::size_t i = 0; i < depth; ++i) total += 1 / std::log2(2.0 + static_cast<double>(i));
    for (std::size_t i = 0; i < depth; ++i) {
      const double weight = 1 / std::log2(2.0 + static_cast<double>(i)) / total;
      const std::uint32_t row = decision.ranked[i].row;
      approve += weight * decision.heads[2].probability[row];
      apply_reach += weight * decision.heads[1].reach[row];
      approve_reach += weight * decision.heads[2].reach[row];
    }
  }
};

ByHand sum_by_hand(const Reference& reference, const Pipeline& pipeline) {
  Request request(*pipeline.facts, pipeline.catalog, pack::system_allocator());
  Session session(pack::system_allocator(), SIZE_MAX);
  std::istringstream lines(reference.requests());
  ByHand sums;
  for (std::string line; std::getline(lines, line);) {
    Error error;
    Decision decision;
    REQUIRE(read_request_json(line, &request, &error) == Status::ok);
    REQUIRE(rank(pipeline, request, &session, &decision, &error) == Status::ok);
    sums.add(decision);
  }
  return sums;
}

TEST_CASE("approval is of what is shown, not of requests that show nothing") {
  const Reference cards("cards");
  REQUIRE(cards.pipeline().model->heads[1].name == "apply");
  REQUIRE(cards.pipeline().model->heads[2].name == "approve");
  VariedPipeline varied(cards.pipeline());
  const Sample sample(cards.pipeline(), cards.requests(), "", 10);
  const auto figure = [&](const SampleOutcome& outcome, const char* name) {
    return outcome.means[sample.figures().find(name)];
  };
  const double before = figure(sample.run(varied.pipeline(), {}), "p.approve");
  varied.set(varied.find("approve_floor"), 0.6);
  const ByHand sums = sum_by_hand(cards, varied.pipeline());
  REQUIRE(sums.shown > 0);
  REQUIRE(sums.shown < sums.n);
  const SampleOutcome outcome = sample.run(varied.pipeline(), {});
  CHECK(figure(outcome, "empty") == doctest::Approx(1 - sums.shown / sums.n).epsilon(1e-12));
  CHECK(figure(outcome, "p.approve") == doctest::Approx(sums.approve / sums.shown).epsilon(1e-12));
  CHECK(figure(outcome, "p.approve") > before);     // which is what the floor is for
  CHECK(figure(outcome, "p.approve") >= 0.6);
  CHECK(figure(outcome, "rate.approve") ==
        doctest::Approx(sums.approve_reach / sums.apply_reach).epsilon(1e-12));
  CHECK(figure(outcome, "reach.approve") ==
        doctest::Approx(sums.approve_reach / sums.n).epsilon(1e-12));
}

TEST_CASE("a policy that shows nothing has no approval rate, and meets no target") {
  const Reference cards("cards");
  VariedPipeline varied(cards.pipeline());
  const Sample sample(cards.pipeline(), cards.requests(), "", 10);
  varied.set(varied.find("approve_floor"), 1.01);
  const SampleOutcome outcome = sample.run(varied.pipeline(), {});
  REQUIRE(outcome.means[sample.figures().find("empty")] == 1);
  for (const char* name : {"p.approve", "rate.approve", "share.click"})
    CHECK(std::isnan(outcome.means[sample.figures().find(name)]));
  TargetChoice choice;
  // More than any offer has, so that the floor climbs until nothing is left.
  choice.targets = {{"p.purchase", 0.99, "purchase_floor"}};
  const Reference goods("goods");
  const Json report = Json::parse(meet_targets(goods.pipeline(), goods.requests(), choice, {}).report);
  CHECK(report.at("is_met") == false);
  CHECK(report.at("targets")[0].at("found").is_number());
  const Json& steps = report.at("steps");
  const auto shows_nothing = [](const Json& step) { return step.at("found")[0].is_null(); };
  const auto empty = std::find_if(steps.begin(), steps.end(), shows_nothing);
  REQUIRE(empty != steps.end());
  CHECK_FALSE(std::all_of(empty, steps.end(), shows_nothing));   // it came back
}

TEST_CASE("a floor moves until what is shown is approved often enough") {
  const Reference cards("cards");
  const Sample sample(cards.pipeline(), cards.requests(), "", 10);
  const std::size_t approve = sample.figures().find("p.approve");
  VariedPipeline varied(cards.pipeline());
  const double now = sample.run(varied.pipeline(), {}).means[approve];
  varied.set(varied.find("approve_floor"), 0.6);
  const double then = sample.run(varied.pipeline(), {}).means[approve];
  REQUIRE(then > now);
  TargetChoice choice;
  choice.targets = {{"p.approve", (now + then) / 2, "approve_floor"}};
  const Json report = Json::parse(meet_targets(cards.pipeline(), cards.requests(), choice, {}).report);
  CHECK(report.at("is_met") == true);
  CHECK(report.at("targets")[0].at("proposed").get<double>() > 0.2);
}

TEST_CASE("a sweep passes through the policy's own value and does what the parameter does") {
  const Reference goods("goods");
  SweepChoice choice;
  choice.parameters = {"purchase_floor", "repeat_cost"};
  choice.n_points = 3;
  choice.segment = "ctx.surface";
  choice.least_segment = 1;
  const PlanReport result = sweep(goods.pipeline(), goods.requests(), choice, {});
  const Json report = Json::parse(result.report);
  REQUIRE(report.at("parameters").size() == 2);
  for (const Json& parameter : report.at("parameters")) {
    int n_own = 0;
    for (const Json& point : parameter.at("points")) {
      if (!point.at("is_policy").get<bool>()) continue;
      ++n_own;
      CHECK(point.at("figures") == report.at("baseline"));
    }
    CHECK(n_own == 1);
  }
  const Json& floor_points = report.at("parameters")[0].at("points");
  CHECK(at(report, 0, 0, "removed.purchase_floor") == 0);      // a floor of 0 removes nobody
  CHECK(at(report, 0, floor_points.size() - 1, "empty") == 1); // half is above every probability
  CHECK(at(report, 1, 0, "term.repetition") == 0);             // showing again costs nothing
  CHECK(report.at("parameters")[0].at("worst_segments").size() <= 5);
  CHECK(!report.at("parameters")[0].at("worst_segments").empty());
  CHECK(result.page.find("<svg") != std::string::npos);
  CHECK(result.page.find("<script") == std::string::npos);
}

// By hand: 3 * p.purchase + 0.25 * offer.margin * p.purchase, the policy's own weights, of what is
// shown when purchases are weighed otherwise.
double revenue_by_hand(const Reference& goods, const Pipeline& pipeline) {
  const std::uint32_t margin_fact = pipeline.facts->find(Namespace::candidate, "margin");
  Request request(*pipeline.facts, pipeline.catalog, pack::system_allocator());
  Session session(pack::system_allocator(), SIZE_MAX);
  pack::Memory memory;
  std::istringstream lines(goods.requests());
  double revenue = 0, n = 0;
  for (std::string line; std::getline(lines, line); n += 1) {
    Error error;
    Decision decision;
    Frame frame;
    Column margin;
    REQUIRE(read_request_json(line, &request, &error) == Status::ok);
    REQUIRE(rank(pipeline, request, &session, &decision, &error) == Status::ok);
    REQUIRE(frame.open(request, &memory.arena()) == Status::ok);
    REQUIRE(frame.column(margin_fact, &margin) == Status::ok);
    const std::size_t shown = std::min<std::size_t>(10, decision.ranked.size());
    double total = 0, sum = 0;
    for (std::size_t i = 0; i < shown; ++i) {
      const double weight = 1 / std::log2(2.0 + static_cast<double>(i));
      const std::uint32_t row = decision.ranked[i].row, candidate = decision.candidates[row];
      const double p = decision.heads[1].probability[row];
      total += weight;
      sum += weight * (3.0 * p + 0.25 * margin.numbers[margin.row_of(candidate)] * p);
    }
    revenue += shown > 0 ? sum / total : 0;
  }
  return revenue / n;
}

TEST_CASE("revenue of a moved weight is told in the policy's own") {
  const Reference goods("goods");
  REQUIRE(goods.pipeline().model->heads[1].name == "purchase");
  SweepChoice choice;
  choice.parameters = {"w_purchase"};
  choice.n_points = 3;
  const Json report = Json::parse(sweep(goods.pipeline(), goods.requests(), choice, {}).report);
  VariedPipeline varied(goods.pipeline());
  const std::size_t weight = varied.find("w_purchase");
  double first = -1;
  bool moves = false;
  for (const Json& point : report.at("parameters")[0].at("points")) {
    varied.set(weight, point.at("value"));
    const double revenue = point.at("figures").at("revenue");
    CHECK(revenue == doctest::Approx(revenue_by_hand(goods, varied.pipeline())).epsilon(1e-5));
    CHECK(point.at("figures").at("term.purchase").get<double>() <= revenue);
    moves |= first >= 0 && revenue != first;
    first = revenue;
  }
  CHECK(moves);
}

TEST_CASE("segments too small to compare are counted, and can be asked for") {
  const Reference goods("goods");
  // Eight surfaces with a request each; the first stands there twice more.
  const std::string first = goods.requests().substr(0, goods.requests().find('\n') + 1);
  const std::string requests = first + first + goods.requests();
  SweepChoice choice;
  choice.parameters = {"purchase_floor"};
  choice.n_points = 2;
  choice.segment = "ctx.surface";
  choice.least_segment = 2;
  const PlanReport told = sweep(goods.pipeline(), requests, choice, {});
  const Json segments = Json::parse(told.report).at("segments");
  CHECK(segments.at("left_out") == 7);
  CHECK(segments.at("compared") == 1);
  CHECK(segments.at("requests_left_out") == 7);
  CHECK(told.page.find("1 compared, 7 of fewer than 2 requests left out (7 requests)") != std::string::npos);
  choice.least_segment = 1;
  const Json all = Json::parse(sweep(goods.pipeline(), requests, choice, {}).report);
  CHECK(all.at("segments").at("left_out") == 0);
  choice.segment = "";
  CHECK_FALSE(Json::parse(sweep(goods.pipeline(), requests, choice, {}).report)
                  .contains("segments"));
}

TEST_CASE("multipliers meet a target that a grid can meet") {
  const Reference goods("goods");
  const Sample sample(goods.pipeline(), goods.requests(), "", 10);
  const std::size_t share = sample.figures().find("share.favorite");
  VariedPipeline varied(goods.pipeline());
  const std::size_t weight = varied.find("w_favorite");
  double best = 0, now = 0;
  for (int i = 0; i <= 20; ++i) {
    varied.set(weight, 0.5 * i);
    best = std::max(best, sample.run(varied.pipeline(), {}).means[share]);
  }
  varied.reset();
  now = sample.run(varied.pipeline(), {}).means[share];
  REQUIRE(best > now);
  TargetChoice choice;
  choice.targets = {{"share.favorite", now + 0.7 * (best - now), "w_favorite"}};
  const Json report = Json::parse(meet_targets(goods.pipeline(), goods.requests(), choice, {}).report);
  CHECK(report.at("is_met") == true);
  const Json& target = report.at("targets")[0];
  CHECK(target.at("found").get<double>() >= target.at("at_least").get<double>());
  CHECK(target.at("proposed").get<double>() > target.at("value").get<double>());
  // And one that nothing can meet is said to be missed.
  choice.targets[0].at_least = 1.5;
  const PlanReport told = meet_targets(goods.pipeline(), goods.requests(), choice, {});
  const Json missed = Json::parse(told.report);
  CHECK(missed.at("is_met") == false);
  CHECK(missed.at("targets")[0].at("proposed").is_null());
  CHECK(missed.at("targets")[0].at("found_with").is_number());
  // The page has every step's parameter and figure.
  for (const Json& step : missed.at("steps")) {
    for (const char* member : {"multipliers", "found"}) {
      char cell[64];
      std::snprintf(cell, sizeof cell, "<td>%.6f</td>", step.at(member)[0].get<double>());
      CHECK(told.page.find(cell) != std::string::npos);
    }
  }
}

// The figures of a policy with two parameters moved are targets that those values meet.
Json targets_of(const Reference& reference, std::pair<const char*, double> floor,
                std::pair<const char*, double> weight, const char* floor_figure,
                const char* weight_figure) {
  VariedPipeline varied(reference.pipeline());
  const Sample sample(reference.pipeline(), reference.requests(), "", 10);
  varied.set(varied.find(floor.first), floor.second);
  varied.set(varied.find(weight.first), weight.second);
  const std::vector<double> means = sample.run(varied.pipeline(), {}).means;
  const auto just_under = [&](const char* name) {
    const double figure = means[sample.figures().find(name)];
    return figure - 1e-6 * std::fabs(figure);
  };
  TargetChoice choice;
  choice.targets = {{floor_figure, just_under(floor_figure), floor.first},
                    {weight_figure, just_under(weight_figure), weight.first}};
  return Json::parse(
      meet_targets(reference.pipeline(), reference.requests(), choice, {}).report);
}

TEST_CASE("two targets that some values meet are met, also beside a floor's jumps") {
  int n = 0;
  const auto check = [&](const Json& report) {
    ++n;
    CAPTURE(n);
    CHECK(report.at("is_met") == true);
    for (const Json& target : report.at("targets"))
      CHECK(target.at("found").get<double>() >= target.at("at_least").get<double>());
  };
  const Reference cards("cards"), goods("goods");
  for (const double floor : {0.25, 0.4, 0.5, 0.6})
    for (const double share : {0.004, 0.012})
      check(targets_of(cards, {"approve_floor", floor}, {"spend_share", share}, "p.approve", "score"));
  for (const double floor : {0.01, 0.03})
    for (const double weight : {3.0, 6.0})
      check(targets_of(goods, {"purchase_floor", floor}, {"w_favorite", weight}, "p.purchase",
                       "share.favorite"));
}

TEST_CASE("what cannot be swept is refused by name") {
  const Reference goods("goods");
  SweepChoice choice;
  choice.parameters = {"nothing"};
  CHECK_THROWS_AS(sweep(goods.pipeline(), goods.requests(), choice, {}), pack::PackError);
  choice.parameters = {};
  CHECK_THROWS_AS(sweep(goods.pipeline(), "", choice, {}), pack::PackError);
  CHECK_THROWS_AS(sweep(goods.pipeline(), "{\"time\": 3}\n", choice, {}), pack::PackError);
  choice.segment = "ctx.nothing";
  CHECK_THROWS_AS(sweep(goods.pipeline(), goods.requests(), choice, {}), pack::PackError);
  TargetChoice none;
  CHECK_THROWS_AS(meet_targets(goods.pipeline(), goods.requests(), none, {}), pack::PackError);
}

}  // namespace
}  // namespace guardrank::plan
