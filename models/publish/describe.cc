// What an origin says of itself, from its metadata alone.
#include <algorithm>
#include <tuple>

#include "models/publish/differences.h"
#include "models/publish/publish.h"
#include "models/publish/release_targets.h"
#include "models/publish/request.h"

namespace guardrank::publish {
namespace {

Json describe_role(const Repository& repository, const std::string& role, std::int64_t now) {
  const Envelope& envelope = repository.at(role);
  const Signers signers = repository.signers(role);
  Json keys = Json::array();
  for (const auto& [id, key] : signers.keys) keys.push_back({{"id", id}, {"scheme", key["scheme"]}});
  const std::string expires = envelope.body.at("expires").get<std::string>();
  const std::int64_t left = parse_time(expires) - now;
  return {{"role", role}, {"version", envelope.version()}, {"expires", expires},
          {"is_expired", left <= 0}, {"is_due", is_due(envelope.body, now)}, {"hours_left", left / 3'600'000'000},
          {"threshold", signers.threshold}, {"signatures", signers.good(envelope).size()},
          {"keys", keys}};
}

Json describe_release(const std::string& role, const std::string& path, const Json& target) {
  const Json custom = member_or(member_or(target, "custom", Json::object()), "guardrank", Json::object());
  Json told = {{"path", path}, {"role", role}, {"length", target.at("length")},
               {"sha256", target.at("hashes").at("sha256")},
               {"file", file_of_target(path, target)}};
  for (const char* name : {"release", "version", "stage", "weight", "since", "routes"})
    told[name] = member_or(custom, name, Json());
  return told;
}

void describe_releases(const std::string& role, const Envelope& version, Json* releases) {
  const Json targets = member_or(version.body, "targets", Json::object());
  for (const auto& [path, target] : targets.items()) releases->push_back(describe_release(role, path, target));
}

std::string time_of(const Envelope& version) {
  return member_or<std::string>(member_or(version.body, "x-guardrank-step", Json::object()), "time", "");
}

Json describe_version(const std::string& role, const Envelope& version) {
  Json releases = Json::array();
  describe_releases(role, version, &releases);
  const Json step = member_or(version.body, "x-guardrank-step", Json::object());
  return {{"role", role}, {"version", version.version()},
          {"time", time_of(version)},
          {"action", member_or<std::string>(step, "action", "")},
          {"release", member_or<std::string>(step, "release", "")},
          {"of", member_or<std::string>(step, "of", "")}, {"releases", releases}};
}

// Roots and roles with targets. Snapshots and timestamps follow from them.
Json history_of(const Repository& repository) {
  Json history = Json::array();
  std::vector<std::string> roles = repository.target_roles();
  roles.push_back("root");
  for (const std::string& role : roles)
    visit_versions(repository, role, [&](const Envelope& version) {
      history.push_back(describe_version(role, version));
      return true;
    });
  const auto key = [](const Json& version) {
    return std::tuple(version["time"].get<std::string>(), version["role"].get<std::string>(),
                      version["version"].get<std::int64_t>());
  };
  std::sort(history.begin(), history.end(),
            [&](const Json& a, const Json& b) { return key(a) < key(b); });
  return history;
}

// Releases as they stood at a time: of each role the last version made by then.
Json releases_at(const Repository& repository, const std::string& time) {
  parse_time(time);
  Json releases = Json::array();
  for (const std::string& role : repository.target_roles()) {
    std::optional<Envelope> last;
    visit_versions(repository, role, [&](const Envelope& version) {
      if (time_of(version) <= time && (!last || time_of(*last) <= time_of(version))) last = version;
      return true;
    });
    if (last) describe_releases(role, *last, &releases);
  }
  return releases;
}

// What others are asked to sign: role, version, the step that it says it is, and what it really changes.
Json staged_roles(const Publisher& publisher, const Repository& repository) {
  Json roles = Json::array();
  std::error_code problem;
  const OriginFolder staged(publisher.staged_folder());
  for (const auto& entry : std::filesystem::directory_iterator(staged.path(), problem)) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().filename().string();
    const Envelope envelope = Envelope::parse(staged.read(name), name);
    const std::string role = entry.path().stem().string();
    const Json before = repository.has(role) ? repository.at(role).body : Json::object();
    roles.push_back({{"role", role}, {"version", envelope.version()},
                     {"signatures", envelope.signatures.size()},
                     {"step", member_or(envelope.body, "x-guardrank-step", Json())},
                     {"changes", differences(before, envelope.body)}});
  }
  return roles;
}

}  // namespace

Json describe_origin(const Publisher& publisher, const Json& request) {
  refuse_unknown(request, {"history", "at"});
  const Repository repository(publisher, std::nullopt);
  Json told = {{"roles", Json::array()}, {"releases", Json::array()}, {"waiting", staged_roles(publisher, repository)}};
  std::vector<std::string> roles = {"root", "timestamp", "snapshot"};
  for (const std::string& role : repository.target_roles()) roles.push_back(role);
  for (const std::string& role : roles)
    told["roles"].push_back(describe_role(repository, role, publisher.now));
  const auto at = find_member<std::string>(request, "at");
  if (at) {
    told["at"] = *at;
    told["releases"] = releases_at(repository, *at);
  } else {
    for (const std::string& role : repository.target_roles())
      for (const auto& [path, target] : repository.at(role).body.at("targets").items())
        told["releases"].push_back(describe_release(role, path, target));
  }
  if (member_or(request, "history", false)) told["history"] = history_of(repository);
  return told;
}

}  // namespace guardrank::publish
