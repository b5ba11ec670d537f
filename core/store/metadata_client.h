// A client of The Update Framework, specification 1.0: which targets a repository's keys vouch for now.
// A state machine without I/O: it asks for needs, the host provides. One operation at a time.
#pragma once

#include "core/base/limits.h"
#include "core/store/counted_memory.h"
#include "core/store/metadata_search.h"
#include "core/store/metadata_signatures.h"
#include "core/store/target_path.h"

namespace guardrank {

struct MetadataOptions {
  // The root that is trusted from the start, kept by the host. Later ones are followed from it, those
  // of the cache first. Empty: root.json of the cache is trusted as it stands there.
  Bytes trusted_root;
};

enum class RefreshKind : std::uint8_t {
  full = 0,      // root, timestamp, snapshot, targets, as section 5 says
  check = 1,     // one conditional request for the timestamp; full unless that is as it was
  cached = 2,    // what the cache holds, asking the origin nothing; an update that was interrupted is
                 // passed over, nothing expired is
};

// Documents that a release was before, by SHA-256, newest first: "custom": {"guardrank": {"previous": [...]}}.
// Who vouches for the target says that they may serve while its own artifacts cannot be had.
struct Predecessors {
  std::uint32_t n = 0;
  Sha256Digest hashes[limits::predecessors]{};

  bool operator==(const Predecessors&) const = default;
  std::span<const Sha256Digest> view() const { return {hashes, n}; }
  bool has(const Sha256Digest& hash) const;
};

// What a target's role vouches for. Views live until the next operation.
struct TargetFacts {
  std::string_view path;
  std::string_view role;                // that vouches for it
  std::int64_t role_version = 0;
  FileFacts facts;                      // length and hash are said
  std::string_view custom;              // canonical JSON; empty when there is none
  Predecessors predecessors;
  std::string_view address;             // below Origin::targets, percent-encoded
  std::int64_t expires_micros = 0;      // when the first of what vouches for it expires
};

class MetadataClient {
 public:
  MetadataClient(const Allocator& allocator, const MetadataOptions& options);
  // Another root to begin with; before the first operation.
  void trust(Bytes root) { options_.trusted_root = root; }

  // Each begins an operation; `now` is the host's time and the update's start. Times before the
  // highest ever seen by this cache count as that. Status::argument while another one runs.
  Status adopt(Bytes root, std::int64_t now_micros, Error* error);   // a first root, into the cache
  Status refresh(RefreshKind kind, std::int64_t now_micros, Error* error);
  // After a refresh that ended well, or on what was good before one that did not. Delegated roles are
  // fetched as needed.
  Status find(std::string_view target_path, std::int64_t now_micros, Error* error);
  // Ends the operation with Status::deadline; what it asked for may be dropped.
  void cancel();

  bool is_busy() const { return step_ != Step::idle; }
  // The next need to perform; false when there is none until something is provided.
  bool next(Need* need);
  // Answers to needs that are not known are ignored.
  void provide(const Answer& answer);

  // How the last operation ended.
  Status status() const { return status_; }
  const Error& error() const { return error_; }
  const TargetFacts& target() const { return target_; }
  // False when the cache could not be written: protection against older metadata then ends with this
  // client. `unstored` names what.
  bool is_stored() const { return unstored_.view().empty(); }
  std::string_view unstored() const { return unstored_.view(); }

  bool is_ready() const { return serving_[2] != nullptr; }
  std::int64_t version(MetadataKind kind) const;     // of what serves; 0: none
  std::int64_t expires_micros() const;               // when the first of what serves expires
  std::size_t memory_bytes() const { return memory_.used_bytes(); }

 private:
  enum class Step : std::uint8_t {
    idle, adopt_root, write_adopted, forget_time, read_time, write_time, check_timestamp, read_root,
    read_history, fetch_root, remove_timestamp, remove_snapshot, write_history, write_root, read_role,
    fetch_role, write_role
  };
  enum class RootSource : std::uint8_t { anchor, history, network };

  // metadata_client.cc
  Status begin(std::int64_t now_micros, Error* error);
  void handle(const Answer& answer);
  void handle_write(const Answer& answer);
  void verified(Status result);
  void finish(Status status);
  Need& ask(Step step, NeedKind kind);
  void ask_key(Step step, NeedKind kind, std::initializer_list<TextPiece> key);
  void ask_write(Step step, std::initializer_list<TextPiece> key, Bytes bytes);
  void ask_fetch(Step step, std::initializer_list<TextPiece> prefix, std::string_view role,
                 std::uint64_t max_bytes);
  void count(MetadataDocument* document, std::initializer_list<Authority> authorities);
  MetadataDocument* free_document();

  // metadata_root.cc
  void start();
  void have_time(const Answer& answer);
  void start_root();
  void read_candidate_root(Bytes bytes);
  void have_history(const Answer& answer);
  void next_history();
  void next_root();
  void have_root(const Answer& answer);
  void root_verified(Status result);
  void accept_root();
  void keep_root();
  void roots_done();
  bool has_rotated(MetadataKind role) const;

  // metadata_roles.cc
  std::string_view role_name() const;
  std::string_view role_key();
  MetadataDocument* trusted() const;
  Authority role_authority() const;
  bool role_facts(FileFacts* facts) const;
  bool is_wanted(const MetadataDocument& document) const;
  Status check_expired(const MetadataDocument& document);
  void check_timestamp(const Answer& answer);
  void begin_role(std::size_t level);
  void verify_role(Bytes bytes);
  void have_cached_role(const Answer& answer);
  void local_role();
  void fetch_role();
  void have_role(const Answer& answer);
  void keep_timestamp();
  Status check_minimum();
  Status check_timestamp_not_older();
  Status check_fetched();
  void trust_candidate();
  void drop_candidate();
  void role_verified(Status result);
  void next_role();

  // metadata_find.cc
  Status check_serving();
  void search();
  void look_into(const MetadataDocument& document, bool is_first);
  void begin_delegated();
  void have_delegated();
  void found(const JsonValue& target, const MetadataDocument& role);

  static constexpr std::size_t n_levels = 3;         // timestamp, snapshot, targets
  static constexpr std::size_t delegated_level = 3;

  CountedMemory memory_;
  MetadataOptions options_;

  // The operation.
  Step step_ = Step::idle;
  RootSource source_{};
  RefreshKind kind_{};
  bool is_finding_ = false;
  bool is_verifying_ = false;
  bool is_asked_ = false;                            // need_ was handed out
  std::size_t level_ = 0;
  std::uint32_t rotations_ = 0;
  std::uint64_t last_id_ = 0;
  Need need_;
  CacheKey key_;
  EncodedPath path_;
  Status status_ = Status::ok;
  Error error_;
  Text<64> unstored_;

  // Time.
  std::int64_t now_ = 0;
  std::int64_t highest_ = 0;
  bool has_time_ = false;
  char time_text_[24] = {};

  // Documents: what is trusted and newest, what serves, what is being looked at.
  MetadataDocument pool_[2 * n_levels + 3];
  MetadataDocument* root_ = nullptr;
  MetadataDocument* latest_[n_levels] = {};
  MetadataDocument* serving_[n_levels] = {};
  MetadataDocument* candidate_ = nullptr;
  SignatureCount signatures_;
  Text<256> entity_tag_;                             // of the timestamp
  Text<256> new_entity_tag_;
  bool is_whole_ = false;                            // the origin's timestamp led to all that serves

  // Delegations.
  HeldRoles held_;
  HeldRole* delegated_ = nullptr;
  TargetSearch search_;
  TargetSearch::Step delegation_;
  TargetFacts target_;
  std::int64_t vouched_until_ = 0;                   // by the roles of the search so far
  EncodedPath address_;
};

}  // namespace guardrank
