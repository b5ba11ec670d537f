// Origins, keys, thresholds, delegations.
#include "core/store/target_path.h"
#include "models/publish/publish.h"
#include "models/publish/release_targets.h"
#include "models/publish/request.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

// How long metadata holds, in days, unless told otherwise. The timestamp is renewed by a timer.
int default_days(const std::string& role) {
  if (role == "timestamp") return 3;
  if (role == "snapshot") return 14;
  return role == "root" ? 365 : 180;
}

int checked_days(const Json& request, const char* member, const std::string& role) {
  const auto days = member_or<std::int64_t>(request, member, default_days(role));
  constexpr std::int64_t most = 3650;
  if (days >= 1 && days <= most) return static_cast<int>(days);
  throw PackError(Status::argument, role + ".days",
                  "wanted 1 to " + std::to_string(most) + ", found " + std::to_string(days));
}

std::int64_t checked_threshold(std::int64_t threshold, std::size_t n_keys, const std::string& role) {
  if (threshold >= 1 && threshold <= static_cast<std::int64_t>(n_keys)) return threshold;
  throw PackError(Status::argument, role + ".threshold",
                  "wanted 1 to " + std::to_string(n_keys) + " (its number of keys), found " +
                      std::to_string(threshold));
}

// Adds keys (PEM) to a role and to the "keys" object beside it.
void add_keys(const std::vector<std::string>& pems, Json* role, Json* keys) {
  for (const std::string& pem : pems) {
    const PublicKey key = PublicKey::from_pem(pem);
    Json& ids = (*role)["keyids"];
    if (std::find(ids.begin(), ids.end(), key.id()) == ids.end()) ids.push_back(key.id());
    (*keys)[key.id()] = key.json();
  }
}

void remove_keys(const std::vector<std::string>& given, Json* role) {
  for (const std::string& text : given) {
    const bool is_pem = text.find("-----BEGIN") != std::string::npos;
    const std::string id = is_pem ? PublicKey::from_pem(text).id() : text;
    Json& ids = (*role)["keyids"];
    const auto found = std::find(ids.begin(), ids.end(), id);
    if (found == ids.end()) throw PackError(Status::argument, "remove", "the role has no key " + id);
    ids.erase(found);
  }
}

// Keys that no role uses any more.
void drop_unused(const Json& roles, Json* keys) {
  std::set<std::string> used;
  for (const Json& role : roles)
    for (const Json& id : role.at("keyids")) used.insert(id.get<std::string>());
  for (auto key = keys->begin(); key != keys->end();)
    key = used.contains(key.key()) ? std::next(key) : keys->erase(key);
}

Json* delegation_of(Json* targets, const std::string& team) {
  if (targets->contains("delegations"))
    for (Json& role : (*targets)["delegations"]["roles"])
      if (role.at("name") == team) return &role;
  return nullptr;
}

// Of teams and releases, also where they waited for signatures while others published.
void check_removals(Repository* repository) {
  if (const auto lost = repository->lost_targets(); !lost.empty())
    throw PackError(Status::argument, "team",
                    "it has releases, " + lost.front() +
                        " among them: withdraw them, or say that they go with it (--with-releases)");
  ReleaseTargets(repository).check_removals();
}

Json new_targets(int days) {
  Json body = new_body("targets", days);
  body["targets"] = Json::object();
  return body;
}

// Names of roles become names of files.
void check_team(const std::string& team) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  const bool is_name = !team.empty() && std::all_of(team.begin(), team.end(), is_allowed);
  for (const char* reserved : {"root", "targets", "snapshot", "timestamp"})
    if (team == reserved) throw PackError(Status::argument, "team", "'" + team + "' is a role of its own");
  if (!is_name || team.size() > 64)
    throw PackError(Status::argument, "team", "wanted letters a-z, digits, '-' and '_', found '" + team + "'");
}

void rotate(const Json& request, const std::string& name, Json* role, Json* keys) {
  add_keys(texts_member(request, "add"), role, keys);
  remove_keys(texts_member(request, "remove"), role);
  (*role)["threshold"] = checked_threshold(
      member_or<std::int64_t>(request, "threshold", (*role)["threshold"].get<std::int64_t>()),
      (*role)["keyids"].size(), name);
}

// Targets of the top list that a team's patterns match: readers find those there first.
std::vector<std::string> find_listed(const Json& targets, const std::vector<std::string>& patterns) {
  std::vector<std::string> warnings;
  for (const auto& [path, ignored] : targets.items())
    for (const std::string& pattern : patterns)
      if (matches_path_pattern(pattern, path)) {
        warnings.push_back(path + " stays with the top-level targets, which list it already");
        break;
      }
  return warnings;
}

}  // namespace

Json create_origin(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"roles", "days"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository = Repository::create(publisher);
  const Json days = member_or(request, "days", Json::object());
  const auto days_of = [&](const char* role) { return checked_days(days, role, role); };
  const Json given = wanted_member<Json>(request, "roles");
  Json& root = repository.change("root", new_body("root", days_of("root")));
  root["consistent_snapshot"] = true;
  root["keys"] = Json::object();
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    const Json role = wanted_member<Json>(given, name);
    Json& made = root["roles"][name] = {{"keyids", Json::array()}, {"threshold", 1}};
    add_keys(texts_member(role, "keys"), &made, &root["keys"]);
    made["threshold"] = checked_threshold(member_or<std::int64_t>(role, "threshold", 1),
                                          made["keyids"].size(), name);
  }
  repository.change("targets", new_targets(days_of("targets")));
  repository.note("root", {{"action", "create"}});
  repository.note("targets", {{"action", "create"}});
  repository.prepare("snapshot", new_body("snapshot", days_of("snapshot")));
  repository.prepare("timestamp", new_body("timestamp", days_of("timestamp")));
  return repository.commit();
}

Json rotate_keys(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"role", "add", "remove", "threshold"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  const std::string name = wanted_member<std::string>(request, "role");
  if (repository.at("root").body["roles"].contains(name)) {
    Json& root = repository.change("root");
    rotate(request, name, &root["roles"][name], &root["keys"]);
    drop_unused(root["roles"], &root["keys"]);
    repository.note("root", {{"action", "rotate"}, {"of", name}});
  } else {
    Json& targets = repository.change("targets");
    Json* role = delegation_of(&targets, name);
    if (role == nullptr) throw PackError(Status::missing, "role", "no role is called '" + name + "'");
    rotate(request, name, role, &targets["delegations"]["keys"]);
    drop_unused(targets["delegations"]["roles"], &targets["delegations"]["keys"]);
    repository.note("targets", {{"action", "rotate"}, {"of", name}});
  }
  repository.sign_anew_where_keys_changed();
  return repository.commit();
}

Json delegate_team(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"team", "keys", "threshold", "paths", "days"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  const std::string team = wanted_member<std::string>(request, "team");
  check_team(team);
  if (repository.has(team)) throw PackError(Status::argument, "team", "'" + team + "' is a team already");
  Json& targets = repository.change("targets");
  Json& delegations = targets["delegations"];
  if (delegations.is_null()) delegations = {{"keys", Json::object()}, {"roles", Json::array()}};
  std::vector<std::string> paths = texts_member(request, "paths");
  if (paths.empty()) paths.push_back(team + "/*");
  for (const std::string& path : paths)
    if (path.empty()) throw PackError(Status::argument, "paths", "an empty pattern matches nothing");
  Json role = {{"name", team}, {"keyids", Json::array()}, {"paths", paths}, {"terminating", true}};
  add_keys(texts_member(request, "keys"), &role, &delegations["keys"]);
  role["threshold"] = checked_threshold(member_or<std::int64_t>(request, "threshold", 1),
                                        role["keyids"].size(), team);
  delegations["roles"].push_back(role);
  const std::vector<std::string> warnings = find_listed(targets["targets"], paths);
  repository.note("targets", {{"action", "delegate"}, {"of", team}});
  repository.change(team, new_targets(checked_days(request, "days", team)));
  repository.note(team, {{"action", "create"}});
  Json report = repository.commit();
  add_warnings(warnings, &report);
  return report;
}

Json remove_team(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"team", "with_releases"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  const std::string team = wanted_member<std::string>(request, "team");
  const std::vector<std::string> teams = repository.teams();
  if (std::find(teams.begin(), teams.end(), team) == teams.end())
    throw PackError(Status::missing, "team", "no team is called '" + team + "'");
  const bool has_releases = member_or(request, "with_releases", false);
  repository.remove_team(team);
  Json& delegations = repository.change("targets")["delegations"];
  drop_unused(delegations["roles"], &delegations["keys"]);
  repository.note("targets", {{"action", "undelegate"}, {"of", team}, {"with_releases", has_releases}});
  check_removals(&repository);
  return repository.commit();
}

Json sign_staged(const Publisher& publisher) {
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository = Repository::open_staged(publisher);
  repository.sign_anew_where_keys_changed();
  if (repository.has("snapshot")) check_removals(&repository);
  const Json changes = repository.changes();
  Json report = repository.commit();
  report["signed"] = changes;
  return report;
}

Json refresh_metadata(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"roles"});
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Repository repository(publisher, false);
  for (const std::string& role : texts_member(request, "roles"))
    if (repository.has(role)) repository.note(role, {{"action", "refresh"}});
    else throw PackError(Status::missing, "roles", "no role is called '" + role + "'");
  repository.sign_anew_where_keys_changed();
  return repository.commit();
}

}  // namespace guardrank::publish
