#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/limits.h"
#include "tests/core/support/test_memory.h"

namespace guardrank {

namespace {

struct Parsed {
  TestMemory memory;
  Arena arena{memory.allocator(), std::size_t{1} << 30};
  Error error;
  const JsonValue* root = nullptr;
  Status status;

  explicit Parsed(std::string_view text) {
    status = parse_json(text, &arena, &root, &error);
  }
};

std::string message_of(std::string_view text) {
  const Parsed parsed(text);
  CHECK(parsed.root == nullptr);
  CHECK(parsed.error.code() == parsed.status);
  return std::string(parsed.error.message());
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::string object_with(std::size_t n_members, std::string_view last) {
  std::string text = "{";
  for (std::size_t i = 0; i < n_members; ++i) {
    text.append("\"k").append(std::to_string(i)).append("\":1,");
  }
  return text.append("\"").append(last).append("\":2}");
}

}  // namespace

TEST_CASE("a document of every kind of value") {
  const Parsed parsed(
      " {\"a\" : [1, -2.5e1, true, false, null, \"x\\u00e9\\n\\ud83d\\ude00\\/\"],\t\"b\":{},"
      "\r\n\"c\":[] , \"\":9007199254740993, \"big\":1e19} ");
  REQUIRE(parsed.status == Status::ok);
  const JsonValue& root = *parsed.root;
  CHECK(root.type == JsonType::object);
  CHECK(root.n_children == 5);
  const JsonValue* list = root.member("a");
  REQUIRE(list != nullptr);
  CHECK(list->n_children == 6);
  CHECK(list->byte_offset == 8);
  const JsonValue* one = list->first;
  CHECK(one->is_integer);
  CHECK(one->integer == 1);
  CHECK(one->number == 1.0);
  const JsonValue* fraction = one->next;
  CHECK_FALSE(fraction->is_integer);
  CHECK(fraction->number == -25.0);
  CHECK(fraction->text == "-2.5e1");
  CHECK(fraction->next->boolean);
  CHECK(fraction->next->next->type == JsonType::boolean);
  CHECK_FALSE(fraction->next->next->boolean);
  CHECK(fraction->next->next->next->type == JsonType::null);
  CHECK(fraction->next->next->next->next->text == "x\xC3\xA9\n\xF0\x9F\x98\x80/");
  CHECK(root.member("b")->type == JsonType::object);
  CHECK(root.member("c")->n_children == 0);
  CHECK(root.member("")->integer == 9007199254740993);
  CHECK_FALSE(root.member("big")->is_integer);
  CHECK(root.member("none") == nullptr);
  CHECK(list->member("") == nullptr);   // an array has no members
}

TEST_CASE("scalars may stand alone, and minus zero keeps its sign") {
  const Parsed zero("-0");
  REQUIRE(zero.status == Status::ok);
  CHECK(__builtin_signbit(zero.root->number));
  CHECK(zero.root->is_integer);
  CHECK(Parsed("\"\"").root->text.empty());
  CHECK(Parsed("null").status == Status::ok);
}

TEST_CASE("messages name line, column, the wanted and the found") {
  CHECK(message_of("") == "line 1, column 1: wanted a value, found the end");
  CHECK(message_of("{\"a\":1,\n  \"b\" 2}") == "line 2, column 7: wanted ':', found '2'");
  CHECK(message_of("[1 2]") == "line 1, column 4: wanted ',' or ']', found '2'");
  CHECK(message_of("{\"a\":1 \"b\":2}") == "line 1, column 8: wanted ',' or '}', found '\"'");
  CHECK(message_of("[1,]") == "line 1, column 4: wanted a value, found ']'");
  CHECK(message_of("{\"a\":1,}") == "line 1, column 8: wanted a member's name, found '}'");
  CHECK(message_of("{a:1}") == "line 1, column 2: wanted a member's name, found 'a'");
  CHECK(message_of("1 2") == "line 1, column 3: wanted the end, found '2'");
  CHECK(message_of("nul") == "line 1, column 1: wanted a value, found 'n'");
  CHECK(message_of("[\"\xC3\xA9\xC3\xA9\", \xE2\x82\xAC]") ==
        "line 1, column 8: wanted a value, found '\xE2\x82\xAC'");
  CHECK(message_of("[01]") == "line 1, column 2: '01' is not a JSON number, or is too large");
  CHECK(message_of("1e999") == "line 1, column 1: '1e999' is not a JSON number, or is too large");
  CHECK(message_of("\"abc") == "line 1, column 1: a string that does not end");
  CHECK(message_of("\"abc\\\"") == "line 1, column 1: a string that does not end");
  CHECK(message_of("\"abc\\") == "line 1, column 1: a string that does not end");
  CHECK(message_of("\"a\nb\"") == "line 1, column 3: a control character in a string must be escaped");
  CHECK(message_of("\"a\\x\"") == "line 1, column 3: an unknown escape in a string");
  CHECK(message_of("\"\\u12g4\"") == "line 1, column 2: an unknown escape in a string");
  CHECK(message_of("\"\\u12\"") == "line 1, column 2: an unknown escape in a string");
}

TEST_CASE("refused: not JSON") {
  for (const char* text : {"{", "[", "[[]", "{\"a\"", "{\"a\":", "]", ",", "'a'", "NaN", "Infinity",
                           "+1", ".5", "1.", "truefalse", "tru", "/*c*/1", "{\"a\":1}}",
                           "[1,,2]", "{,}", "\xEF\xBB\xBF{}", "{1:2}", "{null:1}", "--1"}) {
    CAPTURE(text);
    CHECK(Parsed(text).status == Status::json);
  }
}

TEST_CASE("refused: text that is not UTF-8, and lone surrogates") {
  CHECK(message_of("[\"a\xFF\"]") == "line 1, column 4: invalid UTF-8");
  CHECK(Parsed("\"\xED\xA0\x80\"").status == Status::utf8);
  for (const char* text : {"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"",
                           "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\""}) {
    CAPTURE(text);
    CHECK(Parsed(text).status == Status::utf8);
  }
  CHECK(Parsed("\"\\ud800\\udc00\"").root->text == "\xF0\x90\x80\x80");
  CHECK(Parsed("\"\\uD7FF\\uE000\"").root->text == "\xED\x9F\xBF\xEE\x80\x80");
}

TEST_CASE("depth: at, below and above the limit") {
  CHECK(Parsed(nested(limits::json_depth - 1)).status == Status::ok);
  CHECK(Parsed(nested(limits::json_depth)).status == Status::ok);
  CHECK(Parsed(nested(limits::json_depth + 1)).status == Status::limit);
  CHECK(Parsed(std::string(5'000'000, '[')).status == Status::limit);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(Parsed(objects).status == Status::limit);
}

TEST_CASE("duplicate names, in few and in many") {
  CHECK(message_of("{\"a\":1,\"b\":2,\"a\":3}") ==
        "line 1, column 18: the name 'a' stands twice in one object");
  CHECK(Parsed("{\"a\":1,\"\\u0061\":2}").status == Status::json);
  CHECK(Parsed("[{\"a\":1},{\"a\":2}]").status == Status::ok);
  for (const std::size_t n : {15u, 16u, 17u, 1000u}) {
    CAPTURE(n);
    CHECK(Parsed(object_with(n, "other")).status == Status::ok);
    CHECK(Parsed(object_with(n, "k0")).status == Status::json);
    CHECK(Parsed(object_with(n, "k" + std::to_string(n - 1))).status == Status::json);
  }
}

TEST_CASE("an object with very many members finds its last key twice") {
  const std::string text = object_with(300'000, "k299999");
  CHECK(Parsed(text).status == Status::json);
}

TEST_CASE("memory is bounded by the arena and its failure is a status") {
  TestMemory memory;
  Arena arena(memory.allocator(), 100'000);
  Error error;
  const JsonValue* root = nullptr;
  std::string text = "[0";
  for (int i = 0; i < 100'000; ++i) text += ",0";
  text += "]";
  CHECK(parse_json(text, &arena, &root, &error) == Status::memory);
  CHECK(root == nullptr);
  CHECK(memory.live_bytes <= 100'000);
}

TEST_CASE("no bytes crash the reader") {
  std::mt19937 random(1);
  const std::string alphabet = "{}[]\",:0123456789.eE+-truefalsn\\ud8 \n\xC3\xA9\xFF";
  const std::string seed = "{\"a\":[1,-2.5e1,true,\"x\\u00e9\"],\"b\":{\"c\":null}}";
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    if (i % 2) {
      for (std::size_t n = random() % 40; n > 0; --n) text += alphabet[random() % alphabet.size()];
    } else {
      text = seed.substr(0, random() % (seed.size() + 1));
      if (!text.empty()) text[random() % text.size()] = static_cast<char>(random());
    }
    const Parsed parsed(text);
    CHECK((parsed.status == Status::ok) == (parsed.root != nullptr));
  }
}

TEST_CASE("the writer places commas and quotes") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  JsonWriter writer(&arena);
  writer.begin_object().key("a").begin_array().integer(1).number(2.5).number(0.1f).end_array();
  writer.key("b").begin_object().end_object().key("c").boolean(true).key("d").null();
  writer.key("e\"\n").string("q\"\\\b\f\n\r\t\x01\x1f\x7f/\xC3\xA9").end_object();
  REQUIRE(writer.status() == Status::ok);
  CHECK(writer.view() ==
        "{\"a\":[1,2.5,0.1],\"b\":{},\"c\":true,\"d\":null,"
        "\"e\\\"\\n\":\"q\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\xC3\xA9\"}");
}

TEST_CASE("whole numbers beyond 2^53 are strings") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  JsonWriter writer(&arena);
  constexpr std::int64_t edge = std::int64_t{1} << 53;
  writer.begin_array().integer(edge).integer(edge + 1).integer(-edge).integer(-edge - 1);
  writer.integer(INT64_MIN).natural(edge).natural(UINT64_MAX).end_array();
  CHECK(writer.view() ==
        "[9007199254740992,\"9007199254740993\",-9007199254740992,\"-9007199254740993\","
        "\"-9223372036854775808\",9007199254740992,\"18446744073709551615\"]");
}

TEST_CASE("numbers that are not finite are null, invalid UTF-8 is replaced") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  JsonWriter writer(&arena);
  writer.begin_array().number(__builtin_nan("")).number(-__builtin_inf()).number(-0.0);
  writer.string("a\xFF\xE2\x82z").end_array();
  CHECK(writer.view() == "[null,null,-0,\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"]");
}

TEST_CASE("a writer that grows reads back; one that cannot says so") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 24);
  JsonWriter writer(&arena);
  writer.begin_array();
  for (int i = 0; i < 20'000; ++i) writer.string("element " + std::to_string(i));
  writer.end_array();
  const Parsed parsed(writer.view());
  REQUIRE(parsed.status == Status::ok);
  CHECK(parsed.root->n_children == 20'000);

  Arena small(memory.allocator(), 20'000);
  JsonWriter failing(&small);
  failing.begin_array();
  for (int i = 0; i < 20'000; ++i) failing.string("element");
  failing.end_array();
  CHECK(failing.status() == Status::memory);
  CHECK(failing.view().empty());
}

TEST_CASE("base64: RFC 4648, section 10") {
  const struct {
    const char *plain, *encoded;
  } cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF", "+/8="}};
  for (const auto& one : cases) {
    TestMemory memory;
    Arena arena(memory.allocator(), 1 << 20);
    const std::string_view plain = one.plain;
    JsonWriter writer(&arena);
    writer.base64({reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size()});
    CHECK(writer.view() == "\"" + std::string(one.encoded) + "\"");
    std::span<const std::uint8_t> bytes;
    REQUIRE(parse_base64(one.encoded, &arena, &bytes) == Status::ok);
    CHECK(std::string(bytes.begin(), bytes.end()) == plain);
  }
}

TEST_CASE("base64: refused") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zm9v\n", "Zm 9", "Zm-v",
                           "Zh==", "Zm9=", "Zg==Zg=="}) {
    CAPTURE(text);
    std::span<const std::uint8_t> bytes;
    CHECK(parse_base64(text, &arena, &bytes) == Status::json);
    CHECK(bytes.empty());
  }
}

}  // namespace guardrank
