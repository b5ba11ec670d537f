#ifdef GUARDRANK_HAS_PACK
#include <algorithm>

#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

constexpr std::size_t size = 10'000;

TEST_CASE("a cold release is fetched, verified, served, and kept for the next one") {
  ScriptedHost host(small_options());
  const Product& cards = host.publish("cards", 1, size);
  const TicketId ticket = host.want("cards");
  CHECK(host.take(ticket).state == TicketState::pending);
  host.run();
  REQUIRE(host.is_served(ticket, cards));
  CHECK(host.n_asked(NeedKind::fetch) == 3);
  const Taken taken = host.take(ticket);
  for (const Bytes bytes : {taken.model, taken.policy, taken.catalog})
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64 == 0);
  CHECK(host.store().next_ended(host.now) == ticket);
  CHECK(host.store().next_ended(host.now) == 0);
  host.store().cancel(ticket);
  CHECK(host.take(ticket).state == TicketState::unknown);
  const TicketId again = host.want("cards");
  CHECK(host.is_served(again, cards));
  CHECK(host.n_asked(NeedKind::fetch) == 3);
}

TEST_CASE("10,000 tickets on one cold bundle cause one fetch per blob, at a bounded cost each") {
  StoreOptions options = small_options();
  options.tickets = 10'000;
  ScriptedHost host(options);
  const Product& cards = host.publish("cards", 1, size);
  const std::size_t allocations = host.memory.n_allocations;
  std::vector<TicketId> tickets;
  for (int i = 0; i < 10'000; ++i) tickets.push_back(host.want("cards"));
  CHECK(host.memory.n_allocations <= allocations + 2);     // the scratch arena's
  TicketId one_more = 0;
  CHECK(host.store().want("cards", 0, 1, host.now, &one_more) == Status::limit);
  host.run();
  CHECK(host.n_asked(NeedKind::fetch) == 3);
  for (const TicketId ticket : tickets) REQUIRE(host.is_served(ticket, cards));
  std::size_t n_ended = 0;
  while (host.store().next_ended(host.now) != 0) ++n_ended;
  CHECK(n_ended == 10'000);
  for (const TicketId ticket : tickets) host.store().cancel(ticket);
  CHECK(host.store().tiers().memory().pinned_bytes() == 0);

  options.tickets = 20'000;
  const ScriptedHost twice(options);
  options.tickets = 10'000;
  const ScriptedHost once(options);
  CHECK(twice.memory.live_bytes - once.memory.live_bytes <= 80 * 10'000);
}

TEST_CASE("past its deadline a ticket takes the fallback, and the load goes on for the next") {
  ScriptedHost host(small_options());
  const Product& cards = host.publish("cards", 1, size, "plain");
  const TicketId ticket = host.want("cards", host.now + 500);
  REQUIRE(host.answer_next());       // the disk's index
  REQUIRE(host.answer_next());       // what files are there
  host.ask();
  CHECK(host.first_wake() == host.now + 500);
  host.now += 499;
  CHECK(host.take(ticket).state == TicketState::pending);
  host.now += 1;
  const Taken taken = host.take(ticket);
  CHECK(taken.state == TicketState::fallback);
  CHECK(taken.status == Status::deadline);
  CHECK(taken.fallback == "plain");
  CHECK(taken.model.empty());
  CHECK(host.store().next_ended(host.now) == ticket);
  host.store().cancel(ticket);
  host.run();
  CHECK(host.is_served(host.want("cards"), cards));
  CHECK(host.n_asked(NeedKind::fetch) == 3);
}

TEST_CASE("a ticket without a deadline waits, and nobody is woken for it") {
  ScriptedHost host(small_options());
  host.publish("cards", 1, size);
  const TicketId ticket = host.want("cards", INT64_MAX);
  host.ask();
  CHECK(host.n_asked(NeedKind::wake) == 0);
  host.now = INT64_MAX - 1;
  CHECK(host.take(ticket).state == TicketState::pending);
}

TEST_CASE("without a fallback a ticket fails; the store's own is the last") {
  StoreOptions options = small_options();
  ScriptedHost bare(options);
  CHECK(bare.take(bare.want("nobody")).state == TicketState::failed);
  options.fallback = "house";
  ScriptedHost host(options);
  const Taken taken = host.take(host.want("nobody"));
  CHECK(taken.state == TicketState::fallback);
  CHECK(taken.status == Status::reference);
  CHECK(taken.fallback == "house");
}

TEST_CASE("a fetch that fails is tried again after a drawn wait, and not for ever") {
  ScriptedHost host(small_options());
  const Product& cards = host.publish("cards", 1, size);
  int n_left = 2;
  host.fault = [&](const AskedNeed& need, Answered* answered) {
    if (need.name != hex(cards.ids[0]) || n_left-- <= 0) return false;
    answered->outcome = Outcome::failed;
    return true;
  };
  const TicketId ticket = host.want("cards");
  host.run();
  for (int round = 0; round < 2; ++round) {
    CHECK(host.take(ticket).state == TicketState::pending);
    const std::int64_t wait = host.first_wake() - host.now;
    CHECK(wait >= 0);
    CHECK(wait < (round == 0 ? 1000 : 2000));
    if (wait > 0) {      // not before
      host.now += wait - 1;
      host.run();
      CHECK(host.fetches_of(cards.ids[0]) == static_cast<std::size_t>(round + 1));
      ++host.now;
    }
    host.run();
    CHECK(host.fetches_of(cards.ids[0]) == static_cast<std::size_t>(round + 2));
  }
  CHECK(host.is_served(ticket, cards));
  CHECK(host.fetches_of(cards.ids[1]) == 1);
}

// Runs with time going on until the ticket ends.
Taken wait_for(ScriptedHost* host, TicketId ticket) {
  for (int i = 0; i < 100 && host->take(ticket).state == TicketState::pending; ++i) {
    host->run();
    host->now += 500;
  }
  return host->take(ticket);
}

TEST_CASE("an origin that asks to be left alone is, for as long as is bearable; else the blob fails at once") {
  for (const std::int64_t asked : {5000, 60'000'000, 60'000'001}) {
    ScriptedHost host(small_options());
    const Product& cards = host.publish("cards", 1, size);
    bool is_first = true;
    host.fault = [&](const AskedNeed& need, Answered* answered) {
      if (need.name != hex(cards.ids[0]) || !is_first) return false;
      is_first = false;
      answered->outcome = Outcome::failed;
      answered->retry_after_micros = asked;
      return true;
    };
    const TicketId ticket = host.want("cards");
    host.run();
    const bool is_bearable = asked <= 60'000'000;
    CHECK(host.take(ticket).state == (is_bearable ? TicketState::pending : TicketState::failed));
    host.now += asked - 1;
    host.run();
    CHECK(host.fetches_of(cards.ids[0]) == 1);
    ++host.now;
    host.run();
    CHECK(host.fetches_of(cards.ids[0]) == (is_bearable ? 2 : 1));
    CHECK(host.is_served(ticket, cards) == is_bearable);
  }
}

TEST_CASE("after its attempts a blob fails at once for a while, and then is tried anew") {
  ScriptedHost host(small_options());
  const Product& cards = host.publish("cards", 1, size);
  bool is_down = true;
  host.fault = [&](const AskedNeed& need, Answered* answered) {
    answered->outcome = Outcome::failed;
    return is_down && need.kind == NeedKind::fetch;
  };
  CHECK(wait_for(&host, host.want("cards")).status == Status::network);
  std::size_t most = 0;
  for (const Sha256Digest& id : cards.ids) most = std::max(most, host.fetches_of(id));
  CHECK(most == 4);
  const std::size_t n_fetches = host.n_asked(NeedKind::fetch);
  is_down = false;
  CHECK(wait_for(&host, host.want("cards")).status == Status::network);   // believed
  CHECK(host.n_asked(NeedKind::fetch) == n_fetches);
  host.now += 5'000'000;
  const TicketId later = host.want("cards");
  wait_for(&host, later);
  CHECK(host.is_served(later, cards));
}

TEST_CASE("a blob that the origin does not have fails at once") {
  ScriptedHost host(small_options());
  const Product& cards = host.publish("cards", 1, size);
  host.origin.erase(hex(cards.ids[2]));
  const TicketId ticket = host.want("cards");
  host.run();
  CHECK(host.take(ticket).status == Status::reference);
  CHECK(host.fetches_of(cards.ids[2]) == 1);
  host.want("cards");
  host.run();
  CHECK(host.fetches_of(cards.ids[2]) == 1);
}

TEST_CASE("what is not the blob, in any way, is never served") {
  const auto served_after = [](std::function<std::string(std::string, const Product&)> harm) {
    ScriptedHost host(small_options());
    const Product cards = host.publish("cards", 1, size);
    host.origin[hex(cards.ids[0])] = harm(cards.blobs[0], cards);
    const TicketId ticket = host.want("cards");
    const Taken taken = wait_for(&host, ticket);
    CHECK(taken.model.empty());
    CHECK(host.fetches_of(cards.ids[0]) == 4);                 // it may have been the way here
    CHECK(host.disk.count("blobs/" + hex(cards.ids[0])) == 0);
    CHECK(host.store().tiers().memory().find(cards.ids[0]) == no_slot);
    return taken.status;
  };
  for (const std::size_t at : {8u, 20u, 24u, 40u, 70u, 90u, 128u, 5000u})   // anywhere
    CHECK(served_after([&](std::string blob, const Product&) {
            blob[at] = static_cast<char>(blob[at] ^ 4);
            return blob;
          }) == Status::hash);
  const auto cut = [&](std::size_t n) {
    return served_after([&](const std::string& blob, const Product&) { return blob.substr(0, n); });
  };
  CHECK(cut(0) == Status::truncated);
  CHECK(cut(63) == Status::truncated);
  CHECK(cut(100) == Status::truncated);
  CHECK(cut(9000) == Status::truncated);
  // Longer than the release says: the host stops.
  CHECK(served_after([](const std::string& blob, const Product&) { return blob + '\0'; }) ==
        Status::hash);
  CHECK(served_after([](const std::string&, const Product& product) {
          return product.blobs[1];
        }) == Status::hash);
}

TEST_CASE("the length that a release tells bounds what is fetched") {
  for (const bool tells_lengths : {true, false}) {
    ScriptedHost host(small_options());
    const Product& cards = host.publish("cards", 1, size, "", tells_lengths);
    const TicketId ticket = host.want("cards");
    host.run();
    CHECK(host.is_served(ticket, cards));
    for (const AskedNeed& need : host.all)
      if (need.kind == NeedKind::fetch)
        CHECK(need.max_bytes == (tells_lengths ? cards.blobs[0].size() : 65'000));
  }
}

TEST_CASE("an artifact that can never fit is not fetched; one of unknown length only once") {
  for (const bool tells_lengths : {true, false}) {
    ScriptedHost host(small_options());
    host.publish("cards", 1, 65'000, "", tells_lengths);
    const TicketId ticket = host.want("cards");
    host.run();
    CHECK(host.take(ticket).status == Status::limit);
    CHECK(host.n_asked(NeedKind::fetch) <= (tells_lengths ? 0 : 3));
    CHECK(host.store().blob_bytes() == 0);
  }
}

TEST_CASE("a release that names a policy as its model is refused") {
  ScriptedHost host(small_options());
  host.publish("cards", 1, size);
  ScriptedHost::Name& name = host.names["cards"];
  Route route;
  route.model = name.product.ids[1];
  route.policy = name.product.ids[0];
  route.catalog = name.product.ids[2];
  Release release;
  release.name = "cards";
  release.version = "2";
  release.routes = {&route, 1};
  name.product.release = pack::write_release(release);
  const TicketId ticket = host.want("cards");
  host.run();
  CHECK(host.take(ticket).status == Status::identifier);
  CHECK(host.store().tiers().memory().pinned_bytes() == 0);
}

TEST_CASE("what tickets hold stays; without room a ticket fails, and has it later") {
  ScriptedHost host(small_options());
  const Product a = host.publish("a", 1, size);
  const Product b = host.publish("b", 2, size);
  const Product c = host.publish("c", 3, size);
  const TicketId held_a = host.want("a");
  host.run();
  const TicketId held_b = host.want("b");
  host.run();
  const TicketId refused = host.want("c");
  host.run();
  CHECK(host.take(refused).status == Status::limit);
  CHECK(host.is_served(held_a, a));
  CHECK(host.is_served(held_b, b));
  CHECK(host.store().blob_bytes() <= 65'000);
  host.store().cancel(held_a);
  const TicketId later = host.want("c");
  host.run();
  CHECK(host.is_served(later, c));
  CHECK(host.is_served(held_b, b));
}

TEST_CASE("an expired release serves nobody; a stale one serves until it expires") {
  ScriptedHost host(small_options());
  const Product& cards = host.publish("cards", 1, size, "plain");
  ScriptedHost::Name& name = host.names["cards"];
  name.expires = host.now + 1000;
  const TicketId ticket = host.want("cards");
  host.run();
  CHECK(host.is_served(ticket, cards));
  name.state = FoundState::pending;                    // the origin is gone
  const TicketId stale = host.want("cards");
  CHECK(host.is_served(stale, cards));
  host.now += 999;
  CHECK(host.is_served(ticket, cards));
  host.now += 1;
  for (const TicketId each : {ticket, stale}) {
    CHECK(host.take(each).state == TicketState::fallback);
    CHECK(host.take(each).status == Status::expired);
    CHECK(host.take(each).model.empty());
  }
  name.state = FoundState::ready;
  name.expires = host.now;
  host.store().cancel(ticket);
  host.store().cancel(stale);
  CHECK(host.take(host.want("cards")).status == Status::expired);
  name.expires = host.now + 1;                         // revalidated
  CHECK(host.is_served(host.want("cards"), cards));
  CHECK(host.n_asked(NeedKind::fetch) == 3);
}

TEST_CASE("a release that changes serves new tickets with the new, held ones with the old") {
  ScriptedHost host(small_options());
  const Product before = host.publish("cards", 1, size);
  const TicketId old_ticket = host.want("cards");
  host.run();
  const Product after = host.publish("cards", 2, size);
  const TicketId new_ticket = host.want("cards");
  host.run();
  CHECK(host.is_served(old_ticket, before));
  CHECK(host.is_served(new_ticket, after));
}

TEST_CASE("a release that is not known yet is waited for") {
  ScriptedHost host(small_options());
  const Product& cards = host.publish("cards", 1, size);
  host.names["cards"].state = FoundState::pending;
  const TicketId ticket = host.want("cards");
  host.run();
  CHECK(host.n_asked(NeedKind::fetch) == 0);
  host.names["cards"].state = FoundState::ready;
  host.run();
  CHECK(host.is_served(ticket, cards));
}

TEST_CASE("a ticket may be cancelled at every step, and nothing is left of it") {
  for (std::size_t steps = 0;; ++steps) {
    ScriptedHost host(small_options());
    const Product& cards = host.publish("cards", 1, size);
    const TicketId ticket = host.want("cards");
    std::size_t step = 0;
    for (host.ask(); step < steps && host.asked.size() > 1; host.ask(), ++step) host.answer(0);
    const bool is_last = step < steps;
    host.store().cancel(ticket);
    CHECK(host.store().tiers().n_loading() == 0);
    for (const AskedNeed& need : host.asked)
      if (need.kind == NeedKind::fetch) CHECK_FALSE(host.store().is_wanted(need.id));
    host.store().cancel(ticket);                        // once more does no harm
    host.run();                                         // late answers are ignored
    CHECK(host.store().tiers().memory().pinned_bytes() == 0);
    const TicketId again = host.want("cards");
    host.run();
    REQUIRE(host.is_served(again, cards));
    if (is_last) break;
    REQUIRE(steps < 50);
  }
}

TEST_CASE("options out of range and names too long are refused") {
  TestMemory memory;
  ScriptedHost host(small_options());
  const ReleaseSource source{&host, [](void*, std::string_view, std::int64_t, FoundRelease*) {
                               return FoundState::pending;
                             }};
  const auto opened = [&](void (*change)(StoreOptions*)) {
    StoreOptions options = small_options();
    change(&options);
    return Store(memory.allocator()).open(options, source);
  };
  CHECK(opened([](StoreOptions*) {}) == Status::ok);
  CHECK(opened([](StoreOptions* o) { o->fetches = 0; }) == Status::argument);
  CHECK(opened([](StoreOptions* o) { o->tickets = (1u << 20) + 1; }) == Status::argument);
  CHECK(opened([](StoreOptions* o) { o->attempts = 0; }) == Status::argument);
  CHECK(opened([](StoreOptions* o) { o->backoff_micros = -1; }) == Status::argument);
  CHECK(Store(memory.allocator()).open(small_options(), {}) == Status::argument);
  TicketId ticket = 0;
  CHECK(host.store().want("", 0, 1, 0, &ticket) == Status::argument);
  CHECK(host.store().want(std::string(258, 'a'), 0, 1, 0, &ticket) == Status::argument);
  CHECK(host.store().want(std::string(257, 'a'), 0, 1, 0, &ticket) == Status::ok);
  CHECK(memory.live_bytes == 0);
}

}  // namespace
}  // namespace guardrank::test
#endif
