// A host in memory for tests of delivery: an origin with signed metadata, releases and blobs, a disk,
// and faults where a test wants them.
#pragma once
#ifdef GUARDRANK_HAS_PACK

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/delivery.h"
#include "tests/core/store/signed_metadata.h"

namespace guardrank::test {

// A route to three artifacts that follow from `seed`.
struct RouteSpec {
  std::uint64_t seed = 1;
  Tier tier = Tier::warm;
  std::string product, fallback, arm;
  Stage stage = Stage::full;
  double weight = 1;
};

class DeliveryHost {
 public:
  explicit DeliveryHost(std::vector<std::string> names = {"cards"});

  // What the next `publish` signs for, in place of an older one. Artifacts of `bytes` each.
  void set(const std::string& name, const std::vector<RouteSpec>& routes, std::size_t bytes = 1000);
  void withdraw(const std::string& name) { targets_.erase(name); }
  void publish(const char* expires = store_test::later);
  // The artifacts that a route of this seed names, concatenated as a ticket hands them out.
  std::string artifacts(std::uint64_t seed) const;
  bool has(std::uint64_t seed) const { return artifacts_.count(seed) != 0; }

  // A new client on the same disk and origin, looked to the end.
  void open();
  // Does what is needed until nothing is left but waking later than now.
  void run();
  // Goes on in time, past the next look for changes, and does what is due.
  void look();

  TicketId want(const std::string& product = "", std::int64_t patience = 1'000'000);
  // A shadow's: 0 where there are no more.
  TicketId want_shadow(std::uint32_t index, const std::string& product = "");
  Delivered take(TicketId ticket) { return delivery->take(ticket, now); }
  // What a ticket hands out, concatenated; empty unless it is ready.
  std::string handed(TicketId ticket);
  std::size_t n_blobs_fetched() const;
  static bool is_blob_fetch(const Need& need) {
    return need.kind == NeedKind::fetch && need.origin == Origin::blobs;
  }
  static bool is_blob_read(const Need& need) {
    return need.kind == NeedKind::read && need.key.starts_with("blobs/") && need.key != "blobs/index";
  }

  TestMemory memory;
  std::int64_t now = store_test::now;
  bool names_predecessors = false;                       // what is published tells what it was before
  DeliveryOptions options;
  std::map<std::string, std::string> origin[3], disk;    // by Origin; by key
  std::function<bool(const Need&, Outcome*)> fault;      // true: so it ends, for this reason
  std::string detail;
  std::function<bool(const Need&)> stalls;               // true: it is not answered
  std::vector<std::string> fetched;
  std::unique_ptr<Delivery> delivery;
  Error error;

 private:
  void answer(const Need& need);

  std::vector<std::string> names_;
  std::vector<std::string_view> views_;
  std::map<std::string, std::string> targets_;
  std::map<std::string, std::vector<std::string>> versions_;   // hashes of what was signed, newest first
  std::map<std::uint64_t, std::string> artifacts_;
  std::string root_;
  std::vector<Need> asked_;
  int version_ = 0;
};

}  // namespace guardrank::test
#endif
