// A host in memory for tests of the store: an origin, a disk, a source of releases, and faults where
// a test wants them.
#pragma once
#ifdef GUARDRANK_HAS_PACK

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "models/pack/artifact/writers.h"
#include "tests/core/support/test_memory.h"

namespace guardrank::test {

std::string hex(const Sha256Digest& id);
inline std::string text(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// An artifact of one section with `n` bytes that follow from `seed`.
pack::AlignedBytes make_blob(ArtifactKind kind, std::uint64_t seed, std::size_t n);

struct Answered {
  Outcome outcome = Outcome::done;
  std::string bytes = {};
  std::int64_t retry_after_micros = 0;
  std::string section_hashes = {};
};

struct AskedNeed {
  std::uint64_t id = 0;
  NeedKind kind{};
  std::string name;                  // path or key
  std::string bytes;                 // of a write
  std::int64_t at_micros = 0;
  std::uint64_t max_bytes = 0;
  std::uint64_t offset = 0;
  bool is_range = false, may_lend = false;
};

// Three artifacts, a release that routes to them, and their truth.
struct Product {
  Sha256Digest ids[3];
  std::string blobs[3];
  pack::AlignedBytes release;
  Sha256Digest lists[3]{};           // of pieces, where they were cut
};

class ScriptedHost {
 public:
  explicit ScriptedHost(const StoreOptions& options);
  void restart();                    // a new store on the same disk and origin

  // Publishes a release of this name, in place of an older one.
  const Product& publish(const std::string& name, std::uint64_t seed, std::size_t bytes,
                         const std::string& fallback = "", bool tells_lengths = true);
  // The same of artifacts that are given; with `is_cut` the origin has their pieces too.
  const Product& publish_blobs(const std::string& name, const pack::AlignedBytes (&blobs)[3],
                               bool is_cut, const std::string& fallback = "",
                               bool tells_lengths = true);
  TicketId want(const std::string& name, std::int64_t deadline = 1'000'000'000);
  Taken take(TicketId ticket) { return store().take(ticket, now); }
  // Ready, with the very bytes that were published.
  bool is_served(TicketId ticket, const Product& product);

  Store& store() { return *store_; }
  // Collects what the store needs now.
  void ask();
  // Answers one need as origin and disk stand, or as `fault` says.
  void answer(std::size_t which);
  // Asks, and answers the first need that is no waking still to come; false when there is none.
  bool answer_next();
  // Until only such waking is left.
  void run();
  std::int64_t first_wake() const;   // that was asked for and not answered
  std::size_t n_asked(NeedKind kind) const;
  std::uint64_t disk_bytes() const;

  TestMemory memory;
  std::int64_t now = 1'000'000;
  std::map<std::string, std::string> origin, disk;
  bool lends = false;                // what is read, where that is asked for
  std::map<const std::uint8_t*, pack::AlignedBytes> lent;   // and still is
  std::function<bool(const AskedNeed&, Answered*)> fault;   // true: it has answered
  std::vector<AskedNeed> asked;                             // not answered yet
  std::vector<AskedNeed> all;                               // ever
  struct Name {
    FoundState state = FoundState::ready;
    Status status = Status::ok;
    std::int64_t expires = INT64_MAX;
    std::uint64_t revision = 0;
    Product product, before;
  };
  std::map<std::string, Name> names;
  std::size_t fetches_of(const Sha256Digest& id) const;

 private:
  static FoundState find(void* user, std::string_view name, std::int64_t now_micros,
                         FoundRelease* found);
  Answered truth(const AskedNeed& need);
  static void end_loan(void* self, Bytes bytes);
  std::string listing(const AskedNeed& need) const;
  Sha256Digest cut(Bytes blob);

  StoreOptions options_;
  std::unique_ptr<Store> store_;
  std::set<std::uint64_t> ids_;      // of this store's needs
  std::uint64_t revisions_ = 0;
};

// Small budgets in which two products of 10,000 bytes per artifact fit.
StoreOptions small_options();

}  // namespace guardrank::test
#endif
