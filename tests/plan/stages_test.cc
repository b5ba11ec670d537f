#include "models/plan/stages.h"

#include <doctest/doctest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "models/pack/documents/policy_document.h"
#include "models/plan/stage_costs.h"
#include "models/plan/stage_document.h"
#include "tests/pack/weights_folder.h"

namespace guardrank::plan {
namespace {

using testing::Folder;
using testing::error_of;
using testing::mentions;
using Json = nlohmann::ordered_json;

TEST_CASE("costs come back from times that were made of them") {
  // fixed 40, c1 0.02, c2 0.5
  std::vector<TimedRanking> rankings;
  for (const double n : {100.0, 400.0, 1000.0, 4000.0}) {
    rankings.push_back({n, n, 40 + 0.5 * n, false});
    for (const double k : {20.0, 50.0})
      rankings.push_back({n, k, 40 + 0.02 * n + 0.5 * k, true});
  }
  TwoStage figures;
  fit_costs(rankings, &figures);
  CHECK(figures.fixed_us == doctest::Approx(40).epsilon(1e-9));
  CHECK(figures.c1_us == doctest::Approx(0.02).epsilon(1e-9));
  CHECK(figures.c2_us == doctest::Approx(0.5).epsilon(1e-9));
  CHECK(predicted(figures, {1000, 50, 0, true}) == doctest::Approx(40 + 20 + 25).epsilon(1e-9));
  CHECK(predicted(figures, {1000, 1000, 0, false}) == doctest::Approx(540).epsilon(1e-9));
}

TEST_CASE("no cost is negative, and none is made up") {
  TwoStage figures;
  // The line would meet 0 candidates at -10.
  fit_costs({{100, 100, 90, false}, {200, 200, 190, false}, {200, 10, 1, true}}, &figures);
  CHECK(figures.fixed_us == 0);
  CHECK(figures.c2_us > 0.9);
  CHECK(figures.c1_us == 0);
  const auto fit = [&](const std::vector<TimedRanking>& rankings) {
    return error_of([&] { fit_costs(rankings, &figures); }).status();
  };
  CHECK(fit({}) == Status::argument);
  CHECK(fit({{100, 100, 90, false}, {100, 100, 91, false}}) == Status::argument);
  CHECK(fit({{100, 100, 90, false}, {200, 200, 80, false}}) == Status::argument);
}

TEST_CASE("figures are rounded to the safe side") {
  CHECK(rounded_up(123.4, 3) == 124);
  CHECK(rounded_up(0.0123449, 3) == 0.0124);
  CHECK(rounded_up(0.5, 3) == 0.5);
  CHECK(rounded_up(0, 3) == 0);
  CHECK(rounded_down(0.99999, 4) == 0.9999);
  CHECK(rounded_down(1, 4) == 1);
  CHECK(rounded_down(0.990149, 4) == 0.9901);
  CHECK(median({5, 1, 9}) == 5);
  CHECK(median({4, 1, 9, 2}) == 3);
}

bool mentions_warning(const std::string& report) {
  const Json json = Json::parse(report);
  return json.contains("warnings") &&
         json.at("warnings").dump().find("two_stage.measured_value_recall: nothing says of which") !=
             std::string::npos;
}

const std::string head = "format: 1\nname: p\nversion: \"1\"\n";
constexpr TwoStage measured{true, 900, 40.5, 0.0123, 0.456, 0.95, 0.9876};
constexpr std::string_view of =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string line =
    "two_stage: {budget_us: 900, fixed_us: 40.5, c1_us: 0.0123, c2_us: 0.456, "
    "min_value_recall: 0.95, measured_value_recall: 0.9876, measured_of: \"" + std::string(of) + "\"}\n";

TEST_CASE("a YAML policy keeps everything but its two_stage") {
  const std::string before = "# why\n" + head + "# of the shop\n";
  const std::string after = "# end\nterms: []   # none yet\n";
  const std::string forms[] = {
      "two_stage: {budget_us: 5}\n", "two_stage:\n  budget_us: 5\n\n  # its own\n  min_value_recall: 0.5\n",
      "two_stage :\n    budget_us: 5\n", "\"two_stage\": {budget_us: 5,\n  c2_us: 1}\n"};
  for (const std::string& form : forms) {
    CAPTURE(form);
    CHECK(write_stages(before + form + after, measured, of) == before + line + after);
    CHECK(write_stages(before + form, measured, of) == before + line);
  }
  CHECK(write_stages(before + "\n# two_stage: {}\n", measured, of) ==
        before + "\n# two_stage: {}\n\n" + line);
  CHECK(write_stages(before + "facts: {}", measured, of) == before + "facts: {}\n\n" + line);
}

TEST_CASE("a JSON policy keeps its members and their order") {
  const std::string text =
      R"({"format": 1, "two_stage": {"budget_us": 5}, "name": "p", "version": "1"})";
  const std::string written = write_stages(text, measured, of);
  CHECK(pack::read_policy(written).policy().two_stage.c1_us == 0.0123);
  CHECK(pack::read_policy(written).measured_of() == of);
  std::vector<std::string> keys;
  const Json json = Json::parse(written);
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"format", "two_stage", "name", "version"});
}

TEST_CASE("a form that cannot be edited is refused with the line to put there") {
  const std::string flow = "{format: 1, name: p, version: \"1\", two_stage: {budget_us: 5}}\n";
  const auto error = error_of([&] { write_stages(flow, measured, of); });
  CHECK(error.status() == Status::argument);
  CHECK(mentions(error, "c1_us: 0.0123"));
}

// 600 offers with a fact each; the model's only head grows with it, and so do the towers.
struct Shop {
  // What differs between two shops of one catalog.
  struct Other {
    float offer_tower = 1, click = 2;
    std::string term = "p.click", more = "";
  };
  explicit Shop(const std::string& stages = "two_stage: {budget_us: 100000}\n")
      : Shop(stages, Other{}) {}
  Shop(const std::string& stages, const Other& other)
      : policy(head + "facts: {offer.charm: {type: double}}\n"
                      "terms: [{id: click, kind: revenue, unit: USD, expr: \"" + other.term +
               "\"}]\n" + other.more) {
    Json spec = Json::parse(R"({"format": 1, "name": "shop", "version": "1",
      "fields": [{"name": "mood", "side": "context", "type": "f64", "transforms": [], "output": "dense"},
                 {"name": "charm", "side": "candidate", "type": "f64", "transforms": [], "output": "dense"}],
      "levels": [], "heads": [{"name": "click", "kind": "probability", "tower": [],
        "negative_sampling_rate": 1.0, "sampling_handled": "none", "calibrator": {"kind": "identity"}}],
      "retrieval": {"dim": 1, "context_tower": [], "offer_tower": []}})");
    folder.write_model(spec, {{"tower.click.layer.0.weight", {{1, 2}, {0, other.click}}},
                              {"tower.click.layer.0.bias", {{1}, {-3}}},
                              {"retrieval.context.layer.0.weight", {{1, 1}, {0}}},
                              {"retrieval.context.layer.0.bias", {{1}, {1}}},
                              {"retrieval.offer.layer.0.weight", {{1, 1}, {other.offer_tower}}},
                              {"retrieval.offer.layer.0.bias", {{1}, {0}}}});
    std::string rows;
    catalog = "offer,offer.charm\n";
    for (int i = 0; i < 600; ++i) catalog += "o-" + std::to_string(i) + "," + charm(i) + "\n";
    for (int i = 0; i < 600; i += 7)
      rows += R"({"context": {"mood": 1}, "candidate": {"charm": )" + charm(i) + R"(}, "pair": {}})" "\n";
    folder.write("calibration.jsonl", rows);
    inputs.model_folder = folder.path();
    inputs.catalog = folder.write("catalog.csv", catalog);
    inputs.policy = folder.write("policy.yaml", policy + stages);
  }
  static std::string charm(int i) { return std::to_string((i * 37 % 600) / 300.0 - 1); }

  const std::string policy;
  Folder folder;
  std::string catalog;
  pack::PackInputs inputs;
};

const std::string requests =
    R"({"time": "2026-01-01T00:00:00Z", "context": {"mood": 1}, "limit": 5, "labels": {}})" "\n"
    R"({"time": "2026-01-01T00:00:00Z", "context": {"mood": 0.5}})" "\n";

TEST_CASE("a plan measures, and what it writes can be packed") {
  Shop shop;
  StagesChoice choice;
  choice.n_runs = 1;
  choice.budget_us = 1;     // no ranking is that fast: every request is raised to its limit
  choice.min_value_recall = 0.9;
  const StagesPlan plan = plan_stages(shop.inputs, requests, choice);
  const Json report = Json::parse(plan.report);
  CHECK(report.at("requests") == 2);
  CHECK(report.at("offers") == 600);
  CHECK(report.at("eligible") == 600);
  CHECK(report.at("requests_in_two_stages") == 2);
  CHECK(report.at("k") == 12.5);          // of 5 and, where the request says nothing, 20
  const Json& figures = report.at("two_stage");
  CHECK(figures.at("budget_us") == 1);
  CHECK(figures.at("c2_us").get<double>() > 0);
  // The towers order as the scores do, but for what s8 cannot tell apart.
  CHECK(figures.at("measured_value_recall").get<double>() > 0.9);
  CHECK(report.at("is_enough") == true);
  double before = 0;
  for (const Json& point : report.at("grid")) {
    CHECK(point.at("value_recall").get<double>() >= before);
    before = point.at("value_recall").get<double>();
  }
  CHECK(before == 1);
  CHECK(plan.page.find("<svg") != std::string::npos);
  const TwoStage written = pack::read_policy(plan.policy).policy().two_stage;
  CHECK(written.c2_us == figures.at("c2_us").get<double>());
  CHECK(plan.policy.find(shop.policy) == 0);
  shop.inputs.policy = shop.folder.write("measured.yaml", plan.policy);
  CHECK(pack::pack(shop.inputs).bundle.size() > 0);
}

TEST_CASE("null says as little as nothing, in a sample too") {
  const Shop shop;
  StagesChoice choice;
  choice.n_runs = 1;
  choice.budget_us = 1;
  const std::string nulls = R"({"time": "2026-01-01T00:00:00Z", "context": {"mood": 1}, "limit": null,)"
                            R"( "candidates": null, "route": null})" "\n";
  const Json report = Json::parse(plan_stages(shop.inputs, nulls, choice).report);
  CHECK(report.at("requests_in_two_stages") == 1);
  CHECK(report.at("k") == 20);                 // what a plan gives requests that state no limit
  CHECK(report.at("fit_error").get<double>() > 0);
}

TEST_CASE("where towers order badly, the budget of a single stage is enough") {
  const Shop shop("two_stage: {budget_us: 100000}\n", {.offer_tower = -1});
  StagesChoice choice;
  choice.n_runs = 1;
  choice.budget_us = 1;
  choice.min_value_recall = 1;
  const Json report = Json::parse(plan_stages(shop.inputs, requests, choice).report);
  CHECK(report.at("is_enough") == false);
  const Json& figures = report.at("two_stage");
  const double single = figures.at("fixed_us").get<double>() + 600 * figures.at("c2_us").get<double>();
  CHECK(report.at("single_stage_budget_us").get<double>() >= single);
  CHECK(report.at("single_stage_budget_us").get<double>() < 1.01 * single);
  CHECK(report.at("sufficient_budget_us") == report.at("single_stage_budget_us"));
}

TEST_CASE("a budget that is large enough needs no stage one") {
  Shop shop;
  StagesChoice choice;
  choice.n_runs = 1;
  choice.budget_us = 1e9;
  const Json report = Json::parse(plan_stages(shop.inputs, requests, choice).report);
  CHECK(report.at("requests_in_two_stages") == 0);
  CHECK(report.at("two_stage").at("measured_value_recall") == 1);
}

TEST_CASE("packing refuses what was not measured, or not well enough") {
  const auto status_of = [](const std::string& stages, const std::string& part) {
    Shop shop(stages);
    const auto error = error_of([&] { pack::pack(shop.inputs); });
    CHECK_MESSAGE(mentions(error, part), error.message());
    return error.status();
  };
  const std::string costs = "two_stage: {budget_us: 100, fixed_us: 1, c1_us: 0.1, c2_us: 1";
  CHECK(status_of("two_stage: {budget_us: 100}\n", "guardrank plan") == Status::missing);
  CHECK(status_of(costs + "}\n", "600 offers, and its value-recall was never measured") ==
        Status::missing);
  CHECK(status_of(costs + ", measured_value_recall: 0.98}\n", "under min_value_recall 0.99") ==
        Status::argument);
  CHECK(status_of(costs + ", min_value_recall: 0.98, measured_value_recall: 0.98}\n",
                  "nothing was thrown") == Status::ok);
  // A single stage does it: 1 + 600 <= 700. Measured all the same, it must be enough.
  const std::string wide = "two_stage: {budget_us: 700, fixed_us: 1, c1_us: 0.1, c2_us: 1";
  CHECK(status_of(wide + "}\n", "nothing was thrown") == Status::ok);
  CHECK(status_of(wide + ", measured_value_recall: 0.5}\n", "under min_value_recall") ==
        Status::argument);
}

TEST_CASE("a recall stands for the towers, the network and the terms that it was measured of") {
  Shop shop;
  StagesChoice choice;
  choice.n_runs = 1;
  choice.budget_us = 1;
  choice.min_value_recall = 0.9;
  const StagesPlan plan = plan_stages(shop.inputs, requests, choice);
  const std::string stages = plan.policy.substr(plan.policy.find("two_stage"));
  const auto packed = [&](const Shop::Other& other, const std::string& written) {
    Shop now(written, other);
    std::string report;
    const auto error = error_of([&] { report = pack::pack(now.inputs).report; });
    CHECK_MESSAGE((error.status() == Status::ok) == !mentions(error, "guardrank plan again"), error.message());
    CHECK((report.empty() || mentions_warning(report) == (written != stages)));
    return error.status();
  };
  CHECK(packed({}, stages) == Status::ok);
  CHECK(packed({.offer_tower = -1}, stages) == Status::reference);
  CHECK(packed({.click = 1.5}, stages) == Status::reference);
  CHECK(packed({.term = "2.0 * p.click"}, stages) == Status::reference);
  // What changes from day to day: a parameter that a term reads, rules, the catalog's rows.
  CHECK(packed({.more = "rules: [{id: a, expr: \"offer.charm < 9.0\", code: A, text: A}]\n"}, stages) ==
        Status::ok);
  // Without the hash it is packed with a warning, as figures of another hand are.
  const std::string by_hand = stages.substr(0, stages.find(", measured_of")) + "}\n";
  CHECK(packed({}, by_hand) == Status::ok);
  CHECK(packed({.offer_tower = -1}, by_hand) == Status::ok);
  Shop bad(stages.substr(0, stages.size() - 5) + "\"}\n");
  CHECK(error_of([&] { pack::pack(bad.inputs); }).status() == Status::argument);
}

TEST_CASE("inputs of a plan that are no good") {
  Shop shop("");
  StagesChoice choice;
  choice.n_runs = 1;
  const auto error = [&](const std::string& sample) {
    return error_of([&] { plan_stages(shop.inputs, sample, choice); });
  };
  CHECK(mentions(error(requests), "policy.yaml: two_stage.budget_us"));
  choice.budget_us = 10;
  CHECK(error("\n").status() == Status::missing);
  CHECK(mentions(error(requests + "{]\n"), "line 3"));
  CHECK(mentions(error(requests + "{\"time\": 5}\n"), "line 3"));
  choice.n_runs = 0;
  CHECK(error(requests).status() == Status::argument);
}

}  // namespace
}  // namespace guardrank::plan
