#ifdef GUARDRANK_HAS_PACK
// Bytes that a host lends: verified and handed out where they are, and given back once.
#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

constexpr std::size_t size = 10'000;

// A host that has these releases on disk, in a new store that borrows what it reads.
struct World {
  explicit World(std::initializer_list<const char*> names) : host(small_options()) {
    std::uint64_t seed = 0;
    for (const char* name : names) {
      products[name] = host.publish(name, ++seed, size);
      const TicketId ticket = host.want(name);
      host.run();
      host.store().cancel(ticket);
    }
    host.lends = true;
    host.restart();
    n_fetched = host.n_asked(NeedKind::fetch);
  }
  TicketId serve(const char* name) {
    const TicketId ticket = host.want(name, INT64_MAX);
    host.run();
    CHECK(host.is_served(ticket, products[name]));
    return ticket;
  }
  std::size_t n_fetches() const { return host.n_asked(NeedKind::fetch) - n_fetched; }

  ScriptedHost host;
  std::map<std::string, Product> products;
  std::size_t n_fetched = 0;
};

TEST_CASE("what is read from disk stays where it is, counts as memory, and is given back") {
  World world({"cards"});
  const TicketId ticket = world.serve("cards");
  const Taken taken = world.host.take(ticket);
  for (const Bytes bytes : {taken.model, taken.policy, taken.catalog})
    CHECK(world.host.lent.count(bytes.data()) == 1);
  CHECK(world.host.lent.size() == 3);
  CHECK(world.n_fetches() == 0);
  CHECK(world.host.store().blob_bytes() == 3 * world.products["cards"].blobs[0].size());
  world.host.restart();                                // the store goes, and with it what it has on loan
  CHECK(world.host.lent.empty());
}

TEST_CASE("evicted, it is given back; what a ticket holds is not") {
  World world({"a", "b", "c"});                         // of which two fit into memory, and all onto the disk
  const TicketId held = world.serve("a");
  for (const char* name : {"b", "c", "b", "c"}) {
    world.host.store().cancel(world.serve(name));
    CHECK(world.host.lent.size() <= 6);
    CHECK(world.host.is_served(held, world.products["a"]));
  }
  for (const Bytes bytes : {world.host.take(held).model, world.host.take(held).catalog})
    CHECK(world.host.lent.count(bytes.data()) == 1);
}

TEST_CASE("what is not the artifact is given back at once, and fetched") {
  for (const std::size_t at : {std::size_t{70}, std::size_t{5'000}, size - 1}) {
    World world({"cards"});
    world.host.disk.at("blobs/" + hex(world.products["cards"].ids[0]))[at] ^= 1;
    const TicketId ticket = world.serve("cards");
    CHECK(world.n_fetches() == 1);
    CHECK(world.host.lent.size() == 2);
    CHECK(world.host.lent.count(world.host.take(ticket).model.data()) == 0);
  }
}

TEST_CASE("without room, or withdrawn, nothing is borrowed") {
  World world({"a", "b", "c"});
  world.serve("a");
  world.serve("b");
  const TicketId refused = world.host.want("c", INT64_MAX);
  world.host.run();
  CHECK(world.host.take(refused).status == Status::limit);
  CHECK(world.host.lent.size() == 6);
  World other({"cards"});
  const TicketId ticket = other.host.want("cards", INT64_MAX);
  while (other.host.all.empty() || !other.host.all.back().may_lend) {
    other.host.ask();
    if (!other.host.all.back().may_lend) other.host.answer(0);
  }
  other.host.store().cancel(ticket);
  other.host.run();
  CHECK(other.host.lent.empty());
}

}  // namespace
}  // namespace guardrank::test
#endif
