// Many releases: warming and pinning leave room to those who ask, and names are found among thousands.
#ifdef GUARDRANK_HAS_PACK
#include <algorithm>
#include <set>

#include "tests/core/engine/delivery_host.h"

namespace guardrank::test {
namespace {

constexpr std::uint64_t n_releases = 6, n_routes = 8;

std::string product_of(std::uint64_t release, std::uint64_t route) {
  return "p" + std::to_string(release) + "-" + std::to_string(route);
}

std::vector<std::string> names_of(std::uint64_t n) {
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < n; ++i) names.push_back("r" + std::to_string(i));
  return names;
}

// Releases of eight routes each, in a store of 1 + 2 * 6 routes: an eighth of them and their next version.
struct Crowd {
  explicit Crowd(Tier served) : tier(served) {
    host.options.store.tiers.memory.budget_bytes = 10'000'000;
    host.options.store.tiers.memory.slots = host.options.store.tiers.disk.slots = 1024;
    host.options.store.tiers.loads = 1024;
    host.options.store.bundles = 1;
    publish(0);
    host.open();
  }

  std::uint64_t seed_of(std::uint64_t version, std::uint64_t release, std::uint64_t route) const {
    return 1 + route + n_routes * (release + n_releases * version);
  }
  void publish(std::uint64_t version) {
    for (std::uint64_t r = 0; r < n_releases; ++r) {
      std::vector<RouteSpec> routes;
      for (std::uint64_t i = 0; i < n_routes; ++i)
        routes.push_back({seed_of(version, r, i), tier, product_of(r, i), "", "", Stage::full, 1});
      host.set("r" + std::to_string(r), routes);
    }
    host.publish();
  }
  // Routes that serve this version at once.
  std::uint64_t n_served(std::uint64_t version) {
    std::uint64_t n = 0;
    for (std::uint64_t r = 0; r < n_releases; ++r)
      for (std::uint64_t i = 0; i < n_routes; ++i) {
        const TicketId ticket = host.want(product_of(r, i), 0);
        n += host.handed(ticket) == host.artifacts(seed_of(version, r, i));
        host.delivery->cancel(ticket);
      }
    return n;
  }
  void warm_all() {
    for (std::uint64_t r = 0; r < n_releases; ++r)
      for (std::uint64_t i = 0; i < n_routes; ++i) {
        const TicketId ticket = host.want(product_of(r, i));
        host.run();
        host.delivery->cancel(ticket);
      }
  }

  Tier tier;
  DeliveryHost host{names_of(n_releases)};
};

TEST_CASE("while more is warmed than the store has room for, what serves is given to those who ask") {
  Crowd crowd(Tier::warm);
  crowd.warm_all();
  REQUIRE(crowd.n_served(0) == n_releases * n_routes);
  crowd.publish(1);
  bool is_held = true;
  crowd.host.stalls = [&](const Need& need) { return is_held && DeliveryHost::is_blob_fetch(need); };
  crowd.host.look();
  CHECK(crowd.host.delivery->n_warming() == n_releases);
  CHECK(crowd.n_served(0) == n_releases * n_routes);
  is_held = false;
  crowd.host.run();
  CHECK(crowd.host.delivery->n_warming() == 0);
  CHECK(crowd.n_served(1) == n_releases * n_routes);
}

TEST_CASE("pins leave room to those who ask, and to the next version of what is pinned") {
  Crowd crowd(Tier::pinned);
  const std::uint32_t most = (1 + 2 * n_releases) / 2;
  CHECK(crowd.host.delivery->n_pinned() == most);
  crowd.warm_all();
  CHECK(crowd.n_served(0) == n_releases * n_routes);
  for (std::uint64_t version = 1; version <= 3; ++version) {
    crowd.publish(version);
    for (int i = 0; i < 3; ++i) crowd.host.look();
    CHECK(crowd.host.delivery->n_warming() == 0);
    CHECK(crowd.host.delivery->n_pinned() == most);
    crowd.warm_all();
    CHECK(crowd.n_served(version) == n_releases * n_routes);
  }
}

TEST_CASE("a version that the host could not try, for a fault of its own, is tried again") {
  DeliveryHost host;
  host.options.tries_next = true;
  host.set("cards", {RouteSpec{}});
  host.publish();
  host.open();
  const TicketId first = host.want();
  host.run();
  CHECK(host.handed(first) == host.artifacts(1));
  host.set("cards", {{2, Tier::warm, "", "", "", Stage::full, 1}});
  host.publish();
  host.look();
  Delivered trial;
  for (const Status fault : {Status::argument, Status::internal}) {
    const TicketId tried = host.delivery->next_trial(host.now, &trial);
    REQUIRE(tried != 0);
    host.delivery->tried(tried, fault, host.now);
    CHECK(host.delivery->next_trial(host.now, &trial) == 0);   // not at once
    CHECK(host.handed(host.want("", 0)) == host.artifacts(1));
    host.look();
  }
  const TicketId tried = host.delivery->next_trial(host.now, &trial);
  REQUIRE(tried != 0);
  host.delivery->tried(tried, Status::ok, host.now);
  CHECK(host.handed(host.want("", 0)) == host.artifacts(2));
}

TEST_CASE("releases' documents come six at a time, in any order") {
  const std::vector<std::string> names = names_of(20);
  DeliveryHost host(names);
  for (std::size_t i = 0; i < names.size(); ++i)
    host.set(names[i], {{1 + i % 3, Tier::warm, names[i], "", "", Stage::full, 1}});
  host.publish();
  std::set<std::uint64_t> stalled;
  std::uint64_t freed = 0;
  host.stalls = [&](const Need& need) {
    const bool is_document = need.kind == NeedKind::fetch && need.origin == Origin::targets;
    if (is_document && need.id != freed) stalled.insert(need.id);
    return is_document && need.id != freed;
  };
  host.open();
  CHECK(!host.delivery->has_looked());
  for (std::size_t n_ended = 0; n_ended < names.size(); ++n_ended) {
    REQUIRE(stalled.size() == std::min<std::size_t>(6, names.size() - n_ended));
    freed = *stalled.rbegin();                           // the last that was asked for comes first
    stalled.clear();
    host.run();
  }
  CHECK(host.delivery->has_looked());
  CHECK(host.delivery->status() == Status::ok);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const TicketId ticket = host.want(names[i]);
    host.run();
    CHECK(host.take(ticket).release == names[i]);
    CHECK(host.handed(ticket) == host.artifacts(1 + i % 3));
    host.delivery->cancel(ticket);
  }
}

TEST_CASE("a document that cannot be had fails its release alone") {
  const std::vector<std::string> names = names_of(12);
  DeliveryHost host(names);
  for (const std::string& name : names) host.set(name, {{1, Tier::warm, name, "", "", Stage::full, 1}});
  host.publish();
  std::string missing;
  host.fault = [&](const Need& need, Outcome* outcome) {
    if (need.kind != NeedKind::fetch || need.origin != Origin::targets) return false;
    if (missing.empty()) missing = std::string(need.path);
    *outcome = Outcome::not_found;
    return need.path == missing;
  };
  host.open();
  CHECK(host.delivery->status() == Status::missing);
  std::size_t n_served = 0;
  Error error;
  for (const std::string& name : names) {
    RouteKey key;
    key.product = name;
    TicketId ticket = 0;
    if (host.delivery->want(key, host.now + 1'000'000, host.now, &ticket, &error) != Status::ok) continue;
    host.run();
    n_served += host.handed(ticket) == host.artifacts(1);
    host.delivery->cancel(ticket);
  }
  CHECK(n_served == names.size() - 1);
}

TEST_CASE("releases by the hundred are found by their names") {
  const std::vector<std::string> names = names_of(300);
  DeliveryHost host(names);
  host.options.store.tiers.memory.slots = host.options.store.tiers.disk.slots = 4096;
  host.options.store.tiers.memory.budget_bytes = 10'000'000;
  for (std::size_t i = 0; i < names.size(); ++i)
    host.set(names[i], {{1 + i % 3, Tier::warm, names[i], "", "", Stage::full, 1}});
  host.publish();
  host.open();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const TicketId ticket = host.want(names[i]);
    host.run();
    const Delivered found = host.take(ticket);
    CHECK(found.release == names[i]);
    CHECK(host.handed(ticket) == host.artifacts(1 + i % 3));
    host.delivery->cancel(ticket);
  }
}

}  // namespace
}  // namespace guardrank::test
#endif
