#include "models/lint/term_checks.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "models/lint/lint.h"

namespace guardrank::lint {
namespace {

// The message of check "amount" for a term of this kind and expression; empty: none.
std::string amount_finding(const std::string& kind, const std::string& expression) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("guardrank-term-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << "format: 1\nname: t\nversion: \"1\"\nfacts:\n  offer.fee: {type: double}\n"
                         "parameters:\n  cost: {value: 2.0, min: 0, max: 5, owner: o}\nterms:\n"
                         "  - {id: x, kind: "
                      << kind << ", unit: USD, expr: \"" << expression << "\"}\n";
  LintInputs inputs;
  inputs.policy = path;
  const nlohmann::json report = nlohmann::json::parse(lint(inputs));
  std::filesystem::remove(path);
  for (const auto& finding : report.at("findings")) {
    if (finding.at("check") != "amount") continue;
    CHECK(finding.at("where") == "terms.x");
    const std::string severity = finding.at("severity"), message = finding.at("message");
    return severity + ": " + message;
  }
  return "";
}

TEST_CASE("a penalty that is below 0 whatever the facts are is an error") {
  CHECK(amount_finding("penalty", "-3.0").find("error: a penalty of -3") == 0);
  CHECK(amount_finding("penalty", "-param.cost").find("error: a penalty of -2") == 0);
  CHECK(amount_finding("penalty", "param.cost - 1.0") == "");
  CHECK(amount_finding("penalty", "0.0") == "");
  CHECK(amount_finding("revenue", "-3.0") == "");               // revenue may be negative
  CHECK(amount_finding("penalty", "-offer.fee") == "");         // a fee may be negative
  CHECK(amount_finding("penalty", "-reach.approve").find("warning: a penalty that is below 0") == 0);
  CHECK(amount_finding("penalty", "-p.approve * exp(offer.fee)").find("warning: a penalty that") == 0);
  CHECK(amount_finding("penalty", "1.0 - p.approve") == "");
  CHECK(amount_finding("revenue", "-reach.approve") == "");
}

TEST_CASE("a term that has no amount whatever the facts are is an error") {
  CHECK(amount_finding("revenue", "1.0 / 0.0").find("error: no amount") == 0);
  CHECK(amount_finding("revenue", "p.click / 0.0").find("warning: no amount") == 0);
  CHECK(amount_finding("bonus", "1.0 / param.cost") == "");
}

}  // namespace
}  // namespace guardrank::lint
