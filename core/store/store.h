// Tickets for releases: whoever wants one says until when, and gets views of its model, policy and
// catalog, or the name of a fallback. The store does no I/O: it says what it needs (need.h), the host
// provides, in any order. Nothing that was not verified is ever handed out.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/artifact/release.h"
#include "core/base/limits.h"
#include "core/base/text.h"
#include "core/store/chunk_assembly.h"
#include "core/store/need.h"
#include "core/store/release_source.h"
#include "core/store/slot_table.h"
#include "core/store/tier_set.h"
#include "core/store/time_heap.h"

namespace guardrank {

inline constexpr std::uint32_t most_store_tickets = 1u << 20;

struct StoreOptions {
  TierOptions tiers;                           // budgets, policies; a disk budget of 0: no disk
  std::uint64_t blob_bytes = 256u << 20;       // largest artifact that is fetched
  std::uint32_t fetches = 6;                   // fetches and reads under way at a time
  std::uint32_t tickets = 16'384;
  std::uint32_t bundles = 256;                 // routes whose tickets are open, and some of late
  std::uint32_t attempts = 4;                  // per blob, before its tickets fail
  std::int64_t backoff_micros = 200'000;       // the k-th wait is drawn from [0, this x 2^k), ...
  std::int64_t backoff_most_micros = 10'000'000;   // ... at most this
  // What an origin asks for (Retry-After) is waited for up to this; asked for more, a blob fails at once.
  std::int64_t asked_most_micros = 60'000'000;
  // Expected, for the cost of a miss: a read from disk for memory with a disk behind it.
  std::uint64_t origin_first_byte_micros = 65'000, origin_bytes_per_second = 30'000'000;
  std::uint64_t disk_first_byte_micros = 1000, disk_bytes_per_second = 500'000'000;
  // Of artifacts from the origin, by the host's clock: over the first they wait, over the second (of a day
  // in UTC) they fail with Status::network. 0: without bounds.
  std::uint64_t bytes_per_second = 0, bytes_per_day = 0;
  std::uint64_t seed = 0;                      // of the jitter and the hash tables
  std::string_view fallback;                   // where the release names none; copied
};

// Names a ticket; 0 is none. Never used twice.
using TicketId = std::uint64_t;

enum class TicketState : std::uint8_t {
  unknown = 0,       // no such ticket, or it was cancelled
  pending = 1,
  ready = 2,
  fallback = 3,      // take the release that `fallback` names; `status` says why
  failed = 4,        // and there is no fallback
};

struct Taken {
  TicketState state{};
  Status status = Status::ok;
  std::string_view fallback;           // until the next call of the store
  std::string_view trouble;            // not ready: as `Store::trouble`; until the next call
  // Whole artifacts, verified in full, 64-byte aligned. They stay until the ticket is cancelled.
  Bytes model, policy, catalog;
  Bytes shard;                         // of a ticket for one
};

class Store {
 public:
  explicit Store(const Allocator& allocator) : allocator_(allocator) {}
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // All memory but that of blobs is taken here. Status::argument for options out of range.
  Status open(const StoreOptions& options, const ReleaseSource& source);

  // A ticket for a route of a release (its place there). Status::limit when tickets or bundles are
  // used up; `deadline` (INT64_MAX: none) and `now` are the host's time. An open ticket keeps what it
  // got in memory: a host pins a release by holding one.
  Status want(std::string_view release, std::uint32_t route, std::int64_t deadline_micros,
              std::int64_t now_micros, TicketId* ticket);
  // A ticket for a shard of a table (core/artifact/row_shards.h), which no release names: the model does.
  // Kept and fetched like artifacts, verified by the SHA-256 of its bytes.
  Status want_shard(const Sha256Digest& hash, std::uint64_t bytes, std::int64_t deadline_micros,
                    std::int64_t now_micros, TicketId* ticket);
  // How a ticket stands. May be asked any number of times.
  Taken take(TicketId ticket, std::int64_t now_micros);
  // A ticket's place among those that are open, below StoreOptions::tickets.
  static std::uint32_t place_of(TicketId ticket) { return static_cast<std::uint32_t>(ticket & slot_mask); }
  // Gives a ticket up, whatever its state; its views end. What nobody waits for is no longer fetched.
  void cancel(TicketId ticket);
  // A ticket that ended (ready, fallback or failed) and was not named here before; 0: none.
  TicketId next_ended(std::int64_t now_micros);
  // The same, of those that are not ready alone; `name_again` has `next_ended` name one of them later.
  TicketId next_failed(std::int64_t now_micros);
  void name_again(TicketId ticket);
  // What went wrong last on the way to a route's artifacts, to be told beside a ticket's status: "blobs/12ab..:
  // HTTP status 500"; empty: nothing did. Until the next call.
  std::string_view trouble(std::string_view release, std::uint32_t route) const;

  // The next thing the host shall do; false when there is nothing until something is provided.
  bool next(std::int64_t now_micros, Need* need);
  // Answers a need. An id that is not known (withdrawn, answered) is ignored.
  void provide(const Answer& answer, std::int64_t now_micros);
  void provide(std::uint64_t id, Outcome outcome, Bytes bytes, std::int64_t now_micros,
               Bytes section_hashes = {}) {
    provide({id, outcome, bytes, {}, {}, section_hashes}, now_micros);
  }
  // False when a need was withdrawn: the host may stop what it does for it.
  bool is_wanted(std::uint64_t need_id) const;

  // Routes that have tickets now, of StoreOptions::bundles.
  std::uint32_t n_held() const { return n_held_; }
  // Whether it has been read what is on disk; without a disk at once.
  bool knows_disk() const { return !is_disk_new(); }
  // Verified in memory, or on disk to be read.
  bool is_at_hand(const Sha256Digest& id) const;
  bool is_in_memory(const Sha256Digest& id) const;
  // Bytes of blobs held; never more than the memory budget.
  std::uint64_t blob_bytes() const { return blob_bytes_; }
  // What came from the origin, and what did not have to since an older version had it.
  std::uint64_t fetched_bytes() const { return fetched_bytes_; }
  std::uint64_t reused_bytes() const { return reused_bytes_; }
  const TierSet& tiers() const { return tiers_; }
  // False when the disk failed to write or remove: it is then only read.
  bool is_disk_writable() const { return disk_ == DiskState::open; }

 private:
  // A ticket's id: its slot, and above 20 bits the serial number.
  static constexpr std::uint32_t slot_bits = 20;
  static constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;
  static constexpr std::uint32_t n_parts = 3;        // model, policy, catalog
  // Of a bundle that is a shard: its one part, under its digits for a name.
  static constexpr std::uint32_t shard_route = UINT32_MAX;
  static constexpr ArtifactKind shard_kind{UINT32_MAX};   // a blob's, once it is verified
  static constexpr std::size_t name_most = limits::name_bytes + 1;   // and a mark of the source's
  static constexpr std::size_t trouble_most = 128;   // a blob's key and some words

  struct TicketList {
    std::uint32_t head = no_slot, tail = no_slot;
  };
  enum class TicketStep : std::uint8_t { free, waiting, ready, ended };
  struct Ticket {
    std::uint64_t serial = 0;
    std::uint32_t bundle = no_slot;
    std::uint32_t before = no_slot, after = no_slot;   // in a list of its bundle or of the ended
    TicketList* listed = nullptr;                      // ended, and not named yet
    Status status = Status::ok;
    TicketStep step = TicketStep::free;
  };

  enum class PartStep : std::uint8_t { none, loading, held };
  struct Part {
    Sha256Digest id{};
    std::uint64_t bytes = 0;                           // as the release says; 0: it does not
    Sha256Digest chunks{};                             // its list of pieces; zeros: not cut
    Sha256Digest older{};                              // at hand, and may share pieces; zeros: none
    std::uint32_t slot = no_slot;                      // loading: the load's; held: in memory
    bool is_shard = false;
    PartStep step = PartStep::none;
  };
  enum class BundleStep : std::uint8_t { free, idle, resolving, loading, ready };
  struct Bundle {
    Text<name_most> release, fallback;
    Text<trouble_most> trouble;
    std::uint64_t revision = 0;
    std::uint64_t wanted = 0;                          // the revision in which the route was chosen; 0: any
    std::uint64_t last_used = 0;
    std::int64_t expires = 0;
    std::uint32_t route = 0;
    std::uint32_t n_tickets = 0, n_waiting = 0, n_ready = 0;
    TicketList waiting;
    BundleStep step = BundleStep::free;
    bool has_parts = false, outlives_tickets = false;
    Part parts[n_parts];
  };

  enum class LoadStep : std::uint8_t { none, queued, asked, resting, assembling };
  struct Load {
    char key[72];                                      // "blobs/" and 64 digits
    std::uint64_t need = 0;
    std::uint64_t bytes = 0;                           // as the release or the header says; 0: not known
    std::uint64_t prefix = 0;                          // of them at hand, in the room that is reserved
    std::int64_t day = 0;                              // in which its fetch was spent
    std::uint32_t next = no_slot;                      // of the queue
    std::uint32_t attempts = 0;
    std::uint32_t free_tries = 0;                      // not counted as attempts
    std::uint32_t assembly = no_slot;                  // put together from pieces
    LoadStep step = LoadStep::none;
    bool is_read = false;                              // from disk
    bool is_shard = false;
    bool has_ranges = false;                           // a range has brought something
  };
  struct Blob {
    std::uint8_t* memory = nullptr;
    std::size_t size = 0;
    ArtifactKind kind{};
    Loan loan;                                         // where the memory is the host's
    bool awaits_write = false;                         // to disk, when one of the writes is free
  };
  // A load that is put together: its list, what an older artifact has, the pieces that it has not.
  static constexpr std::uint32_t n_assemblies = 4;
  static constexpr std::uint32_t n_piece_fetches = 8;
  enum class AssemblyStep : std::uint8_t { list, older, reading, pieces };
  struct PieceFetch {
    std::uint64_t need = 0;
    std::uint32_t piece = 0, bytes = 0;
    std::int64_t day = 0;
    char key[72];
  };
  struct Assembly {
    ChunkAssembly pieces;
    Sha256Digest list{}, older{};
    std::uint64_t bytes = 0, reused = 0;
    std::uint64_t need = 0;                            // of the older one
    std::uint32_t load = no_slot;                      // no_slot: free
    AssemblyStep step{};
    char key[72];                                      // of the list, then of the older one
    PieceFetch fetches[n_piece_fetches];
  };
  enum class DiskState : std::uint8_t { none, unread, reading, unlisted, listing, clearing, open, stopped };
  struct Write {
    char key[72];
    std::uint64_t need = 0;
    std::uint32_t slot = no_slot;                      // in memory, pinned
    std::uint32_t revision = 0;                        // of the index that names it
  };

  // store.cc
  Status check(const StoreOptions& options) const;
  Status make_tables();
  void tick(std::int64_t now_micros);
  std::uint64_t new_need() { return ++last_need_; }
  bool next_wake(std::int64_t now_micros, Need* need);

  // store_tickets.cc
  std::uint32_t find_ticket(TicketId id) const;
  void list_push(TicketList* list, std::uint32_t ticket);
  void list_drop(TicketList* list, std::uint32_t ticket);
  void list_ended(std::uint32_t ticket, TicketList* list);
  TicketId name_first(TicketList* list);
  void end_ticket(std::uint32_t ticket, Status status);
  TicketId open_ticket(std::uint32_t bundle, std::int64_t deadline_micros, std::int64_t now_micros);
  Taken taken(const Ticket& ticket, std::int64_t now_micros);
  void prolong(Bundle* bundle, std::int64_t now_micros);

  // store_bundles.cc
  std::uint32_t find_bundle(std::string_view release, std::uint32_t route,
                            std::uint64_t revision) const;
  std::uint32_t place_bundle(std::string_view release, std::uint32_t route);
  std::uint32_t take_bundle();
  void resolve(std::uint32_t bundle, std::int64_t now_micros);
  bool find_artifacts(std::uint32_t bundle, std::int64_t now_micros, FoundRelease* found);
  static std::span<Part> parts_of(Bundle* bundle) {
    return {bundle->parts, bundle->route == shard_route ? 1 : n_parts};
  }
  Status read_route(Bytes release, Bundle* bundle);
  void set_step(Bundle* bundle, BundleStep step);
  void start(std::uint32_t bundle, std::int64_t now_micros);
  Status want_part(Part* part, std::int64_t now_micros);
  void settle(std::uint32_t bundle);
  void let_go(std::uint32_t bundle);
  void fail_bundle(std::uint32_t bundle, Status status);
  void maybe_idle(std::uint32_t bundle);
  void load_ended(std::uint32_t load, std::uint32_t memory_slot, Status status);
  void fail_for_the_day(std::uint32_t load, std::int64_t now_micros);
  void tell_trouble(std::uint32_t load, Status status);
  void tell_trouble(Bundle* bundle, const Part& part, Status status) const;
  void find_older(const FoundRelease& found, Bundle* bundle);

  // store_chunks.cc
  void begin_assembly(std::uint32_t load, const Part& part);
  void end_assembly(std::uint32_t load);
  void ask_for_list(Assembly* assembly, Need* need);
  void provide_list(std::uint32_t load, Outcome outcome, Bytes bytes, std::int64_t now_micros);
  Status make_room_beside(std::uint32_t load, std::uint32_t* slot, std::uint32_t* older);
  Status reserve(std::uint32_t load, std::uint64_t bytes, std::uint32_t* memory_slot, bool pushes);
  Status make_room(std::uint32_t load, std::uint64_t bytes, std::uint32_t* memory_slot, bool pushes = true);
  void take_older(std::uint32_t assembly, Bytes older, std::int64_t now_micros);
  bool next_piece(std::int64_t now_micros, Need* need);
  bool provide_piece(std::uint64_t id, Outcome outcome, Bytes bytes, std::int64_t now_micros);
  bool is_last_piece_try(std::uint32_t load) const;
  void piece_failed(std::uint32_t load, Outcome outcome, Status status, std::int64_t now_micros);
  void finish_assembly(std::uint32_t load, std::int64_t now_micros);
  void fetch_whole(std::uint32_t load);
  std::uint32_t find_piece(std::uint64_t need, PieceFetch** fetch);

  // store_loads.cc
  void begin_load(std::uint32_t load, bool is_read, const Part& part);
  void queue_load(std::uint32_t load);
  std::uint64_t most_bytes() const;
  bool next_load(std::int64_t now_micros, Need* need);
  std::uint32_t take_queued(std::int64_t now_micros);
  bool may_fetch(std::int64_t now_micros) const { return free_at_ <= now_micros; }
  bool spend(std::uint64_t bytes, std::int64_t now_micros);
  void give_back(std::int64_t day, std::uint64_t spent, std::uint64_t came);
  void provide_load(std::uint32_t load, Outcome outcome, Bytes bytes, std::int64_t now_micros);
  void have_blob(std::uint32_t load, std::uint32_t memory_slot);
  void retry_load(std::uint32_t load, Status status, std::int64_t now_micros, bool counts = true);
  void fail_load(std::uint32_t load, Status status, std::int64_t now_micros);
  void drop_load(std::uint32_t load);
  Status keep(std::uint32_t load, Bytes bytes, std::uint32_t* slot);
  Status allocate_blob(std::uint64_t bytes, Blob* blob);
  Status take_bytes(Bytes bytes, Blob* blob);
  Status verify_blob(const Sha256Digest& id, bool is_shard, Blob* blob);
  void free_blob(std::uint32_t slot);
  std::uint64_t origin_cost(std::uint64_t bytes) const;
  std::uint64_t memory_cost(std::uint64_t bytes) const;
  static void memory_evicted(void* user, const Sha256Digest& id, std::uint32_t slot);

  // store_resume.cc
  static Status check_beginning(const Sha256Digest& id, Bytes bytes);
  bool begin_prefix(std::uint32_t load, Bytes bytes);
  bool keep_prefix(std::uint32_t load, Bytes bytes);
  Status resume(std::uint32_t load, Bytes bytes, std::uint32_t* slot);
  bool drop_prefix(std::uint32_t load);

  // store_disk.cc
  bool next_disk(Need* need);
  bool next_removal(Need* need);
  bool next_index(Need* need);
  bool next_write(Need* need);
  bool provide_disk(std::uint64_t id, Outcome outcome, Bytes bytes);
  void have_index(Outcome outcome, Bytes bytes);
  void have_listing(Bytes bytes);
  // What is on disk is not known yet.
  bool is_disk_new() const { return disk_ >= DiskState::unread && disk_ <= DiskState::listing; }
  void removed(bool is_good);
  bool ask_removal(Need* need, std::size_t key_size);
  void begin_write(std::uint32_t memory_slot);
  bool try_write(std::uint32_t memory_slot);
  void write_awaiting();
  void end_write(Write* write, bool is_good);
  void queue_removal(const Sha256Digest& id);
  bool withdraw_removal(const Sha256Digest& id);
  void stop_disk();
  static void disk_evicted(void* user, const Sha256Digest& id, std::uint32_t slot);
  static void index_dropped(void* user, const Sha256Digest& id);

  Allocator allocator_;
  Arena arena_;
  Arena scratch_;
  StoreOptions options_;
  ReleaseSource source_;
  Text<name_most> fallback_;
  TierSet tiers_;
  std::uint64_t blob_bytes_ = 0;
  std::uint64_t last_need_ = 0;
  std::uint64_t last_serial_ = 0;
  std::uint64_t n_uses_ = 0;

  SlotTable<Ticket> tickets_;
  TicketList ended_, failed_;                          // the second: not ready
  TimeHeap deadlines_;                                 // of waiting tickets
  std::span<Bundle> bundles_;
  std::span<std::uint64_t> bundle_hashes_;             // of release and route
  std::span<std::uint32_t> bundle_heads_, bundle_next_;   // by hash, those that have a place; no_slot ends
  std::uint32_t n_placed_ = 0;                         // bundles from the first on that have, or had, a name
  std::uint32_t n_held_ = 0;                           // with tickets
  std::uint32_t n_resolving_ = 0;
  std::span<Load> loads_;                              // by load slot of the tiers
  TimeHeap retries_;                                   // of resting loads
  std::uint32_t first_queued_ = no_slot, last_queued_ = no_slot;
  std::uint32_t n_asked_ = 0;
  Assembly assemblies_[n_assemblies];
  std::uint64_t fetched_bytes_ = 0, reused_bytes_ = 0;
  std::int64_t free_at_ = INT64_MIN;                   // no fetch before
  std::int64_t day_ = INT64_MIN;                       // the last seen, and what was spent in it
  std::uint64_t spent_ = 0;
  std::span<Blob> blobs_;                              // by slot of the memory tier
  Loan* loan_ = nullptr;                               // of the answer that is being provided
  Bytes section_hashes_;                               // of it as well
  std::string_view detail_;
  std::int64_t retry_after_ = 0;
  std::uint64_t wake_need_ = 0;
  std::int64_t wake_at_ = 0;

  DiskState disk_ = DiskState::none;
  static constexpr std::uint32_t n_writes = 4;
  Write writes_[n_writes];                             // under way at a time
  std::uint32_t n_awaiting_ = 0;                       // blobs that wait for one
  std::span<std::uint8_t> index_;                      // what is being written
  std::uint64_t index_need_ = 0;
  std::uint32_t index_revision_ = 0;                   // of what the disk tier holds
  std::uint32_t index_asked_ = 0, index_written_ = 0;
  std::span<Sha256Digest> removals_;                   // a ring; the first is asked for
  std::uint32_t first_removal_ = 0, n_removals_ = 0;
  std::uint64_t removal_need_ = 0;
  std::uint32_t write_failures_ = 0;                   // one after another
  char removal_key_[72];
};

}  // namespace guardrank
