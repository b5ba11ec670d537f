#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "models/audit/alternatives/logistic_model.h"
#include "models/audit/alternatives/measure.h"
#include "models/audit/audit.h"
#include "models/audit/statistics/random.h"

using namespace guardrank::audit;
using doctest::Approx;
using nlohmann::json;

namespace {

double draw_normal(Random* random) {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += random->uniform();
  return sum - 6;
}

// An outcome made by `skill` alone; `proxy` is higher in group b and says next to nothing of it.
std::string applicants(int n) {
  Random random(11, 0);
  std::string csv = "group,skill,proxy,kind,repaid\n";
  for (int i = 0; i < n; ++i) {
    const bool is_b = random.uniform() < 0.4;
    const double skill = draw_normal(&random);
    const double proxy = draw_normal(&random) + (is_b ? -1.5 : 0.0);
    const double logit = 1.5 * skill + 0.25 * proxy;
    csv += std::string(is_b ? "b" : "a") + "," + std::to_string(skill) + "," +
           std::to_string(proxy) + "," + (i % 3 == 0 ? "x" : "y") + "," +
           (random.uniform() < 1 / (1 + std::exp(-logit)) ? "1" : "0") + "\n";
  }
  return csv;
}

}  // namespace

TEST_CASE("dropping a proxy is found, within the loss, and holds on rows not seen") {
  const std::string csv = applicants(6000);
  const json report = json::parse(audit_population(
      {R"({"groups": [{"column": "group", "reference": "a"}], "outcome": "repaid", "draws": 200,
           "features": ["skill", "proxy", "kind"], "max_loss": 0.02, "select_rate": 0.5,
           "search": 60})", csv, ""}, {}).report);
  const json& found = report["alternatives"];
  CHECK(found["tried"].get<int>() >= 1 + 3 + 60);
  REQUIRE(found["best"].size() == 2);
  const json& dropped = found["best"][0];
  CHECK(dropped["kind"] == "features dropped");
  CHECK(dropped["dropped"].dump().find("proxy") != std::string::npos);
  CHECK(dropped["dropped"].dump().find("skill") == std::string::npos);
  CHECK(dropped["air_change"].get<double>() > 0.05);
  CHECK(dropped["air_change_interval"][0].get<double>() > 0);
  CHECK(dropped["auc_change"].get<double>() > -0.03);
  CHECK(dropped["is_beyond_chance"] == true);
  // Along the frontier AUC falls and the ratio rises.
  const json& frontier = found["frontier"];
  for (std::size_t i = 1; i < frontier.size(); ++i) {
    CHECK(frontier[i]["auc_validation"] <= frontier[i - 1]["auc_validation"]);
    CHECK(frontier[i]["air_validation"] > frontier[i - 1]["air_validation"]);
  }
}

TEST_CASE("what is not better on rows not seen is not called best") {
  // Group says nothing of any feature or of the outcome: whatever the search picks, it picked noise.
  Random random(5, 0);
  std::string csv = "group,skill,u,v,w,repaid\n";
  for (int i = 0; i < 600; ++i) {
    const double skill = draw_normal(&random);
    csv += std::string(random.uniform() < 0.4 ? "b" : "a") + "," + std::to_string(skill);
    for (int f = 0; f < 3; ++f) csv += "," + std::to_string(draw_normal(&random));
    csv += random.uniform() < 1 / (1 + std::exp(-skill)) ? ",1\n" : ",0\n";
  }
  const Audit audit = audit_population(
      {R"({"groups": [{"column": "group", "reference": "a"}], "outcome": "repaid", "draws": 200,
           "features": ["skill", "u", "v", "w"], "max_loss": 0.1, "search": 60})", csv, ""}, {});
  const json found = json::parse(audit.report)["alternatives"];
  CHECK(found["best"].empty());
  REQUIRE(!found["unconfirmed"].empty());
  for (const json& one : found["unconfirmed"]) {
    CHECK(one["air_validation"] > found["full_model"]["air_validation"]);
    CHECK((one["is_beyond_chance"] == false || one["is_within_loss"] == false));
  }
  CHECK(audit.page.find("is shown to have a higher adverse impact ratio") != std::string::npos);
  CHECK(audit.page.find("unconfirmed: ") != std::string::npos);
}

TEST_CASE("AUC, selection with ties and ratios by hand") {
  // Scores 3, 2, 2, 1; favorable, not, favorable, not; groups a, b, a, b. Three of four pairs are
  // in order and one is tied: AUC 3.5 / 4. Half of the rows are selected: the first and half of
  // each tied row: a gets 1.5 of 2, b 0.5 of 2.
  Population population;
  population.n_rows = 4;
  population.outcomes = {Outcome::favorable, Outcome::unfavorable, Outcome::favorable,
                         Outcome::unfavorable};
  Attribute attribute;
  attribute.name = "group";
  attribute.groups = {"a", "b"};
  attribute.codes = {0, 1, 0, 1};
  population.attributes = {attribute};
  const std::vector<std::size_t> rows = {0, 1, 2, 3};
  const std::vector<Contrast> contrasts = {{"group", "b", "a", 0, 1, 0}};
  const std::vector<double> scores = {3, 2, 2, 1};
  const MeasuredRows measured{&population, rows, contrasts, 0.5};
  const ScoreMeasure measure(measured, scores);
  CHECK(measure.measure({}).auc == 0.875);
  CHECK(measure.measure({}).worst_air == Approx(0.25 / 0.75));
  // The last row drawn twice, the second never: pairs 2 of 2 in order with 2 rows, cut at 2 of 4.
  const std::vector<std::uint32_t> counts = {1, 0, 1, 2};
  CHECK(measure.measure(counts).auc == 1);
  CHECK(measure.measure(counts).worst_air == 0);
}

TEST_CASE("a logistic model recovers what made the outcome") {
  // Of 200 rows with x = 1, 150 are favorable, of 200 with x = 0, 50: the weight of x is ln 9.
  std::string csv = "x,z\n";
  std::vector<std::uint8_t> labels;
  std::vector<std::size_t> rows;
  for (int i = 0; i < 400; ++i) {
    const bool x = i < 200;
    csv += std::string(x ? "1" : "0") + "," + (i % 2 == 0 ? "u" : "v") + "\n";
    labels.push_back(x ? i < 150 : i < 250);
    rows.push_back(static_cast<std::size_t>(i));
  }
  const std::vector<std::string> names = {"x", "z"};
  const Table table = Table::read(csv, "rows", names);
  const Design design = make_design(table, names);
  CHECK(design.n_columns == 3);                       // x; z = u, z = v
  const LogisticModel model =
      fit_logistic_model({&design, rows, labels, {}}, {true, false}, nullptr);
  // Standardised columns: the step from x = 0 to 1 is 2 deviations. The ridge takes a little off.
  CHECK(2 * model.weights[0] == Approx(std::log(9.0)).epsilon(0.002));
  CHECK(model.weights[1] == 0);
}
