#ifdef GUARDRANK_HAS_PACK
#include "tests/core/engine/delivery_host.h"

namespace guardrank::test {
namespace {

constexpr std::int64_t patience = 500'000;

// "cards" (1) falls back to "plain" (2), which is on disk and not in memory, and that to "last" (3).
struct OnDisk {
  DeliveryHost host{{"cards", "plain", "last"}};

  explicit OnDisk(std::uint32_t n_tickets = 64) {
    host.options.store.tickets = n_tickets;
    host.set("cards", {{1, Tier::warm, "card", "plain", "", Stage::full, 1}});
    host.set("plain", {{2, Tier::warm, "", "last", "", Stage::full, 1}});
    host.set("last", {{3, Tier::warm, "card", "", "", Stage::full, 1},
                      {3, Tier::warm, "last", "", "", Stage::full, 1}});
    host.publish();
    keep("loan", 2);
    host.open();                                         // memory is empty, the disk is not
    REQUIRE(host.delivery->store().blob_bytes() == 0);
  }
  void keep(const std::string& product, std::uint64_t seed) {
    host.open();
    const TicketId ticket = host.want(product);
    host.run();
    REQUIRE(host.handed(ticket) == host.artifacts(seed));
    host.delivery->cancel(ticket);
    host.run();
  }
  void pass(std::int64_t micros) {
    host.now += micros;
    host.run();
  }
  std::size_t n_named(TicketId ticket) {
    std::size_t n = 0;
    for (TicketId id = 0; (id = host.delivery->next_ended(host.now)) != 0;) n += id == ticket;
    return n;
  }
};

TEST_CASE("a fallback on disk is read while the primary is waited for, and serves when time is up") {
  OnDisk disk;
  DeliveryHost& host = disk.host;
  host.stalls = DeliveryHost::is_blob_fetch;
  const TicketId ticket = host.want("card", patience);
  host.run();
  CHECK(host.take(ticket).state == TicketState::pending);
  CHECK(disk.n_named(ticket) == 0);
  host.stalls = [](const Need&) { return true; };        // nothing more is done for anyone
  host.now += patience;
  const Delivered found = host.take(ticket);
  REQUIRE(found.state == TicketState::ready);
  CHECK(host.handed(ticket) == host.artifacts(2));
  CHECK(found.is_fallback);
  CHECK(found.status == Status::deadline);
  CHECK(found.release == "plain");
  CHECK(found.instead_of == "cards");
  CHECK(disk.n_named(ticket) == 1);
}

TEST_CASE("a fallback whose read is slow is waited for a little past the deadline, and no longer") {
  for (const bool is_read : {true, false}) {
    OnDisk disk;
    DeliveryHost& host = disk.host;
    host.stalls = [](const Need& need) {
      return DeliveryHost::is_blob_fetch(need) || DeliveryHost::is_blob_read(need);
    };
    const TicketId ticket = host.want("card", patience);
    disk.pass(patience);
    CHECK(disk.n_named(ticket) == 0);
    CHECK(host.take(ticket).state == TicketState::pending);
    if (is_read) host.stalls = DeliveryHost::is_blob_fetch;
    disk.pass(host.options.read_micros - 1);
    CHECK(disk.n_named(ticket) == (is_read ? 1 : 0));
    disk.pass(1);
    CHECK(disk.n_named(ticket) == (is_read ? 0 : 1));
    const Delivered found = host.take(ticket);
    CHECK(found.state == (is_read ? TicketState::ready : TicketState::failed));
    CHECK(found.release == (is_read ? "plain" : "cards"));
    CHECK(found.status == Status::deadline);
    host.delivery->cancel(ticket);
  }
}

TEST_CASE("a primary that cannot be had leaves its fallback the rest of the time") {
  OnDisk disk;
  DeliveryHost& host = disk.host;
  host.disk.clear();                                     // nothing is at hand
  host.open();
  const std::string primary = host.artifacts(1);
  bool is_stalled = true;
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::not_found;
    return DeliveryHost::is_blob_fetch(need) &&
           primary.find(host.origin[2][std::string(need.path)]) != std::string::npos;
  };
  host.stalls = [&](const Need& need) {
    return is_stalled && DeliveryHost::is_blob_fetch(need) &&
           primary.find(host.origin[2][std::string(need.path)]) == std::string::npos;
  };
  host.detail = "HTTP status 404";
  const TicketId ticket = host.want("card", patience);
  disk.pass(patience / 2);
  CHECK(host.take(ticket).state == TicketState::pending);
  CHECK(disk.n_named(ticket) == 0);
  is_stalled = false;
  disk.pass(1000);
  CHECK(disk.n_named(ticket) == 1);
  const Delivered found = host.take(ticket);
  REQUIRE(found.state == TicketState::ready);
  CHECK(host.handed(ticket) == host.artifacts(2));
  CHECK(found.status == Status::reference);              // why not the primary
  CHECK(found.trouble.starts_with("blobs/"));
  CHECK(found.trouble.ends_with(": HTTP status 404"));
  CHECK(found.trouble.size() == 6 + 64 + 2 + 15);
}

TEST_CASE("a fallback that is nowhere near is passed over for the next that is") {
  OnDisk disk;
  DeliveryHost& host = disk.host;
  host.disk.clear();
  disk.keep("last", 3);
  host.open();
  host.stalls = DeliveryHost::is_blob_fetch;
  const TicketId ticket = host.want("card", patience);
  host.run();
  disk.pass(patience);
  const Delivered found = host.take(ticket);
  CHECK(found.state == TicketState::ready);
  CHECK(found.release == "last");
  CHECK(host.handed(ticket) == host.artifacts(3));
  CHECK(disk.n_named(ticket) == 1);
}

TEST_CASE("when all fail, the primary is what failed, told once; asked again it says the same") {
  OnDisk disk;
  DeliveryHost& host = disk.host;
  host.disk.clear();
  host.open();
  host.stalls = DeliveryHost::is_blob_fetch;
  const TicketId ticket = host.want("card", patience);
  disk.pass(patience);
  CHECK(disk.n_named(ticket) == 1);
  for (int i = 0; i < 2; ++i) {
    const Delivered found = host.take(ticket);
    CHECK(found.state == TicketState::failed);
    CHECK(found.status == Status::deadline);
    CHECK(found.release == "cards");
    CHECK(found.trouble.empty());                        // all was still on its way
    disk.pass(1000);
  }
  CHECK(disk.n_named(ticket) == 0);
}

// "cards" is cold; "plain" and "last" are in the folder.
TEST_CASE("what cannot be opened falls back, and is not given out again until its release changes") {
  OnDisk disk;
  DeliveryHost& host = disk.host;
  const TicketId first = host.want("card"), beside = host.want("card");
  host.run();
  REQUIRE(host.handed(first) == host.artifacts(1));
  host.delivery->tried(first, Status::version, host.now);
  CHECK(host.delivery->status() == Status::version);
  for (const TicketId ticket : {first, beside, host.want("card")}) {
    host.run();
    const Delivered found = host.take(ticket);
    REQUIRE(found.state == TicketState::ready);
    CHECK(found.is_fallback);
    CHECK(found.status == Status::version);
    CHECK(found.release == "plain");
    CHECK(found.instead_of == "cards");
    CHECK(host.handed(ticket) == host.artifacts(2));
    host.delivery->cancel(ticket);
  }
  host.look();                                           // it is as it was
  const TicketId later = host.want("card");
  host.run();
  CHECK(host.take(later).release == "plain");
  host.delivery->cancel(later);
  host.set("cards", {{4, Tier::warm, "card", "plain", "", Stage::full, 1}});
  host.publish();
  host.look();
  const TicketId changed = host.want("card");
  host.run();
  CHECK(host.handed(changed) == host.artifacts(4));
  CHECK(!host.take(changed).is_fallback);
}

TEST_CASE("a chain of which nothing can be opened has failed with what was wrong with its first") {
  OnDisk disk;
  DeliveryHost& host = disk.host;
  const TicketId ticket = host.want("card"), beside = host.want("card");
  host.run();
  for (const Status status : {Status::golden, Status::version, Status::hash}) {
    REQUIRE(host.take(ticket).state == TicketState::ready);
    host.delivery->tried(ticket, status, host.now);
    host.take(ticket);
    host.run();
  }
  for (const TicketId id : {ticket, beside}) {
    CHECK(host.take(id).state == TicketState::failed);
    CHECK(host.take(id).status == Status::golden);
    CHECK(host.take(id).release == "cards");
  }
  CHECK(host.take(host.want("card")).status == Status::golden);   // at once
}

TEST_CASE("what could not be opened for want of memory falls back this once; other routes are not harmed") {
  DeliveryHost host({"cards", "plain"});
  host.set("cards", {{1, Tier::warm, "card", "plain", "", Stage::full, 1},
                     {3, Tier::warm, "loan", "plain", "", Stage::full, 1}});
  host.set("plain", {{2, Tier::warm, "", "", "", Stage::full, 1}});
  host.publish();
  host.open();
  const auto serves = [&](const char* product) {
    const TicketId ticket = host.want(product);
    host.run();
    const std::string handed = host.handed(ticket);
    host.delivery->cancel(ticket);
    return handed;
  };
  for (const Status status : {Status::memory, Status::golden}) {
    const TicketId ticket = host.want("card");
    host.run();
    host.delivery->tried(ticket, Status::ok, host.now);
    REQUIRE(host.handed(ticket) == host.artifacts(1));
    host.delivery->tried(ticket, status, host.now);
    host.take(ticket);
    host.run();
    CHECK(host.handed(ticket) == host.artifacts(2));
    host.delivery->cancel(ticket);
    CHECK(serves("card") == host.artifacts(status == Status::memory ? 1 : 2));
    CHECK(serves("loan") == host.artifacts(3));
  }
}

TEST_CASE("as many as have tickets fall back, with none to spare") {
  OnDisk disk(4);
  DeliveryHost& host = disk.host;
  host.stalls = DeliveryHost::is_blob_fetch;
  TicketId tickets[4];
  for (TicketId& ticket : tickets) ticket = host.want("card", patience);
  TicketId fifth = 0;
  CHECK(host.delivery->want({}, host.now, host.now, &fifth, &host.error) == Status::limit);
  host.run();
  disk.pass(patience);
  for (const TicketId ticket : tickets) CHECK(host.handed(ticket) == host.artifacts(2));
  for (const TicketId ticket : tickets) host.delivery->cancel(ticket);
  CHECK(host.delivery->store().tiers().memory().pinned_bytes() == 0);
}

TEST_CASE("a ticket says what went wrong last: a failing origin, bytes that are others, too little memory") {
  const auto trouble = [](Outcome outcome, const char* detail, std::uint64_t budget) {
    DeliveryHost host;
    host.options.store.tiers.memory.budget_bytes = budget;
    host.set("cards", {{1, Tier::warm, "", "", "", Stage::full, 1}});
    host.publish();
    host.detail = detail;
    host.open();
    host.fault = [&](const Need& need, Outcome* given) {
      *given = outcome;
      return DeliveryHost::is_blob_fetch(need) && outcome != Outcome::unchanged;
    };
    const TicketId ticket = host.want("", 2000);         // within its tries
    for (int i = 0; i < 10; ++i, host.now += 500) host.run();
    CHECK(host.take(ticket).state == TicketState::failed);
    return std::string(host.take(ticket).trouble);
  };
  CHECK(trouble(Outcome::failed, "HTTP status 500", 100'000).ends_with(": HTTP status 500"));
  CHECK(trouble(Outcome::done, "", 100'000).ends_with(": GR_STATUS_TRUNCATED"));   // no bytes at all
  CHECK(trouble(Outcome::unchanged, "", 1000).ends_with(" of at most 1000 bytes"));
}

TEST_CASE("shadows have tickets of their own, and what serves has nothing to do with them") {
  DeliveryHost host({"main", "next", "other"});
  host.set("main", {{1, Tier::warm, "", "", "", Stage::full, 1}});
  host.set("next", {{2, Tier::warm, "", "main", "x", Stage::shadow, 1}});
  host.set("other", {{3, Tier::warm, "card", "", "", Stage::shadow, 1}});
  host.publish();
  host.open();
  CHECK(host.want_shadow(1) == 0);                       // "other" is for cards alone
  CHECK(host.error.where() == "shadow");
  const TicketId main = host.want("card"), narrow = host.want_shadow(0, "card"), wide = host.want_shadow(1, "card");
  CHECK(host.want_shadow(2, "card") == 0);
  CHECK(host.want_shadow(UINT32_MAX, "card") == 0);
  host.run();
  CHECK(host.handed(main) == host.artifacts(1));
  CHECK(host.handed(narrow) == host.artifacts(3));
  CHECK(host.handed(wide) == host.artifacts(2));
  CHECK(host.take(main).stage == "full");
  CHECK(host.take(wide).stage == "shadow");
  CHECK(host.take(wide).arm == "x");
  CHECK(host.take(wide).release == "next");
  host.disk.clear();
  host.open();
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::not_found;
    return DeliveryHost::is_blob_fetch(need) &&
           host.artifacts(1).find(host.origin[2][std::string(need.path)]) == std::string::npos;
  };
  const TicketId served = host.want(), shadow = host.want_shadow(0);
  host.run();
  CHECK(host.handed(served) == host.artifacts(1));
  const Delivered found = host.take(shadow);
  CHECK(found.state == TicketState::failed);             // nothing stands in for it
  CHECK(found.status == Status::reference);
  CHECK(found.release == "next");
}

}  // namespace
}  // namespace guardrank::test
#endif
