// What a step is held against before anyone sees it: readers' limits, the clock, roles that expire.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "models/pack/pack_error.h"
#include "models/publish/publish.h"
#include "models/publish/release_document.h"

namespace guardrank::publish {
namespace {

constexpr std::int64_t day = 86'400'000'000;
constexpr std::int64_t start = 1'795'337'160'000'000;   // 2026-11-22T08:46:00Z

template <typename Step>
pack::PackError failure_of(const Step& step) {
  try {
    step();
  } catch (const pack::PackError& failure) {
    return failure;
  }
  FAIL("nothing was refused");
  return pack::PackError(Status::ok, "", "");
}

// An origin with one key for all, on 2026-11-22.
struct World {
  World() {
    std::string name = (std::filesystem::temp_directory_path() / "guardrank.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    publisher.origin = folder / "origin";
    publisher.now = start;
    publisher.keys.push_back(PrivateKey::generate("ed25519"));
    Json request = {{"days", {{"timestamp", 2}, {"root", 300}}}};
    for (const char* role : {"root", "targets", "snapshot", "timestamp"})
      request["roles"][role] = {{"keys", {publisher.keys.front().public_key().pem()}}};
    create_origin(publisher, request);
  }
  ~World() { std::filesystem::remove_all(folder); }

  Json publish(const std::string& name, const std::string& stage) {
    return publish_release(publisher, {{"release", name}, {"stage", stage}, {"bundle", bundle}});
  }
  Json refresh() { return refresh_metadata(publisher, {{"roles", {"snapshot"}}}); }
  std::string timestamp() const {
    return Repository(publisher, std::nullopt).folder().read("metadata/timestamp.json");
  }

  const std::string bundle = std::string(GUARDRANK_SOURCE_DIR) + "/tests/conformance/bundles/cards.guardrank";
  std::filesystem::path folder;
  Publisher publisher;
};

TEST_CASE("metadata that no reader would take is refused, and what comes near is told") {
  World world;
  const std::string before = world.timestamp();
  const auto commit_with = [&](const char* member, const Json& value) {
    Repository repository(world.publisher, false);
    repository.change("targets")[member] = value;
    return repository.commit();
  };
  const pack::PackError large = failure_of([&] { commit_with("x-large", std::string(5'300'000, 'x')); });
  CHECK(large.status() == Status::limit);
  CHECK(large.where() == "targets");
  CHECK(std::string(large.what()).find("at most 5242880") != std::string::npos);
  const pack::PackError shape = failure_of([&] { commit_with("targets", "none"); });
  CHECK(shape.where() == "targets");
  CHECK(std::string(shape.what()).find("no reader would take it") != std::string::npos);
  CHECK(world.timestamp() == before);
  const Json near = commit_with("x-large", std::string(4'500'000, 'x'));
  REQUIRE(near["warnings"].size() == 1);
  CHECK(near["warnings"][0].get<std::string>().find("targets has 4500") == 0);
  CHECK(near["published"] == true);
}

TEST_CASE("a machine whose clock is behind what was signed is told so, and may be right") {
  World world;
  world.publisher.now += 5 * day;
  world.refresh();
  world.publisher.now -= day / 200;                      // two machines differ by minutes
  world.refresh();
  world.publisher.now -= 3 * day;
  const std::string before = world.timestamp();
  const pack::PackError behind = failure_of([&] { world.refresh(); });
  CHECK(behind.status() == Status::expired);
  CHECK(std::string(behind.what()).find("--trust-clock") != std::string::npos);
  CHECK(world.timestamp() == before);
  world.publisher.trusts_clock = true;
  CHECK(world.refresh()["published"] == true);
}

TEST_CASE("what becomes full last stands over the others, whatever the clocks said") {
  World world;
  world.publisher.now += 700 * day;
  world.publish("ahead", "full");
  world.publisher.now = start;
  world.publisher.trusts_clock = true;
  const auto created = [&](const std::string& name) {
    const Json told = describe_origin(world.publisher, Json::object());
    for (const Json& release : told["releases"])
      if (release["release"] == name)
        return read_release(OriginFolder(world.publisher.origin).read(release["file"].get<std::string>()))
            ["created"].get<std::int64_t>();
    return std::int64_t{0};
  };
  world.publish("late", "full");
  CHECK(created("late") == created("ahead") + 1);
  world.publish("later", "shadow");
  promote_release(world.publisher, {{"release", "later"}, {"to", "full"}, {"skips", true}});
  CHECK(created("later") == created("late") + 1);
}

TEST_CASE("a step tells which roles have expired or are about to, and status says it too") {
  World world;
  const auto due = [&](const std::string& wanted) {
    const Json told = describe_origin(world.publisher, Json::object());
    for (const Json& role : told["roles"])
      if (role["role"] == wanted) return role["is_due"].get<bool>();
    return false;
  };
  CHECK(!world.refresh().contains("warnings"));
  CHECK(!due("root"));
  world.publisher.now += 280 * day;
  CHECK(due("root"));
  CHECK(due("targets"));
  const Json near = world.refresh()["warnings"];
  REQUIRE(near.size() == 2);
  CHECK(near[0].get<std::string>().find("root expires in 20 days") == 0);
  CHECK(near[1].get<std::string>().find("targets expired at") == 0);
  CHECK(!due("timestamp"));
}

}  // namespace
}  // namespace guardrank::publish
