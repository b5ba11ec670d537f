#ifdef GUARDRANK_HAS_PACK
#include "tests/core/engine/delivery_host.h"

namespace guardrank::test {
namespace {

// A host that serves version 1 of "cards" from memory, and knows of version 2.
struct Serving {
  DeliveryHost host;
  TicketId first = 0;

  explicit Serving(bool tries_next, Tier tier = Tier::warm) {
    host.options.tries_next = tries_next;
    host.set("cards", {{1, tier, "", "", "", Stage::full, 1}});
    host.publish();
    host.open();
    first = host.want();
    host.run();
    REQUIRE(host.handed(first) == host.artifacts(1));
    host.delivery->cancel(first);
  }
  void publish(std::uint64_t seed, std::size_t bytes = 1000) {
    host.set("cards", {{seed, Tier::warm, "", "", "", Stage::full, 1}}, bytes);
    host.publish();
  }
  // At once, with nothing asked of anyone.
  std::string served_now() {
    const TicketId ticket = host.want("", 0);
    const std::string handed = host.handed(ticket);
    host.delivery->cancel(ticket);
    return handed;
  }
};

TEST_CASE("what serves, by which stage and arm, and in place of what, is told") {
  DeliveryHost host({"cards", "plain"});
  host.set("cards", {{1, Tier::warm, "card", "plain", "b", Stage::ab, 1},
                     {1, Tier::warm, "card", "plain", "", Stage::full, 1}});
  host.set("plain", {{2, Tier::warm, "", "", "", Stage::full, 1}});
  host.publish();
  host.open();
  const TicketId warm = host.want("loan");               // the fallback, at hand from now on
  host.run();
  CHECK(host.take(warm).stage == "full");
  CHECK(host.take(warm).arm.empty());
  bool is_down = true;
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return is_down && need.kind == NeedKind::fetch && need.origin == Origin::blobs;
  };
  const TicketId cold = host.want("card", 500);
  host.run();
  host.now += 500;
  host.run();
  const Delivered by_fallback = host.take(cold);
  CHECK(by_fallback.state == TicketState::ready);
  CHECK(by_fallback.is_fallback);
  CHECK(by_fallback.status == Status::deadline);
  CHECK(by_fallback.release == "plain");
  CHECK(by_fallback.instead_of == "cards");
  CHECK(by_fallback.stage == "full");
  CHECK(host.handed(cold) == host.artifacts(2));
  host.delivery->cancel(cold);
  is_down = false;
  host.now += 2'000'000;
  const TicketId later = host.want("card");
  for (int i = 0; i < 5; ++i, host.now += 2000) host.run();
  const Delivered by_itself = host.take(later);
  CHECK(by_itself.state == TicketState::ready);
  CHECK_FALSE(by_itself.is_fallback);
  CHECK(by_itself.status == Status::ok);
  CHECK(by_itself.release == "cards");
  CHECK(by_itself.stage == "ab");
  CHECK(by_itself.arm == "b");
  CHECK(by_itself.instead_of.empty());
}

TEST_CASE("a warm release's next version is fetched while the last serves, and then is there at once") {
  Serving serving(false);
  DeliveryHost& host = serving.host;
  serving.publish(2);
  bool is_held = true;
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return is_held && need.kind == NeedKind::fetch && need.origin == Origin::blobs;
  };
  const std::uint64_t revision = host.delivery->revision();
  host.look();
  CHECK(host.delivery->n_warming() == 1);
  CHECK(host.delivery->revision() == revision);
  CHECK(serving.served_now() == host.artifacts(1));
  is_held = false;
  host.look();                                           // the next look tries again
  CHECK(host.delivery->n_warming() == 0);
  CHECK(host.delivery->revision() != revision);
  const std::size_t n_fetched = host.n_blobs_fetched();
  CHECK(serving.served_now() == host.artifacts(2));
  CHECK(host.n_blobs_fetched() == n_fetched);
}

TEST_CASE("a next version serves when the host has tried it, and never when that went wrong") {
  Serving serving(true);
  DeliveryHost& host = serving.host;
  serving.publish(2);
  host.look();
  CHECK(serving.served_now() == host.artifacts(1));
  Delivered trial;
  const TicketId bad = host.delivery->next_trial(host.now, &trial);
  REQUIRE(bad != 0);
  CHECK(std::string(trial.model.begin(), trial.model.end()) == host.artifacts(2).substr(0, trial.model.size()));
  CHECK(trial.release == "cards");
  CHECK(trial.stage == "full");
  CHECK(host.delivery->next_trial(host.now, &trial) == 0);   // it is being tried
  host.run();
  CHECK(serving.served_now() == host.artifacts(1));
  host.delivery->tried(bad + 1, Status::ok, host.now);       // another one's name
  host.delivery->tried(bad, Status::golden, host.now);
  CHECK(host.delivery->n_warming() == 0);
  CHECK(host.delivery->status() == Status::golden);
  for (int i = 0; i < 3; ++i) {
    host.look();
    CHECK(host.delivery->status() == Status::golden);
    CHECK(host.delivery->next_trial(host.now, &trial) == 0);
    CHECK(serving.served_now() == host.artifacts(1));
  }
  serving.publish(3);
  host.look();
  const TicketId good = host.delivery->next_trial(host.now, &trial);
  REQUIRE(good != 0);
  host.delivery->tried(good, Status::ok, host.now);
  host.run();
  CHECK(serving.served_now() == host.artifacts(3));
  CHECK(host.delivery->store().tiers().memory().pinned_bytes() == 0);
}

TEST_CASE("a next version that cannot be tried for want of memory serves") {
  Serving serving(true);
  serving.publish(2);
  serving.host.look();
  Delivered trial;
  serving.host.delivery->tried(serving.host.delivery->next_trial(serving.host.now, &trial), Status::memory,
                               serving.host.now);
  CHECK(serving.served_now() == serving.host.artifacts(2));
}

TEST_CASE("a cold release's next version is not fetched before someone asks; nor what its publisher calls cold") {
  for (const bool is_origin : {false, true}) {
    Serving serving(true, is_origin ? Tier::origin : Tier::warm);
    DeliveryHost& host = serving.host;
    if (!is_origin) host.open();                         // nobody has asked this one
    const std::size_t n_fetched = host.n_blobs_fetched();
    host.set("cards", {{2, is_origin ? Tier::origin : Tier::warm, "", "", "", Stage::full, 1}});
    host.publish();
    host.look();
    CHECK(host.delivery->n_warming() == 0);
    CHECK(host.n_blobs_fetched() == n_fetched);
    const TicketId ticket = host.want();
    host.run();
    CHECK(host.handed(ticket) == host.artifacts(2));
  }
}

TEST_CASE("without room for both versions the next serves at once; when the last has expired too") {
  Serving roomless(false);
  roomless.publish(2, 33'000);
  roomless.host.delivery->want({}, INT64_MAX, roomless.host.now, &roomless.first, &roomless.host.error);
  roomless.host.look();
  CHECK(roomless.host.delivery->n_warming() == 0);
  CHECK(roomless.served_now() == roomless.host.artifacts(1));   // cold: what was before, while it is there
  roomless.host.delivery->cancel(roomless.first);
  const TicketId second = roomless.host.want();
  roomless.host.run();
  CHECK(roomless.host.handed(second) == roomless.host.artifacts(2));
  Serving expiring(false);
  expiring.publish(2);
  expiring.host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::not_found;
    return need.kind == NeedKind::fetch && need.origin == Origin::blobs;
  };
  expiring.host.look();
  CHECK(expiring.host.delivery->n_warming() == 1);
  CHECK(expiring.served_now() == expiring.host.artifacts(1));
  expiring.host.now += 40 * store_test::day;
  expiring.host.run();
  CHECK(expiring.host.delivery->n_warming() == 0);
  CHECK(expiring.served_now() == "");
}

TEST_CASE("a version that is taken back, or overtaken, while it is on its way never serves") {
  for (const bool is_overtaken : {false, true}) {
    Serving serving(true);
    serving.publish(2);
    serving.host.look();
    Delivered trial;
    const TicketId old_trial = serving.host.delivery->next_trial(serving.host.now, &trial);
    serving.publish(is_overtaken ? 3 : 1);
    serving.host.look();
    serving.host.delivery->tried(old_trial, Status::ok, serving.host.now);
    CHECK(serving.served_now() == serving.host.artifacts(1));
    const TicketId next = serving.host.delivery->next_trial(serving.host.now, &trial);
    CHECK((next != 0) == is_overtaken);
    serving.host.delivery->tried(next, Status::ok, serving.host.now);
    CHECK(serving.served_now() == serving.host.artifacts(is_overtaken ? 3 : 1));
  }
}

TEST_CASE("what is pinned is fetched before anyone asks, stays, and its next version takes its place") {
  DeliveryHost host;
  host.set("cards", {{1, Tier::pinned, "a", "", "", Stage::full, 1}, {2, Tier::warm, "b", "", "", Stage::full, 1},
                     {1, Tier::pinned, "c", "", "", Stage::full, 1},
                     {3, Tier::pinned, "d", "", "", Stage::offline, 1}});
  host.publish();
  host.open();
  CHECK(host.delivery->n_pinned() == 1);                 // two routes of the same artifacts; one is offline
  CHECK(host.n_blobs_fetched() == 3);
  const std::uint64_t pinned = host.delivery->store().tiers().memory().pinned_bytes();
  CHECK(pinned == host.artifacts(1).size());
  host.set("cards", {{4, Tier::pinned, "a", "", "", Stage::full, 1}});
  host.publish();
  host.look();
  CHECK(host.delivery->n_pinned() == 1);
  CHECK(host.delivery->store().tiers().memory().pinned_bytes() == host.artifacts(4).size());
  CHECK(host.handed(host.want("a", 0)) == host.artifacts(4));
}

TEST_CASE("what could not be pinned at first is pinned by a later look") {
  DeliveryHost host;
  host.set("cards", {{1, Tier::pinned, "", "", "", Stage::full, 1}});
  host.publish();
  bool is_down = true;
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::not_found;
    return is_down && need.kind == NeedKind::fetch && need.origin == Origin::blobs;
  };
  host.open();
  CHECK(host.delivery->store().blob_bytes() == 0);
  is_down = false;
  host.look();
  CHECK(host.delivery->store().tiers().memory().pinned_bytes() == host.artifacts(1).size());
}

TEST_CASE("a request that straddles a publication gets the release that was chosen for it") {
  DeliveryHost host;
  host.set("cards", {{1, Tier::warm, "a", "", "", Stage::full, 1}, {2, Tier::warm, "b", "", "", Stage::full, 1}});
  host.publish();
  host.open();
  bool is_held = true;
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return is_held && need.kind == NeedKind::fetch && need.origin == Origin::blobs;
  };
  const TicketId ticket = host.want("b", 1'000'000'000);
  host.run();
  // The routes change places: the ticket's was the second.
  host.set("cards", {{4, Tier::warm, "b", "", "", Stage::full, 1}, {3, Tier::warm, "a", "", "", Stage::full, 1}});
  host.publish();
  host.now += 60'000'000;
  is_held = false;
  host.run();
  const Delivered found = host.take(ticket);
  if (found.state == TicketState::ready) CHECK(host.handed(ticket) == host.artifacts(2));
  else CHECK(found.state == TicketState::failed);        // its tries were used up
  CHECK(host.handed(ticket) != host.artifacts(3));
}

TEST_CASE("what a ticket handed out stays until it is cancelled, whatever is published or expires") {
  Serving serving(false);
  DeliveryHost& host = serving.host;
  const TicketId held = host.want();
  const Delivered before = host.take(held);
  REQUIRE(before.state == TicketState::ready);
  serving.publish(2);
  host.look();
  CHECK(serving.served_now() == host.artifacts(2));
  const Delivered after = host.take(held);
  CHECK(after.state == TicketState::ready);
  CHECK(after.model.data() == before.model.data());
  CHECK(host.handed(held) == host.artifacts(1));
}

TEST_CASE("a release that its signers withdraw serves nobody any more, nor does its next version") {
  Serving serving(true);
  DeliveryHost& host = serving.host;
  serving.publish(2);
  host.look();
  CHECK(host.delivery->n_warming() == 1);
  host.withdraw("cards");
  host.publish();
  host.look();
  CHECK(host.delivery->n_warming() == 0);
  CHECK(host.delivery->status() == Status::missing);
  CHECK(serving.served_now() == "");
  serving.publish(1);
  host.look();
  const TicketId ticket = host.want();
  host.run();
  CHECK(host.handed(ticket) == host.artifacts(1));
}

TEST_CASE("where a release is withdrawn, requests go to the next that is for them, until it is back") {
  DeliveryHost host({"cards", "plain"});
  const auto set_cards = [&](std::uint64_t seed) {
    host.set("cards", {{seed, Tier::pinned, "card", "", "", Stage::full, 1}});
    host.publish();
  };
  host.set("plain", {{2, Tier::warm, "", "", "", Stage::full, 1}});
  set_cards(1);
  host.open();
  const auto served = [&] {
    const TicketId ticket = host.want("card");
    host.run();
    const std::string handed = host.handed(ticket);
    host.delivery->cancel(ticket);
    return handed;
  };
  CHECK(served() == host.artifacts(1));
  CHECK(host.delivery->n_pinned() == 1);
  for (const std::uint64_t seed : {1, 3}) {             // back as it was, and as another version
    host.withdraw("cards");
    host.publish();
    host.look();
    CHECK(host.delivery->status() == Status::missing);
    CHECK(host.delivery->n_pinned() == 0);
    CHECK(served() == host.artifacts(2));
    host.look();
    CHECK(served() == host.artifacts(2));
    set_cards(seed);
    host.look();
    CHECK(host.delivery->status() == Status::ok);
    CHECK(served() == host.artifacts(seed));
    CHECK(host.delivery->n_pinned() == 1);
  }
}

TEST_CASE("a release that is back as what its new version was before is pinned as it was") {
  DeliveryHost host;
  host.names_predecessors = true;
  const auto publish = [&](std::uint64_t seed) {
    host.set("cards", {{seed, Tier::pinned, "", "", "", Stage::full, 1}});
    host.publish();
  };
  publish(1);
  host.open();
  REQUIRE(host.delivery->n_pinned() == 1);
  host.withdraw("cards");
  host.publish();
  host.look();
  REQUIRE(host.delivery->n_pinned() == 0);
  host.fault = [](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return DeliveryHost::is_blob_fetch(need);
  };
  publish(1);
  publish(2);
  host.look();
  CHECK(host.delivery->n_pinned() == 1);
  const TicketId ticket = host.want();
  host.run();
  CHECK(host.handed(ticket) == host.artifacts(1));
}

TEST_CASE("where every release is withdrawn, a request is told so") {
  Serving serving(false);
  DeliveryHost& host = serving.host;
  host.withdraw("cards");
  host.publish();
  for (int i = 0; i < 2; ++i) {
    host.look();
    const TicketId ticket = host.want();
    host.run();
    CHECK(host.handed(ticket) == "");
    CHECK(host.take(ticket).status == Status::expired);
    host.delivery->cancel(ticket);
  }
}

TEST_CASE("an update that was interrupted is taken at the next look") {
  Serving serving(false);
  DeliveryHost& host = serving.host;
  serving.publish(2);
  for (const char* file : {"2.snapshot.json", "2.targets.json"}) {
    host.fault = [&](const Need& need, Outcome* outcome) {
      *outcome = Outcome::failed;
      return need.kind == NeedKind::fetch && need.path == file;
    };
    host.look();
    CHECK(host.delivery->status() != Status::ok);
    CHECK(serving.served_now() == host.artifacts(1));
  }
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return need.kind == NeedKind::fetch && need.origin == Origin::targets;
  };
  host.look();
  CHECK(serving.served_now() == host.artifacts(1));
  host.fault = nullptr;
  host.look();
  CHECK(host.delivery->status() == Status::ok);
  CHECK(serving.served_now() == host.artifacts(2));
}

TEST_CASE("a look that runs out of memory, anywhere, leaves what served; the next one goes on") {
  std::size_t n_failed = 0;
  for (std::size_t n_left = 0; n_left < 60; ++n_left) {
    CAPTURE(n_left);
    Serving serving(false);
    DeliveryHost& host = serving.host;
    serving.publish(2);
    host.memory.n_left = n_left;
    host.look();
    host.memory.n_left = SIZE_MAX;
    const TicketId ticket = host.want();
    host.run();
    const std::string handed = host.handed(ticket);
    CHECK((handed == host.artifacts(1) || handed == host.artifacts(2)));
    n_failed += host.delivery->status() != Status::ok;
    host.delivery->cancel(ticket);
    host.look();
    host.look();
    const TicketId later = host.want();
    host.run();
    CHECK(host.handed(later) == host.artifacts(2));
  }
  CHECK(n_failed > 3);
}

TEST_CASE("options that name no release, or one twice, or a path that is none, are refused") {
  const auto opened = [](std::vector<std::string> names) {
    DeliveryHost host(std::move(names));
    host.delivery = std::make_unique<Delivery>(host.memory.allocator());
    return host.delivery->open(host.options, host.now, &host.error);
  };
  CHECK(opened({"cards", "team/cards"}) == Status::ok);
  CHECK(opened({}) == Status::argument);
  CHECK(opened({"cards", "cards"}) == Status::duplicate);
  for (const char* name : {"", "/cards", "../cards", "a//b"}) CHECK(opened({name}) == Status::argument);
  CHECK(opened({std::string(256, 'a')}) == Status::ok);
  CHECK(opened({std::string(257, 'a')}) == Status::argument);
}

}  // namespace
}  // namespace guardrank::test
#endif
