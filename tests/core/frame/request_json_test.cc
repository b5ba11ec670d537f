#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>

#include "core/base/limits.h"
#include "tests/core/frame/sample_snapshot.h"

namespace guardrank {

namespace {

constexpr std::string_view full_request = R"({
  "request_id": "r-1", "time": "2026-11-21T10:00:00Z", "seed": 7, "limit": 20, "explain": true,
  "x-trace": {"any": ["thing"]},
  "route": {"product": "card", "market": "US", "segment": "prime", "partner": null,
            "surface": "home", "unit": "user-9"},
  "context": {"income": 82000, "state": "CA", "age": 34, "vip": false, "hobby": [1, {"a": null}],
              "since": "1970-01-01T00:00:01.5Z", "tags": ["a", "b\u00e9"], "vec": [0.1, -2, 3e0]},
  "candidates": [{"offer": "o-1"},
                 {"offer": "o-2", "facts": {"apr": 19.9, "active": false, "tags": ["x"],
                                            "colour": "red", "vec": [5, 6], "name": null},
                                  "pair": {"seen_before": 2, "labels": [], "mood": 1}},
                 {"offer": "o-3", "facts": null, "pair": {"labels": ["l", "m"]}}]})";

// A request read from `text`, with what reading it said.
struct Read {
  explicit Read(std::string_view text) : request(snapshot.request()) {
    status = read_request_json(text, &request, &snapshot.error);
  }
  std::string message() const { return std::string(snapshot.error.message()); }
  const Column& given(std::uint32_t fact) const { return request.given(fact); }

  SampleSnapshot snapshot;
  Request request;
  Status status;
};

std::string with_time(std::string_view rest) {
  return std::string(R"({"time": "2026-11-21T10:00:00Z", )").append(rest).append("}");
}

std::string written(const Request& request) {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 28);
  std::string_view text;
  REQUIRE(write_request_json(request, nullptr, &arena, &text) == Status::ok);
  return std::string(text);
}

}  // namespace

TEST_CASE("the request of the contracts, with everything in it") {
  const Read r(full_request);
  REQUIRE_MESSAGE(r.status == Status::ok, r.message());
  const SampleSnapshot& s = r.snapshot;
  CHECK(r.request.request_id() == "r-1");
  CHECK(r.request.time() == 1'795'255'200'000'000);
  CHECK(r.request.seed() == 7);
  CHECK(r.request.limit() == 20);
  CHECK(r.request.explain());
  CHECK(r.request.route().product == "card");
  CHECK(r.request.route().partner.empty());
  CHECK(r.request.route().unit == "user-9");
  CHECK(r.given(s.context("income")).numbers[0] == 82000.0);
  CHECK(r.given(s.context("age")).integers[0] == 34);
  CHECK(r.given(s.context("vip")).booleans[0] == 0);
  CHECK(r.given(s.context("vip")).is_present(0));
  CHECK(r.given(s.context("since")).integers[0] == 1'500'000);
  CHECK(r.given(s.context("tags")).strings[1] == "b\xC3\xA9");
  CHECK(r.given(s.context("vec")).floats[0] == 0.1f);
  REQUIRE(r.request.n_candidates() == 3);
  CHECK(r.request.offer_id(1) == "o-2");
  const Column& apr = r.given(s.offer("apr"));
  CHECK_FALSE(apr.is_present(0));
  CHECK(apr.numbers[1] == 19.9);
  CHECK(r.given(s.offer("name")).n_rows == 0);
  CHECK(r.given(s.offer("vec")).floats[3] == 6.0f);
  CHECK(r.given(s.offer("tags")).strings[0] == "x");
  CHECK(r.given(s.pair("seen_before")).integers[1] == 2);
  const Column& labels = r.given(s.pair("labels"));
  CHECK_FALSE(labels.is_present(0));
  CHECK(labels.is_present(1));
  CHECK(labels.list_offsets[2] == 0);
  CHECK(labels.list_offsets[3] == 2);
  CHECK(labels.strings[1] == "m");
}

TEST_CASE("how it is served is read and written in one order, up to a limit") {
  const Read r(with_time(R"("served": {"reason": "GR_STATUS_DEADLINE", "arm": null, "stage": "full"})"));
  REQUIRE(r.status == Status::ok);
  CHECK(r.request.served() == Served{"full", "", "", "GR_STATUS_DEADLINE"});
  CHECK(written(r.request).find(R"("served":{"stage":"full","reason":"GR_STATUS_DEADLINE"})") !=
        std::string::npos);
  const auto arm_of = [](std::size_t n) {
    return Read(with_time(R"("served": {"arm": ")" + std::string(n, 'a') + "\"}")).status;
  };
  CHECK(arm_of(limits::name_bytes) == Status::ok);
  CHECK(arm_of(limits::name_bytes + 1) == Status::limit);
}

TEST_CASE("nothing of the text is kept") {
  SampleSnapshot s;
  Request request = s.request();
  std::string text(full_request);
  REQUIRE(read_request_json(text, &request, &s.error) == Status::ok);
  const std::string before = written(request);
  std::fill(text.begin(), text.end(), '#');
  CHECK(written(request) == before);
}

TEST_CASE("written and read again it is the same request") {
  const Read first(full_request);
  REQUIRE(first.status == Status::ok);
  const std::string text = written(first.request);
  CHECK(text ==
        R"({"request_id":"r-1","time":"2026-11-21T10:00:00Z","seed":7,"limit":20,"explain":true,)"
        R"("route":{"product":"card","market":"US","segment":"prime","surface":"home",)"
        R"("unit":"user-9"},"context":{"income":82000,"age":34,"state":"CA",)"
        R"("since":"1970-01-01T00:00:01.500Z","tags":["a","b)" "\xC3\xA9" R"("],)"
        R"("vec":[0.10000000149011612,-2,3],"vip":false},"candidates":[{"offer":"o-1"},)"
        R"({"offer":"o-2","facts":{"apr":19.9,"tags":["x"],"vec":[5,6],"active":false},)"
        R"("pair":{"seen_before":2,"labels":[]}},{"offer":"o-3","pair":{"labels":["l","m"]}}]})");
  const Read second(text);
  REQUIRE(second.status == Status::ok);
  CHECK(written(second.request) == text);
}

TEST_CASE("the least request, and its whole catalog") {
  const Read r(R"({"time": "2026-11-21"})");
  REQUIRE(r.status == Status::ok);
  CHECK(r.request.is_whole_catalog());
  CHECK(r.request.n_candidates() == 4);
  CHECK(r.request.limit() == 0);
  CHECK(written(r.request) == R"({"time":"2026-11-21T00:00:00Z","seed":0,"explain":true})");
  CHECK(Read(with_time(R"("candidates": null)")).request.n_candidates() == 4);
  const Read none(with_time(R"("candidates": [])"));
  REQUIRE(none.status == Status::ok);
  CHECK(none.request.n_candidates() == 0);
  CHECK(written(none.request).ends_with(R"("candidates":[]})"));
}

TEST_CASE("a whole catalog with facts of its rows is written with its offers") {
  SampleSnapshot s;
  Request request = s.request();
  REQUIRE(request.set_candidate(2, s.offer("apr"), Value::of(1.25), &s.error) == Status::ok);
  const std::string text = written(request);
  CHECK(text.ends_with(R"("candidates":[{"offer":"o-3"},{"offer":"o-1"},)"
                       R"({"offer":"o-2","facts":{"apr":1.25}},{"offer":"o-4"}]})"));
  CHECK(written(Read(text).request) == text);
}

TEST_CASE("extremes survive the round trip bit for bit") {
  SampleSnapshot s;
  Request request = s.request();
  std::mt19937_64 random(1);
  request.set_seed(UINT64_MAX);
  for (int i = 0; i < 2000; ++i) {
    const double number = __builtin_bit_cast(double, random());
    const float narrow = __builtin_bit_cast(float, static_cast<std::uint32_t>(random()));
    if (!std::isfinite(number) || !std::isfinite(narrow)) continue;
    const auto whole = static_cast<std::int64_t>(random());
    const float floats[] = {narrow, -0.0f, 1e-45f};
    Value vector, time = Value::of(static_cast<std::int64_t>(random()));
    vector.type = FactType::f32_vector;
    vector.is_missing = false;
    vector.floats = floats;
    time.type = FactType::timestamp;
    request.set_time(i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : static_cast<std::int64_t>(random()));
    REQUIRE(request.set_context(s.context("income"), Value::of(number), &s.error) == Status::ok);
    REQUIRE(request.set_context(s.context("age"), Value::of(whole), &s.error) == Status::ok);
    REQUIRE(request.set_context(s.context("vec"), vector, &s.error) == Status::ok);
    REQUIRE(request.set_context(s.context("since"), time, &s.error) == Status::ok);
    Request back = s.request();
    REQUIRE(read_request_json(written(request), &back, &s.error) == Status::ok);
    REQUIRE(back.seed() == UINT64_MAX);
    REQUIRE(back.time() == request.time());
    const double read = back.given(s.context("income")).numbers[0];
    REQUIRE(__builtin_bit_cast(std::uint64_t, read) == __builtin_bit_cast(std::uint64_t, number));
    REQUIRE(back.given(s.context("age")).integers[0] == whole);
    REQUIRE(back.given(s.context("since")).integers[0] == time.integer);
    for (int j = 0; j < 3; ++j) {
      const float one = back.given(s.context("vec")).floats[j];
      REQUIRE(__builtin_bit_cast(std::uint32_t, one) ==
              __builtin_bit_cast(std::uint32_t, floats[j]));
    }
  }
}

TEST_CASE("each door names the path, the wanted and the found") {
  const struct {
    std::string text;
    Status status;
    const char* message;
  } cases[] = {
      {"{}", Status::missing, "time: wanted an RFC 3339 time, found nothing"},
      {R"({"time": null})", Status::missing, "time: wanted an RFC 3339 time, found nothing"},
      {R"({"time": 5})", Status::type, "time: wanted an RFC 3339 time, found a number"},
      {R"({"time": "today"})", Status::type, "time: wanted an RFC 3339 time, found 'today'"},
      {R"({"time": "12345"})", Status::type, "time: wanted an RFC 3339 time, found '12345'"},
      {"[]", Status::type, "request: wanted an object, found an array"},
      {"", Status::json, "line 1, column 1: wanted a value, found the end"},
      {with_time(R"("bogus": 1)"), Status::json, "request: unknown member 'bogus'"},
      {with_time(R"("request_id": 1)"), Status::type,
       "request_id: wanted a string, found a number"},
      {with_time(R"("seed": -1)"), Status::argument,
       "seed: wanted a whole number from 0 to 2^64 - 1, found '-1'"},
      {with_time(R"("seed": 1.5)"), Status::argument,
       "seed: wanted a whole number from 0 to 2^64 - 1, found '1.5'"},
      {with_time(R"("seed": "18446744073709551616")"), Status::argument,
       "seed: wanted a whole number from 0 to 2^64 - 1, found '18446744073709551616'"},
      {with_time(R"("seed": true)"), Status::type,
       "seed: wanted a whole number from 0 to 2^64 - 1, found a boolean"},
      {with_time(R"("limit": 0)"), Status::argument,
       "limit: wanted a whole number from 1 to 4294967295, found 0"},
      {with_time(R"("limit": 4294967296)"), Status::argument,
       "limit: wanted a whole number from 1 to 4294967295, found 4294967296"},
      {with_time(R"("limit": 1.5)"), Status::type,
       "limit: wanted a whole number from 1 to 4294967295, found 1.5"},
      {with_time(R"("limit": "3")"), Status::type,
       "limit: wanted a whole number from 1 to 4294967295, found a string"},
      {with_time(R"("explain": 1)"), Status::type, "explain: wanted a boolean, found a number"},
      {with_time(R"("route": [])"), Status::type, "route: wanted an object, found an array"},
      {with_time(R"("route": {"surface": 1})"), Status::type,
       "route.surface: wanted a string, found a number"},
      {with_time(R"("route": {"colour": "red"})"), Status::json, "route: unknown member 'colour'"},
      {with_time(R"("served": {"colour": "red"})"), Status::json, "served: unknown member 'colour'"},
      {with_time(R"("served": {"arm": 7})"), Status::type, "served.arm: wanted a string, found a number"},
      {with_time(R"("served": "full")"), Status::type, "served: wanted an object, found a string"},
      {with_time(R"("context": 1)"), Status::type, "context: wanted an object, found a number"},
      {with_time(R"("context": {"income": "x"})"), Status::type,
       "context.income: wanted a number, found a string"},
      {with_time(R"("context": {"income": 1e999})"), Status::json,
       "line 1, column 56: '1e999' is not a JSON number, or is too large"},
      {with_time(R"("context": {"age": "9223372036854775808"})"), Status::type,
       "context.age: wanted a whole number from -2^63 to 2^63 - 1, found '9223372036854775808'"},
      {with_time(R"("context": {"age": "-"})"), Status::type,
       "context.age: wanted a whole number, found a string"},
      {with_time(R"("context": {"age": 1.5})"), Status::type,
       "context.age: wanted a whole number, found 1.5"},
      {with_time(R"("context": {"age": "1.5"})"), Status::type,
       "context.age: wanted a whole number, found a string"},
      {with_time(R"("context": {"age": 9223372036854775808})"), Status::type,
       "context.age: wanted a whole number from -2^53 to 2^53, found 9223372036854776000"},
      {with_time(R"("context": {"age": 1e18})"), Status::type,
       "context.age: wanted a whole number from -2^53 to 2^53, found 1000000000000000000"},
      {with_time(R"("context": {"vip": 1})"), Status::type,
       "context.vip: wanted a boolean, found a number"},
      {with_time(R"("context": {"since": 1})"), Status::type,
       "context.since: wanted an RFC 3339 time, found a number"},
      {with_time(R"("context": {"tags": "a"})"), Status::type,
       "context.tags: wanted a list of strings, found a string"},
      {with_time(R"("context": {"tags": ["a", 1]})"), Status::type,
       "context.tags[1]: wanted a string, found a number"},
      {with_time(R"("context": {"vec": [1, 2]})"), Status::type,
       "context.vec: wanted 3 numbers, found 2"},
      {with_time(R"("context": {"vec": [1, 2, null]})"), Status::type,
       "context.vec[2]: wanted a number, found null"},
      {with_time(R"("context": {"vec": [1, 2, -1e39]})"), Status::not_finite,
       "context.vec: wanted a finite number, found -Infinity"},
      {with_time(R"("candidates": {})"), Status::type,
       "candidates: wanted an array, found an object"},
      {with_time(R"("candidates": ["o-1"])"), Status::type,
       "candidates[0]: wanted an object, found a string"},
      {with_time(R"("candidates": [{"offer": "o-1"}, {}])"), Status::missing,
       "candidates[1].offer: wanted an offer id, found nothing"},
      {with_time(R"("candidates": [{"offer": 7}])"), Status::type,
       "candidates[0].offer: wanted a string, found a number"},
      {with_time(R"("candidates": [{"offer": "o-1", "fact": {}}])"), Status::json,
       "candidates[0]: unknown member 'fact'"},
      {with_time(R"("candidates": [{"offer": "o-1", "facts": []}])"), Status::type,
       "candidates[0].facts: wanted an object, found an array"},
      {with_time(R"("candidates": [{"offer": "o-9"}])"), Status::unknown_offer,
       "candidates[0].offer: wanted an offer of the catalog, found 'o-9'"},
      {with_time(R"("candidates": [{"offer": "o-1"}, {"offer": "o-1"}])"),
       Status::duplicate_offer,
       "candidates[1].offer: offer 'o-1' stands twice, first at candidates[0]"},
      {with_time(R"("candidates": [{"offer": "o-1"}, {"offer": "o-2", "facts": {"apr": "x"}}])"),
       Status::type, "candidates[1].facts.apr: wanted a number, found a string"},
      {with_time(R"("candidates": [{"offer": "o-1", "facts": {"cpa": 5}}])"), Status::argument,
       "candidates[0].facts.cpa: the policy does not let a request set it"},
      {with_time(R"("candidates": [{"offer": "o-1", "facts": {"offer_id": "o-2"}}])"),
       Status::argument,
       "candidates[0].facts.offer_id: it is the candidate's own id and cannot be given"},
      {with_time(R"("candidates": [{"offer": "o-1"}, {"offer": "o-2", "pair": {"labels": 3}}])"),
       Status::type, "candidates[1].pair.labels: wanted a list of strings, found a number"},
      {with_time(R"("candidates": [{"offer": "o-1", "pair": {"labels": ["a", null]}}])"),
       Status::type, "candidates[0].pair.labels[1]: wanted a string, found null"},
      {with_time(R"("context": {"age": 1, "age": 2})"), Status::json,
       "line 1, column 63: the name 'age' stands twice in one object"},
      {with_time("\"context\": {\"state\": \"\xFF\"}"), Status::utf8,
       "line 1, column 56: invalid UTF-8"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    const Read r(one.text);
    CHECK(r.status == one.status);
    CHECK(r.message() == one.message);
    CHECK(r.snapshot.error.code() == one.status);
    // Nothing is half applied.
    CHECK(r.request.time() == 0);
    CHECK(r.request.is_whole_catalog());
    CHECK(written(r.request) == R"({"time":"1970-01-01T00:00:00Z","seed":0,"explain":true})");
  }
}

TEST_CASE("whole numbers beyond 2^53 come as decimal strings") {
  const Read r(with_time(R"("seed": "18446744073709551615", "context": {"age": "-9007199254740993"},
      "candidates": [{"offer": "o-1", "pair": {"seen_before": 9007199254740993}}])"));
  REQUIRE_MESSAGE(r.status == Status::ok, r.message());
  CHECK(r.request.seed() == UINT64_MAX);
  CHECK(r.given(r.snapshot.context("age")).integers[0] == -9007199254740993);
  CHECK(r.given(r.snapshot.pair("seen_before")).integers[0] == 9007199254740993);
}

TEST_CASE("null is missing, also where a request may not set the fact") {
  const Read r(with_time(R"("request_id": null, "seed": null, "limit": null, "explain": null,
      "route": null, "context": {"income": null, "age": -0},
      "candidates": [{"offer": "o-1", "facts": {"cpa": null}, "pair": null}])"));
  REQUIRE_MESSAGE(r.status == Status::ok, r.message());
  CHECK(r.given(r.snapshot.context("income")).n_rows == 0);
  CHECK(r.given(r.snapshot.context("age")).integers[0] == 0);
  CHECK(r.given(r.snapshot.offer("cpa")).n_rows == 0);
}

TEST_CASE("a string of a fact: at and above the limit") {
  const std::string longest(limits::string_bytes, 'x');
  CHECK(Read(with_time("\"context\": {\"state\": \"" + longest + "\"}")).status == Status::ok);
  const Read r(with_time("\"context\": {\"state\": \"" + longest + "x\"}"));
  CHECK(r.status == Status::limit);
  CHECK(r.message() ==
        "context.state: wanted at most 65536 bytes (limits::string_bytes), found 65537");
}

TEST_CASE("a hundred thousand candidates, read and written back") {
  SampleSnapshot s;
  s.catalog.allows_unlisted = true;
  std::string text = R"({"time": "2026-11-21T10:00:00Z", "candidates": [)";
  constexpr std::uint32_t n = 100'000;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i != 0) text += ",";
    text.append(R"({"offer":"n)").append(std::to_string(i));
    text.append(R"(","facts":{"apr":1.25,"tags":["a","b"]},"pair":{"labels":["x"]}})");
  }
  text += "]}";
  Request request = s.request();
  REQUIRE(read_request_json(text, &request, &s.error) == Status::ok);
  CHECK(request.given(s.offer("tags")).list_offsets[n] == 2 * n);
  CHECK(request.given(s.pair("labels")).list_offsets[n] == n);
  CHECK(written(request).size() > text.size());
}

TEST_CASE("no bytes crash the reader, and a failure leaves nothing") {
  SampleSnapshot s;
  Request request = s.request();
  std::mt19937 random(1);
  const std::string characters = "{}[]\",:01-.eE\\ntu\xC3\xFF ";
  int n_read = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text(full_request);
    for (std::size_t n = 1 + random() % 4; n > 0; --n) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, random() % 20);
      } else {
        text[at] = characters[random() % characters.size()];
      }
    }
    if (read_request_json(text, &request, &s.error) == Status::ok) {
      ++n_read;
      const std::string again = written(request);
      REQUIRE(read_request_json(again, &request, &s.error) == Status::ok);
      REQUIRE(written(request) == again);
    } else {
      REQUIRE(request.n_candidates() == 4);
      REQUIRE(request.given(0).n_rows == 0);
    }
  }
  CHECK(n_read > 100);
  CHECK(n_read < 4900);
}

TEST_CASE("memory that runs out is a status, wherever it does") {
  SampleSnapshot s;
  for (std::size_t n_allowed = 0; n_allowed < 12; ++n_allowed) {
    Request request = s.request();
    s.memory.n_left = n_allowed;
    const Status status = read_request_json(full_request, &request, &s.error);
    CHECK((status == Status::ok || status == Status::memory));
    s.memory.n_left = SIZE_MAX;
    if (n_allowed == 0) CHECK(status == Status::memory);
  }
}

}  // namespace guardrank
