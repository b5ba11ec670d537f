// What a release was before serves on while what it is now cannot be had: a served release does not
// disappear because the origin does.
#ifdef GUARDRANK_HAS_PACK
#include "tests/core/engine/delivery_host.h"

namespace guardrank::test {
namespace {

struct Updated {
  DeliveryHost host;
  bool is_down = false;                                  // of artifacts alone

  explicit Updated(Tier tier = Tier::origin, bool names_predecessors = true) : tier_(tier) {
    host.names_predecessors = names_predecessors;
    host.fault = [this](const Need& need, Outcome* outcome) {
      *outcome = Outcome::failed;
      return is_down && DeliveryHost::is_blob_fetch(need);
    };
    publish(1);
    host.open();
    REQUIRE(served() == 1);
  }
  void publish(std::uint64_t seed) {
    host.set("cards", {{seed, tier_, "", "", "", Stage::full, 1}});
    host.publish();
  }
  // A host that starts anew on the same folder, and no origin any more.
  void restart_alone() {
    lose_origin();
    host.open();
    host.look();
  }
  void lose_origin() {
    host.fault = [](const Need& need, Outcome* outcome) {
      *outcome = Outcome::failed;
      return need.kind == NeedKind::fetch;
    };
  }
  // Whose artifacts a request gets, in all the time that it has; 0: none.
  std::uint64_t served(Delivered* out = nullptr) {
    TicketId ticket = 0;
    if (host.delivery->want({}, host.now + 500, host.now, &ticket, &host.error) != Status::ok) return 0;
    host.run();
    host.now += 500;
    host.run();
    if (out != nullptr) *out = host.take(ticket);
    const std::string handed = host.handed(ticket);
    host.delivery->cancel(ticket);
    for (std::uint64_t seed = 1; seed < 20; ++seed)
      if (host.has(seed) && handed == host.artifacts(seed)) return seed;
    CHECK(handed.empty());
    return 0;
  }
  std::size_t n_documents() const {
    std::size_t n = 0;
    for (const auto& [key, bytes] : host.disk) n += key.starts_with("targets/");
    return n;
  }

 private:
  Tier tier_;
};

TEST_CASE("an update of which only metadata came leaves what served, also when the client starts anew") {
  for (const Tier tier : {Tier::pinned, Tier::warm, Tier::disk, Tier::origin}) {
    CAPTURE(static_cast<int>(tier));
    Updated updated(tier);
    updated.is_down = true;
    updated.publish(2);
    updated.host.look();
    CHECK(updated.served() == 1);
    updated.restart_alone();
    Delivered found;
    CHECK(updated.served(&found) == 1);
    CHECK(found.is_fallback);
    CHECK(found.release == "cards");
    CHECK(found.instead_of == "cards");
    CHECK(found.status != Status::ok);
    updated.is_down = false;
    updated.host.fault = nullptr;
    updated.host.look();
    CHECK(updated.served(&found) == 2);
    CHECK_FALSE(found.is_fallback);
  }
}

TEST_CASE("what served before serves no longer than what vouches for it") {
  Updated updated;
  updated.is_down = true;
  updated.publish(2);
  updated.host.look();
  updated.restart_alone();
  CHECK(updated.served() == 1);
  updated.host.now += 40 * store_test::day;
  CHECK(updated.served() == 0);
}

TEST_CASE("what was before does not outlive what took its place, whatever was signed for it once") {
  for (const bool names_predecessors : {true, false}) {
    CAPTURE(names_predecessors);
    Updated updated(Tier::origin, names_predecessors);
    updated.is_down = true;
    updated.host.set("cards", {{2, Tier::origin, "", "", "", Stage::full, 1}});
    updated.host.publish("2023-11-16T00:00:00Z");
    updated.host.look();
    CHECK(updated.served() == 1);
    updated.lose_origin();
    updated.host.now += 2 * store_test::day;               // what vouched for it alone held longer
    CHECK(updated.served() == 0);
  }
}

TEST_CASE("a client that starts anew believes no predecessor that is not signed for") {
  Updated unsigned_for(Tier::warm, false);
  unsigned_for.is_down = true;
  unsigned_for.publish(2);
  unsigned_for.host.look();
  CHECK(unsigned_for.served() == 1);                     // it has known it itself
  unsigned_for.restart_alone();
  CHECK(unsigned_for.served() == 0);
  Updated harmed;
  harmed.is_down = true;
  harmed.publish(2);
  harmed.host.look();
  for (auto& [key, bytes] : harmed.host.disk)
    if (key.starts_with("targets/")) bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  harmed.restart_alone();
  CHECK(harmed.served() == 0);
}

TEST_CASE("the predecessor stands in for a document that did not come") {
  Updated updated;
  updated.publish(2);
  updated.host.fault = [](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return need.kind == NeedKind::fetch && need.origin == Origin::targets;
  };
  updated.host.look();
  CHECK(updated.served() == 1);
  updated.restart_alone();
  Delivered found;
  CHECK(updated.served(&found) == 1);
  CHECK_FALSE(found.is_fallback);
  updated.host.fault = nullptr;
  updated.host.look();
  CHECK(updated.served() == 2);
  CHECK(updated.n_documents() == 2);
}

TEST_CASE("versions whose artifacts never came leave what served before them, as many as are signed for") {
  for (std::uint64_t last = 3; last <= 7; ++last) {
    CAPTURE(last);
    Updated updated;
    updated.is_down = true;
    for (std::uint64_t seed = 2; seed <= last; ++seed) {
      updated.publish(seed);
      updated.host.look();
      CHECK(updated.served() == 1);
    }
    updated.restart_alone();
    CHECK(updated.served() == (last - 1 <= limits::predecessors ? 1u : 0u));
  }
}

TEST_CASE("documents are kept as long as they are named, and no longer") {
  Updated updated;
  for (std::uint64_t seed = 2; seed < 12; ++seed) {
    updated.publish(seed);
    updated.host.look();
    CHECK(updated.served() == seed);
    CHECK(updated.n_documents() == std::min<std::uint64_t>(seed, 1 + limits::predecessors));
    if (seed % 3 == 0) updated.host.open();
  }
  updated.host.names_predecessors = false;
  updated.publish(12);
  updated.host.look();
  CHECK(updated.n_documents() == 1);
  updated.publish(13);
  updated.host.look();
  updated.publish(12);                                   // rolled back
  updated.host.look();
  CHECK(updated.served() == 12);
  CHECK(updated.n_documents() == 1);
}

// "plain" is as it was but for what it names, in a look in which "cards" put a document in another's place.
TEST_CASE("what one release names no more takes no document of another's") {
  DeliveryHost host({"cards", "plain"});
  host.names_predecessors = true;
  const auto publish = [&](std::uint64_t cards, std::uint64_t plain) {
    host.set("cards", {{cards, Tier::origin, "", "", "", Stage::full, 1}});
    host.set("plain", {{plain, Tier::origin, "other", "", "", Stage::full, 1}});
    host.publish();
  };
  publish(1, 11);
  host.open();
  for (std::uint64_t k = 2; k <= 3; ++k) {
    publish(k, 10 + k);
    host.look();
  }
  publish(3, 14);
  publish(4, 13);
  host.look();
  std::size_t n = 0;
  for (const auto& [key, bytes] : host.disk) n += key.starts_with("targets/");
  CHECK(n == 4 + 3);                           // of "plain" the first three: the fourth never came
}

TEST_CASE("of a next version that is taken back nothing is left") {
  Updated updated(Tier::warm, false);
  updated.is_down = true;
  updated.publish(2);
  updated.host.look();
  CHECK(updated.host.delivery->n_warming() == 1);
  updated.publish(1);
  updated.host.look();
  CHECK(updated.served() == 1);
  CHECK(updated.n_documents() <= 1);
}

TEST_CASE("a version that cannot be opened leaves the one before, until there is another") {
  Updated updated;
  updated.publish(2);
  updated.host.look();
  const TicketId ticket = updated.host.want();
  updated.host.run();
  REQUIRE(updated.host.handed(ticket) == updated.host.artifacts(2));
  updated.host.delivery->tried(ticket, Status::golden, updated.host.now);
  updated.host.run();
  CHECK(updated.host.handed(ticket) == updated.host.artifacts(1));
  CHECK(updated.host.take(ticket).status == Status::golden);
  updated.host.delivery->cancel(ticket);
  CHECK(updated.served() == 1);
  updated.publish(3);
  updated.host.look();
  CHECK(updated.served() == 3);
}

TEST_CASE("what was before serves ahead of the fallback that is named, and a shadow has none") {
  DeliveryHost host({"cards", "plain"});
  host.set("cards", {{1, Tier::origin, "", "plain", "", Stage::full, 1},
                     {5, Tier::origin, "", "", "s", Stage::shadow, 1}});
  host.set("plain", {{9, Tier::origin, "", "", "", Stage::full, 1}});
  host.publish();
  host.open();
  TicketId tickets[] = {host.want(), host.want_shadow(0)};
  host.run();
  CHECK(host.handed(tickets[0]) == host.artifacts(1));
  CHECK(host.handed(tickets[1]) == host.artifacts(5));
  for (const TicketId ticket : tickets) host.delivery->cancel(ticket);
  host.set("cards", {{2, Tier::origin, "", "plain", "", Stage::full, 1},
                     {6, Tier::origin, "", "", "s", Stage::shadow, 1}});
  host.publish();
  bool is_down = true;
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return is_down && DeliveryHost::is_blob_fetch(need);
  };
  host.look();
  tickets[0] = host.want("", 500);
  tickets[1] = host.want_shadow(0);
  host.run();
  host.now += 2'000'000;
  host.run();
  CHECK(host.handed(tickets[0]) == host.artifacts(1));
  CHECK(host.take(tickets[0]).instead_of == "cards");
  CHECK(host.take(tickets[1]).state == TicketState::failed);
}

// The route of the version before that a request had, whatever the routes of the new one are.
TEST_CASE("routes that were split, merged or renamed find what served their requests") {
  DeliveryHost host;
  const auto full = [](std::uint64_t seed, const char* product) {
    return RouteSpec{seed, Tier::origin, product, "", "", Stage::full, 1};
  };
  host.set("cards", {full(1, ""), full(2, "card"), {3, Tier::origin, "card", "", "b", Stage::ab, 0.5}});
  host.publish();
  host.open();
  for (const char* product : {"card", "loan"}) {
    const TicketId ticket = host.want(product);
    host.run();
    host.delivery->cancel(ticket);
  }
  host.set("cards", {full(4, "")});
  host.publish();
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return DeliveryHost::is_blob_fetch(need);
  };
  host.look();
  const auto served = [&](const char* product) {
    const TicketId ticket = host.want(product, 500);
    host.run();
    host.now += 500;
    host.run();
    const std::string handed = host.handed(ticket);
    host.delivery->cancel(ticket);
    return handed;
  };
  CHECK(served("loan") == host.artifacts(1));
  const std::string card = served("card");
  CHECK((card == host.artifacts(2) || card == host.artifacts(3)));
  CHECK(served("") == host.artifacts(1));
}

TEST_CASE("a start that runs out of memory, anywhere, leads to no harm, and the next look goes on") {
  std::size_t n_served = 0;
  for (std::size_t n_left = 0; n_left < 120; n_left += 3) {
    CAPTURE(n_left);
    Updated updated;
    updated.is_down = true;
    updated.publish(2);
    updated.host.look();
    DeliveryHost& host = updated.host;
    host.delivery = std::make_unique<Delivery>(host.memory.allocator());
    host.memory.n_left = n_left;
    const Status opened = host.delivery->open(host.options, host.now, &host.error);
    if (opened == Status::ok) host.run();
    host.memory.n_left = SIZE_MAX;
    if (opened != Status::ok) continue;
    for (int i = 0; i < 3; ++i) host.look();
    const std::uint64_t served = updated.served();
    n_served += served == 1;
    CHECK((served == 1 || served == 0));
    updated.is_down = false;
    for (int i = 0; i < 3; ++i) host.look();
    CHECK(updated.served() == 2);
  }
  CHECK(n_served > 3);
}

}  // namespace
}  // namespace guardrank::test
#endif
