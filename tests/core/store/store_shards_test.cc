#ifdef GUARDRANK_HAS_PACK
// Shards of tables: tickets for one, fetched once, verified by its bytes, kept in tiers and budget.
#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

struct Shard {
  std::string bytes;
  Sha256Digest hash{};
};

Shard make_shard(std::uint64_t seed, std::size_t n) {
  Shard shard;
  for (std::size_t i = 0; i < n; ++i)
    shard.bytes.push_back(static_cast<char>((seed * 131 + i * 7 + i / 251) % 128));
  shard.hash = sha256(Bytes{reinterpret_cast<const std::uint8_t*>(shard.bytes.data()), n});
  return shard;
}

struct Host : ScriptedHost {
  using ScriptedHost::ScriptedHost;

  const Shard& put(std::uint64_t seed, std::size_t n = 4000) {
    Shard& shard = shards[seed] = make_shard(seed, n);
    origin[hex(shard.hash)] = shard.bytes;
    return shard;
  }
  TicketId want_shard(const Shard& shard, std::int64_t deadline = 1'000'000'000) {
    TicketId ticket = 0;
    REQUIRE(store().want_shard(shard.hash, shard.bytes.size(), deadline, now, &ticket) == Status::ok);
    return ticket;
  }
  bool has(TicketId ticket, const Shard& shard) {
    const Taken taken = take(ticket);
    if (taken.state != TicketState::ready) return false;
    CHECK(taken.model.empty());
    CHECK(taken.policy.empty());
    return text(taken.shard) == shard.bytes;
  }

  std::map<std::uint64_t, Shard> shards;
};

TEST_CASE("only the shard that is wanted is fetched, once however many wait, and without a release") {
  Host host(small_options());
  for (std::uint64_t i = 0; i < 20; ++i) host.put(i);
  const Shard& shard = host.shards.at(7);
  std::vector<TicketId> tickets;
  for (int i = 0; i < 60; ++i) tickets.push_back(host.want_shard(shard));
  CHECK(host.take(tickets[0]).state == TicketState::pending);
  host.run();
  for (const TicketId ticket : tickets) CHECK(host.has(ticket, shard));
  CHECK(host.n_asked(NeedKind::fetch) == 1);
  CHECK(host.store().fetched_bytes() == shard.bytes.size());
  CHECK(host.disk.at("blobs/" + hex(shard.hash)) == shard.bytes);
}

TEST_CASE("what is on disk is read and verified again; harmed there, it is fetched") {
  for (const bool is_harmed : {false, true}) {
    Host host(small_options());
    const Shard shard = host.put(1);
    host.want_shard(shard);
    host.run();
    if (is_harmed) host.disk.at("blobs/" + hex(shard.hash))[100] ^= 1;
    host.restart();
    const TicketId ticket = host.want_shard(shard);
    host.run();
    CHECK(host.has(ticket, shard));
    CHECK(host.fetches_of(shard.hash) == (is_harmed ? 2 : 1));
    CHECK(host.disk.at("blobs/" + hex(shard.hash)) == shard.bytes);
  }
}

TEST_CASE("bytes that are not the shard's are never handed out") {
  const Shard shard = make_shard(3, 4000);
  std::string flipped = shard.bytes, shorter = shard.bytes.substr(1), longer = shard.bytes + '\0';
  flipped[3999] ^= 1;
  for (const std::string& wrong : {flipped, shorter, longer, std::string()}) {
    for (const std::size_t n_wrong : {std::size_t{1}, SIZE_MAX}) {
      Host host(small_options());
      host.origin[hex(shard.hash)] = shard.bytes;
      std::size_t n = 0;
      host.fault = [&](const AskedNeed& need, Answered* answer) {
        if (need.kind != NeedKind::fetch || n++ >= n_wrong) return false;
        CHECK(need.max_bytes == shard.bytes.size());
        *answer = {Outcome::done, wrong};
        return true;
      };
      const TicketId ticket = host.want_shard(shard);
      host.run();
      while (host.take(ticket).state == TicketState::pending && host.first_wake() < 900'000'000) {
        host.now = host.first_wake();
        host.run();
      }
      CHECK(host.has(ticket, shard) == (n_wrong == 1));
      if (n_wrong != 1) {
        CHECK(host.take(ticket).state == TicketState::failed);
        CHECK(host.take(ticket).shard.empty());
        CHECK(host.store().blob_bytes() == 0);
        CHECK(host.disk.count("blobs/" + hex(shard.hash)) == 0);
      }
    }
  }
}

TEST_CASE("a shard that the origin has not fails, at once for whoever asks soon after; so does a deadline") {
  Host host(small_options());
  const Shard shard = make_shard(4, 4000);
  const TicketId ticket = host.want_shard(shard);
  host.run();
  CHECK(host.take(ticket).state == TicketState::failed);
  CHECK(host.take(ticket).status == Status::reference);
  const TicketId again = host.want_shard(shard);
  CHECK(host.take(again).state == TicketState::failed);
  CHECK(host.fetches_of(shard.hash) == 1);
  const Shard other = host.put(5);
  const TicketId late = host.want_shard(other, host.now + 10);
  host.now += 10;
  CHECK(host.take(late).status == Status::deadline);
  host.run();                                            // it goes on, since it will be asked for again
  CHECK(host.has(host.want_shard(other), other));
}

TEST_CASE("shards share the budget with artifacts; what a ticket holds stays") {
  StoreOptions options = small_options();
  Host host(options);
  const std::uint64_t budget = options.tiers.memory.budget_bytes;
  const Shard held = host.put(0);
  const TicketId ticket = host.want_shard(held);
  host.run();
  REQUIRE(host.has(ticket, held));
  const Product product = host.publish("cards", 50, 8000);
  for (std::uint64_t i = 1; i < 60; ++i) {
    const Shard shard = host.put(i);
    const TicketId one = host.want_shard(shard);
    const TicketId artifacts = i % 10 == 0 ? host.want("cards") : 0;
    host.run();
    CHECK(host.has(one, shard));
    if (artifacts != 0) CHECK(host.is_served(artifacts, product));
    CHECK(host.store().blob_bytes() <= budget);
    CHECK(host.disk_bytes() <= options.tiers.disk.budget_bytes);
    host.store().cancel(one);
    host.store().cancel(artifacts);
  }
  CHECK(host.has(ticket, held));
}

TEST_CASE("an artifact is no shard and a shard no artifact, whoever asks first") {
  Host host(small_options());
  const Product product = host.publish("cards", 50, 8000);
  const TicketId artifacts = host.want("cards");
  host.run();
  REQUIRE(host.is_served(artifacts, product));
  TicketId ticket = 0;
  REQUIRE(host.store().want_shard(product.ids[0], product.blobs[0].size(), 1'000'000'000, host.now,
                                  &ticket) == Status::ok);
  host.run();
  CHECK(host.take(ticket).state == TicketState::failed);
  CHECK(host.take(ticket).status == Status::identifier);
  CHECK(host.is_served(artifacts, product));
  // The bytes of an artifact under the hash of the whole: a shard like any other.
  Shard whole;
  whole.bytes = product.blobs[0];
  whole.hash = sha256(Bytes{reinterpret_cast<const std::uint8_t*>(whole.bytes.data()), whole.bytes.size()});
  host.origin[hex(whole.hash)] = whole.bytes;
  CHECK(host.store().want("any", UINT32_MAX, 1'000'000'000, host.now, &ticket) == Status::argument);
  const TicketId raw = host.want_shard(whole);
  host.run();
  CHECK(host.has(raw, whole));
}

TEST_CASE("lengths out of range are refused") {
  Host host(small_options());
  TicketId ticket = 1;
  const Sha256Digest hash = make_shard(1, 10).hash;
  CHECK(host.store().want_shard(hash, 0, 1'000'000'000, host.now, &ticket) == Status::argument);
  CHECK(ticket == 0);
  CHECK(host.store().want_shard(hash, limits::shard_bytes + 1, 1'000'000'000, host.now, &ticket) ==
        Status::argument);
}

TEST_CASE("a ticket that is cancelled withdraws the fetch that nobody else waits for") {
  Host host(small_options());
  const Shard shard = host.put(1);
  const TicketId one = host.want_shard(shard), two = host.want_shard(shard);
  for (host.ask(); host.n_asked(NeedKind::fetch) == 0; host.ask()) {
    REQUIRE(!host.asked.empty());
    host.answer(0);
  }
  std::uint64_t fetch = 0;
  for (const AskedNeed& need : host.asked)
    if (need.kind == NeedKind::fetch) fetch = need.id;
  host.store().cancel(one);
  CHECK(host.store().is_wanted(fetch));
  host.store().cancel(two);
  CHECK(!host.store().is_wanted(fetch));
}

}  // namespace
}  // namespace guardrank::test
#endif
