// Releases: published, moved from stage to stage, taken back.
#include <algorithm>
#include <regex>

#include "models/publish/blobs.h"
#include "models/publish/gates.h"
#include "models/publish/publish.h"
#include "models/publish/release_document.h"
#include "models/publish/release_targets.h"
#include "models/publish/request.h"

namespace guardrank::publish {
namespace {

using pack::PackError;
using Parts = std::map<std::string, std::string>;   // "model", "policy", "catalog" to ids

struct Kind {
  const char* name;
  ArtifactKind kind;
};
constexpr Kind kinds[] = {{"model", ArtifactKind::model},
                          {"policy", ArtifactKind::policy},
                          {"catalog", ArtifactKind::catalog}};

std::string read_text(const std::string& path) {
  const std::filesystem::path name(path);
  return OriginFolder(name.parent_path().empty() ? "." : name.parent_path())
      .read(name.filename().string());
}

// The release's own artifacts: of a bundle, single ones in its place, else what it has already.
Parts take_parts(const Json& request, const Json& before, Blobs* blobs) {
  Parts parts;
  if (const auto bundle = find_member<std::string>(request, "bundle"))
    parts = blobs->take_bundle(*bundle);
  for (const Kind& each : kinds) {
    if (const auto path = find_member<std::string>(request, each.name))
      parts[each.name] = blobs->take(*path, each.kind);
    if (parts.contains(each.name) || before.is_null()) continue;
    const std::string id = before["routes"][0][each.name].get<std::string>();
    parts[each.name] = blobs->take("sha256:" + id, each.kind);
  }
  return parts;
}

// A release that is there stays at its stage unless another is asked for.
bool keeps_stage(const Json& request, const Json& before) {
  return !before.is_null() && !find_member<std::string>(request, "stage");
}

// Each route's artifacts: its own, or the release's. Every set that stands together is opened.
void give_parts(const Parts& parts, Blobs* blobs, Json* routes) {
  std::set<std::vector<std::string>> checked;
  for (Json& route : *routes) {
    std::vector<std::string> ids;
    for (const Kind& each : kinds) {
      const auto own = find_member<std::string>(route, each.name);
      if (!own && !parts.contains(each.name))
        throw PackError(Status::missing, each.name,
                        "a release needs a bundle, or a model, a policy and a catalog");
      ids.push_back(own ? blobs->take(*own, each.kind) : parts.at(each.name));
      route[each.name] = ids.back();
    }
    if (checked.insert(ids).second) blobs->check_together(ids[0], ids[1], ids[2]);
  }
}

// The first route that stands at the release's stage; else its first.
const Json& leading_route(const Json& document, const std::string& stage) {
  for (const Json& route : document["routes"])
    if (route["stage"] == stage) return route;
  return document["routes"][0];
}

Json route_defaults(const Json& request, const Json& before, const Json& custom) {
  const auto text = [&](const char* name, const char* otherwise) {
    if (const auto given = find_member<std::string>(request, name)) return *given;
    return before.is_null() ? std::string(otherwise)
                            : before["routes"][0][name].get<std::string>();
  };
  const bool keeps = keeps_stage(request, before);
  Json defaults = {{"stage", keeps ? member_or(custom, "stage", text("stage", ""))
                                   : member_or<std::string>(request, "stage", "offline")},
                   {"salt", text("salt", "")}, {"fallback", text("fallback", "")},
                   {"tier", text("tier", "warm")}, {"weight", nullptr}};
  if (keeps && defaults["stage"] != "offline" && defaults["stage"] != "full")
    defaults["weight"] = leading_route(before, defaults["stage"])["weight"];
  if (const auto weight = find_member<double>(request, "weight")) defaults["weight"] = *weight;
  return defaults;
}

// The routes as before, but for what is given.
Json given_routes(const Json& request, const Json& before) {
  if (const auto path = find_member<std::string>(request, "routes"))
    return parse_json(read_text(*path), *path);
  if (before.is_null()) return Json::array({Json::object()});
  Json routes = before["routes"];
  const auto is_given = [&](const char* name) {
    return find_member<std::string>(request, name).has_value();
  };
  const bool has_weight = find_member<double>(request, "weight").has_value();
  for (Json& route : routes) {
    // A share is kept beside the stage that it belongs to, not given to another one.
    if (has_weight || (is_given("stage") && route["stage"] != request["stage"])) route.erase("weight");
    for (const char* name : {"stage", "salt", "fallback", "tier"})
      if (is_given(name)) route.erase(name);
    for (const char* name : {"model", "policy", "catalog"})
      if (is_given("bundle") || is_given(name)) route.erase(name);
      else route[name] = "sha256:" + route[name].get<std::string>();
  }
  return routes;
}

// Whether every route scores and rules with what one of the release before did.
bool keeps_judgement(const Json& routes, const Json& before) {
  if (before.is_null()) return false;
  std::set<std::pair<Json, Json>> known;
  for (const Json& route : before["routes"]) known.emplace(route["model"], route["policy"]);
  return std::all_of(routes.begin(), routes.end(), [&](const Json& route) {
    return known.contains({route["model"], route["policy"]});
  });
}

// Of the report that is given; else all that the release had.
Json figures_of(const Json& request, const Json& custom, const OriginFolder& origin) {
  if (const auto path = find_member<std::string>(request, "figures"))
    return read_figures(read_text(*path), *path);
  return whole_figures(member_or(custom, "figures", Json::object()), origin);
}

void refuse_closed(const Json& gates, const Json& figures, const std::string& from, const std::string& to) {
  std::string closed;
  for (const std::string& gate : closed_gates(gates, figures, from, to))
    closed += (closed.empty() ? "" : "; ") + gate;
  if (!closed.empty()) throw PackError(Status::argument, "gates", closed);
}

// All of them on the origin, what the gates ask for in the signed metadata.
void keep_figures(const Json& figures, Blobs* blobs, Json* custom) {
  if (figures.contains("values")) blobs->store_text(figures_blob(figures));
  (*custom)["figures"] = signed_figures(figures, custom->at("gates"));
}

// A release moves forward by one stage, back by any number.
void check_step(const std::string& from, const std::string& to, bool skips) {
  const int steps = stage_rank(to) - stage_rank(from);
  if (steps <= 1 || skips) return;
  throw PackError(Status::argument, "to",
                  "from " + from + " the next stage is " +
                      std::string(stage_name(static_cast<Stage>(stage_rank(from) + 1))) +
                      " (--skip passes several, through the gates of each)");
}

// Routes that stand at the release's stage move with it; arms of one experiment share the weight as they did.
void move_routes(const std::string& from, const std::string& to, const Json& weight, Json* routes) {
  const bool is_experiment = is_experiment_stage(to);
  std::vector<Json*> arms;
  for (Json& route : *routes) {
    if (route["stage"] != from) continue;
    route["stage"] = to;
    if (!weight.is_null() && is_experiment) arms.push_back(&route);
    else if (!weight.is_null()) route["weight"] = weight;
    else if (!is_experiment) route["weight"] = 1.0;
    else if (!is_experiment_stage(from))
      throw PackError(Status::missing, "weight", "a canary or A/B step must say its share of traffic");
  }
  if (!arms.empty()) share_traffic(weight.get<double>(), arms);
}

// A weight that a release is published again with is shared by the arms that it had.
void share_weight(const Json& request, const Json& before, Json* routes) {
  const auto weight = find_member<double>(request, "weight");
  if (!weight || before.is_null() || find_member<std::string>(request, "routes")) return;
  std::vector<Json*> arms;
  for (std::size_t i = 0; i < routes->size(); ++i) {
    Json& route = (*routes)[i];
    if (!is_experiment_stage(route["stage"].get<std::string>())) continue;
    route["weight"] = before["routes"][i]["weight"];
    arms.push_back(&route);
  }
  share_traffic(*weight, arms);
}

// The target's "custom" after a step.
Json next_custom(const Json& custom, const Json& document, const std::string& stage,
                 const Json& weight, std::int64_t now) {
  Json next = custom;
  next["release"] = document["name"];
  next["version"] = document["version"];
  next["stage"] = stage;
  next["weight"] = weight.is_null() ? Json("1.0") : Json(weight.dump());
  next["since"] = time_text(now);
  next["routes"] = document["routes"].size();
  return next;
}

// When a full route comes to be decides between two of them: after all that others have, whatever the clocks
// of their makers said.
std::int64_t created_after(const std::vector<Json>& documents, const std::string& name, std::int64_t now) {
  std::int64_t created = now;
  for (const Json& document : documents)
    if (document.at("name") != name) created = std::max(created, document.at("created").get<std::int64_t>() + 1);
  return created;
}

// "warnings" where there are any.
Json report_of(const Json& outcome, const Json& custom, const std::string& action,
               const std::vector<std::string>& warnings) {
  Json report = outcome;
  add_warnings(warnings, &report);
  report["action"] = action;
  for (const char* member : {"release", "version", "stage", "weight"})
    report[member] = custom.at(member);
  return report;
}

Json step_of(const std::string& action, const Json& custom) {
  return {{"action", action}, {"release", custom.at("release")}, {"stage", custom.at("stage")}};
}

// The engine that a release needs stays until it is said anew. Empty: any.
std::string minimum_engine_of(const Json& request, const Json& before) {
  const auto given = find_member<std::string>(request, "minimum_engine");
  if (!given) return before.is_null() ? "" : member_or<std::string>(before, "minimum_engine", "");
  static const std::regex version(R"((\d{1,9}\.\d{1,9}\.\d{1,9})?)");
  if (!std::regex_match(*given, version))
    throw PackError(Status::argument, "minimum_engine", "wanted three numbers, as in 0.1.0, found '" + *given + "'");
  return *given;
}

}  // namespace

Json publish_release(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"release", "version", "bundle", "model", "policy", "catalog", "stage",
                           "weight", "routes", "fallback", "salt", "tier", "figures", "gates",
                           "minimum_engine", "is_cut"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  ReleaseTargets targets(&repository);
  const std::string name = checked_release_name(wanted_member<std::string>(request, "release"));
  const Json before = targets.find_document(name);
  Blobs blobs(repository.folder(), publisher.progress);
  const Json custom_before = targets.find_custom(name);
  const Json defaults = route_defaults(request, before, custom_before);
  Json routes = read_routes(given_routes(request, before), defaults);
  give_parts(take_parts(request, before, &blobs), &blobs, &routes);
  share_weight(request, before, &routes);
  check_routes(routes);

  // What stands where it stood is no step: it takes nobody's place, and a new catalog passes no gate.
  const bool stands = keeps_stage(request, before) && !find_member<std::string>(request, "routes");
  const bool is_update = stands && keeps_judgement(routes, before);
  Json document = {{"name", name}, {"routes", routes},
                   {"created", stands ? before["created"] : Json(publisher.now)},
                   {"version", member_or(request, "version", time_text(publisher.now))},
                   {"minimum_engine", minimum_engine_of(request, before)}};
  const std::string stage = defaults["stage"];
  Json custom = next_custom(Json::object(), document, stage, traffic_of(document, leading_route(document, stage)),
                            publisher.now);
  if (stands && !find_member<double>(request, "weight"))
    custom["since"] = member_or(custom_before, "since", time_text(publisher.now));
  const Json figures = figures_of(request, is_update ? custom_before : Json::object(), repository.folder());
  custom["gates"] = member_or(custom_before, "gates", Json::object());
  if (const auto path = find_member<std::string>(request, "gates"))
    custom["gates"] = read_gates(read_text(*path), *path);
  if (!is_update) {
    refuse_closed(custom["gates"], figures, "offline", stage);
    for (const Json& route : routes)
      refuse_closed(custom["gates"], figures, "offline", route["stage"].get<std::string>());
  }
  const std::vector<Json> documents = targets.documents_with(document);
  if (!stands) document["created"] = created_after(documents, name, publisher.now);
  check_fallbacks(documents);
  document["blobs"] = blobs.store(member_or(request, "is_cut", true));
  keep_figures(figures, &blobs, &custom);
  targets.put(document, custom, step_of("publish", custom));
  Json report = report_of(repository.commit(), custom, "publish", find_crowded(documents));
  report["stored"] = blobs.figures();
  return report;
}

Json promote_release(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"release", "to", "weight", "figures", "skips"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  ReleaseTargets targets(&repository);
  const std::string name = wanted_member<std::string>(request, "release");
  Json document = targets.document(name);
  Json custom = targets.find_custom(name);
  const std::string from = custom.at("stage").get<std::string>();
  const std::string to = wanted_member<std::string>(request, "to");
  check_step(from, to, member_or(request, "skips", false));
  custom["gates"] = member_or(custom, "gates", Json::object());
  const Json figures = figures_of(request, custom, repository.folder());
  refuse_closed(custom["gates"], figures, from, to);
  const Json weight = member_or(request, "weight", Json());
  move_routes(from, to, weight, &document["routes"]);
  check_routes(document["routes"]);
  // When a full route came to be decides between two of them: other steps leave the time alone.
  if (to == "full") document["created"] = created_after(targets.documents_with(document), name, publisher.now);
  custom = next_custom(custom, document, to, traffic_of(document, leading_route(document, to)), publisher.now);
  Blobs blobs(repository.folder(), publisher.progress);
  keep_figures(figures, &blobs, &custom);
  targets.put(document, custom, step_of("promote", custom));
  const std::vector<std::string> warnings = find_crowded(targets.documents_with(document));
  return report_of(repository.commit(), custom, "promote", warnings);
}

Json withdraw_release(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"release"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  ReleaseTargets targets(&repository);
  const std::string name = wanted_member<std::string>(request, "release");
  const Json custom = targets.remove(name);
  return report_of(repository.commit(), custom, "withdraw", {});
}

Json rollback_release(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"release"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  ReleaseTargets targets(&repository);
  const std::string name = wanted_member<std::string>(request, "release");
  targets.document(name);
  const Json custom = targets.restore_previous(name, publisher.now);
  const std::vector<std::string> warnings = find_crowded(targets.documents_with(targets.document(name)));
  return report_of(repository.commit(), custom, "rollback", warnings);
}

}  // namespace guardrank::publish
