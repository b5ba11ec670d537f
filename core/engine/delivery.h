// Releases at hand: signed metadata, routes and tickets joined. The host names the releases it serves;
// this follows them in the metadata, fetches their documents, and gives tickets for what a request's
// route needs. No I/O: it asks for needs (core/store/need.h), the host provides.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/text_index.h"
#include "core/route/route.h"
#include "core/store/metadata_client.h"
#include "core/store/store.h"

namespace guardrank {

struct DeliveryOptions {
  Bytes trusted_root;                          // root.json that comes with the program; copied
  // Names of releases, targets less their ".release": "cards", "team/cards". Copied.
  std::span<const std::string_view> releases;
  StoreOptions store;
  std::int64_t check_micros = 60'000'000;      // between two looks for changes
  std::int64_t retry_micros = 5'000'000;       // the first wait after a look that failed; then doubled
  // Past its deadline a ticket may take so much longer for a fallback that is read from disk.
  std::int64_t read_micros = 100'000;
  // A release's next version serves once the host has tried it (`next_trial`), not as soon as it is there.
  bool tries_next = false;
};

// How a ticket stands. Views are valid until the ticket is cancelled, but for `release_bytes` and
// `trouble`, which last until the next call.
struct Delivered {
  TicketState state{};                         // pending, ready, failed; unknown: no such ticket
  Status status = Status::ok;                  // failed: why. ready by a fallback: why not the primary
  bool is_fallback = false;
  std::string_view trouble;                    // beside `status`: what went wrong last with the release's artifacts
  std::string_view release;                    // that serves; else that was to
  std::string_view stage, arm;                 // of the route that chose it, while it is ready
  std::string_view instead_of;                 // by a fallback: the release that the route chose
  Bytes model, policy, catalog, release_bytes;
  Bytes shard;                                 // of a ticket for one
};

class Delivery {
 public:
  explicit Delivery(const Allocator& allocator);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // All tables are made here. Begins with what the cache holds; the origin is asked afterwards.
  Status open(const DeliveryOptions& options, std::int64_t now_micros, Error* error);

  // The next thing the host shall do; false when there is nothing until something is provided.
  bool next(std::int64_t now_micros, Need* need);
  void provide(const Answer& answer, std::int64_t now_micros);
  bool is_wanted(std::uint64_t need_id) const;

  // Whether each release was looked for at least once, in the cache and where needed at the origin.
  bool has_looked() const { return has_looked_; }
  // Whether a look at the origin has ended, well or not.
  bool has_asked() const { return has_asked_; }
  // The routes of the releases that are known; null: of none yet.
  const RouteTable* routes() const { return n_known_ == 0 ? nullptr : &tables_[table_]; }
  std::uint64_t revision() const { return revision_; }      // another one when a release changed
  // How the last look ended, and what it found fault with.
  Status status() const { return status_; }
  const Error& error() const { return told_; }
  const MetadataClient& metadata() const { return metadata_; }
  const Store& store() const { return store_; }

  // A ticket for what serves a request. Status::missing: no release is known yet, or none of their
  // routes serves it. A fallback on disk is read beside it, so that it is there when time is up. Where the
  // release changed and its artifacts cannot be had, what served in it before is the first fallback.
  Status want(const RouteKey& key, std::int64_t deadline_micros, std::int64_t now_micros,
              TicketId* ticket, Error* error);
  // A ticket for one of the request's shadows (RouteChoice::shadows): scored and logged, never shown. Of its
  // own: nothing falls back, and what serves does not wait for it when it was asked for before.
  // Status::missing: there are no more.
  Status want_shadow(const RouteKey& key, std::uint32_t index, std::int64_t deadline_micros,
                     std::int64_t now_micros, TicketId* ticket, Error* error);
  // A ticket for a shard of a model's table, by its SHA-256 and length (core/artifact/row_shards.h).
  Status want_shard(const Sha256Digest& hash, std::uint64_t bytes, std::int64_t deadline_micros,
                    std::int64_t now_micros, TicketId* ticket, Error* error);
  Delivered take(TicketId ticket, std::int64_t now_micros);
  void cancel(TicketId ticket);
  // A next version's artifacts at hand, which the host shall try (open them, replay golden vectors) before
  // they serve; its name to `tried`. 0: none. Views until then, or until the next call.
  TicketId next_trial(std::int64_t now_micros, Delivered* out);
  // How it went. Where it went wrong that version is refused, and what served goes on; without memory to
  // try it, it serves untried. Of a ticket that is ready and whose artifacts the host could not open: the
  // ticket goes on to its next fallback, and until its release changes nobody is given that route.
  void tried(TicketId trial, Status status, std::int64_t now_micros);
  // Releases whose next version is on its way, and routes that are held in memory.
  std::uint32_t n_warming() const { return n_warming_; }
  std::uint32_t n_pinned() const { return n_pinned_; }

  // A ticket that ended and was not named here before; 0: none. One that falls back is named when its
  // fallback has ended.
  TicketId next_ended(std::int64_t now_micros);

 private:
  static constexpr std::size_t name_most = 256;
  // What the store calls a release's next version, and the one before: no release's name begins so.
  static constexpr std::string_view next_mark = "/", before_mark = "//";
  static constexpr TicketId trial_mark = TicketId{1} << 62;   // a trial's id is no ticket's

  static constexpr std::int64_t withdrawn = INT64_MIN;   // when a document expires that is signed for no more
  // A release's document as it is verified.
  struct Document {
    Arena memory;
    Release release;
    Bytes bytes;
    Sha256Digest hash{};
    std::int64_t expires = 0;                  // when what vouches for it does
    std::uint64_t revision = 0;                // of the releases, when it began to serve; 0: it has not
    std::span<Status> refused;                 // by route: why it could not be opened; ok: nobody said so
  };
  // A route whose artifacts are wanted before anyone asks: of a next version, until it serves; of what
  // serves, as long as it is pinned. As many as have other artifacts.
  static constexpr std::uint32_t most_warm = 8;
  // queued: until the store has room for it. spared: the host could not try it now; the next look asks again.
  enum class WarmStep : std::uint8_t { none, queued, waiting, given, spared, good };
  struct Warm {
    TicketId ticket = 0;                       // the store's
    std::uint32_t route = 0;
    WarmStep step = WarmStep::none;
  };
  // What serves, what takes its place when the look that found it is over, and what served before.
  struct Entry {
    Text<name_most> name;
    Document documents[3];
    std::uint32_t current_at = 0, next_at = 1, before_at = 2;
    Predecessors predecessors;                 // of what was found last
    bool is_known = false, has_new = false;
    bool is_routed = false;                    // stands in the table of routes
    bool is_warming = false;                   // the new one waits for its artifacts
    std::uint64_t warm_revision = 0;           // another one for each that begins to
    Sha256Digest refused{};                    // a version that failed its trial
    Warm warm[most_warm], pinned[most_warm];
    Status status = Status::missing;           // of the last look

    const Document& current() const { return documents[current_at]; }
    const Document& next() const { return documents[next_at]; }
    const Document& before() const { return documents[before_at]; }
    Document& current() { return documents[current_at]; }
    Document& next() { return documents[next_at]; }
    Document& before() { return documents[before_at]; }
    bool has_before() const { return before().revision != 0; }
    void shift(bool keeps_before);
    bool can_serve_new() const { return has_new && !is_warming; }
    bool is_withdrawn() const { return is_known && current().expires == withdrawn; }
  };
  // Where in the releases a route stands: in which document, by its revision.
  struct Place {
    std::uint32_t entry = 0, route = 0;
    std::uint64_t revision = 0;
  };
  struct Ticket {
    bool is_open = false, was_ready = false;
    bool is_prolonged = false;                 // its deadline, for a read from disk
    TicketId inner = 0;                        // the store's
    std::int64_t deadline = 0;
    std::uint64_t serial = 0;
    bool is_shadow = false;                    // nothing falls back
    bool has_ended = false;                    // nothing is left to fall back to
    // The chain: primary, then fallbacks, each with what served before it; none for a shard.
    std::uint32_t n_chain = 0, at = 0;
    Place chain[2 * (1 + limits::fallback_releases)];
    Status primary_status = Status::ok;
    Status refused = Status::ok;               // of what stands at `at`: why it could not be opened
  };
  enum class Step : std::uint8_t { idle, refresh, find };
  // A release that was found, on its way to its document: several at a time, since each may take a trip.
  enum class LookupStep : std::uint8_t { none, wait, read, read_before, fetch, write, remove };
  struct Lookup {
    LookupStep step = LookupStep::none;
    bool is_asked = false;
    std::uint32_t entry = 0;
    Need need;
    CacheKey key;
    EncodedPath address;
    FileFacts facts;
    Predecessors predecessors;
    std::uint32_t n_read_before = 0;           // of the predecessors
    std::int64_t expires = 0;                  // when what vouches for it does
    Sha256Digest replaced{};                   // the document in whose place the new one is
    Sha256Digest removed[4 + limits::predecessors];   // documents whose files nobody needs
    std::uint32_t n_removed = 0;
  };
  static constexpr std::uint32_t n_lookups = 6;
  enum class Source : std::uint8_t { metadata = 0, store = 1, own = 2 };

  // delivery.cc
  Status open_entries(const DeliveryOptions& options, Error* error);
  Status open_tickets(std::uint32_t n);
  bool give(Source source, Need* need);
  bool next_own(Need* need);
  bool next_wake(Need* need);
  Place place_of(std::uint32_t ordinal) const;
  std::uint32_t find_ticket(TicketId id) const;
  Status choose(const RouteKey& key, RouteChoice* choice, Error* error) const;
  Status want_choice(const RouteChoice& choice, const RouteKey* key, std::int64_t deadline_micros,
                     std::int64_t now_micros, TicketId* ticket, Error* error);
  Ticket& open_ticket(std::uint32_t n_chain, TicketId inner, TicketId* ticket);
  TicketId id_of(std::uint32_t index) const { return tickets_[index].serial * tickets_.capacity() + index; }
  bool is_owner(std::uint32_t index, TicketId inner) const {
    return tickets_.has(index) && tickets_[index].is_open && tickets_[index].inner == inner;
  }
  Taken take_inner(Ticket* ticket, std::int64_t now_micros);
  const Document* document_at(const Place& place) const;
  void take_release(const Ticket& ticket, Delivered* out) const;
  void tell_route(const Release& release, std::uint32_t route, Delivered* out) const;
  const Route* route_at(const Place& place) const;

  // delivery_fallback.cc
  Status want_place(const Place& place, std::int64_t deadline_micros, std::int64_t now_micros, TicketId* ticket);
  std::uint32_t find_predecessor(const Release& before, const Route& route, const RouteKey& key) const;
  void add_predecessor(Ticket* ticket, const RouteKey* key) const;
  void read_ahead(const Ticket& ticket, std::int64_t now_micros);
  bool fall_back(Ticket* ticket, std::int64_t now_micros);
  void end_failed(std::int64_t now_micros);

  // delivery_releases.cc
  void begin_look(RefreshKind kind, std::int64_t now_micros);
  void metadata_ended(std::int64_t now_micros);
  void look_for_releases(std::int64_t now_micros);
  void next_release(std::int64_t now_micros);
  Lookup* free_lookup();
  void find_ended(std::int64_t now_micros);
  void found_release(Lookup* lookup, std::int64_t now_micros);
  Status take_target(Lookup* lookup);
  void found_known(Lookup* lookup, bool is_back, std::int64_t now_micros);
  void keep_vouched(const Lookup& lookup);
  void tell_release(std::uint32_t entry, Status status);
  void end_release(Lookup* lookup, Status status, std::int64_t now_micros);
  void end_look(std::int64_t now_micros);
  Status serve_new(std::int64_t now_micros);
  bool shall_route(const Entry& entry) const;
  Status make_routes();

  // delivery_documents.cc
  void ask(Lookup* lookup, LookupStep step, NeedKind kind);
  void have_document(const Answer& answer, std::int64_t now_micros);
  void have_read(Lookup* lookup, const Answer& answer, std::int64_t now_micros);
  void have_fetched(Lookup* lookup, const Answer& answer, std::int64_t now_micros);
  void have_before(Lookup* lookup, const Answer& answer, std::int64_t now_micros);
  bool wants_before(const Lookup& lookup) const;
  void read_before(Lookup* lookup);
  Status fetched(const Lookup& lookup, const Answer& answer);
  Status adopt(Lookup* lookup, Bytes bytes);
  Status open_document(Lookup* lookup, Bytes bytes, std::span<const std::uint8_t> hash, Document* made);
  void choose_removed(Lookup* lookup);
  void remove_more(Lookup* lookup, std::int64_t now_micros);

  // delivery_warm.cc
  bool is_here(const Route& route, Tier tier) const;
  bool is_any_here(const Release& release) const;
  bool is_near(const Entry& entry, Tier tier) const;
  const Route* server_of(const Route& route, std::int64_t now_micros) const;
  bool wants_warm(const Entry& entry, const Route& route, std::int64_t now_micros) const;
  bool is_missed(const Entry& entry, std::int64_t now_micros) const;
  std::uint32_t choose_warm(const Entry& entry, const Release& release, bool is_pinned,
                            std::int64_t now_micros, Warm (&chosen)[most_warm]) const;
  void begin_warming(Entry* entry, std::int64_t now_micros);
  void stop_warming(Entry* entry);
  bool has_room() const;
  void want_warm(Entry* entry, Warm* warm, std::int64_t now_micros);
  bool want_pinned(Entry* entry, Warm* warm, std::int64_t now_micros);
  void warm_more(std::int64_t now_micros);
  bool is_warm(Entry* entry, std::int64_t now_micros);
  void serve_warm(Entry* entry, std::int64_t now_micros);
  void pin_routes(Entry* entry, std::int64_t now_micros);
  void unpin(Entry* entry);
  void pin_again(Entry* entry, std::int64_t now_micros);
  void give_up(Warm* warm);
  void could_not_open(TicketId ticket, Status status);
  static FoundState find_release(void* user, std::string_view name, std::int64_t now_micros,
                                 FoundRelease* found);

  Allocator allocator_;
  Arena arena_;
  DeliveryOptions options_;
  MetadataClient metadata_;
  Store store_;
  std::span<Entry*> entries_;
  std::span<std::string_view> names_;          // of the entries
  TextIndex by_name_;
  std::span<std::uint32_t> known_entries_;     // by release of the current table
  Arena table_memory_[2];
  RouteTable tables_[2];
  std::uint32_t table_ = 0;
  std::uint32_t n_known_ = 0;
  std::uint32_t n_warming_ = 0, n_pinned_ = 0;
  std::uint64_t last_warm_ = 0;
  std::uint64_t revision_ = 0;

  Step step_ = Step::idle;
  RefreshKind kind_ = RefreshKind::cached;
  bool has_looked_ = false, has_asked_ = false;
  std::uint32_t current_ = 0;                  // the next entry to look for
  Lookup lookups_[n_lookups];
  std::int64_t look_at_ = 0;                   // when to look again
  std::int64_t looked_at_ = 0;
  bool is_stepping_ = false;
  std::int64_t wait_ = 0;                      // after the last failure
  std::uint64_t wake_need_ = 0;
  std::int64_t wake_at_ = 0;
  std::uint64_t last_id_ = 0;
  Status look_status_ = Status::ok;            // of the look under way
  Status status_ = Status::ok;                 // of the last that ended
  Error error_, told_;

  SlotTable<Ticket> tickets_;
  std::span<std::uint32_t> owners_;            // by place of the store's ticket
  std::uint64_t last_serial_ = 0;
};

}  // namespace guardrank
