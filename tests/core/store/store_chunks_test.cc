#ifdef GUARDRANK_HAS_PACK
// A new version of an artifact: what the old one has is not fetched again.
#include <random>

#include "core/artifact/chunk_cut.h"
#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

using Run = std::vector<std::uint8_t>;

Run random_run(std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  Run run(n);
  for (std::uint8_t& byte : run) byte = static_cast<std::uint8_t>(random());
  return run;
}

pack::AlignedBytes artifact(ArtifactKind kind, const Run& first, const Run& second) {
  const pack::NewSection sections[] = {{SectionKind::root, first}, {SectionKind::weights, second}};
  return pack::write_container(kind, sections);
}

constexpr std::size_t unit = 256 << 10;

StoreOptions roomy_options() {
  StoreOptions options = small_options();
  options.tiers.memory.budget_bytes = 16 * unit;
  options.tiers.disk.budget_bytes = 32 * unit;
  return options;
}

// A model of two sections; a policy and a catalog that stay as they are.
struct Versions {
  Run embeddings = random_run(3 * unit, 1), weights = random_run(2 * unit, 2);

  const Product& publish(ScriptedHost* host, const Run& first, const Run& second, bool is_cut = true) {
    const pack::AlignedBytes blobs[] = {artifact(ArtifactKind::model, first, second),
                                        make_blob(ArtifactKind::policy, 7, 5000),
                                        make_blob(ArtifactKind::catalog, 8, 5000)};
    return host->publish_blobs("cards", blobs, is_cut);
  }
  // 1,000 bytes in the middle of the second section are others.
  Run changed() const {
    Run run = weights;
    const Run other = random_run(1000, 3);
    std::copy(other.begin(), other.end(), run.begin() + unit);
    return run;
  }
};

std::uint64_t fetched_since(const ScriptedHost& host, std::size_t from) {
  std::uint64_t bytes = 0;
  for (std::size_t i = from; i < host.all.size(); ++i)
    if (host.all[i].kind == NeedKind::fetch) bytes += host.origin.at(host.all[i].name).size();
  return bytes;
}

// The pieces of one that the other has not, and the list.
std::uint64_t worth_fetching(const Product& before, const Product& after, const ScriptedHost& host) {
  const auto bytes = [](const std::string& blob) {
    return Bytes{reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size()};
  };
  std::set<std::string> known;
  ChunkWalk old_walk(bytes(before.blobs[0])), new_walk(bytes(after.blobs[0]));
  for (Bytes piece; old_walk.next(&piece);) known.insert(hex(sha256(piece)));
  std::uint64_t sum = host.origin.at(hex(after.lists[0])).size();
  for (Bytes piece; new_walk.next(&piece);)
    if (known.insert(hex(sha256(piece))).second) sum += piece.size();
  return sum;
}

// `Step` is what happens between the two versions.
template <typename Step>
void check_update(const Step& step) {
  Versions versions;
  ScriptedHost host(roomy_options());
  const Product before = versions.publish(&host, versions.embeddings, versions.weights);
  const TicketId ticket = host.want("cards");
  host.run();
  REQUIRE(host.is_served(ticket, before));
  host.store().cancel(ticket);
  CHECK(host.fetches_of(before.lists[0]) == 0);          // nothing older: fetched whole
  const Product after = versions.publish(&host, versions.embeddings, versions.changed());
  step(&host, before);
  const std::uint64_t fetched = host.store().fetched_bytes();
  const std::size_t from = host.all.size();
  const TicketId again = host.want("cards");
  host.run();
  REQUIRE(host.is_served(again, after));
  CHECK(fetched_since(host, from) == worth_fetching(before, after, host));
  CHECK(host.store().fetched_bytes() - fetched == fetched_since(host, from));
  CHECK(fetched_since(host, from) < 2 * unit);           // of five
  CHECK(host.store().reused_bytes() ==
        after.blobs[0].size() - (fetched_since(host, from) - host.origin.at(hex(after.lists[0])).size()));
  CHECK(host.disk.at("blobs/" + hex(after.ids[0])) == after.blobs[0]);
}

TEST_CASE("of a new version only the pieces that changed are fetched: the old one in memory") {
  check_update([](ScriptedHost*, const Product&) {});
}

TEST_CASE("of a new version only the pieces that changed are fetched: the old one on disk") {
  check_update([](ScriptedHost* host, const Product&) { host->restart(); });
}

TEST_CASE("of an old version that was harmed on disk what is whole is used") {
  Versions versions;
  ScriptedHost host(roomy_options());
  const Product before = versions.publish(&host, versions.embeddings, versions.weights);
  host.want("cards");
  host.run();
  const Product after = versions.publish(&host, versions.embeddings, versions.changed());
  host.disk.at("blobs/" + hex(before.ids[0]))[unit] ^= 1;
  host.restart();
  const std::size_t from = host.all.size();
  const TicketId ticket = host.want("cards");
  host.run();
  REQUIRE(host.is_served(ticket, after));
  const std::uint64_t worth = worth_fetching(before, after, host);
  CHECK(fetched_since(host, from) > worth);
  CHECK(fetched_since(host, from) <= worth + most_chunk_bytes);
}

TEST_CASE("a version that shares little, or that was not cut, is fetched whole") {
  for (const bool is_cut : {true, false}) {
    Versions versions;
    ScriptedHost host(roomy_options());
    versions.publish(&host, versions.embeddings, versions.weights);
    const TicketId ticket = host.want("cards");
    host.run();
    host.store().cancel(ticket);
    const Product after = versions.publish(&host, random_run(3 * unit, 9),
                                           is_cut ? random_run(2 * unit, 10) : versions.weights,
                                           is_cut);
    const TicketId again = host.want("cards");
    host.run();
    CHECK(host.is_served(again, after));
    CHECK(host.fetches_of(after.ids[0]) == 1);
    CHECK(host.store().reused_bytes() == 0);
    CHECK(host.store().tiers().memory().pinned_bytes() <= 6 * unit);
  }
}

// What each of the needs of an update may meet, one after another.
TEST_CASE("whatever befalls list, older version or pieces, the artifact is had and is the very one") {
  for (const Outcome outcome : {Outcome::not_found, Outcome::failed, Outcome::too_large, Outcome::done})
    for (const bool for_ever : {false, true})
      for (std::size_t victim = 0;; ++victim) {
        Versions versions;
        ScriptedHost host(roomy_options());
        versions.publish(&host, versions.embeddings, versions.weights);
        host.want("cards");
        host.run();
        const Product after = versions.publish(&host, versions.embeddings, versions.changed());
        host.restart();
        std::size_t n = 0;
        std::string name;
        host.fault = [&](const AskedNeed& need, Answered* answered) {
          if (need.kind == NeedKind::wake || need.kind == NeedKind::write || need.name == hex(after.ids[0]))
            return false;
          if (need.kind != NeedKind::fetch && need.name.find(hex(after.ids[1])) != std::string::npos) return false;
          const bool is_it = name.empty() ? n++ == victim : for_ever && name == need.name;
          if (!is_it) return false;
          name = need.name;
          answered->outcome = outcome;
          if (outcome != Outcome::done) return true;
          const std::string& truth = need.kind == NeedKind::fetch ? host.origin[name] : host.disk[name];
          answered->bytes = truth;
          if (!truth.empty()) answered->bytes[truth.size() / 2] ^= 1;
          return true;
        };
        const TicketId ticket = host.want("cards");
        for (int i = 0; i < 40 && host.take(ticket).state == TicketState::pending; ++i) {
          host.run();
          host.now += 1000;
        }
        CAPTURE(name);
        REQUIRE(host.is_served(ticket, after));
        CHECK(host.store().blob_bytes() == host.store().tiers().memory().bytes());
        if (name.empty()) break;
        REQUIRE(victim < 40);
      }
}

TEST_CASE("a list that does not come at the first try is asked for again, not the whole in its place") {
  Versions versions;
  ScriptedHost host(roomy_options());
  versions.publish(&host, versions.embeddings, versions.weights);
  host.want("cards");
  host.run();
  const Product after = versions.publish(&host, versions.embeddings, versions.changed());
  bool is_first = true;
  host.fault = [&](const AskedNeed& need, Answered* answered) {
    if (need.name != hex(after.lists[0]) || !is_first) return false;
    is_first = false;
    answered->outcome = Outcome::failed;
    return true;
  };
  const TicketId ticket = host.want("cards");
  for (int i = 0; i < 40 && host.take(ticket).state == TicketState::pending; ++i, host.now += 1000) host.run();
  REQUIRE(host.is_served(ticket, after));
  CHECK(host.fetches_of(after.lists[0]) == 2);
  CHECK(host.fetches_of(after.ids[0]) == 0);
}

TEST_CASE("a list that is signed for and makes another artifact is told by the section hashes") {
  Versions versions;
  ScriptedHost host(roomy_options());
  versions.publish(&host, versions.embeddings, versions.weights);
  const TicketId held = host.want("cards");
  host.run();
  const Product after = versions.publish(&host, versions.embeddings, versions.changed());
  // Two pieces of the new list change places, and the release vouches for that list.
  std::string list = host.origin.at(hex(after.lists[0]));
  std::swap_ranges(list.begin() + 32 + 40, list.begin() + 32 + 80, list.begin() + 32 + 80);
  const Sha256Digest hash = sha256({reinterpret_cast<const std::uint8_t*>(list.data()), list.size()});
  host.origin[hex(hash)] = list;
  ScriptedHost::Name& name = host.names["cards"];
  Release release;
  Arena arena(host.memory.allocator(), SIZE_MAX / 2);
  Error error;
  REQUIRE(open_release(name.product.release, Check::full, &arena, &release, &error) == Status::ok);
  ReleaseBlob blobs[3] = {release.blobs[0], release.blobs[1], release.blobs[2]};
  blobs[0].chunks = hash;
  release.blobs = blobs;
  name.product.release = pack::write_release(release);
  const TicketId ticket = host.want("cards");
  host.run();
  CHECK(host.is_served(ticket, after));
  CHECK(host.fetches_of(hash) == 1);
  CHECK(host.fetches_of(after.ids[0]) == 1);             // whole, after all
  CHECK(host.take(held).state == TicketState::ready);
}

TEST_CASE("lists in which pieces overlap or lie about their length are refused, whole is fetched") {
  const Run run(300'000, 5);                             // its pieces are alike
  Sha256Digest hash;
  TestMemory memory;
  Arena scratch(memory.allocator(), SIZE_MAX / 2);
  ChunkAssembly assembly;
  const auto opened = [&](std::initializer_list<std::pair<std::uint8_t, std::uint32_t>> pieces,
                          std::uint64_t total) {
    std::string list("GRCHUNKS\1\0\0\0", 12);
    const auto append = [&](std::uint64_t value, int n) {
      for (int i = 0; i < n; ++i) list += static_cast<char>(value >> (8 * i));
    };
    append(pieces.size(), 4);
    append(total, 8);
    append(0, 8);
    for (const auto& [name, n_bytes] : pieces) {
      list += std::string(32, static_cast<char>(name));
      append(n_bytes, 8);
    }
    const Bytes bytes{reinterpret_cast<const std::uint8_t*>(list.data()), list.size()};
    hash = sha256(bytes);
    scratch.reset();
    const Status status = assembly.open(memory.allocator(), bytes, hash, total, &scratch);
    assembly.close();
    return status;
  };
  CHECK(opened({{1, 100}, {2, 50}, {1, 100}}, 250) == Status::ok);
  CHECK(opened({{1, 100}, {2, 50}, {1, 99}}, 249) == Status::verify);
  CHECK(opened({{1, 100}}, 101) == Status::verify);
  CHECK(opened({}, 0) == Status::limit);
  CHECK(assembly.open(memory.allocator(), {}, hash, 0, &scratch) == Status::hash);
}

TEST_CASE("pieces are fetched a few at a time, each once, and none when nobody waits any more") {
  Versions versions;
  StoreOptions options = roomy_options();
  options.fetches = 3;
  ScriptedHost host(options);
  versions.publish(&host, versions.embeddings, versions.weights);
  host.want("cards");
  host.run();
  // Half of the model is new.
  const Product after = versions.publish(&host, versions.embeddings, random_run(2 * unit, 11));
  const TicketId ticket = host.want("cards");
  std::set<std::string> fetched;
  for (const AskedNeed& need : host.all) if (need.kind == NeedKind::fetch) fetched.insert(need.name);
  std::size_t n_before = host.n_asked(NeedKind::fetch);
  for (int step = 0; step < 12; ++step) {
    REQUIRE(host.answer_next());
    host.ask();
    std::size_t n = 0;
    for (const AskedNeed& need : host.asked) n += need.kind == NeedKind::fetch;
    CHECK(n <= 3);
  }
  CHECK(host.n_asked(NeedKind::fetch) > n_before + 8);
  host.store().cancel(ticket);
  for (const AskedNeed& need : host.asked)
    if (need.kind == NeedKind::fetch) CHECK_FALSE(host.store().is_wanted(need.id));
  host.run();
  CHECK(host.store().tiers().n_loading() == 0);
  CHECK(host.store().blob_bytes() == host.store().tiers().memory().bytes());
  const TicketId again = host.want("cards");
  host.run();
  CHECK(host.is_served(again, after));
}

TEST_CASE("where old and new do not fit into memory together, the old one on disk serves") {
  Versions versions;
  StoreOptions options = roomy_options();
  options.tiers.memory.budget_bytes = 6 * unit;
  ScriptedHost host(options);
  const Product before = versions.publish(&host, versions.embeddings, versions.weights);
  const TicketId ticket = host.want("cards");
  host.run();
  host.store().cancel(ticket);
  const Product after = versions.publish(&host, versions.embeddings, versions.changed());
  const std::size_t from = host.all.size();
  const TicketId again = host.want("cards");
  while (host.answer_next()) CHECK(host.store().blob_bytes() <= 6 * unit);
  CHECK(host.is_served(again, after));
  CHECK(fetched_since(host, from) == worth_fetching(before, after, host));
}

}  // namespace
}  // namespace guardrank::test
#endif
