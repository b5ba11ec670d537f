// What readers may fetch on their first visit before they have read what leads there; nobody trusts it.
#include "models/publish/release_targets.h"
#include "models/publish/repository.h"

namespace guardrank::publish {
namespace {

// Of more teams the snapshot tells.
constexpr std::size_t most_roles = 100;
constexpr std::string_view suffix = ".release";

// By the role that its name belongs to.
std::string word_file(const std::string& release) {
  const bool is_team = release.find('/') != std::string::npos;
  return std::string("metadata/ahead/") + (is_team ? "" : "targets/") + release + ".json";
}

// The target, but for what readers take from the metadata alone.
std::string word_of(const Json& target) {
  Json word = {{"hashes", target.at("hashes")}};
  const auto artifacts = Json::json_pointer("/custom/guardrank/artifacts");
  if (target.contains(artifacts)) word[artifacts] = target[artifacts];
  return word.dump();
}

// Adds the releases of a role, by name.
void add_words(const Envelope& role, std::map<std::string, std::string>* words) {
  if (!role.body.contains("targets")) return;
  for (const auto& [path, target] : role.body["targets"].items()) {
    if (!path.ends_with(suffix)) continue;
    const std::string name = path.substr(0, path.size() - suffix.size());
    if (is_release_name(name)) (*words)[name] = word_of(target);
  }
}

}  // namespace

// Versions of the roles that hold targets, for the timestamp.
Json Repository::ahead_versions() const {
  Json versions = Json::object();
  for (const std::string& role : target_roles())
    if (role == "targets" || versions.size() < most_roles) versions[role] = at(role).version();
  return versions;
}

// Before the timestamp: whoever asks in between fetches early what is about to be the release.
void Repository::write_ahead() const {
  std::map<std::string, std::string> before, now;
  for (const auto& [role, envelope] : before_) add_words(envelope, &before);
  for (const std::string& role : target_roles()) add_words(at(role), &now);
  for (const auto& [release, word] : now)
    if (folder_.find(word_file(release)) != word) folder_.write(word_file(release), word);
  for (const auto& [release, ignored] : before)
    if (!now.contains(release)) folder_.remove(word_file(release));
}

}  // namespace guardrank::publish
