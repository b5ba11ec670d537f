#include "models/publish/repository.h"

#include <algorithm>

#include "core/store/target_path.h"
#include "models/pack/pack_error.h"
#include "models/publish/differences.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

const std::string top_roles[] = {"root", "targets", "snapshot", "timestamp"};

bool is_top(const std::string& role) {
  return std::find(std::begin(top_roles), std::end(top_roles), role) != std::end(top_roles);
}

}  // namespace

std::filesystem::path Publisher::staged_folder() const {
  if (!staging.empty()) return staging;
  std::filesystem::path beside = named_folder(origin);
  beside += ".staged";
  return beside;
}

Repository::Repository(const Publisher& publisher)
    : publisher_(publisher), folder_(publisher.origin), staged_(publisher.staged_folder()) {}

Repository::Repository(const Publisher& publisher, std::optional<bool> takes_staged)
    : Repository(publisher) {
  load();
  if (takes_staged == true) load_staged();
  passes_staged_ = takes_staged == false;
}

Repository Repository::create(const Publisher& publisher) {
  Repository repository(publisher);
  if (repository.folder_.has("metadata/timestamp.json"))
    throw PackError(Status::argument, publisher.origin.string(), "it has metadata already");
  if (!repository.staged_roles().empty())
    throw PackError(Status::argument, repository.staged_.path().string(),
                    "a first root waits for signatures: `guardrank keys sign` or `keys discard` it");
  return repository;
}

// An origin whose first root waits has nothing to load.
Repository Repository::open_staged(const Publisher& publisher) {
  if (OriginFolder(publisher.origin).has("metadata/timestamp.json")) {
    Repository repository(publisher, true);
    if (repository.changed_.empty())
      throw PackError(Status::argument, publisher.staged_folder().string(), "nothing waits for signatures");
    return repository;
  }
  Repository repository(publisher);
  repository.load_staged();
  if (!repository.changed_.contains("root"))
    throw PackError(Status::missing, publisher.origin.string(), "it has no metadata");
  return repository;
}

Envelope Repository::read(const std::string& name) const {
  return Envelope::parse(folder_.read("metadata/" + name), name);
}

void Repository::load() {
  std::int64_t version = 1;
  while (folder_.has("metadata/" + std::to_string(version + 1) + ".root.json")) ++version;
  before_["root"] = read(std::to_string(version) + ".root.json");
  check("root");
  before_["timestamp"] = read("timestamp.json");
  check("timestamp");
  const Json& snapshot = before_["timestamp"].body.at("meta").at("snapshot.json");
  before_["snapshot"] = read(snapshot.at("version").dump() + ".snapshot.json");
  check("snapshot");
  load_role("targets");
  for (const std::string& team : teams()) load_role(team);
}

void Repository::load_role(const std::string& role) {
  const Json& meta = before_["snapshot"].body.at("meta").at(role + ".json");
  before_[role] = read(meta.at("version").dump() + "." + role + ".json");
  check(role);
}

// A publisher does not build on what a client would refuse; but where a rotation of the root was
// interrupted before the rest was signed anew, the root before it vouches for that, so that it can be.
void Repository::check(const std::string& role) {
  const Envelope& envelope = before_.at(role);
  now_[role] = envelope;
  if (signers(role).are_enough(envelope)) return;
  const std::int64_t root = before_.at("root").version();
  if (role != "root" && is_top(role) && root > 1 &&
      signers_under(read(std::to_string(root - 1) + ".root.json"), role).are_enough(envelope))
    return;
  throw PackError(Status::signature, role, "its metadata on the origin is not signed to threshold");
}

void Repository::sign_anew_where_keys_changed() {
  for (const std::string& role : target_roles())
    if (!changed_.contains(role) && !signers(role).are_enough(at(role)))
      note(role, {{"action", "sign anew"}});
}

std::set<std::string> Repository::staged_roles() const {
  std::set<std::string> names;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(staged_.path(), problem))
    if (entry.path().extension() == ".json") names.insert(entry.path().stem().string());
  return names;
}

std::set<std::string> Repository::removed_targets() const {
  std::set<std::string> removed;
  for (const auto& [role, envelope] : before_)
    if (envelope.body.contains("targets"))
      for (const auto& [path, ignored] : envelope.body["targets"].items()) removed.insert(path);
  for (const std::string& role : target_roles())
    for (const auto& [path, ignored] : at(role).body.at("targets").items()) removed.erase(path);
  return removed;
}

// Teams that the changes take away, with those of their targets that nobody has said go too.
std::vector<std::string> Repository::lost_targets() const {
  std::vector<std::string> lost;
  const std::vector<std::string> left = teams();
  for (const auto& [role, envelope] : before_) {
    if (is_top(role) || std::find(left.begin(), left.end(), role) != left.end()) continue;
    const Json step = at("targets").body.value("x-guardrank-step", Json::object());
    if (step.value("of", "") == role && step.value("with_releases", false)) continue;
    for (const auto& [path, ignored] : envelope.body.at("targets").items()) lost.push_back(path);
  }
  return lost;
}

// A step of other roles goes past what waits, which is made for the versions of its own roles alone: a
// release is rolled back and a timestamp renewed while a root looks for its second signature.
void Repository::check_staged() const {
  for (const std::string& role : staged_roles())
    if (changed_.contains(role))
      throw PackError(Status::argument, staged_.path().string(),
                      "a change of " + role +
                          " waits for signatures: `guardrank keys sign` or `keys discard` it first");
}

void Repository::load_staged() {
  for (const std::string& role : staged_roles()) {
    const Envelope staged = Envelope::parse(staged_.read(role + ".json"), role + ".json");
    if (staged.version() == 0) {
      fresh_[role] = staged.body;
      continue;
    }
    const std::int64_t base = before_.contains(role) ? before_.at(role).version() : listed_version(role);
    if (staged.version() != base + 1)
      throw PackError(Status::argument, role, "what waits was made for another version of the origin; "
                                              "`guardrank keys discard` it");
    now_[role] = staged;
    changed_.insert(role);
  }
}

const Envelope& Repository::at(const std::string& role) const {
  const auto found = now_.find(role);
  if (found == now_.end()) throw PackError(Status::missing, role, "the origin has no such role");
  return found->second;
}

std::vector<std::string> Repository::teams() const {
  std::vector<std::string> names;
  const Json& targets = at("targets").body;
  if (targets.contains("delegations"))
    for (const Json& role : targets["delegations"]["roles"])
      names.push_back(role.at("name").get<std::string>());
  return names;
}

std::vector<std::string> Repository::target_roles() const {
  std::vector<std::string> roles = teams();
  roles.insert(roles.begin(), "targets");
  return roles;
}

const Json* Repository::delegation(const std::string& role) const {
  const Json& targets = at("targets").body;
  if (targets.contains("delegations"))
    for (const Json& each : targets["delegations"]["roles"])
      if (each.at("name") == role) return &each;
  return nullptr;
}

// As readers look (TUF 1.0, 5.6.7): what the targets of the top list is theirs, whatever is delegated.
std::string Repository::role_of(const std::string& path) const {
  if (at("targets").body.at("targets").contains(path)) return "targets";
  for (const std::string& team : teams())
    for (const Json& pattern : delegation(team)->at("paths"))
      if (matches_path_pattern(pattern.get<std::string>(), path)) return team;
  return "targets";
}

Signers Repository::signers_under(const Envelope& root, const std::string& role) const {
  if (is_top(role)) return Signers::of(root.body.at("roles").at(role), root.body.at("keys"));
  const Json* delegated = delegation(role);
  if (delegated == nullptr)
    throw PackError(Status::missing, role, "the origin delegates to no such role");
  return Signers::of(*delegated, at("targets").body["delegations"]["keys"]);
}

Signers Repository::signers(const std::string& role) const {
  return signers_under(at("root"), role);
}

// Of a role with targets, also of one that is a team's no more; 0: never listed.
std::int64_t Repository::listed_version(const std::string& role) const {
  const auto snapshot = before_.find("snapshot");
  if (snapshot == before_.end()) return 0;
  const Json& meta = snapshot->second.body.at("meta");
  const auto listed = meta.find(role + ".json");
  return listed == meta.end() ? 0 : listed->at("version").get<std::int64_t>();
}

void Repository::remove_team(const std::string& team) {
  if (staged_roles().contains(team))
    throw PackError(Status::argument, staged_.path().string(),
                    "a change of " + team + " waits for signatures: `guardrank keys sign` or `keys discard` it first");
  Json& roles = change("targets")["delegations"]["roles"];
  roles.erase(std::find_if(roles.begin(), roles.end(), [&](const Json& role) { return role.at("name") == team; }));
  now_.erase(team);
  changed_.erase(team);
}

void Repository::renew(const std::string& role) {
  Json& body = now_.at(role).body;
  const std::int64_t days = body.value("x-guardrank-days", 30);
  body["expires"] = time_text(publisher_.now + days * 86'400'000'000);
}

// What readers that know nothing but a root are not led behind: each role as it stood when that was
// made. The versions that follow with it come after, so that no moment of the change is refused.
Json Repository::known_versions() const {
  Json versions = {{"timestamp", 1}, {"snapshot", 1}, {"targets", 1}};
  for (const auto& [role, envelope] : before_)
    if (role != "root") versions[role] = envelope.version();
  return versions;
}

Json& Repository::change(const std::string& role, const Json& fresh) {
  if (!now_.contains(role)) now_[role].body = fresh_.contains(role) ? fresh_.at(role) : fresh;
  Envelope& envelope = now_.at(role);
  if (changed_.insert(role).second) {
    envelope.body["version"] = std::max(envelope.version(), listed_version(role)) + 1;
    envelope.signatures.clear();
    renew(role);
    if (role == "root") envelope.body["x-guardrank-minimum"] = known_versions();
  }
  return envelope.body;
}

void Repository::note(const std::string& role, Json step) {
  step["time"] = time_text(publisher_.now);
  change(role)["x-guardrank-step"] = std::move(step);
}

// With every key at hand that the role has or, so that a rotation may be seen by old and new alike,
// had.
void Repository::sign(const std::string& role) {
  Envelope& envelope = now_.at(role);
  std::map<std::string, Json> keys = signers(role).keys;
  if (before_.contains("root") && is_top(role))
    keys.merge(signers_under(before_.at("root"), role).keys);
  const std::string message = canonical_json(envelope.body);
  for (const PrivateKey& key : publisher_.keys)
    if (keys.contains(key.public_key().id()) &&
        !envelope.signatures.contains(key.public_key().id()))
      envelope.signatures[key.public_key().id()] = key.sign(message);
}

std::string Repository::file_of(const std::string& role) const {
  return "metadata/" + (role == "timestamp" ? "" : at(role).body.at("version").dump() + ".") + role +
         ".json";
}

void Repository::change_snapshot() {
  Json meta = now_.contains("snapshot") ? now_.at("snapshot").body.value("meta", Json::object()) : Json::object();
  for (const std::string& role : target_roles()) {
    const std::string text = at(role).text();
    meta[role + ".json"] = {{"version", at(role).version()},
                            {"length", text.size()},
                            {"hashes", {{"sha256", sha256_hex(text)}}}};
  }
  const bool stands = now_.contains("snapshot") && now_.at("snapshot").body.value("meta", Json()) == meta;
  if (!stands || !signers("snapshot").are_enough(at("snapshot")))
    change("snapshot")["meta"] = meta;
}

void Repository::change_timestamp() {
  const std::string text = at("snapshot").text();
  Json& body = change("timestamp");
  body["meta"] = {{"snapshot.json",
                   {{"version", at("snapshot").version()},
                    {"length", text.size()},
                    {"hashes", {{"sha256", sha256_hex(text)}}}}}};
  body["x-guardrank-versions"] = ahead_versions();
}

// Changed roles that lack signatures; a new root needs those of the one before as well.
std::set<std::string> Repository::wanting() const {
  std::set<std::string> roles;
  for (const std::string& role : changed_) {
    if (!signers(role).are_enough(at(role))) roles.insert(role);
    if (role == "root" && before_.contains("root") &&
        !signers_under(before_.at("root"), "root").are_enough(at("root")))
      roles.insert(role);
  }
  return roles;
}

Json Repository::waiting(const std::set<std::string>& roles) const {
  Json list = Json::array();
  for (const std::string& role : roles) {
    Signers wanted = signers(role);
    const auto add = [&](const Signers& whose, const char* name) {
      const std::set<std::string> good = whose.good(at(role));
      if (static_cast<std::int64_t>(good.size()) >= whose.threshold) return;
      Json missing = Json::array();
      for (const auto& [id, key] : whose.keys)
        if (!good.contains(id)) missing.push_back(id);
      list.push_back({{"role", role}, {"version", at(role).version()}, {"of", name},
                      {"signatures", good.size()}, {"threshold", whose.threshold},
                      {"keys_that_may_sign", missing}});
    };
    add(wanted, role == "root" ? "the new root" : "the role");
    if (role == "root" && before_.contains("root"))
      add(signers_under(before_.at("root"), "root"), "the root before");
  }
  return list;
}

Json Repository::stage(const std::set<std::string>& roles) {
  const bool is_kept = !fresh_.empty() ||
                       std::any_of(changed_.begin(), changed_.end(), [](const std::string& role) {
                         return role != "snapshot" && role != "timestamp";
                       });
  if (!is_kept)
    throw PackError(Status::signature, *roles.begin(),
                    "the keys that sign it must be given at once: nothing was changed");
  if (passes_staged_ && !staged_roles().empty())
    throw PackError(Status::signature, *roles.begin(),
                    "lacks signatures, and another change waits already: nothing was changed");
  // Snapshot and timestamp are made anew once the rest is signed; of a new origin their first bodies
  // wait with it.
  for (const std::string& role : changed_)
    if (role != "snapshot" && role != "timestamp") staged_.write(role + ".json", at(role).text());
  for (const auto& [role, body] : fresh_)
    staged_.write(role + ".json", Envelope{body, {}}.text());
  return {{"published", false}, {"waiting", waiting(roles)}};
}

bool Repository::old_root_accepts() const {
  if (!before_.contains("root")) return true;
  for (const std::string& role : changed_)
    if (role != "root" && is_top(role) &&
        !signers_under(before_.at("root"), role).are_enough(at(role)))
      return false;
  return true;
}

// Files named by version are seen by nobody until the timestamp leads there. A new root is seen at
// once: it goes last where the one before accepts all of the rest, and first of the two otherwise.
void Repository::write() {
  const auto put = [this](const std::string& role) { folder_.write(file_of(role), at(role).text()); };
  for (const std::string& role : changed_)
    if (role != "root" && role != "timestamp") put(role);
  const bool has_root = changed_.contains("root");
  const bool is_root_last = old_root_accepts();
  if (has_root && !is_root_last) put("root");
  if (has_root && !before_.contains("root")) put("root");
  write_ahead();
  put("timestamp");
  if (has_root && is_root_last && before_.contains("root")) put("root");
}

Json Repository::changes() const {
  Json list = Json::array();
  for (const std::string& role : changed_) {
    const auto before = before_.find(role);
    list.push_back({{"role", role}, {"version", at(role).version()},
                    {"changes", differences(before == before_.end() ? Json::object() : before->second.body,
                                            at(role).body)}});
  }
  return list;
}

void add_warnings(const std::vector<std::string>& warnings, Json* report) {
  for (const std::string& warning : warnings) (*report)["warnings"].push_back(warning);
}

Json Repository::commit() {
  check_clock();
  std::vector<std::string> warnings;
  Json report = commit_checked(&warnings);
  warn_of_expiry(&warnings);
  add_warnings(warnings, &report);
  return report;
}

Json Repository::commit_checked(std::vector<std::string>* warnings) {
  if (passes_staged_) check_staged();
  for (const std::string& role : std::set<std::string>(changed_)) sign(role);
  if (const auto roles = wanting(); !roles.empty()) {
    check_readable(warnings);
    return stage(roles);
  }
  change_snapshot();
  if (changed_.contains("snapshot")) sign("snapshot");
  change_timestamp();
  sign("timestamp");
  check_readable(warnings);
  if (const auto roles = wanting(); !roles.empty()) return stage(roles);
  write();
  for (const std::string& role : changed_) staged_.remove(role + ".json");
  fresh_.clear();
  std::error_code ignored;
  std::filesystem::remove(staged_.path(), ignored);   // empty now
  Json versions = Json::object();
  for (const std::string& role : changed_) versions[role] = at(role).version();
  return {{"published", true}, {"roles", versions}, {"waiting", Json::array()}};
}

Json Repository::discard(const Publisher& publisher) {
  const PublisherLock lock(publisher.origin, publisher.staged_folder());
  Json roles = Json::array();
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(publisher.staged_folder(), problem))
    if (entry.path().extension() == ".json") roles.push_back(entry.path().stem().string());
  for (const Json& role : roles)
    std::filesystem::remove(publisher.staged_folder() / (role.get<std::string>() + ".json"));
  std::filesystem::remove(publisher.staged_folder(), problem);
  return {{"discarded", roles}};
}

}  // namespace guardrank::publish
