// Targets and delegations: the specification, 5.6.7, and its section 4.5.
#include <doctest/doctest.h>

#include "tests/core/store/signed_metadata.h"

namespace guardrank {

using namespace store_test;

namespace {

// Roles by name; each delegates, holds paths, and is signed by "k<name>".
struct Role {
  std::vector<Delegation> delegations;
  Names paths;
};

void serve_roles(Fixture* f, const std::map<std::string, Role>& roles) {
  std::map<std::string, int> versions;
  for (const auto& [name, role] : roles) {
    const std::string delegations = role.delegations.empty() ? "" : delegations_of(role.delegations);
    const Names signers = {name == "targets" ? "tg" : "k" + name};
    f->world.origin["1." + name + ".json"] = targets_document(1, role.paths, signers, delegations);
    versions[name] = 1;
  }
  f->world.origin["1.snapshot.json"] = snapshot_document(1, versions);
}

Delegation to(const std::string& role, const std::string& where = R"("paths": ["*"])", bool terminating = false) {
  return {role, {"k" + role}, where, terminating};
}

Names visited(Fixture* f, std::string_view path) {
  f->world.fetched.clear();
  (void)f->find(path);
  Names roles;
  for (const std::string& fetched : f->world.fetched) roles.push_back(fetched.substr(2, fetched.size() - 7));
  return roles;
}

}  // namespace

TEST_CASE("a target of the top level, with what its role says of it") {
  Fixture f;
  f.world.origin["1.targets.json"] = targets_document(1, {"team/a b.release"});
  REQUIRE(f.refresh() == Status::ok);
  REQUIRE(f.find("team/a b.release") == Status::ok);
  const TargetFacts& target = f.client->target();
  CHECK(target.path == "team/a b.release");
  CHECK(target.role == "targets");
  CHECK(target.role_version == 1);
  CHECK(target.facts.length == 3);
  CHECK(target.facts.hash_bytes == 32);
  CHECK(target.facts.hash[0] == 0xaa);
  CHECK(target.custom == R"({"a":[true],"b":1})");
  CHECK(target.address == "team/" + std::string(64, 'a') + ".a%20b.release");
  CHECK(f.find("team/b") == Status::missing);
  CHECK(f.message() == "team/b: no role vouches for it");
}

TEST_CASE("no target is looked for before a refresh, nor one that would leave its folder") {
  Fixture f;
  CHECK(f.find("a") == Status::argument);
  REQUIRE(f.refresh() == Status::ok);
  for (const char* path : {"", "/a", "a/", "a//b", "../a", "a/./b", "a/.."}) CHECK(f.find(path) == Status::argument);
  CHECK(f.find(std::string(limits::target_path_bytes + 1, 'a')) == Status::argument);
  CHECK(f.find(std::string(limits::target_path_bytes, 'a')) == Status::missing);
}

TEST_CASE("delegations are searched in pre-order, each role once") {
  Fixture f;
  serve_roles(&f, {{"targets", {{to("a"), to("b")}, {}}},
                   {"a", {{to("c"), to("d")}, {}}},
                   {"b", {{to("a"), to("e")}, {"found"}}},
                   {"c", {{to("a")}, {}}},
                   {"d", {}},
                   {"e", {}}});
  REQUIRE(f.refresh() == Status::ok);
  CHECK(visited(&f, "nowhere") == Names{"a", "c", "d", "b", "e"});
  CHECK(visited(&f, "found").empty());   // held verified
  CHECK(f.client->target().role == "b");
}

TEST_CASE("a terminating delegation ends the search after its own roles") {
  Fixture f;
  serve_roles(&f, {{"targets", {{to("a"), to("b")}, {}}},
                   {"a", {{to("c", R"("paths": ["*"])", true), to("d")}, {}}},
                   {"b", {{}, {"x"}}},
                   {"c", {{to("e")}, {}}},
                   {"d", {}},
                   {"e", {}}});
  REQUIRE(f.refresh() == Status::ok);
  CHECK(visited(&f, "x") == Names{"a", "c", "e"});
  CHECK(f.client->status() == Status::missing);
}

TEST_CASE("roles are trusted for the paths delegated to them alone") {
  Fixture f;
  serve_roles(&f, {{"targets", {{to("a", R"("paths": ["team/*"])")}, {}}}, {"a", {{}, {"team/x", "other/x"}}}});
  REQUIRE(f.refresh() == Status::ok);
  CHECK(f.find("team/x") == Status::ok);
  CHECK(f.find("other/x") == Status::missing);
}

TEST_CASE("paths may be delegated by the digits of their hash, or by numbered bins") {
  // Python: hashlib.sha256(b"x").hexdigest() starts with 2d711642.
  Fixture f;
  SUBCASE("prefixes") {
    const Delegation not_ours = to("a", R"("path_hash_prefixes": ["2e"])");
    const Delegation ours = to("b", R"("path_hash_prefixes": ["1", "2d7"])");
    serve_roles(&f, {{"targets", {{not_ours, ours}, {}}},
                     {"a", {}}, {"b", {{}, {"x"}}}});
    REQUIRE(f.refresh() == Status::ok);
    CHECK(visited(&f, "x") == Names{"b"});
    CHECK(f.client->status() == Status::ok);
  }
  SUBCASE("bins") {   // 0x2d7 >> 2: the first 10 bits are 0x0b5
    f.world.origin["1.targets.json"] = targets_document(1, {}, {"tg"},
        R"({"keys": )" + keys_of({"kb"}) + R"(, "succinct_roles": {"keyids": ["kb"], "threshold": 1, )" +
            R"("bit_length": 10, "name_prefix": "bin"}})");
    f.world.origin["1.snapshot.json"] = snapshot_document(1, {{"targets", 1}, {"bin-0b5", 1}});
    f.world.origin["1.bin-0b5.json"] = targets_document(1, {"x"}, {"kb"});
    REQUIRE(f.refresh() == Status::ok);
    CHECK(visited(&f, "x") == Names{"bin-0b5"});
    CHECK(f.client->status() == Status::ok);
  }
}

TEST_CASE("a delegated role is verified by its delegator's keys and the snapshot") {
  Fixture f;
  serve_roles(&f, {{"targets", {{to("a")}, {}}}, {"a", {{}, {"x"}}}});
  SUBCASE("another's signature") {
    f.world.origin["1.a.json"] = targets_document(1, {"x"}, {"tg"});
    REQUIRE(f.refresh() == Status::ok);
    CHECK(f.find("x") == Status::signature);
  }
  SUBCASE("another version") {
    f.world.origin["1.a.json"] = targets_document(2, {"x"}, {"ka"});
    REQUIRE(f.refresh() == Status::ok);
    CHECK(f.find("x") == Status::rollback);
  }
  SUBCASE("expired") {
    f.world.origin["1.a.json"] = targets_document(1, {"x"}, {"ka"}, "", earlier);
    REQUIRE(f.refresh() == Status::ok);
    CHECK(f.find("x") == Status::expired);
  }
  SUBCASE("not in the snapshot") {
    f.world.origin["1.snapshot.json"] = snapshot_document(1, {{"targets", 1}});
    REQUIRE(f.refresh() == Status::ok);
    CHECK(f.find("x") == Status::reference);
  }
  CHECK_FALSE(f.world.cache.contains("a.json"));
}

TEST_CASE("a role held for one delegator is verified again for another") {
  Fixture f;
  Delegation by_other = to("s", R"("paths": ["y"])");
  by_other.keys = {"other"};
  serve_roles(&f, {{"targets", {{to("a"), to("b")}, {}}},
                   {"a", {{to("s", R"("paths": ["x"])")}, {}}},
                   {"b", {{by_other}, {}}},
                   {"s", {{}, {"x", "y"}}}});
  REQUIRE(f.refresh() == Status::ok);
  CHECK(f.find("x") == Status::ok);
  CHECK(f.find("y") == Status::signature);
}

TEST_CASE("delegated roles come from the cache when it holds what the snapshot says") {
  Fixture f;
  serve_roles(&f, {{"targets", {{to("A/..")}, {}}}, {"A/..", {{}, {"x"}}}});
  f.world.origin["1.A%2F...json"] = f.world.origin["1.A/...json"];
  REQUIRE(f.refresh() == Status::ok);
  CHECK(f.find("x") == Status::ok);
  CHECK(f.world.cache.contains("_41_2f...json"));
  f.restart();
  REQUIRE(f.refresh(RefreshKind::cached) == Status::ok);
  f.world.fetched.clear();
  CHECK(f.find("x") == Status::ok);
  CHECK(f.world.fetched.empty());
  f.world.cache["_41_2f...json"].back() = ' ';
  f.restart();
  REQUIRE(f.refresh() == Status::ok);
  CHECK(visited(&f, "x").size() == 1);
}

TEST_CASE("no more roles than the limit are looked into") {
  for (const std::uint32_t n : {limits::metadata_search_roles - 1, limits::metadata_search_roles}) {
    Fixture f;
    std::map<std::string, Role> roles;
    for (std::uint32_t i = 0; i < n; ++i) roles["r" + std::to_string(i)] = {};
    for (const auto& [name, role] : std::map(roles)) roles["targets"].delegations.push_back(to(name));
    serve_roles(&f, roles);
    REQUIRE(f.refresh() == Status::ok);
    CHECK(f.find("x") == (n < limits::metadata_search_roles ? Status::missing : Status::limit));
  }
}

TEST_CASE("many searches keep a bounded number of roles") {
  Fixture f;
  std::map<std::string, Role> roles;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "r" + std::to_string(i);
    roles[name].paths = {name + "/x"};
    roles["targets"].delegations.push_back(to(name, R"("paths": [")" + name + R"(/*"])"));
  }
  serve_roles(&f, roles);
  REQUIRE(f.refresh() == Status::ok);
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 200; ++i) CHECK(f.find("r" + std::to_string(i) + "/x") == Status::ok);
  CHECK(f.client->memory_bytes() < limits::metadata_memory);
}

TEST_CASE("a target whose facts cannot be checked is refused") {
  Fixture f;
  f.world.origin["1.targets.json"] = document("targets", 1, later,
      R"("targets": {"a": {"length": 1, "hashes": {"md5": "00"}}, "b": {"hashes": {"sha256": ")" +
      std::string(64, 'a') +
      R"("}}, "c": {"length": 1, "hashes": {"sha512": ")" + std::string(128, 'b') + R"("}}})", {"tg"});
  REQUIRE(f.refresh() == Status::ok);
  CHECK(f.find("a") == Status::json);
  CHECK(f.find("b") == Status::json);
  REQUIRE(f.find("c") == Status::ok);
  CHECK(f.client->target().facts.hash_bytes == 64);
}

}  // namespace guardrank
