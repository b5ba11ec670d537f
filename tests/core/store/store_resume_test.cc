#ifdef GUARDRANK_HAS_PACK
// Fetches that break off: what came is kept, the rest asked for by range, and nothing unverified is served.
#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

// With header and table each artifact has 10,000 bytes.
constexpr std::size_t content = 9'872, whole = 10'000;

// One release, whose model `Broken` answers for.
struct World {
  using Broken = std::function<bool(const AskedNeed&, Answered*)>;

  explicit World(const StoreOptions& options = small_options(), bool tells_lengths = true) : host(options) {
    cards = host.publish("cards", 1, content, "", tells_lengths);
    REQUIRE(cards.blobs[0].size() == whole);
    host.fault = [this](const AskedNeed& need, Answered* answered) {
      return need.name == hex(cards.ids[0]) && broken && broken(need, answered);
    };
  }
  const std::string& model() const { return cards.blobs[0]; }
  // All fetches of the model, one after another.
  std::vector<AskedNeed> tries() const {
    std::vector<AskedNeed> found;
    for (const AskedNeed& need : host.all)
      if (need.kind == NeedKind::fetch && need.name == hex(cards.ids[0])) found.push_back(need);
    return found;
  }
  Taken wait(TicketId ticket) {
    for (int i = 0; i < 500 && host.take(ticket).state == TicketState::pending; ++i) {
      host.run();
      host.now += 500;
    }
    return host.take(ticket);
  }
  bool serves() {
    const TicketId ticket = host.want("cards", INT64_MAX);
    wait(ticket);
    return host.is_served(ticket, cards);
  }

  ScriptedHost host;
  Product cards;
  Broken broken;
};

// The next `n` bytes, and then the way is gone.
bool break_after(const World& world, const AskedNeed& need, std::size_t n, Answered* answered) {
  *answered = {Outcome::failed, world.model().substr(need.offset, std::min<std::size_t>(n, need.max_bytes))};
  return true;
}

// The first try breaks off after `n` bytes; `then` answers the others.
World::Broken break_first(const World& world, std::size_t n, World::Broken then = nullptr) {
  return [&world, n, then](const AskedNeed& need, Answered* answered) {
    if (world.tries().size() == 1) return break_after(world, need, n, answered);
    return then && then(need, answered);
  };
}

TEST_CASE("a fetch that broke off goes on where it stopped") {
  for (const bool tells_lengths : {true, false}) {
    for (const std::size_t n : {std::size_t{128}, std::size_t{5'001}, whole - 1}) {
      World world(small_options(), tells_lengths);
      world.broken = break_first(world, n);
      const TicketId ticket = world.host.want("cards", INT64_MAX);
      world.host.run();
      CHECK(world.host.store().blob_bytes() == 3 * whole);       // room for all of it
      CHECK_FALSE(world.host.store().is_in_memory(world.cards.ids[0]));
      world.wait(ticket);
      REQUIRE(world.host.is_served(ticket, world.cards));
      const std::vector<AskedNeed> tries = world.tries();
      REQUIRE(tries.size() == 2);
      CHECK_FALSE(tries[0].is_range);
      CHECK(tries[1].is_range);
      CHECK(tries[1].offset == n);
      CHECK(tries[1].max_bytes == whole - n);
      CHECK(world.host.store().fetched_bytes() == 3 * whole);
      CHECK(world.host.disk.at("blobs/" + hex(world.cards.ids[0])) == world.model());
    }
  }
}

TEST_CASE("all that came of a fetch that failed is kept but for a byte, which is asked for") {
  World world;
  world.broken = break_first(world, whole);
  CHECK(world.serves());
  REQUIRE(world.tries().size() == 2);
  CHECK(world.tries()[1].offset == whole - 1);
}

TEST_CASE("tries that bring something are not counted; those that bring next to nothing are") {
  for (const std::size_t step : {std::size_t{1}, whole / 32 - 1, whole / 32, whole / 9}) {
    World world;
    world.broken = [&](const AskedNeed& need, Answered* answered) {
      return need.max_bytes > step && break_after(world, need, world.tries().size() == 1 ? 200 : step, answered);
    };
    const bool is_much = step >= whole / 32;
    CHECK(world.serves() == is_much);
    if (!is_much) CHECK(world.tries().size() == 4);
    else CHECK(world.tries().size() > 8);
  }
}

TEST_CASE("an origin that brings something each time, and never the artifact, is given up") {
  World world;
  std::size_t n_ends = 0;
  world.broken = [&](const AskedNeed& need, Answered* answered) {
    if (!need.is_range) return break_after(world, need, 5'000, answered);
    *answered = {Outcome::done, std::string(need.max_bytes, 'x')};
    return ++n_ends, true;
  };
  CHECK_FALSE(world.serves());
  CHECK(n_ends >= 3);
  CHECK(world.tries().size() <= 8);
  CHECK(world.host.store().blob_bytes() == 2 * whole);
  // Nor does one that never comes to an end.
  World other;
  other.broken = [&](const AskedNeed& need, Answered* answered) {
    if (need.is_range && need.offset > 9'000) return *answered = {Outcome::other_range}, true;
    return break_after(other, need, 320, answered);
  };
  CHECK_FALSE(other.serves());
  CHECK(other.tries().size() > 32);
  CHECK(other.tries().size() <= 36);
}

TEST_CASE("a server without ranges sends the whole, and that is taken, whatever was kept") {
  for (const bool is_harmed : {false, true}) {
    World world;
    world.broken = [&](const AskedNeed& need, Answered* answered) {
      if (need.is_range) return *answered = {Outcome::done, world.model()}, true;
      break_after(world, need, 6'000, answered);
      if (is_harmed) answered->bytes[5'000] ^= 1;
      return true;
    };
    CHECK(world.serves());
    CHECK(world.tries().size() == 2);
  }
}

TEST_CASE("what does not verify in the end is had anew from its start") {
  const auto check_anew = [](std::size_t flipped, std::string rest_of(const World&), Outcome outcome) {
    World world;
    world.broken = [&](const AskedNeed& need, Answered* answered) {
      const std::size_t n = world.tries().size();
      if (n == 1) {
        break_after(world, need, 6'000, answered);
        if (flipped != 0) answered->bytes[flipped] ^= 1;
        return true;
      }
      if (n == 2 && rest_of != nullptr) return *answered = {outcome, rest_of(world)}, true;
      return false;
    };
    CHECK(world.serves());
    const std::vector<AskedNeed> tries = world.tries();
    REQUIRE(tries.size() == 3);
    CHECK(tries[1].is_range);
    CHECK_FALSE(tries[2].is_range);
    CHECK(tries[2].offset == 0);
    CHECK(tries[2].max_bytes == whole);
  };
  check_anew(5'999, nullptr, Outcome::done);
  check_anew(0, [](const World&) { return std::string(4'000, 'y'); }, Outcome::done);
  check_anew(0, [](const World& world) { return world.model().substr(0, 4'000); }, Outcome::done);
  check_anew(0, [](const World& world) { return world.model().substr(6'001); }, Outcome::done);
  check_anew(0, [](const World&) { return std::string(); }, Outcome::done);
  check_anew(0, [](const World&) { return std::string(); }, Outcome::other_range);
  check_anew(0, [](const World&) { return std::string(); }, Outcome::too_large);
}

TEST_CASE("hashes of sections that a host computes over a rest do not vouch for the whole") {
  World world;
  const std::string truth = world.model().substr(64 + 24, 32);   // of the one section: its table entry
  world.broken = break_first(world, 6'000, [&](const AskedNeed& need, Answered* answered) {
    *answered = {Outcome::done, std::string(need.max_bytes, 'z'), 0, truth};
    return true;
  });
  const Taken taken = world.wait(world.host.want("cards", INT64_MAX));
  CHECK(taken.state == TicketState::failed);
  CHECK(taken.status == Status::hash);
  World fine;
  fine.broken = break_first(fine, 6'000, [&](const AskedNeed&, Answered* answered) {
    *answered = {Outcome::done, fine.model(), 0, truth};
    return true;
  });
  CHECK(fine.serves());
}

TEST_CASE("a beginning that is none of the artifact's is not kept") {
  const auto check_dropped = [](const std::string& beginning) {
    World world;
    world.broken = break_first(world, 0, nullptr);
    world.broken = [&](const AskedNeed&, Answered* answered) {
      if (world.tries().size() != 1) return false;
      *answered = {Outcome::failed, beginning};
      return true;
    };
    world.host.want("cards", INT64_MAX);
    world.host.run();
    CHECK(world.host.store().blob_bytes() == 2 * whole);
    CHECK(world.serves());
    REQUIRE(world.tries().size() == 2);
    CHECK_FALSE(world.tries()[1].is_range);
  };
  const World world;
  std::string flipped = world.model().substr(0, 5'000);
  flipped[100] ^= 1;
  check_dropped("");
  check_dropped(world.model().substr(0, 127));        // of its table a byte is missing
  check_dropped(flipped);
  check_dropped(world.cards.blobs[1].substr(0, 5'000));
  check_dropped(std::string(20'000, '<'));
}

TEST_CASE("while nothing comes what is kept stays; the last try is the whole's") {
  World world;
  world.broken = break_first(world, 6'000, [&](const AskedNeed& need, Answered*) { return need.is_range; });
  world.host.fault = [&world, broken = world.broken](const AskedNeed& need, Answered* answered) {
    answered->outcome = Outcome::failed;
    return need.name == hex(world.cards.ids[0]) && broken(need, answered);
  };
  CHECK(world.serves());
  const std::vector<AskedNeed> tries = world.tries();
  REQUIRE(tries.size() == 5);                          // the first brought something
  for (const std::size_t i : {1u, 2u, 3u}) CHECK(tries[i].offset == 6'000);
  CHECK_FALSE(tries[4].is_range);
  // Where a range has brought something, ranges are what is tried.
  World other;
  other.broken = [&](const AskedNeed& need, Answered* answered) {
    const std::size_t n = other.tries().size();
    return n < 6 && break_after(other, need, n <= 2 ? 3'000 : 0, answered);
  };
  CHECK(other.serves());
  REQUIRE(other.tries().size() == 6);
  CHECK(other.tries()[5].offset == 6'000);
}

TEST_CASE("an origin that asks to be left alone is, with what came") {
  World world;
  world.broken = break_first(world, 6'000);
  world.host.fault = [&world, broken = world.broken](const AskedNeed& need, Answered* answered) {
    const bool is_told = need.name == hex(world.cards.ids[0]) && broken(need, answered);
    answered->retry_after_micros = 30'000'000;
    return is_told;
  };
  world.host.want("cards", INT64_MAX);
  world.host.run();
  world.host.now += 29'999'999;
  world.host.run();
  CHECK(world.tries().size() == 1);
  world.host.now += 1;
  world.host.run();
  REQUIRE(world.tries().size() == 2);
  CHECK(world.tries()[1].offset == 6'000);
}

// Answers a need that is of another name and no waking.
bool answer_other(ScriptedHost* host, const std::string& name) {
  host->ask();
  for (std::size_t i = 0; i < host->asked.size(); ++i) {
    if (host->asked[i].name == name || host->asked[i].kind == NeedKind::wake) continue;
    host->answer(i);
    return true;
  }
  return false;
}

TEST_CASE("what is kept gives way to what comes whole, also while its rest is on its way") {
  for (const bool is_asked : {false, true}) {
    World world;                                       // room for six artifacts
    world.broken = break_first(world, 6'000);
    const TicketId ticket = world.host.want("cards", INT64_MAX);
    world.host.run();
    std::uint64_t rest = 0;
    if (is_asked) {
      world.host.now += 1'000'000;
      world.host.ask();
      for (const AskedNeed& need : world.host.asked)
        if (need.kind == NeedKind::fetch) rest = need.id;
      REQUIRE(rest != 0);
    }
    const Product other = world.host.publish("other", 2, 12'372);     // 12,500 each
    const TicketId first = world.host.want("other", INT64_MAX);
    while (answer_other(&world.host, hex(world.cards.ids[0]))) {
    }
    CHECK(world.host.is_served(first, other));         // 57,500 bytes are held
    CHECK(world.host.store().blob_bytes() <= 65'000);
    if (is_asked) CHECK_FALSE(world.host.store().is_wanted(rest));
    world.host.store().cancel(first);
    world.wait(ticket);
    CHECK(world.host.is_served(ticket, world.cards));
    CHECK_FALSE(world.tries().back().is_range);
    CHECK(world.host.store().blob_bytes() == world.host.store().tiers().memory().bytes());
  }
}

TEST_CASE("what is kept makes no room at the cost of what another load keeps") {
  StoreOptions options = small_options();
  options.tiers.memory.budget_bytes = 35'000;
  ScriptedHost host(options);
  const Product a = host.publish("a", 1, 14'872), b = host.publish("b", 2, 14'872);
  host.fault = [&](const AskedNeed& need, Answered* answered) {
    if (need.kind != NeedKind::fetch) return false;
    *answered = {Outcome::failed, host.origin.at(need.name).substr(need.offset, 3'000)};
    return true;
  };
  host.want("a", INT64_MAX);
  host.want("b", INT64_MAX);
  host.run();
  CHECK(host.store().blob_bytes() == 30'000);          // two of six
  const std::size_t n = host.all.size();
  host.now += 1'000'000;
  host.run();
  std::size_t n_ranges = 0;
  for (std::size_t i = n; i < host.all.size(); ++i) n_ranges += host.all[i].is_range;
  CHECK(n_ranges == 2);
}

TEST_CASE("given up at any step, nothing is left of what was kept") {
  for (std::size_t steps = 1; steps <= 3; ++steps) {
    World world;
    world.broken = [&](const AskedNeed& need, Answered* answered) {
      return world.tries().size() < 3 && break_after(world, need, 4'000, answered);
    };
    const TicketId ticket = world.host.want("cards", INT64_MAX);
    while (world.tries().size() < steps) {
      world.host.run();
      world.host.now += 500;
      world.host.ask();
    }
    CHECK(world.host.store().tiers().memory().pinned_bytes() != 0);
    world.host.store().cancel(ticket);
    CHECK(world.host.store().tiers().memory().pinned_bytes() == 0);
    CHECK(world.host.store().tiers().n_loading() == 0);
    CHECK(world.host.store().blob_bytes() == world.host.store().tiers().memory().bytes());
    CHECK(world.host.store().tiers().memory().find(world.cards.ids[0]) == no_slot);
    world.broken = nullptr;
    CHECK(world.serves());
  }
  World world;                                         // the store itself goes: a sanitizer would tell
  world.broken = break_first(world, 4'000);
  world.host.want("cards", INT64_MAX);
  world.host.run();
  world.host.restart();
  CHECK(world.serves());
}

TEST_CASE("what came and the rest are taken out of the day's bytes, and nothing twice") {
  for (const std::uint64_t budget : {30'000, 29'999}) {
    StoreOptions options = small_options();
    options.bytes_per_day = budget;
    World world(options);
    world.broken = break_first(world, 6'000);
    CHECK(world.serves() == (budget == 30'000));
  }
}

TEST_CASE("shards and lists of pieces are asked for whole again") {
  ScriptedHost host(small_options());
  const std::string bytes(4'000, 's');
  const Sha256Digest hash = sha256(Bytes{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  host.origin[hex(hash)] = bytes;
  host.fault = [&](const AskedNeed& need, Answered* answered) {
    if (need.kind != NeedKind::fetch || host.n_asked(NeedKind::fetch) != 1) return false;
    *answered = {Outcome::failed, bytes.substr(0, 2'000)};
    return true;
  };
  TicketId ticket = 0;
  REQUIRE(host.store().want_shard(hash, bytes.size(), INT64_MAX, host.now, &ticket) == Status::ok);
  host.run();
  host.now += 10'000;
  host.run();
  CHECK(text(host.take(ticket).shard) == bytes);
  REQUIRE(host.fetches_of(hash) == 2);
  for (const AskedNeed& need : host.all) CHECK_FALSE(need.is_range);
}

}  // namespace
}  // namespace guardrank::test
#endif
