// Any bytes as the life of a store: tickets, time, and a host that answers rightly, wrongly, in parts, or lends
// what it reads. Three bytes are a step. Nothing but the very artifacts is ready, and budgets hold.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "models/pack/artifact/writers.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

namespace {

constexpr std::uint64_t memory_budget = 6'000, disk_budget = 12'000;

void require(bool holds) {
  if (!holds) std::abort();
}

// Two releases of three artifacts; of one the lengths are told.
struct Origin {
  struct Name {
    std::vector<pack::AlignedBytes> parts;
    pack::AlignedBytes release;
  };
  Name names[2];
  std::map<std::string, std::string> files;

  Origin() {
    for (std::size_t n = 0; n < 2; ++n) add(n);
  }
  void add(std::size_t n) {
    Name& name = names[n];
    ReleaseBlob told[3];
    for (std::uint32_t i = 0; i < 3; ++i) {
      const std::vector<std::uint8_t> content(600 * (i + 1) + 100 * n, static_cast<std::uint8_t>(7 * i + n));
      const pack::NewSection sections[] = {{SectionKind::root, content}};
      name.parts.push_back(pack::write_container(static_cast<ArtifactKind>(i + 1), sections));
      const pack::AlignedBytes& part = name.parts.back();
      told[i].id = pack::artifact_id(part);
      told[i].n_bytes = part.size();
      const DigestText digits = digest_text(told[i].id);
      files[std::string(digits.begin() + 7, digits.end())] = {part.data(), part.data() + part.size()};
    }
    Route route;
    route.model = told[0].id;
    route.policy = told[1].id;
    route.catalog = told[2].id;
    Release release;
    release.name = n == 0 ? "a" : "b";
    release.version = "1";
    release.routes = {&route, 1};
    if (n == 0) release.blobs = told;
    name.release = pack::write_release(release);
  }
};

const Origin& origin() {
  static const Origin made;
  return made;
}

FoundState find(void*, std::string_view name, std::int64_t, FoundRelease* found) {
  found->bytes = origin().names[name == "b"].release;
  found->revision = 1;
  found->expires_micros = INT64_MAX;
  found->status = Status::ok;
  return FoundState::ready;
}

class Life {
 public:
  Life() : store_(fuzz::allocator()) {
    StoreOptions options;
    options.tiers.memory.budget_bytes = memory_budget;
    options.tiers.disk.budget_bytes = disk_budget;
    options.tiers.memory.slots = options.tiers.disk.slots = 16;
    options.tiers.loads = 8;
    options.tickets = 8;
    options.bundles = 4;
    options.fetches = 2;
    options.backoff_micros = 100;
    require(store_.open(options, {nullptr, &find}) == Status::ok);
  }

  void step(std::uint8_t what, std::uint8_t how, std::uint8_t much) {
    switch (what % 8) {
      case 0: want(how); break;
      case 1: cancel(how); break;
      case 2: now_ += std::int64_t{1} << (how % 32); break;
      default: answer(how, much);
    }
    check();
  }

  void end() {
    while (!tickets_.empty()) cancel(0);
    for (int i = 0; i < 2000; ++i) answer(0, 0);
    require(store_.tiers().memory().pinned_bytes() == 0);
    check();
  }

 private:
  struct Asked {
    std::uint64_t id = 0;
    NeedKind kind{};
    std::string name, bytes;
    std::uint64_t offset = 0, max_bytes = 0;
    std::int64_t at = 0;
    bool may_lend = false;
  };
  struct Ticket {
    TicketId id = 0;
    std::size_t name = 0;
  };

  void want(std::uint8_t how) {
    Ticket ticket{0, how % std::size_t{2}};
    const std::int64_t deadline = how & 2 ? INT64_MAX : now_ + 1000;
    if (store_.want(ticket.name == 0 ? "a" : "b", 0, deadline, now_, &ticket.id) == Status::ok)
      tickets_.push_back(ticket);
  }

  void cancel(std::uint8_t which) {
    if (tickets_.empty()) return;
    const auto at = tickets_.begin() + which % static_cast<std::ptrdiff_t>(tickets_.size());
    store_.cancel(at->id);
    tickets_.erase(at);
  }

  void ask() {
    Need need;
    while (store_.next(now_, &need)) {
      const Bytes bytes = need.bytes;
      asked_.push_back({need.id, need.kind, std::string(need.path) + std::string(need.key),
                        {bytes.begin(), bytes.end()}, need.offset, need.max_bytes, need.at_micros, need.may_lend});
    }
  }

  void answer(std::uint8_t how, std::uint8_t much) {
    ask();
    if (asked_.empty()) return;
    const auto at = asked_.begin() + how % static_cast<std::ptrdiff_t>(asked_.size());
    const Asked need = *at;
    asked_.erase(at);
    if (need.kind == NeedKind::wake) now_ = std::max(now_, need.at);
    if (need.kind == NeedKind::fetch || need.kind == NeedKind::read) return hand_over(need, how / 8, much);
    if (need.kind == NeedKind::write) disk_[need.name] = need.bytes;
    if (need.kind == NeedKind::remove)
      std::erase_if(disk_, [&](const auto& file) { return file.first.starts_with(need.name); });
    store_.provide(need.id, Outcome::done, {}, now_);
  }

  void hand_over(const Asked& need, unsigned how, std::uint8_t much) {
    const bool is_fetch = need.kind == NeedKind::fetch;
    const std::map<std::string, std::string>& files = is_fetch ? origin().files : disk_;
    const auto found = files.find(need.name);
    if (need.name == "blobs/" || found == files.end())
      return store_.provide(need.id, need.name == "blobs/" ? Outcome::done : Outcome::not_found, {}, now_);
    const bool is_whole = is_fetch && (how & 16) != 0;
    std::string bytes = found->second.substr(is_whole ? 0 : need.offset);
    Outcome outcome = Outcome::done;
    switch (how % 8) {
      case 1: outcome = static_cast<Outcome>(much % 6); break;
      case 2: case 3: case 4: outcome = Outcome::failed; bytes.resize(bytes.size() * much / 255); break;
      case 5: bytes.resize(bytes.size() * much / 255); break;
      case 6: bytes[bytes.size() * much / 256] ^= 16; break;
      case 7: outcome = Outcome::failed; bytes[bytes.size() * much / 256] ^= 16; break;
    }
    provide(need, outcome, bytes, (how & 8) != 0);
  }

  void provide(const Asked& need, Outcome outcome, const std::string& bytes, bool lends) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    pack::AlignedBytes copy(Bytes{data, bytes.size()});
    Answer told{need.id, outcome, copy, {}, {}};
    if (!need.may_lend || !lends || bytes.empty()) return store_.provide(told, now_);
    lent_[told.bytes.data()] = std::move(copy);
    Loan loan{[](void* self, Bytes ended) {
                require(static_cast<Life*>(self)->lent_.erase(ended.data()) == 1);
              }, this};
    told.loan = &loan;
    store_.provide(told, now_);
    if (!loan.is_taken) lent_.erase(told.bytes.data());
  }

  void check() {
    require(store_.blob_bytes() <= memory_budget);
    require(store_.blob_bytes() == store_.tiers().memory().bytes());
    for (const Ticket& ticket : tickets_) {
      const Taken taken = store_.take(ticket.id, now_);
      if (taken.state != TicketState::ready) continue;
      const Bytes views[] = {taken.model, taken.policy, taken.catalog};
      for (std::size_t i = 0; i < 3; ++i) {
        const Bytes truth = origin().names[ticket.name].parts[i];
        require(std::equal(views[i].begin(), views[i].end(), truth.begin(), truth.end()));
      }
    }
  }

  std::map<const std::uint8_t*, pack::AlignedBytes> lent_;   // the store's until it ends
  Store store_;
  std::map<std::string, std::string> disk_;
  std::vector<Asked> asked_;
  std::vector<Ticket> tickets_;
  std::int64_t now_ = 1'000'000;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Life life;
  for (std::size_t i = 0; i + 3 <= std::min<std::size_t>(size, 3000); i += 3)
    life.step(data[i], data[i + 1], data[i + 2]);
  life.end();
  return 0;
}
