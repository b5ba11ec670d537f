#ifdef GUARDRANK_HAS_PACK
#include "tests/core/engine/delivery_host.h"

namespace guardrank::test {
namespace {

// A host that follows "main", which serves all from memory, and "next", which nobody here was given yet.
struct Shift {
  DeliveryHost host{{"main", "next"}};
  bool is_held = true;                                   // blobs do not come

  explicit Shift(bool tries_next = false, bool is_warm = true, Stage stage = Stage::shadow, double weight = 1) {
    host.options.tries_next = tries_next;
    host.set("main", {{1, Tier::warm, "", "", "", Stage::full, 1}});
    if (stage != Stage::full) promote(stage, weight);
    else host.publish();
    host.open();
    if (is_warm) CHECK(served() == host.artifacts(1));
    host.fault = [this](const Need& need, Outcome* outcome) {
      *outcome = Outcome::failed;
      return is_held && DeliveryHost::is_blob_fetch(need);
    };
  }
  void promote(Stage stage, double weight = 1, Tier tier = Tier::warm) {
    host.set("next", {{2, tier, "", "", "", stage, weight}});
    host.publish();
  }
  std::string served() {
    const TicketId ticket = host.want();
    host.run();
    const std::string handed = host.handed(ticket);
    host.delivery->cancel(ticket);
    return handed;
  }
  std::string served_now() {
    const TicketId ticket = host.want("", 0);
    const std::string handed = host.handed(ticket);
    host.delivery->cancel(ticket);
    return handed;
  }
};

TEST_CASE("what is promoted to serve is fetched while the other serves, and only then traffic shifts") {
  for (const Stage from : {Stage::offline, Stage::shadow, Stage::full}) {   // full: it is new on the origin
    for (const Stage to : {Stage::canary, Stage::ab, Stage::full}) {
      CAPTURE(static_cast<int>(from));
      CAPTURE(static_cast<int>(to));
      Shift shift(false, true, from);
      DeliveryHost& host = shift.host;
      host.set("main", {{1, Tier::warm, "", "", "", Stage::full, 1}});
      shift.promote(to);
      host.look();
      CHECK(host.delivery->n_warming() == 1);
      CHECK(shift.served_now() == host.artifacts(1));
      shift.is_held = false;
      host.look();
      CHECK(host.delivery->n_warming() == 0);
      const std::size_t n_fetched = host.n_blobs_fetched();
      CHECK(n_fetched == 6);
      CHECK(shift.served_now() == (to == Stage::full ? host.artifacts(1) : host.artifacts(2)));
      CHECK(host.n_blobs_fetched() == n_fetched);
    }
  }
}

TEST_CASE("a canary that grows is fetched by those who never had it; one that stays as it is, is not") {
  Shift shift(false, true, Stage::canary, 0.0001);
  DeliveryHost& host = shift.host;
  host.set("next", {{3, Tier::warm, "", "", "", Stage::canary, 0.0001}});
  host.publish();
  host.look();
  CHECK(host.delivery->n_warming() == 0);                // a version that is as cold as the last
  host.set("next", {{3, Tier::warm, "", "", "", Stage::canary, 1}});
  host.publish();
  host.look();
  CHECK(host.delivery->n_warming() == 1);
  CHECK(shift.served_now() == host.artifacts(1));
}

TEST_CASE("traffic shifts when the host has tried what takes it over, and not when that went wrong") {
  for (const bool is_good : {true, false}) {
    Shift shift(true);
    DeliveryHost& host = shift.host;
    shift.is_held = false;
    shift.promote(Stage::canary);
    host.look();
    CHECK(shift.served_now() == host.artifacts(1));
    Delivered trial;
    const TicketId ticket = host.delivery->next_trial(host.now, &trial);
    REQUIRE(ticket != 0);
    CHECK(trial.release == "next");
    CHECK(trial.stage == "canary");
    host.delivery->tried(ticket, is_good ? Status::ok : Status::golden, host.now);
    CHECK(shift.served_now() == host.artifacts(is_good ? 2 : 1));
  }
}

TEST_CASE("nothing is fetched ahead where the traffic that shifts is served by nobody here, or cold by intent") {
  Shift idle(false, false);
  idle.promote(Stage::canary);
  idle.host.look();
  CHECK(idle.host.delivery->n_warming() == 0);
  Shift cold;
  cold.promote(Stage::canary, 1, Tier::origin);
  cold.host.look();
  CHECK(cold.host.delivery->n_warming() == 0);
  Shift elsewhere(false, false);                         // main serves all but the loans
  elsewhere.is_held = false;
  elsewhere.host.set("main", {{1, Tier::warm, "card", "", "", Stage::full, 1}});
  elsewhere.host.publish();
  elsewhere.host.look();
  elsewhere.host.want("card");
  elsewhere.host.run();
  elsewhere.host.set("next", {{2, Tier::warm, "loan", "", "", Stage::full, 1}});
  elsewhere.host.publish();
  elsewhere.host.look();
  CHECK(elsewhere.host.delivery->n_warming() == 0);
  CHECK(elsewhere.host.n_blobs_fetched() == 3);
  Shift demoted(false, true, Stage::canary, 0.0001);     // to a shadow: that shows nothing
  demoted.is_held = false;
  demoted.promote(Stage::shadow, 0.5);
  demoted.host.look();
  CHECK(demoted.host.delivery->n_warming() == 0);
}

TEST_CASE("where the publisher wants it on disk, what serves from there is followed there") {
  Shift shift;
  DeliveryHost& host = shift.host;
  host.open();                                           // memory is empty, the disk has main
  shift.promote(Stage::full, 1, Tier::disk);
  host.look();
  CHECK(host.delivery->n_warming() == 1);
  host.open();
  shift.promote(Stage::full, 0.5, Tier::warm);           // and this would be in memory
  host.look();
  CHECK(host.delivery->n_warming() == 0);
}

TEST_CASE("what is to take over serves at once when nothing else does any more") {
  for (const bool is_withdrawn : {true, false}) {
    Shift shift;
    DeliveryHost& host = shift.host;
    shift.promote(Stage::full);
    host.look();
    CHECK(host.delivery->n_warming() == 1);
    if (is_withdrawn) host.withdraw("main");
    else host.set("main", {{1, Tier::warm, "", "", "", Stage::offline, 1}});
    host.publish();
    host.look();
    CHECK(host.delivery->n_warming() == 0);
    shift.is_held = false;
    host.now += 2'000'000;
    if (!is_withdrawn) CHECK(shift.served() == host.artifacts(2));
  }
}

TEST_CASE("what takes over what another has just given up does not wait either") {
  Shift shift;                                           // both change in one look, and main is at hand
  DeliveryHost& host = shift.host;
  host.set("main", {{1, Tier::warm, "card", "", "", Stage::full, 1}});
  host.set("next", {{2, Tier::warm, "loan", "", "", Stage::full, 1}});
  host.publish();
  host.look();
  CHECK(host.delivery->n_warming() == 0);
  const TicketId card = host.want("card", 0), loan = host.want("loan", 0);
  CHECK(host.handed(card) == host.artifacts(1));
  CHECK(host.take(loan).release == "next");
}

TEST_CASE("arms without a full route beside them are warmed as before") {
  DeliveryHost host({"arms"});
  const auto set = [&](std::uint64_t seed, double weight) {
    host.set("arms", {{seed, Tier::warm, "", "", "a", Stage::ab, weight},
                      {seed + 1, Tier::warm, "", "", "b", Stage::ab, 1 - weight}});
    host.publish();
  };
  set(1, 0.5);
  host.open();
  const TicketId first = host.want();
  host.run();
  const std::string before = host.handed(first);
  REQUIRE(!before.empty());
  host.delivery->cancel(first);
  bool is_held = true;
  host.fault = [&](const Need& need, Outcome* outcome) {
    *outcome = Outcome::failed;
    return is_held && DeliveryHost::is_blob_fetch(need);
  };
  for (const double weight : {0.5, 0.4}) {
    set(10, weight);
    host.look();
    CHECK(host.delivery->n_warming() == 1);
    CHECK(host.handed(host.want("", 0)) == before);
  }
}

}  // namespace
}  // namespace guardrank::test
#endif
