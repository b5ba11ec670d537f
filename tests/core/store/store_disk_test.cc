#ifdef GUARDRANK_HAS_PACK
#include <algorithm>

#include "core/store/disk_index.h"
#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

constexpr std::size_t size = 10'000;

TEST_CASE("blobs are written to disk and read from there after a restart") {
  ScriptedHost host(small_options());
  const Product cards = host.publish("cards", 1, size);
  host.want("cards");
  host.run();
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(host.disk.at("blobs/" + hex(cards.ids[i])) == cards.blobs[i]);
  host.restart();
  host.origin.clear();
  const TicketId ticket = host.want("cards");
  host.run();
  CHECK(host.is_served(ticket, cards));
  CHECK(host.n_asked(NeedKind::fetch) == 3);
}

TEST_CASE("artifacts that come together are all kept, though fewer are written at a time") {
  ScriptedHost host(small_options());
  const Product products[] = {host.publish("cards", 1, size), host.publish("loans", 2, size)};
  for (const char* name : {"cards", "loans"}) host.want(name);
  const auto is_early = [](const AskedNeed& need) {
    return need.kind == NeedKind::fetch || need.kind == NeedKind::read;
  };
  for (auto early = host.asked.end();;) {
    host.ask();
    early = std::find_if(host.asked.begin(), host.asked.end(), is_early);
    if (early == host.asked.end()) break;
    host.answer(static_cast<std::size_t>(early - host.asked.begin()));
  }
  REQUIRE(host.n_asked(NeedKind::fetch) == 6);
  host.run();
  for (const Product& product : products)
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(host.disk["blobs/" + hex(product.ids[i])] == product.blobs[i]);
  host.restart();
  host.origin.clear();
  const TicketId tickets[] = {host.want("cards"), host.want("loans")};
  host.run();
  CHECK(host.is_served(tickets[0], products[0]));
  CHECK(host.is_served(tickets[1], products[1]));
}

TEST_CASE("a file that was tampered with is not served but removed and fetched again") {
  ScriptedHost host(small_options());
  const Product cards = host.publish("cards", 1, size);
  host.want("cards");
  host.run();
  const std::string key = "blobs/" + hex(cards.ids[1]);
  for (const bool is_gone : {false, true}) {
    if (is_gone)
      host.disk.erase(key);
    else
      host.disk[key][4000] ^= 1;
    host.restart();
    const TicketId ticket = host.want("cards");
    host.run();
    CHECK(host.is_served(ticket, cards));
    CHECK(host.disk.at(key) == cards.blobs[1]);
  }
  CHECK(host.n_asked(NeedKind::fetch) == 5);
}

TEST_CASE("the disk's budget holds at every moment: removals, index, writes, in this order") {
  ScriptedHost host(small_options());
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const std::string name = "r" + std::to_string(seed);
    host.publish(name, seed, size);
    const TicketId ticket = host.want(name);
    while (host.answer_next()) {
      CHECK(host.disk_bytes() <= 130'000);
      // The index names at least what is there.
      TestMemory memory;
      Arena arena(memory.allocator(), 1 << 20);
      Cache named;
      REQUIRE(named.open({PolicyKind::lru, 1 << 20, 64, 0, {}}, {}, &arena) == Status::ok);
      const auto index = host.disk.find("blobs/index");
      if (index == host.disk.end()) {
        CHECK(host.disk_bytes() == 0);
        continue;
      }
      const std::vector<std::uint8_t> bytes(index->second.begin(), index->second.end());
      REQUIRE(read_disk_index(bytes, &named, nullptr, nullptr) == Status::ok);
      for (const auto& [key, blob] : host.disk) {
        Sha256Digest id;
        if (key == "blobs/index") continue;
        REQUIRE(parse_digest("sha256:" + key.substr(6), &id));
        REQUIRE(named.find(id) != no_slot);
      }
    }
    CHECK(host.take(ticket).state == TicketState::ready);
    host.store().cancel(ticket);
  }
  CHECK(host.n_asked(NeedKind::remove) > 10);
  CHECK(host.disk_bytes() > 100'000);
  CHECK(host.store().is_disk_writable());
}

TEST_CASE("a disk that fails is written to no more, and does not keep anyone from ranking") {
  for (const NeedKind failing : {NeedKind::write, NeedKind::remove, NeedKind::read}) {
    ScriptedHost host(small_options());
    host.fault = [&](const AskedNeed& need, Answered* answered) {
      answered->outcome = Outcome::failed;
      return need.kind == failing;
    };
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const Product product = host.publish("r" + std::to_string(seed), seed, size);
      const TicketId ticket = host.want("r" + std::to_string(seed));
      host.run();
      CHECK(host.is_served(ticket, product));
      host.store().cancel(ticket);
      CHECK(host.disk_bytes() <= 130'000);
    }
    CHECK_FALSE(host.store().is_disk_writable());
    CHECK(host.n_asked(failing) <= 3);
  }
}

TEST_CASE("an index that was harmed counts as none; what does not fit a smaller budget is removed") {
  ScriptedHost host(small_options());
  host.publish("cards", 1, size);
  host.want("cards");
  host.run();
  const std::string index = host.disk.at("blobs/index");
  CHECK(index.size() == 16 + 3 * 48 + 32);
  const auto read = [](const std::string& text, std::uint64_t budget, std::uint32_t* dropped) {
    TestMemory memory;
    Arena arena(memory.allocator(), 1 << 20);
    Cache cache;
    REQUIRE(cache.open({PolicyKind::lru, budget, 64, 0, {}}, {}, &arena) == Status::ok);
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    *dropped = 0;
    const Status status = read_disk_index(bytes, &cache, dropped, [](void* user, const auto&) {
      ++*static_cast<std::uint32_t*>(user);
    });
    CHECK(cache.bytes() <= budget);
    if (status != Status::ok) CHECK(cache.n_resident() == 0);
    return status;
  };
  std::uint32_t dropped = 0;
  CHECK(read(index, 100'000, &dropped) == Status::ok);
  CHECK(dropped == 0);
  CHECK(read(index, 21'000, &dropped) == Status::ok);
  CHECK(dropped == 1);
  for (std::size_t at = 0; at < index.size(); ++at) {
    std::string harmed = index;
    harmed[at] = static_cast<char>(harmed[at] ^ 0x10);
    CHECK(read(harmed, 100'000, &dropped) != Status::ok);
    CHECK(read(index.substr(0, at), 100'000, &dropped) != Status::ok);
  }
}

TEST_CASE("a disk whose index was harmed is cleared, so that its budget holds, or not used") {
  for (const bool can_clear : {true, false}) {
    ScriptedHost host(small_options());
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      host.publish("r" + std::to_string(seed), seed, size);
      const TicketId ticket = host.want("r" + std::to_string(seed));
      host.run();
      host.store().cancel(ticket);
    }
    CHECK(host.disk_bytes() > 100'000);
    host.disk["blobs/index"][20] ^= 1;
    host.restart();
    host.fault = [&](const AskedNeed& need, Answered* answered) {
      answered->outcome = Outcome::failed;
      return need.name == "blobs/" && !can_clear;
    };
    const Product cards = host.publish("cards", 9, size);
    const TicketId ticket = host.want("cards");
    host.run();
    CHECK(host.is_served(ticket, cards));
    CHECK(host.store().is_disk_writable() == can_clear);
    CHECK(host.disk.count("blobs/" + hex(cards.ids[0])) == (can_clear ? 1 : 0));
    CHECK((can_clear ? host.disk_bytes() < 40'000 : host.disk_bytes() <= 130'000));
  }
}

// Two stores on one folder: the index of the one that wrote last does not name the other's blobs.
TEST_CASE("blobs that the index does not name count from the next start, and are served") {
  for (const bool has_index : {true, false}) {
    ScriptedHost host(small_options());
    const Product cards = host.publish("cards", 1, size);
    host.want("cards");
    host.run();
    const std::map<std::string, std::string> others = host.disk;
    host.disk.clear();
    host.restart();
    const Product goods = host.publish("goods", 2, size);
    host.want("goods");
    host.run();
    for (const auto& [key, bytes] : others) host.disk.try_emplace(key, bytes);
    if (!has_index) host.disk.erase("blobs/index");
    host.disk["blobs/notes.txt"] = "not ours";
    host.restart();
    host.origin.clear();
    const TicketId of_cards = host.want("cards"), of_goods = host.want("goods");
    host.run();
    CHECK(host.is_served(of_cards, cards));
    CHECK(host.is_served(of_goods, goods));
    CHECK(host.n_asked(NeedKind::fetch) == 6);
    CHECK(host.disk.count("blobs/notes.txt") == 1);
    CHECK(host.disk.at("blobs/index").size() == 16 + 6 * 48 + 32);   // all six, for those who come after
  }
}

TEST_CASE("however much another store left, a start brings the disk back into its budget") {
  StoreOptions options = small_options();
  options.tiers.disk.slots = 8;        // fewer than what is to be removed at once
  ScriptedHost host(options);
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const pack::AlignedBytes blob = make_blob(ArtifactKind::model, seed, size);
    host.disk["blobs/" + hex(pack::artifact_id(blob))] = text(blob);
  }
  CHECK(host.disk_bytes() > 400'000);
  const Product cards = host.publish("cards", 50, size);
  const TicketId ticket = host.want("cards");
  host.run();
  CHECK(host.is_served(ticket, cards));
  CHECK(host.disk_bytes() <= 130'000);
  CHECK(host.store().is_disk_writable());
  CHECK(host.disk.count("blobs/" + hex(cards.ids[0])) == 1);
}

TEST_CASE("lines of a listing that name no blob are passed over") {
  const std::string id(64, 'a'), longer = id + "aa";
  for (const std::string line : {"", "\n\n", "index 7", "a 1\n", " 1\n", "\0", "0 0 0", "x"})
    for (const std::string& one : {line, id + "\n", id + " \n", id + " -1\n", id + " 1e3\n", longer + " 5\n",
                                   id + " 99999999999999999999\n", std::string(64, 'g') + " 5\n"}) {
      ScriptedHost host(small_options());
      host.fault = [&](const AskedNeed& need, Answered* answered) {
        *answered = {Outcome::done, one};
        return need.name == "blobs/" && need.kind == NeedKind::read;
      };
      const Product cards = host.publish("cards", 1, size);
      const TicketId ticket = host.want("cards");
      host.run();
      CHECK(host.is_served(ticket, cards));
      CHECK(host.n_asked(NeedKind::remove) == 0);
      CHECK(host.disk.at("blobs/index").size() == 16 + 3 * 48 + 32);
    }
}

TEST_CASE("a host that cannot list loses nothing by it") {
  for (const Outcome outcome : {Outcome::failed, Outcome::not_found, Outcome::too_large}) {
    ScriptedHost host(small_options());
    host.fault = [&](const AskedNeed& need, Answered* answered) {
      answered->outcome = outcome;
      return need.name == "blobs/" && need.kind == NeedKind::read;
    };
    const Product cards = host.publish("cards", 1, size);
    const TicketId ticket = host.want("cards");
    host.run();
    CHECK(host.is_served(ticket, cards));
    CHECK(host.store().is_disk_writable());
    CHECK(host.disk.count("blobs/" + hex(cards.ids[2])) == 1);
  }
}

}  // namespace
}  // namespace guardrank::test
#endif
