// Delegations: which role to look into next for a path (specification, 5.6.7), and the delegated roles
// that are kept verified meanwhile.
#pragma once

#include "core/base/limits.h"
#include "core/store/metadata_document.h"

namespace guardrank {

// A delegated role that was verified, by the keys that this delegator names for it.
struct HeldRole {
  MetadataDocument document;
  Text<limits::name_bytes> name;
  Text<limits::name_bytes> delegator;
  bool is_verified = false;
};

class HeldRoles {
 public:
  void open(const Allocator& allocator);
  // Null when it is not held, or was verified for another delegator.
  HeldRole* find(std::string_view name, std::string_view delegator);
  // A place for it: its own, or a free one. Null when there is none.
  HeldRole* place(std::string_view name, std::string_view delegator);
  void clear();
  // At least as many free places as one search may fill.
  bool has_room() const;

 private:
  HeldRole roles_[limits::metadata_held_roles];
};

// Pre-order search: delegations in the order of their delegator, each role once, a terminating one
// ends all that stand after it.
class TargetSearch {
 public:
  struct Step {
    std::string_view role;
    const MetadataDocument* delegator = nullptr;   // null: top-level targets
    const JsonValue* delegation = nullptr;         // has keyids and threshold
  };

  void open(const Allocator& allocator) { arena_.open(allocator, SIZE_MAX / 2); }
  // Copies the path; top-level targets come first. Status::memory.
  Status begin(std::string_view path);
  void clear() { arena_.release(); }
  std::string_view path() const { return path_; }
  Arena* arena() { return &arena_; }

  // The next role. False when there is none left. Status::limit after limits::metadata_search_roles.
  Status next(bool* has_next, Step* step, Error* error);
  // Puts what `role` delegates the path to in front of what is left. `role` must stay.
  Status add_delegations(const MetadataDocument& role, Error* error);

 private:
  bool is_visited(std::string_view role) const;
  Status push(const Step& step, Error* error);
  Status add_bin(const MetadataDocument& role, const JsonValue& bins, Error* error);
  bool matches(const JsonValue& delegation) const;

  Arena arena_;
  std::string_view path_;
  Sha256Digest path_hash_{};
  std::span<Step> pending_;
  std::size_t n_pending_ = 0;
  std::string_view visited_[limits::metadata_search_roles];
  std::size_t n_visited_ = 0;
};

}  // namespace guardrank
