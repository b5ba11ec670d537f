// Routes, fallbacks and gates as publishers state them.
#include <doctest/doctest.h>

#include "models/pack/pack_error.h"
#include "models/publish/differences.h"
#include "models/publish/gates.h"
#include "models/publish/release_document.h"
#include "models/publish/release_targets.h"

using namespace guardrank;
using namespace guardrank::publish;
using pack::PackError;

namespace {

Status status_of(const auto& work) {
  try {
    work();
  } catch (const PackError& problem) {
    return problem.status();
  }
  return Status::ok;
}

const Json defaults = {{"stage", "canary"}, {"weight", 0.05}, {"salt", ""}, {"fallback", "base"},
                       {"tier", "warm"}};

Json routes_of(const char* text) { return Json(read_routes(Json::parse(text), defaults)); }

Json document(const char* name, std::vector<std::string> fallbacks) {
  Json routes = Json::array();
  for (const std::string& fallback : fallbacks) routes.push_back({{"fallback", fallback}});
  return {{"name", name}, {"routes", routes}};
}

std::vector<std::string> closed(const char* gates, const char* report, const char* from, const char* to) {
  return closed_gates(read_gates(gates, "gates"), read_figures(report, "report"), from, to);
}

}  // namespace

TEST_CASE("routes take from the release what they leave out") {
  const Json routes = routes_of(R"([{"product": "card"}, {"market": "US", "stage": "full"},
                                    {"stage": "shadow", "weight": 0.5, "fallback": "", "tier": "pinned"}])");
  CHECK(routes[0]["stage"] == "canary");
  CHECK(routes[0]["weight"] == 0.05);
  CHECK(routes[0]["fallback"] == "base");
  CHECK(routes[1]["weight"] == 1.0);
  CHECK(routes[2]["weight"] == 0.5);
  CHECK(routes[2]["fallback"] == "");
  CHECK(routes[2]["tier"] == "pinned");
  CHECK(status_of([] { routes_of("[]"); }) == Status::type);
  CHECK(status_of([] { routes_of("[5]"); }) == Status::type);
  CHECK(status_of([] { routes_of(R"([{"produce": "card"}])"); }) == Status::argument);
  CHECK(status_of([] { routes_of(R"([{"product": 5}])"); }) == Status::type);
  Json bare = defaults;
  bare["weight"] = nullptr;
  CHECK(status_of([&] { read_routes(Json::parse("[{}]"), bare); }) == Status::missing);
}

TEST_CASE("routes that would serve the same units, or shares that are none, are refused") {
  const auto status = [](const char* text) { return status_of([&] { check_routes(routes_of(text)); }); };
  CHECK(status(R"([{"arm": "a", "salt": "s"}, {"arm": "b", "salt": "s"}])") == Status::ok);
  CHECK(status(R"([{"arm": "a"}, {"arm": "a", "product": "card"}])") == Status::ok);
  CHECK(status(R"([{"arm": "a"}, {"arm": "a"}])") == Status::duplicate);
  CHECK(status(R"([{"stage": "full", "arm": "a"}, {"stage": "full", "arm": "b"}])") == Status::duplicate);
  CHECK(status(R"([{"stage": "full"}, {"stage": "canary"}])") == Status::ok);
  // Shares of all traffic: of the same requests no more than that, whatever the salts.
  CHECK(status(R"([{"arm": "a", "weight": 0.7}, {"arm": "b", "weight": 0.7}])") == Status::argument);
  CHECK(status(R"([{"salt": "s", "weight": 0.7}, {"salt": "t", "stage": "ab", "weight": 0.31}])") == Status::argument);
  CHECK(status(R"([{"arm": "a", "weight": 0.7}, {"arm": "b", "market": "US", "weight": 0.7}])") == Status::ok);
  CHECK(status(R"([{"arm": "a", "weight": 0.7}, {"arm": "b", "stage": "shadow", "weight": 0.7},
                   {"stage": "full"}])") == Status::ok);
  CHECK(status(R"([{"arm": "a", "weight": 0.33}, {"arm": "b", "weight": 0.56}, {"arm": "c", "weight": 0.11}])") ==
        Status::ok);                           // in binary these make a little more than 1
  CHECK(status(R"([{"weight": 1.01}])") == Status::argument);
  CHECK(status(R"([{"weight": -0.01}])") == Status::argument);
  CHECK(status(R"([{"stage": "loud"}])") == Status::argument);
  CHECK(status(R"([{"tier": "lukewarm"}])") == Status::argument);
}

TEST_CASE("chains of fallbacks") {
  const auto status = [](const std::vector<Json>& documents) {
    return status_of([&] { check_fallbacks(documents); });
  };
  CHECK(status({document("a", {"b"}), document("b", {"c", ""}), document("c", {""})}) == Status::ok);
  CHECK(status({document("a", {"a"})}) == Status::reference);
  CHECK(status({document("a", {"b"}), document("b", {"c"}), document("c", {"a"})}) == Status::reference);
  CHECK(status({document("a", {"gone"})}) == Status::reference);
  CHECK(status({document("x", {"a"}), document("a", {"b"}), document("b", {"a"})}) == Status::reference);
  std::vector<Json> chain;
  for (char c = 'a'; c < 'e'; ++c) chain.push_back(document(std::string(1, c).c_str(), {std::string(1, c + 1)}));
  chain.push_back(document("e", {""}));
  CHECK(status(chain) == Status::ok);            // four behind the first
  chain.push_back(document("0", {"a"}));
  CHECK(status(chain) == Status::limit);
}

TEST_CASE("gates") {
  const char* gates = R"({"canary": [{"figure": "click.ece", "at_most": 0.02}],
                          "full": [{"figure": "value.lift", "at_least": 0, "at_most": 1}]})";
  const char* good = R"({"click": {"ece": 0.02}, "value": {"lift": 1e-05}, "name": "x", "rows": [1, 2]})";
  CHECK(closed(gates, good, "offline", "full").empty());
  CHECK(closed(gates, R"({"click": {"ece": 0.0200001}})", "shadow", "canary").size() == 1);
  CHECK(closed(gates, R"({})", "shadow", "canary").size() == 1);
  CHECK(closed(gates, R"({})", "offline", "full").size() == 2);
  CHECK(closed(gates, R"({})", "offline", "shadow").empty());
  CHECK(closed(gates, R"({})", "canary", "ab").empty());
  CHECK(closed(gates, R"({})", "full", "canary").empty());      // back is always open
  CHECK(closed(gates, R"({"click": {"ece": 0}, "value": {"lift": -0.1}})", "offline", "full").size() == 1);
  CHECK(closed(gates, R"({"click": {"ece": 0}, "value": {"lift": 1.5}})", "offline", "full").size() == 1);
  const Json figures = read_figures(good, "report");
  CHECK(figures["values"]["rows.1"] == "2");
  CHECK(figures["values"].size() == 4);
  // Lists of things with names, as `guardrank evaluate --json` writes heads, go by them.
  const Json named = read_figures(R"({"heads": [{"name": "click", "ece": 0.01}, {"name": "approve", "ece": 0.5}],
                                      "bins": [{"name": "x", "n": 1}, {"name": "x", "n": 2}],
                                      "mixed": [{"name": "y", "n": 3}, 4]})", "report")["values"];
  CHECK(named == Json{{"heads.click.ece", "0.01"}, {"heads.approve.ece", "0.5"}, {"bins.0.n", "1"},
                      {"bins.1.n", "2"}, {"mixed.0.n", "3"}, {"mixed.1", "4"}});
  CHECK(status_of([] { read_gates(R"({"loud": []})", "gates"); }) == Status::argument);
  CHECK(status_of([] { read_gates(R"({"full": [{"figure": "x"}]})", "gates"); }) == Status::missing);
  CHECK(status_of([] { read_gates(R"({"full": [{"at_most": 1}]})", "gates"); }) == Status::missing);
}

TEST_CASE("every difference of two metadata is told, where it stands") {
  const Json before = Json::parse(R"({"version": 1, "targets": {"a": {"length": 1}, "b": {"length": 2}}, "expires": "x",
    "delegations": {"roles": [{"name": "one", "paths": ["a"]}, {"name": "two"}]}, "keyids": ["k", "l"]})");
  Json after = before;
  CHECK(differences(before, after).empty());
  after["version"] = 2;
  after["targets"]["a"]["length"] = 3;
  after["targets"].erase("b");
  after["targets"]["c"] = nullptr;
  after["delegations"]["roles"][0]["paths"] = {"a", "*"};
  std::swap(after["delegations"]["roles"][0], after["delegations"]["roles"][1]);
  after["keyids"] = {"l", "k"};
  CHECK(differences(before, after) == Json::parse(R"json([
    {"at": "delegations/roles/one/paths", "before": ["a"], "after": ["a", "*"]},
    {"at": "delegations/roles (order)", "before": ["one", "two"], "after": ["two", "one"]},
    {"at": "keyids", "before": ["k", "l"], "after": ["l", "k"]},
    {"at": "targets/a/length", "before": 1, "after": 3}, {"at": "targets/b", "before": {"length": 2}},
    {"at": "targets/c", "after": null}, {"at": "version", "before": 1, "after": 2}])json"));
  // Two roles of one name are no roles by name.
  after = before;
  after["delegations"]["roles"][1]["name"] = "one";
  CHECK(differences(before, after).size() == 1);
  CHECK(differences(before, after)[0]["at"] == "delegations/roles");
  CHECK(differences(Json::object(), before).size() == before.size());
  CHECK(differences(Json(1), Json("1")) == Json::parse(R"([{"at": "", "before": 1, "after": "1"}])"));
}

TEST_CASE("names of releases") {
  for (const char* name : {"cards-42", "cards@41", "team/cards_42.1"})
    CHECK(checked_release_name(name) == name);
  for (const char* name : {"", "/x", "a/", "a/b/c", "../x", "a/../b", "a b", ".hidden", "a\nb"})
    CHECK(status_of([&] { checked_release_name(name); }) == Status::argument);
  CHECK(status_of([] { checked_release_name(std::string(200, 'a')); }) == Status::argument);
}
