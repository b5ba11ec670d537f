// The client workflow of the TUF specification, 5.2 to 5.6, step by step against a repository in memory.
#include <doctest/doctest.h>

#include "tests/core/store/signed_metadata.h"

namespace guardrank {

using namespace store_test;

TEST_CASE("a first refresh asks for each role once, in order, and keeps what it verified") {
  Fixture f;
  REQUIRE(f.refresh() == Status::ok);
  CHECK(f.world.fetched == Names{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"});
  for (const char* role : {"timestamp", "snapshot", "targets"})
    CHECK(f.world.cache.contains(std::string(role) + ".json"));
  CHECK(f.world.cache["timestamp.json"] == f.world.origin["timestamp.json"]);
  CHECK(f.world.cache["highest_time"] == "1700000000000000");
  CHECK(f.client->version(MetadataKind::root) == 1);
  CHECK(f.client->version(MetadataKind::targets) == 1);
  CHECK(f.client->is_stored());
}

TEST_CASE("without a first root nothing is asked of the origin") {
  Fixture f;
  f.world.cache.clear();
  CHECK(f.refresh() == Status::missing);
  f.world.cache["root.json"] = root_document(1, {"x"});
  CHECK(f.refresh() == Status::signature);
  f.world.cache["root.json"] = "{}";
  CHECK(f.refresh() == Status::json);
  CHECK(f.world.fetched.empty());
}

TEST_CASE("a first root is adopted if its own keys sign it, and forgets the time") {
  Fixture f;
  f.world.cache = {{"highest_time", "5"}};
  const std::string good = root_document(3, {"r"}), bad = root_document(3, {"ts"});
  CHECK(f.client->adopt(bytes_of(bad), now, &f.error) == Status::ok);
  f.world.serve(f.client.get());
  CHECK(f.client->status() == Status::signature);
  CHECK_FALSE(f.world.cache.contains("root.json"));
  REQUIRE(f.client->adopt(bytes_of(good), now, &f.error) == Status::ok);
  f.world.serve(f.client.get());
  CHECK(f.client->status() == Status::ok);
  CHECK(f.world.cache == std::map<std::string, std::string>{{"root.json", good}});
}

TEST_CASE("roots are followed one by one, each by the keys before it and its own") {
  RootParts second, third;
  second.keys["root"] = {"q"};
  third.keys["root"] = {"p"};
  Fixture f;
  f.world.origin["2.root.json"] = root_document(2, {"r", "q"}, second);
  f.world.origin["3.root.json"] = root_document(3, {"q", "p"}, third);
  REQUIRE(f.refresh() == Status::ok);
  CHECK(f.client->version(MetadataKind::root) == 3);
  CHECK(f.world.cache["root.json"] == f.world.origin["3.root.json"]);
  CHECK(f.world.cache["root_history/2.root.json"] == f.world.origin["2.root.json"]);

  SUBCASE("the old keys are missing") {
    f.world.origin["4.root.json"] = root_document(4, {"s"}, [] { RootParts p; p.keys["root"] = {"s"}; return p; }());
    CHECK(f.refresh() == Status::signature);
    CHECK(f.message().find("version 4 has 0 of 1 signatures of the root before it") != std::string::npos);
  }
  SUBCASE("its own keys are missing") {
    f.world.origin["4.root.json"] = root_document(4, {"p"}, [] { RootParts p; p.keys["root"] = {"s"}; return p; }());
    CHECK(f.refresh() == Status::signature);
    CHECK(f.message().find("0 of 1 signatures by its keys") != std::string::npos);
  }
  SUBCASE("a version is left out") {
    f.world.origin["4.root.json"] = root_document(5, {"p"}, third);
    CHECK(f.refresh() == Status::rollback);
  }
  CHECK(f.world.cache["root.json"] == f.world.origin["3.root.json"]);
}

TEST_CASE("a network failure at the next root is no end of roots") {
  Fixture f;
  f.world.broken["2.root.json"] = Outcome::failed;
  CHECK(f.refresh() == Status::network);
  CHECK(f.message().find("2.root.json") != std::string::npos);
  f.world.broken["2.root.json"] = Outcome::too_large;
  CHECK(f.refresh() == Status::limit);
}

TEST_CASE("no more roots than the limit are followed at once, and the next refresh goes on") {
  Fixture f;
  for (std::uint32_t n = 2; n <= limits::metadata_root_rotations + 2; ++n)
    f.world.origin[std::to_string(n) + ".root.json"] = root_document(static_cast<int>(n), {"r"});
  CHECK(f.refresh() == Status::limit);
  f.restart();
  CHECK(f.refresh() == Status::ok);
  CHECK(f.client->version(MetadataKind::root) == limits::metadata_root_rotations + 2);
}

TEST_CASE("a root that comes with the program is followed through the cache's history") {
  Fixture f;
  const std::string first = f.world.origin["1.root.json"];
  RootParts second;
  second.keys["root"] = {"q"};
  f.world.origin["2.root.json"] = root_document(2, {"r", "q"}, second);
  f.options.trusted_root = bytes_of(first);
  f.restart();
  REQUIRE(f.refresh() == Status::ok);
  f.world.fetched.clear();
  f.restart();
  SUBCASE("history is used") {
    REQUIRE(f.refresh() == Status::ok);
    CHECK(f.world.fetched.front() == "3.root.json");
  }
  SUBCASE("a forged history is not, nor a forged root.json") {
    f.world.cache["root.json"] = root_document(9, {"x"});
    f.world.cache["root_history/2.root.json"] = root_document(2, {"x"});
    REQUIRE(f.refresh() == Status::ok);
    CHECK(f.world.fetched.front() == "2.root.json");
  }
}

TEST_CASE("what expires at the update's start is expired") {
  Fixture f;
  SUBCASE("root, after it was kept") {
    f.world.origin["2.root.json"] = root_document(2, {"r"}, {}, earlier);
    CHECK(f.refresh() == Status::expired);
    CHECK(f.world.cache["root.json"] == f.world.origin["2.root.json"]);
  }
  SUBCASE("timestamp") {
    f.world.origin["timestamp.json"] = timestamp_document(1, 1, {"ts"}, earlier);
    CHECK(f.refresh() == Status::expired);
    CHECK(f.message() == "timestamp: version 1 expired at 2023-11-14T22:13:20Z");
    CHECK_FALSE(f.world.cache.contains("timestamp.json"));
  }
  SUBCASE("snapshot") {
    f.world.origin["1.snapshot.json"] = snapshot_document(1, {{"targets", 1}}, {"sn"}, earlier);
    CHECK(f.refresh() == Status::expired);
    CHECK_FALSE(f.world.cache.contains("snapshot.json"));
  }
  SUBCASE("targets") {
    f.world.origin["1.targets.json"] = targets_document(1, {}, {"tg"}, "", earlier);
    CHECK(f.refresh() == Status::expired);
    CHECK_FALSE(f.world.cache.contains("targets.json"));
  }
  SUBCASE("a micro before it is not") {
    f.world.origin["timestamp.json"] = timestamp_document(1, 1, {"ts"}, earlier);
    CHECK(f.refresh(RefreshKind::full, now - 1) == Status::ok);
  }
}

TEST_CASE("a clock set back does not bring expired metadata to life") {
  Fixture f;
  REQUIRE(f.refresh(RefreshKind::full, now + day) == Status::ok);
  f.world.origin["timestamp.json"] = timestamp_document(2, 1, {"ts"}, "2023-11-15T12:00:00Z");
  for (const bool is_new : {false, true}) {
    if (is_new) f.restart();
    CHECK(f.refresh(RefreshKind::full, now) == Status::expired);
  }
  f.world.cache.erase("highest_time");
  f.restart();
  CHECK(f.refresh(RefreshKind::full, now) == Status::ok);
}

TEST_CASE("nothing is led back") {
  Fixture f;
  f.publish(5);
  REQUIRE(f.refresh() == Status::ok);
  bool is_new = false;
  SUBCASE("with the trusted ones in memory") {}
  SUBCASE("with those of the cache") { is_new = true; }
  if (is_new) f.restart();
  SUBCASE("timestamp") {
    f.world.origin["timestamp.json"] = timestamp_document(4, 5);
    CHECK(f.refresh() == Status::rollback);
    CHECK(f.message().find("wanted version 5 or later, found version 4") != std::string::npos);
  }
  SUBCASE("snapshot by timestamp") {
    f.world.origin["timestamp.json"] = timestamp_document(6, 4);
    CHECK(f.refresh() == Status::rollback);
  }
  SUBCASE("targets by snapshot") {
    f.world.origin["timestamp.json"] = timestamp_document(6, 6);
    f.world.origin["6.snapshot.json"] = snapshot_document(6, {{"targets", 4}});
    CHECK(f.refresh() == Status::rollback);
    CHECK(f.message().find("leads targets.json back from version 5 to 4") != std::string::npos);
  }
  SUBCASE("a role that is no longer named") {
    f.world.origin["timestamp.json"] = timestamp_document(6, 6);
    f.world.origin["6.snapshot.json"] = snapshot_document(6, {{"other", 9}});
    CHECK(f.refresh() == Status::rollback);
  }
  SUBCASE("the same version of other bytes is not taken") {
    f.world.origin["timestamp.json"] = timestamp_document(5, 7);
    CHECK(f.refresh() == Status::ok);
    CHECK(f.client->version(MetadataKind::snapshot) == 5);
  }
}

TEST_CASE("mix and match: a role of another version than the one before it says") {
  Fixture f;
  SUBCASE("snapshot") { f.world.origin["1.snapshot.json"] = snapshot_document(2, {{"targets", 1}}); }
  SUBCASE("targets") { f.world.origin["1.targets.json"] = targets_document(2, {}); }
  CHECK(f.refresh() == Status::rollback);
}

TEST_CASE("length and hash of the snapshot are held against the timestamp") {
  Fixture f;
  const std::string snapshot = f.world.origin["1.snapshot.json"];
  const auto with = [&](std::size_t length, std::string hash) {
    f.world.origin["timestamp.json"] = timestamp_document(
        1, 1, {"ts"}, later,
        ", \"length\": " + std::to_string(length) + ", \"hashes\": {\"sha256\": \"" + hash + "\"}");
  };
  const DigestText digest = digest_text(sha256(bytes_of(snapshot)));
  const std::string hash(digest.data() + 7, 64);
  SUBCASE("right") {
    with(snapshot.size(), hash);
    CHECK(f.refresh() == Status::ok);
  }
  SUBCASE("too long") {
    with(snapshot.size() - 1, hash);
    CHECK(f.refresh() == Status::hash);
  }
  SUBCASE("too short") {
    with(snapshot.size() + 1, hash);
    CHECK(f.refresh() == Status::hash);
  }
  SUBCASE("other bytes") {
    with(snapshot.size(), std::string(64, '0'));
    CHECK(f.refresh() == Status::hash);
  }
  SUBCASE("a length over the limit is not fetched") {
    with(limits::metadata_snapshot_bytes + 1u, hash);
    CHECK(f.refresh() == Status::limit);
    CHECK(f.world.fetched.back() == "timestamp.json");
  }
  SUBCASE("no hash that is known") {
    f.world.origin["timestamp.json"] = timestamp_document(1, 1, {"ts"}, later, R"(, "hashes": {"md5": "00"})");
    CHECK(f.refresh() == Status::json);
  }
}

TEST_CASE("fast-forward recovery: rotated keys of timestamp or snapshot remove both") {
  RootParts second;
  second.keys["snapshot"] = {"sn2"};
  Fixture f;
  f.publish(99);
  REQUIRE(f.refresh() == Status::ok);
  f.world.origin["2.root.json"] = root_document(2, {"r"}, second);
  f.world.origin["timestamp.json"] = timestamp_document(100, 2);
  f.world.origin["2.snapshot.json"] = snapshot_document(2, {{"targets", 1}}, {"sn2"});
  CHECK(f.refresh() == Status::ok);
  CHECK(f.world.removed == Names{"timestamp.json", "snapshot.json"});
  CHECK(f.client->version(MetadataKind::targets) == 1);
}

TEST_CASE("keys that are added remove nothing") {
  RootParts second;
  second.keys["snapshot"] = {"sn", "sn2"};
  Fixture f;
  REQUIRE(f.refresh() == Status::ok);
  f.world.origin["2.root.json"] = root_document(2, {"r"}, second);
  CHECK(f.refresh() == Status::ok);
  CHECK(f.world.removed.empty());
}

TEST_CASE("files are named without versions where snapshots are not consistent") {
  RootParts parts;
  parts.is_consistent = false;
  Fixture f(parts);
  f.world.origin["snapshot.json"] = f.world.origin["1.snapshot.json"];
  f.world.origin["targets.json"] = f.world.origin["1.targets.json"];
  REQUIRE(f.refresh() == Status::ok);
  CHECK(f.world.fetched == Names{"2.root.json", "timestamp.json", "snapshot.json", "targets.json"});
  REQUIRE(f.find("a") == Status::ok);
  CHECK(f.client->target().address == "a");
}

TEST_CASE("a check is one conditional request when nothing changed") {
  Fixture f;
  f.world.tags["timestamp.json"] = "\"1\"";
  REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
  f.world.fetched.clear();
  REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
  CHECK(f.world.fetched == Names{"timestamp.json"});
  f.world.tags["timestamp.json"] = "\"2\"";
  f.publish(2);
  REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
  CHECK(f.client->version(MetadataKind::targets) == 2);
  CHECK(f.refresh(RefreshKind::check, now + 20 * day) == Status::expired);
}

TEST_CASE("a timestamp that is sent again is as good as one that is not") {
  Fixture f;
  SUBCASE("the origin names no entity tags") {}
  SUBCASE("the proxy does not compare them") {
    f.world.tags["timestamp.json"] = "W/\"1\"";
    f.world.watch = [&](const Need&) { f.world.tags["timestamp.json"] += "x"; };
  }
  REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
  for (int look = 0; look < 3; ++look) {
    f.world.fetched.clear();
    const std::size_t n_verified = f.world.n_verified;
    REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
    CHECK(f.world.fetched == Names{"timestamp.json"});
    CHECK(f.world.n_verified == n_verified);
  }
  // Another timestamp is looked at from the root on, as is one that expires and what a failure left.
  f.publish(2);
  REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
  CHECK(f.client->version(MetadataKind::targets) == 2);
  CHECK(f.refresh(RefreshKind::check, now + 20 * day) == Status::expired);
  f.world.fetched.clear();
  REQUIRE(f.refresh(RefreshKind::full, now) == Status::expired);   // the clock went back
}

TEST_CASE("a refresh that failed, or of the cache alone, is followed by a whole one") {
  Fixture f;
  REQUIRE(f.refresh() == Status::ok);
  f.publish(2);
  f.world.broken["2.targets.json"] = Outcome::failed;
  CHECK(f.refresh(RefreshKind::check) == Status::network);
  f.world.broken.clear();
  REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
  CHECK(f.client->version(MetadataKind::targets) == 2);
  f.restart();
  REQUIRE(f.refresh(RefreshKind::cached) == Status::ok);
  f.world.fetched.clear();
  REQUIRE(f.refresh(RefreshKind::check) == Status::ok);
  CHECK(f.world.fetched.front() == "2.root.json");
}

TEST_CASE("an answer that nothing changed counts where that was asked alone") {
  Fixture f;
  REQUIRE(f.refresh() == Status::ok);
  f.publish(2);
  f.world.broken["timestamp.json"] = Outcome::unchanged;
  CHECK(f.refresh(RefreshKind::check) == Status::network);
}

TEST_CASE("the cache alone serves until something expires, an interrupted update as well") {
  Fixture f;
  REQUIRE(f.refresh() == Status::ok);
  f.publish(2);
  f.world.broken["2.targets.json"] = Outcome::failed;
  CHECK(f.refresh() == Status::network);
  CHECK(f.client->version(MetadataKind::targets) == 1);   // still serves
  f.restart();
  f.world.fetched.clear();
  REQUIRE(f.refresh(RefreshKind::cached) == Status::ok);
  CHECK(f.world.fetched.empty());
  CHECK(f.client->version(MetadataKind::targets) == 1);
  CHECK(f.find("a") == Status::ok);
  CHECK(f.find("a", now + 20 * day) == Status::expired);
  CHECK(f.refresh(RefreshKind::cached, now + 20 * day) == Status::expired);
}

TEST_CASE("a cache that cannot be written is told of, and what was verified serves") {
  Fixture f;
  f.world.is_read_only = true;
  CHECK(f.refresh() == Status::ok);
  CHECK_FALSE(f.client->is_stored());
  CHECK(f.client->unstored() == "highest_time");
  CHECK(f.client->is_ready());
}

TEST_CASE("minimum versions of the root hold where the cache is empty") {
  RootParts parts;
  parts.extra = R"(, "x-guardrank-minimum": {"timestamp": 3})";
  Fixture f(parts);
  CHECK(f.refresh() == Status::rollback);
  f.publish(3);
  CHECK(f.refresh() == Status::ok);
}

TEST_CASE("an operation at a time, and one that was told to stop leaves what was") {
  Fixture f;
  REQUIRE(f.client->refresh(RefreshKind::full, now, &f.error) == Status::ok);
  CHECK(f.client->refresh(RefreshKind::full, now, &f.error) == Status::argument);
  Need need;
  REQUIRE(f.client->next(&need));
  CHECK_FALSE(f.client->next(&need));
  f.client->cancel();
  CHECK(f.client->status() == Status::deadline);
  f.client->provide({need.id, Outcome::done, {}, {}, {}});   // too late: nothing happens
  CHECK_FALSE(f.client->is_busy());
  CHECK(f.refresh() == Status::ok);
}

TEST_CASE("refused memory is a status, wherever it is refused") {
  for (std::size_t n = 0;; ++n) {
    Fixture f;
    f.memory.n_left = n;
    const Status status = f.refresh();
    f.memory.n_left = SIZE_MAX;
    if (status == Status::ok) {
      CHECK(n >= 8);   // four documents, and a count of signatures for each
      break;
    }
    CHECK(status == Status::memory);
    f.client.reset();
    CHECK(f.memory.live_bytes == 0);
  }
}

TEST_CASE("a crash after any write leaves a cache that the next start can use") {
  for (std::size_t n_writes = 0;; ++n_writes) {
    RootParts second;
    second.keys["timestamp"] = {"ts2"};
    Fixture f;
    REQUIRE(f.refresh() == Status::ok);
    f.publish(2);
    f.world.origin["2.root.json"] = root_document(2, {"r"}, second);
    f.world.origin["timestamp.json"] = timestamp_document(2, 2, {"ts2"});
    std::size_t n_left = n_writes;
    bool is_dead = false;
    f.world.watch = [&](const Need& need) {
      if (need.kind != NeedKind::write && need.kind != NeedKind::remove) return;
      is_dead = is_dead || n_left == 0;
      f.world.is_read_only = is_dead;
      n_left -= !is_dead;
    };
    f.restart();
    (void)f.refresh(RefreshKind::full, now + day);
    f.world.watch = nullptr;
    f.world.is_read_only = false;
    f.restart();
    CHECK(f.refresh() == Status::ok);
    CHECK(f.client->version(MetadataKind::targets) == 2);
    CHECK(f.client->version(MetadataKind::root) == 2);
    if (!is_dead) {
      CHECK(n_writes == 8);   // time, two removed, history, root, timestamp, snapshot, targets
      break;
    }
  }
}

}  // namespace guardrank
