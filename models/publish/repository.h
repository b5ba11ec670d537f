// The metadata of one origin: read and checked, changed role by role, signed, written in the order
// that readers need. What lacks signatures is kept beside the origin until others have signed.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/publish/metadata.h"
#include "models/publish/origin_folder.h"

namespace guardrank::publish {

using Progress = std::function<void(const char* step, std::uint64_t done, std::uint64_t total)>;

// Whose work it is, on what, when.
struct Publisher {
  std::filesystem::path origin;
  std::filesystem::path staging;       // empty: the origin's name and ".staged"
  std::vector<PrivateKey> keys;
  std::int64_t now = 0;                // micros
  bool trusts_clock = false;           // though what is there was signed later than that
  Progress progress;

  std::filesystem::path staged_folder() const;
};

class Repository {
 public:
  // Opens the newest metadata and checks its signatures against the root (not its expiry: it may be
  // there to be renewed). `takes_staged`: what waits for signatures is taken up as changes; false:
  // a step passes it where it changes other roles; nothing: it is left alone, as by those who only look.
  Repository(const Publisher& publisher, std::optional<bool> takes_staged);
  // For an origin without metadata, or where that waits for its first signatures.
  static Repository create(const Publisher& publisher);
  static Repository open_staged(const Publisher& publisher);

  const OriginFolder& folder() const { return folder_; }
  bool has(const std::string& role) const { return now_.contains(role); }
  const Envelope& at(const std::string& role) const;
  // Delegated roles of the newest targets, in their order.
  std::vector<std::string> teams() const;
  // Roles that hold targets: "targets" and the teams.
  std::vector<std::string> target_roles() const;
  // The role that a target's path belongs to.
  std::string role_of(const std::string& path) const;
  Signers signers(const std::string& role) const;

  // The body of a role to be changed: its next version. A role that is new starts from `fresh`.
  Json& change(const std::string& role, const Json& fresh = {});
  // A role that comes to be when it is first changed.
  void prepare(const std::string& role, const Json& fresh) { fresh_[role] = fresh; }
  // Takes a team's role away, with what it signed. Snapshots go on listing its last version, since readers
  // refuse one that lists less (TUF 1.0, 5.5.5); a team of that name later goes on from there.
  void remove_team(const std::string& team);
  // Paths that were targets before the changes.
  std::set<std::string> removed_targets() const;
  // Targets of teams that the changes take away, though their step does not say that they go as well.
  std::vector<std::string> lost_targets() const;
  // Roles with targets whose keys are no longer those that signed: their next version.
  void sign_anew_where_keys_changed();
  // What this change is, in the metadata of the role: {"action", "time", ...}.
  void note(const std::string& role, Json step);

  // Of the roles that are changed: {"role", "version", "changes"}, these as differences.h tells them.
  Json changes() const;
  // Signs with the publisher's keys. Where every threshold is met: writes everything, a new snapshot
  // and timestamp included, the timestamp last. Else keeps the changes beside the origin. Reports
  // {"published": bool, "roles": {...}, "waiting": [...]}, and "warnings" where there are any. Status::limit or
  // another where readers would not take a change; Status::expired where this machine's clock is behind.
  Json commit();
  // Forgets what waits for signatures.
  static Json discard(const Publisher& publisher);

 private:
  explicit Repository(const Publisher& publisher);
  void load();
  void load_role(const std::string& role);
  std::set<std::string> staged_roles() const;
  void check_staged() const;
  void load_staged();
  Envelope read(const std::string& name) const;
  void check(const std::string& role);

  Signers signers_under(const Envelope& root, const std::string& role) const;
  const Json* delegation(const std::string& role) const;
  std::int64_t listed_version(const std::string& role) const;
  void renew(const std::string& role);
  Json known_versions() const;
  void sign(const std::string& role);
  void change_snapshot();
  void change_timestamp();
  std::set<std::string> wanting() const;
  Json waiting(const std::set<std::string>& roles) const;
  Json stage(const std::set<std::string>& roles);
  void write();
  bool old_root_accepts() const;
  // repository_ahead.cc
  Json ahead_versions() const;
  void write_ahead() const;
  // repository_checks.cc
  void check_readable(std::vector<std::string>* warnings) const;
  void check_clock() const;
  void warn_of_expiry(std::vector<std::string>* warnings) const;
  Json commit_checked(std::vector<std::string>* warnings);
  std::string file_of(const std::string& role) const;

  const Publisher& publisher_;
  OriginFolder folder_, staged_;
  std::map<std::string, Envelope> before_, now_;   // by role; as loaded, and with the changes
  std::set<std::string> changed_;
  bool passes_staged_ = false;
  std::map<std::string, Json> fresh_;              // of roles that are not there yet
};

// Whether a role's metadata has expired, or has less than a tenth of its days left.
bool is_due(const Json& body, std::int64_t now);
// Adds to a step's report what its maker should know.
void add_warnings(const std::vector<std::string>& warnings, Json* report);

}  // namespace guardrank::publish
