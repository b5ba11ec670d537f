#ifdef GUARDRANK_HAS_PACK
#include <random>

#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

// A random life: releases that change, tickets, cancels, answers in any order, faults of every kind,
// time that jumps, restarts. What must hold is checked at each step.
class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed) : random_(seed), host_(options(seed)) {
    host_.lends = seed % 2 == 1;
    for (std::uint64_t i = 0; i < 8; ++i) publish(i);
    host_.fault = [this](const AskedNeed& need, Answered* answered) {
      return fail(need, answered);
    };
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      check();
    }
    // In the end all is well again, and everything can be had.
    host_.fault = nullptr;
    for (const AskedNeed& need : host_.all) n_resumed += need.is_range;
    for (const auto& [ticket, products] : tickets_) host_.store().cancel(ticket);
    tickets_.clear();
    host_.run();
    host_.now += 1'000'000;        // loads that outlive their tickets and rest before they are tried again
    host_.run();
    CHECK(host_.store().tiers().memory().pinned_bytes() == 0);
    host_.now += 100'000'000;
    for (auto& [name, found] : host_.names) {
      found.state = FoundState::ready;
      found.expires = INT64_MAX;
      const TicketId ticket = host_.want(name, host_.now + 1'000'000'000);
      host_.run();
      CHECK(host_.is_served(ticket, found.product));
      host_.store().cancel(ticket);
    }
  }

  std::size_t n_ready = 0, n_fallback = 0, n_failed = 0, n_faults = 0, n_kept = 0, n_resumed = 0;

 private:
  static StoreOptions options(std::uint64_t seed) {
    StoreOptions options = small_options();
    options.seed = seed;
    options.tickets = 40;
    options.bundles = 12;
    options.fetches = 1 + seed % 4;
    options.tiers.memory.policy = options.tiers.disk.policy = static_cast<PolicyKind>(seed % 5);
    if (seed % 3 == 0) options.tiers.disk.budget_bytes = 0;
    return options;
  }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  void publish(std::uint64_t i) {
    const std::string name = "r" + std::to_string(i);
    published_[name].push_back(
        host_.publish(name, 100 * i + published_[name].size(), 1000 + 700 * i,
                      i % 2 == 0 ? "plain" : ""));
  }

  bool fail(const AskedNeed& need, Answered* answered) {
    if (need.kind == NeedKind::wake || below(4) != 0) return false;
    if (need.name == "blobs/index" && need.kind == NeedKind::read) {
      // Gone without a trace it would not be cleared up after; all else may befall it.
      if (below(2) == 0) return false;
      const auto index = host_.disk.find(need.name);
      if (index != host_.disk.end()) flip(&index->second);
      return false;
    }
    ++n_faults;
    constexpr Outcome outcomes[] = {Outcome::not_found, Outcome::failed, Outcome::too_large,
                                    Outcome::unchanged, Outcome::other_range};
    answered->outcome = outcomes[below(5)];
    if (need.kind == NeedKind::write || need.kind == NeedKind::remove) {
      if (below(20) != 0) return false;
      answered->outcome = Outcome::failed;
      return true;
    }
    if (need.kind != NeedKind::fetch || below(2) == 0) return true;
    // It breaks off, or says that it is all; a range may bring the whole.
    answered->outcome = below(2) == 0 ? Outcome::done : Outcome::failed;
    answered->bytes = host_.origin.at(need.name).substr(below(4) == 0 ? 0 : need.offset);
    n_kept += answered->outcome == Outcome::failed;
    if (below(2) == 0)
      flip(&answered->bytes);
    else
      answered->bytes.resize(below(answered->bytes.size()));
    return true;
  }

  void step() {
    switch (below(12)) {
      case 0: case 1: case 2: want(); break;
      case 3: cancel(); break;
      case 4: host_.now += static_cast<std::int64_t>(below(3000)); break;
      case 5: tamper(); break;
      default:
        host_.ask();
        if (!host_.asked.empty()) host_.answer(below(host_.asked.size()));
    }
    if (below(200) == 0) publish(below(8));
    if (below(500) == 0) host_.now += 6'000'000;
    if (below(700) == 0) restart();
    if (below(50) == 0) {
      ScriptedHost::Name& name = host_.names["r" + std::to_string(below(8))];
      name.state = static_cast<FoundState>(below(3));
      name.expires = below(3) == 0 ? host_.now + 2000 : INT64_MAX;
    }
  }

  void want() {
    const std::string name = "r" + std::to_string(below(8));
    TicketId ticket = 0;
    const std::int64_t deadline = host_.now + static_cast<std::int64_t>(below(20'000));
    if (host_.store().want(name, 0, deadline, host_.now, &ticket) != Status::ok) return cancel();
    REQUIRE(tickets_.count(ticket) == 0);
    tickets_[ticket] = name;
  }

  void cancel() {
    if (tickets_.empty()) return;
    auto at = tickets_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(below(tickets_.size())));
    host_.store().cancel(at->first);
    tickets_.erase(at);
  }

  void tamper() {
    if (host_.disk.empty() || below(5) != 0) return;
    auto at = host_.disk.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(below(host_.disk.size())));
    if (at->first == "blobs/index" || at->second.empty()) return;
    flip(&at->second);
  }

  void flip(std::string* bytes) {
    char& byte = (*bytes)[below(bytes->size())];
    byte = static_cast<char>(byte ^ (1 << below(8)));
  }

  void restart() {
    tickets_.clear();
    host_.restart();
  }

  // The very bytes of one version that was published, all three of the same.
  bool is_published(const std::string& name, const Taken& taken) {
    for (const Product& product : published_[name])
      if (text(taken.model) == product.blobs[0] && text(taken.policy) == product.blobs[1] &&
          text(taken.catalog) == product.blobs[2])
        return true;
    return false;
  }

  void check() {
    Store& store = host_.store();
    REQUIRE(store.blob_bytes() <= 65'000);
    REQUIRE(store.blob_bytes() == store.tiers().memory().bytes());
    REQUIRE(host_.disk_bytes() <= 130'000);
    std::set<std::string> fetching;
    for (const AskedNeed& need : host_.asked)
      if (need.kind == NeedKind::fetch && store.is_wanted(need.id))
        REQUIRE(fetching.insert(need.name).second);
    for (const auto& [ticket, name] : tickets_) {
      const Taken taken = store.take(ticket, host_.now);
      REQUIRE(taken.state != TicketState::unknown);
      n_fallback += taken.state == TicketState::fallback;
      n_failed += taken.state == TicketState::failed;
      if (taken.state != TicketState::ready) continue;
      ++n_ready;
      if (below(8) == 0) REQUIRE(is_published(name, taken));
    }
  }

  std::mt19937_64 random_;
  ScriptedHost host_;
  std::map<std::string, std::vector<Product>> published_;
  std::map<TicketId, std::string> tickets_;
};

TEST_CASE("in any order, with any faults, nothing unverified is ready and budgets hold") {
  std::size_t n_ready = 0, n_fallback = 0, n_failed = 0, n_faults = 0, n_kept = 0, n_resumed = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    RandomLife life(seed);
    life.live(1500);
    n_ready += life.n_ready;
    n_fallback += life.n_fallback;
    n_failed += life.n_failed;
    n_faults += life.n_faults;
    n_kept += life.n_kept;
    n_resumed += life.n_resumed;
  }
  CHECK(n_ready > 10'000);      // the lives have seen something
  CHECK(n_fallback > 1000);
  CHECK(n_failed > 1000);
  CHECK(n_faults > 1000);
  CHECK(n_kept > 100);
  CHECK(n_resumed > 50);
}

}  // namespace
}  // namespace guardrank::test
#endif
