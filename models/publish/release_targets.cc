#include "models/publish/release_targets.h"

#include "core/base/limits.h"
#include "models/publish/release_document.h"
#include "models/publish/request.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

constexpr const char* suffix = ".release";

std::string path_of(const std::string& name) { return name + suffix; }

// Consistent snapshots: the hash goes before the last part of the path.
std::string file_of(const std::string& path, const std::string& hash) {
  const std::size_t slash = path.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  return "targets/" + path.substr(0, base) + hash + "." + path.substr(base);
}

std::string hash_of(const Json& target) {
  return target.at("hashes").at("sha256").get<std::string>();
}

const Json& custom_of(const Json& target) {
  static const Json none = Json::object();
  const auto custom = target.find("custom");
  if (custom == target.end() || !custom->contains("guardrank")) return none;
  return (*custom)["guardrank"];
}

}  // namespace

std::string file_of_target(const std::string& path, const Json& target) {
  return file_of(path, hash_of(target));
}

bool is_release_name(const std::string& name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_.@").find(c) != std::string_view::npos;
  };
  const std::size_t slash = name.find('/');
  const std::string team = slash == std::string::npos ? "" : name.substr(0, slash);
  const std::string base = slash == std::string::npos ? name : name.substr(slash + 1);
  const auto is_part = [&](const std::string& part) {
    return !part.empty() && part[0] != '.' && std::all_of(part.begin(), part.end(), is_allowed);
  };
  return is_part(base) && (slash == std::string::npos || is_part(team)) && name.size() + 80 <= limits::name_bytes;
}

std::string checked_release_name(const std::string& name) {
  if (is_release_name(name)) return name;
  throw PackError(Status::argument, "release",
                  "wanted NAME or TEAM/NAME of letters, digits, '-', '_', '.' and '@', found '" +
                      name + "'");
}

Json ReleaseTargets::find_target(const std::string& name) const {
  const std::string path = path_of(name);
  const Json& targets = repository_->at(repository_->role_of(path)).body.at("targets");
  const auto found = targets.find(path);
  return found == targets.end() ? Json() : *found;
}

Json ReleaseTargets::read_target(const std::string& path, const Json& target) const {
  const std::string bytes = repository_->folder().read(file_of(path, hash_of(target)));
  if (sha256_hex(bytes) != hash_of(target))
    throw PackError(Status::hash, path, "the file on the origin is not what the metadata says");
  return read_release(bytes);
}

Json ReleaseTargets::find_document(const std::string& name) const {
  const Json target = find_target(name);
  return target.is_null() ? Json() : read_target(path_of(name), target);
}

Json ReleaseTargets::find_custom(const std::string& name) const {
  const Json target = find_target(name);
  return target.is_null() ? Json::object() : custom_of(target);
}

Json ReleaseTargets::document(const std::string& name) const {
  Json found = find_document(checked_release_name(name));
  if (!found.is_null()) return found;
  throw PackError(Status::missing, "release", "the origin has no release '" + name + "'");
}

std::vector<Json> ReleaseTargets::all() const {
  std::vector<Json> releases;
  for (const std::string& role : repository_->target_roles())
    for (const auto& [path, target] : repository_->at(role).body.at("targets").items())
      if (repository_->role_of(path) == role)
        releases.push_back({{"role", role}, {"path", path}, {"target", target}});
  return releases;
}

void ReleaseTargets::check_removals() const {
  const std::set<std::string> removed = repository_->removed_targets();
  for (const Json& each : removed.empty() ? std::vector<Json>() : all()) {
    Json document;
    try {
      document = read_target(each["path"].get<std::string>(), each["target"]);
    } catch (const PackError&) {
      continue;
    }
    for (const Json& route : document["routes"])
      if (removed.contains(path_of(route["fallback"].get<std::string>())))
        throw PackError(Status::reference, "fallback",
                        "'" + document["name"].get<std::string>() + "' falls back to '" +
                            route["fallback"].get<std::string>() + "', which would be gone");
  }
}

std::vector<Json> ReleaseTargets::documents_with(const Json& document) const {
  std::vector<Json> documents = {document};
  for (const Json& each : all()) {
    const std::string path = each["path"].get<std::string>();
    if (path.ends_with(suffix) && path != path_of(document["name"].get<std::string>()))
      documents.push_back(read_target(path, each["target"]));
  }
  return documents;
}

namespace {

// What a reader may fetch with the release instead of after it: the artifacts and their bytes, where every
// request is answered by the same three.
Json artifacts_of(const Json& document) {
  Json artifacts = Json::object();
  for (const Json& blob : member_or(document, "blobs", Json::array()))
    artifacts[blob["id"].get<std::string>()] = blob["bytes"];
  return artifacts.size() <= 3 ? artifacts : Json::object();
}

// Hashes of what a target's document was before, newest first (core/store/metadata_client.h, Predecessors).
std::vector<std::string> previous_of(const Json& target) { return texts_member(custom_of(target), "previous"); }

// What is published now comes before it all; if it was there already, from its place on.
std::vector<std::string> previous_after(const Json& before, const std::string& hash) {
  if (before.is_null()) return {};
  std::vector<std::string> previous = previous_of(before);
  previous.insert(previous.begin(), hash_of(before));
  std::erase(previous, hash);
  previous.resize(std::min<std::size_t>(previous.size(), limits::predecessors));
  return previous;
}

}  // namespace

void ReleaseTargets::put(const Json& document, const Json& custom, const Json& step) {
  const std::string path = path_of(document["name"].get<std::string>());
  const pack::AlignedBytes artifact = write_release(document);
  const std::string_view bytes(reinterpret_cast<const char*>(artifact.data()), artifact.size());
  if (bytes.size() > limits::release_bytes)
    throw PackError(Status::limit, path, "the release has more bytes than readers take");
  const std::string hash = sha256_hex(bytes);
  Json target = {{"length", artifact.size()}, {"hashes", {{"sha256", hash}}},
                 {"custom", {{"guardrank", custom}}}};
  if (const Json artifacts = artifacts_of(document); !artifacts.empty())
    target["custom"]["guardrank"]["artifacts"] = artifacts;
  const Json before = find_target(document["name"].get<std::string>());
  if (const auto previous = previous_after(before, hash); !previous.empty())
    target["custom"]["guardrank"]["previous"] = previous;
  repository_->folder().write(file_of(path, hash), bytes);
  const std::string role = repository_->role_of(path);
  repository_->change(role)["targets"][path] = target;
  repository_->note(role, step);
}

Json ReleaseTargets::remove(const std::string& name) {
  if (find_target(checked_release_name(name)).is_null())
    throw PackError(Status::missing, "release", "the origin has no release '" + name + "'");
  Json custom = find_custom(name);
  for (const char* member : {"release", "version", "stage", "weight"})
    if (!custom.contains(member)) custom[member] = member == std::string_view("release") ? name : "";
  const std::string path = path_of(name), role = repository_->role_of(path);
  repository_->change(role)["targets"].erase(path);
  check_removals();
  repository_->note(role, {{"action", "withdraw"}, {"release", name}, {"stage", custom["stage"]}});
  return custom;
}

void visit_versions(const Repository& repository, const std::string& role,
                    const std::function<bool(const Envelope&)>& visit) {
  for (std::int64_t version = 1; version <= repository.at(role).version(); ++version) {
    const std::string name = std::to_string(version) + "." + role + ".json";
    const auto text = repository.folder().find("metadata/" + name);
    if (text && !visit(Envelope::parse(*text, name))) return;
  }
}

// Goes back from when the present target was first signed, so that it ends, whatever was published twice.
Json ReleaseTargets::find_previous(const std::string& role, const std::string& path, const Json& present) const {
  const std::vector<std::string> previous = previous_of(present);
  std::vector<Json> versions;
  visit_versions(*repository_, role, [&](const Envelope& version) {
    const auto targets = version.body.find("targets");
    if (targets == version.body.end() || !targets->contains(path)) return true;
    const Json& found = targets->at(path);
    if (hash_of(found) == hash_of(present) && previous_of(found) == previous) return false;
    versions.push_back(found);
    return true;
  });
  for (auto version = versions.rbegin(); version != versions.rend(); ++version)
    if (hash_of(*version) == previous.front()) return *version;
  throw PackError(Status::missing, path, "the metadata that named what it was before is gone");
}

// Nothing is led back to what the origin cannot serve any more.
void ReleaseTargets::check_blobs(const Json& document) const {
  for (const Json& route : document["routes"])
    for (const char* part : {"model", "policy", "catalog"})
      if (!repository_->folder().has("blobs/" + route[part].get<std::string>()))
        throw PackError(Status::missing, "blobs/" + route[part].get<std::string>(),
                        "an artifact of the release before is gone from the origin");
}

Json ReleaseTargets::restore_previous(const std::string& name, std::int64_t now) {
  const std::string path = path_of(name);
  const std::string role = repository_->role_of(path);
  const Json present = find_target(name);
  if (present.is_null() || previous_of(present).empty())
    throw PackError(Status::missing, "release", "'" + name + "' was nothing before");
  Json target = find_previous(role, path, present);
  const Json document = read_target(path, target);
  check_blobs(document);
  check_fallbacks(documents_with(document));
  Json& custom = target["custom"]["guardrank"];
  custom["since"] = time_text(now);
  repository_->change(role)["targets"][path] = target;
  repository_->note(role, {{"action", "rollback"}, {"release", name}, {"stage", custom.at("stage")}});
  return custom;
}

}  // namespace guardrank::publish
