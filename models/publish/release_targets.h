// Releases as TUF targets: where they stand, what they were before.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/publish/repository.h"

namespace guardrank::publish {

// "cards-42" or "<team>/cards-42".
bool is_release_name(const std::string& name);
// Throws PackError for another form.
std::string checked_release_name(const std::string& name);

class ReleaseTargets {
 public:
  explicit ReleaseTargets(Repository* repository) : repository_(repository) {}

  // Null where the origin has no such release.
  Json find_document(const std::string& name) const;
  Json find_custom(const std::string& name) const;
  // Throws PackError where there is none.
  Json document(const std::string& name) const;
  // {"role", "path", "target"} of every release.
  std::vector<Json> all() const;

  // Throws where others fall back to a release that the changes take away. Releases whose files are gone or
  // wrong keep nobody from that.
  void check_removals() const;
  // The document first, in the place of its release's, then those of all other releases.
  std::vector<Json> documents_with(const Json& document) const;
  // Writes the release and changes its role.
  void put(const Json& document, const Json& custom, const Json& step);
  // Takes the release out of its role, whatever its file; its "custom". Throws where there is none, or others
  // fall back to it.
  Json remove(const std::string& name);
  // The target that the release had before the present one, in its role again.
  Json restore_previous(const std::string& name, std::int64_t now);

 private:
  Json find_target(const std::string& name) const;
  Json read_target(const std::string& path, const Json& target) const;
  Json find_previous(const std::string& role, const std::string& path, const Json& present) const;
  void check_blobs(const Json& document) const;

  Repository* repository_;
};

// Where the origin has it, below its folder.
std::string file_of_target(const std::string& path, const Json& target);

// Every version of a role's metadata that the origin still has, oldest first and one at a time (all of them may be
// more than memory holds). `visit` says whether to go on.
void visit_versions(const Repository& repository, const std::string& role,
                    const std::function<bool(const Envelope&)>& visit);

}  // namespace guardrank::publish
