// The C functions: what they refuse, and one origin made and read through them.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "guardrank_tools.h"

using Json = nlohmann::json;

namespace {

gr_text text_of(const std::string& text) { return {text.data(), text.size()}; }

std::string taken(gr_tools_text* text) {
  const gr_text view = gr_tools_text_view(text);
  const std::string copy(view.data, view.size);
  gr_tools_text_free(text);
  return copy;
}

struct Pair {
  std::string whole, half;
};

Pair make_pair_of(const std::string& scheme, const std::string& passphrase = "") {
  gr_tools_text *whole = nullptr, *half = nullptr;
  REQUIRE(gr_tools_key_create(text_of(scheme), text_of(passphrase), &whole, &half, nullptr) ==
          GR_STATUS_OK);
  Pair made{taken(whole), taken(half)};
  return made;
}

// A folder of this test, gone with it.
struct Place {
  std::filesystem::path folder;
  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "guardrank.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~Place() { std::filesystem::remove_all(folder); }
};

struct Call {
  std::string folder;
  std::vector<std::string> keys;
  std::vector<gr_text> views;
  std::string passphrase;

  gr_tools_origin origin() {
    views.clear();
    for (const std::string& key : keys) views.push_back(text_of(key));
    gr_tools_origin origin{};
    origin.struct_size = sizeof origin;
    origin.folder = folder.c_str();
    origin.keys = views.data();
    origin.key_count = static_cast<std::uint32_t>(views.size());
    origin.passphrase = text_of(passphrase);
    origin.now_micros = 1'795'337'160'000'000;   // 2026-11-22T08:46:00Z
    return origin;
  }
};

std::string creation(const std::string& pem) {
  Json request = {{"days", {{"timestamp", 2}}}};
  for (const char* role : {"root", "targets", "snapshot", "timestamp"})
    request["roles"][role] = {{"keys", {pem}}};
  return request.dump();
}

// Status and place of a failure.
std::string where_of(gr_status status, gr_error* error) {
  const gr_text where = gr_error_where(error);
  std::string text = std::string(gr_status_name(status)) + " " + std::string(where.data, where.size);
  gr_error_free(error);
  return text;
}

}  // namespace

TEST_CASE("keys through the C interface") {
  const Pair pair = make_pair_of("rsassa-pss-sha256", "secret");
  gr_tools_text* told = nullptr;
  REQUIRE(gr_tools_key_describe(text_of(pair.whole), text_of("secret"), &told, nullptr) ==
          GR_STATUS_OK);
  const Json of_whole = Json::parse(taken(told));
  REQUIRE(gr_tools_key_describe(text_of(pair.half), {nullptr, 0}, &told, nullptr) == GR_STATUS_OK);
  CHECK(Json::parse(taken(told)) == of_whole);
  CHECK(of_whole["key"]["keytype"] == "rsa");
  gr_tools_text* untouched = nullptr;
  gr_error* error = nullptr;
  gr_status status = gr_tools_key_describe(text_of(pair.whole), text_of("wrong"), &untouched, &error);
  CHECK(where_of(status, error) == "GR_STATUS_ARGUMENT key");
  status = gr_tools_key_create(text_of("md5"), {nullptr, 0}, &untouched, &told, &error);
  CHECK(where_of(status, error) == "GR_STATUS_ARGUMENT key");
  status = gr_tools_key_create(text_of("ed25519"), {nullptr, 0}, &untouched, nullptr, &error);
  CHECK(where_of(status, error) == "GR_STATUS_ARGUMENT public_key");
  status = gr_tools_key_describe(text_of(pair.half), {nullptr, 0}, nullptr, &error);
  CHECK(where_of(status, error) == "GR_STATUS_ARGUMENT description");
  CHECK(untouched == nullptr);
}

TEST_CASE("an origin is made and describes itself at the host's time") {
  const Place place;
  const Pair pair = make_pair_of("ed25519");
  Call call{(place.folder / "origin").string(), {pair.whole}, {}, ""};
  gr_tools_origin origin = call.origin();
  gr_tools_text* report = nullptr;
  REQUIRE(gr_tools_origin_create(&origin, text_of(creation(pair.half)), &report, nullptr) ==
          GR_STATUS_OK);
  CHECK(Json::parse(taken(report))["published"] == true);
  REQUIRE(gr_tools_origin_describe(&origin, {nullptr, 0}, &report, nullptr) == GR_STATUS_OK);
  const Json told = Json::parse(taken(report));
  CHECK(told["roles"][1]["role"] == "timestamp");
  CHECK(told["roles"][1]["expires"] == "2026-11-24T08:46:00Z");
  CHECK(told["roles"][1]["hours_left"] == 48);
  CHECK(told["roles"][1]["is_expired"] == false);
  origin.now_micros += std::int64_t{48} * 3600 * 1'000'000;
  REQUIRE(gr_tools_origin_describe(&origin, {nullptr, 0}, &report, nullptr) == GR_STATUS_OK);
  CHECK(Json::parse(taken(report))["roles"][1]["is_expired"] == true);
}

TEST_CASE("what cannot be a request is refused by name") {
  const Place place;
  const Pair pair = make_pair_of("ed25519");
  Call call{(place.folder / "origin").string(), {pair.whole}, {}, ""};
  gr_tools_origin origin = call.origin();
  gr_tools_text* report = nullptr;
  gr_error* error = nullptr;
  const auto create = [&](const gr_tools_origin* given, const std::string& request) {
    const gr_status status = gr_tools_origin_create(given, text_of(request), &report, &error);
    return where_of(status, error);
  };
  CHECK(create(nullptr, "{}") == "GR_STATUS_ARGUMENT origin");
  CHECK(create(&origin, "[]") == "GR_STATUS_TYPE request");
  CHECK(create(&origin, "{") == "GR_STATUS_JSON request");
  CHECK(create(&origin, R"({"roles": {}, "roles": {}})") == "GR_STATUS_JSON request");
  CHECK(create(&origin, R"({"rolls": {}})") == "GR_STATUS_ARGUMENT rolls");
  CHECK(create(&origin, "{}") == "GR_STATUS_MISSING roles");
  CHECK(create(&origin, R"({"roles": {"root": {"keys": ["no key"]}}})") == "GR_STATUS_ARGUMENT key");
  gr_tools_origin other = origin;
  other.folder = nullptr;
  CHECK(create(&other, "{}") == "GR_STATUS_ARGUMENT origin.folder");
  other = origin;
  other.keys = nullptr;
  CHECK(create(&other, "{}") == "GR_STATUS_ARGUMENT origin.keys");
  other = origin;
  other.struct_size = 2;
  CHECK(create(&other, "{}") == "GR_STATUS_STRUCT_SIZE origin");
  Call locked{call.folder, {make_pair_of("ed25519", "secret").whole}, {}, "wrong"};
  other = locked.origin();
  CHECK(create(&other, "{}") == "GR_STATUS_ARGUMENT key");
  const gr_status status = gr_tools_origin_sign(&origin, nullptr, &error);
  CHECK(where_of(status, error) == "GR_STATUS_ARGUMENT report");
  CHECK(report == nullptr);
  CHECK_FALSE(std::filesystem::exists(call.folder));
}
