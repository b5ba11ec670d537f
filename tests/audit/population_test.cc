#include <cmath>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "models/audit/audit.h"
#include "models/pack/pack_error.h"

using namespace guardrank::audit;
using doctest::Approx;
using nlohmann::json;

namespace {

// 40 people: of 20 in group a 15 are chosen, of 20 in b 6; their scores are 1..20 and 0..19.
std::string people() {
  std::string csv = "id,group,chosen,score,position\n";
  for (int i = 0; i < 20; ++i)
    csv +=
        "a" + std::to_string(i) + ",a," + (i < 15 ? "1," : "0,") + std::to_string(i + 1) + ",1\n";
  for (int i = 0; i < 20; ++i)
    csv += "b" + std::to_string(i) + ",b," + (i < 6 ? "1," : "0,") + std::to_string(i) + ",3\n";
  return csv;
}

json run(const std::string& specification, const std::string& population,
         const std::string& groups = "") {
  return json::parse(audit_population({specification, population, groups}, {}).report);
}

std::string message_of(const std::string& specification, const std::string& population,
                       const std::string& groups = "") {
  try {
    audit_population({specification, population, groups}, {});
  } catch (const guardrank::pack::PackError& problem) {
    return problem.message();
  }
  return "no error";
}

constexpr const char* by_outcome =
    R"({"groups": [{"column": "group"}], "outcome": "chosen", "min_group": 10, "draws": 200})";

}  // namespace

TEST_CASE("a population worked out by hand") {
  const json report = run(
      R"({"groups": [{"column": "group", "reference": "a"}], "outcome": "chosen", "score": "score",
          "position": "position", "min_group": 10, "draws": 200})", people());
  const json& attribute = report["attributes"][0];
  CHECK(attribute["reference"] == "a");
  const json &a = attribute["groups"][0], &b = attribute["groups"][1];
  CHECK(a["selected"] == 15);
  CHECK(a["rate"] == 0.75);
  CHECK(a["is_reference"] == true);
  CHECK(b["rate"].get<double>() == Approx(0.3));
  CHECK(b["air"].get<double>() == Approx(0.4));
  CHECK(b["difference"].get<double>() == Approx(-0.45));
  CHECK(b["fisher_p"].get<double>() == Approx(0.010386702198860637).epsilon(1e-9));   // SciPy
  CHECK(b["four_fifths"] == "adverse");
  // Means 10.5 and 9.5 of 20 evenly spaced scores each: deviation sqrt(35).
  CHECK(b["score_mean"] == 9.5);
  CHECK(b["score_smd"].get<double>() == Approx(-1 / std::sqrt(35.0)));
  CHECK(b["score_smd_interval"][0].get<double>() < -0.1690);
  CHECK(b["score_smd_interval"][1].get<double>() > -0.1690);
  // Positions 1 and 3: exposure 1 and 1 / log2(4).
  CHECK(b["exposure"] == 0.5);
  CHECK(b["exposure_ratio"] == 0.5);
  CHECK(b["exposure_ratio_interval"][0] == 0.5);
}

TEST_CASE("the reference is the group with the highest rate unless named") {
  CHECK(run(by_outcome, people())["attributes"][0]["reference"] == "a");
  CHECK(run(by_outcome, people())["attributes"][0]["reference_chosen_by"] == "highest rate");
}

TEST_CASE("a score with a threshold, high or low favorable") {
  const std::string start =
      R"({"groups": [{"column": "group", "reference": "a"}], "score": "score", )"
      R"("min_group": 10, "draws": 100, "threshold": 10)";
  const json high = run(start + "}", people())["attributes"][0]["groups"];
  CHECK(high[0]["selected"] == 11);     // 10..20
  CHECK(high[1]["selected"] == 10);     // 10..19
  const json low =
      run(start + R"(, "low_is_favorable": true})", people())["attributes"][0]["groups"];
  CHECK(low[0]["selected"] == 9);
  CHECK(low[1]["selected"] == 10);
}

TEST_CASE("groups from their own file, joined by key") {
  std::string without = "id,chosen\n", groups = "id,race\n";
  for (int i = 0; i < 40; ++i) {
    without += std::to_string(i) + "," + (i % 2 == 0 ? "1" : "0") + "\n";
    if (i < 36) groups += std::to_string(39 - i) + "," + (i < 20 ? "x" : "y") + "\n";
  }
  const json report = run(
      R"({"groups": [{"column": "race"}], "outcome": "chosen", "key": "id", "min_group": 10,
          "draws": 100})", without, groups);
  CHECK(report["rows_unmatched"] == 4);
  CHECK(report["attributes"][0]["rows_without_group"] == 4);
  CHECK(report["attributes"][0]["groups"][0]["rows"] == 20);
  CHECK(report["attributes"][0]["groups"][1]["rows"] == 16);
}

TEST_CASE("weights: rates are weighted, rows count by their effective number") {
  const json report = run(
      R"({"groups": [{"column": "g", "reference": "a"}], "outcome": "y", "weight": "w", "min_group": 1,
          "draws": 100})",
      "g,y,w\na,1,1\na,0,1\nb,1,1\nb,0,3\n");
  const json& b = report["attributes"][0]["groups"][1];
  CHECK(b["rate"] == 0.25);
  CHECK(b["effective_rows"] == 1.6);      // 4^2 / (1 + 9)
  CHECK(b["air"] == 0.5);
  CHECK_FALSE(b.contains("fisher_p"));
  CHECK(b.contains("score_test_p"));
}

TEST_CASE("small groups are flagged and decide nothing") {
  std::string csv = people() + "c0,c,1,5,1\n";
  const json report = run(by_outcome, csv);
  const json& attribute = report["attributes"][0];
  CHECK(attribute["reference"] == "a");       // c's rate is 1, of one row
  CHECK(attribute["groups"][2]["is_small"] == true);
  CHECK(attribute["groups"][2]["four_fifths"] == "small");
}

TEST_CASE("the same input gives the same bytes; the seed matters") {
  const std::string start = R"({"groups": [{"column": "group"}], "score": "score", "draws": 200, )";
  const auto page = [&](const char* seed) {
    return audit_population({start + "\"seed\": " + seed + "}", people(), ""}, {}).page;
  };
  CHECK(page("1") == page("1"));
  CHECK(page("1") != page("2"));
}

TEST_CASE("errors name the place") {
  const auto says = [](const std::string& text, const char* part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(says(message_of(by_outcome, "id,chosen\n1,1\n"), "no column \"group\"; it has id, chosen"));
  CHECK(says(message_of(by_outcome, "group,chosen\n"), "no rows below the header"));
  CHECK(says(message_of(by_outcome, ""), "wanted a header"));
  CHECK(says(message_of(by_outcome, "group,chosen\na,1\nb\n"), "row 3: wanted 2 fields, found 1"));
  CHECK(says(message_of(by_outcome, "group,chosen\na,1\nb,\n"), "row 3, column chosen: blank"));
  CHECK(says(message_of(by_outcome, "group,chosen\na,1\nb,maybe\n"),
             "wanted 0 or 1, found \"maybe\""));
  CHECK(says(message_of(by_outcome, "group,chosen\na,1\na,0\n"), "every row is in one group, a"));
  CHECK(says(message_of(by_outcome, "group,chosen\n,1\n,0\n"), "every row is blank"));
  CHECK(
      says(message_of(by_outcome, "group,chosen\na,0\nb,0\n"), "no row has the favorable outcome"));
  const std::string scored = R"({"groups": [{"column": "g"}], "score": "s"})";
  CHECK(says(message_of(scored, "g,s\na,1\nb,nan\n"), "row 3, column s: wanted a finite number"));
  CHECK(says(message_of(scored, "g,s\na,1\nb,inf\n"), "wanted a finite number, found \"inf\""));
  CHECK(
      says(message_of(R"({"groups": [{"column": "group", "reference": "z"}], "outcome": "chosen"})",
                      people()),
           "no row is in the reference group \"z\"; its groups are a, b"));
  CHECK(says(message_of(R"({"groups": [{"column": "group"}], "outcome": "chosen", "colour": 1})",
                        people()), "specification.colour: unknown member"));
  CHECK(says(message_of(R"({"groups": [{"column": "group"}], "outcome": "chosen", "threshold": 1})",
                        people()), "a threshold without a score"));
  CHECK(says(message_of("[]", people()), "wanted an object"));
  const std::string joined = R"({"groups": [{"column": "r"}], "outcome": "chosen", "key": "id"})";
  CHECK(says(message_of(joined, people(), "id,r\nzz,1\n"), "no key is the same"));
  CHECK(says(message_of(joined, people(), "id,r\na0,1\na0,1\n"), "the key \"a0\" stands twice"));
  CHECK(says(message_of(R"({"groups": [{"column": "g"}], "position": "p"})", "g,p\na,1\nb,0\n"),
             "wanted a position"));
}
