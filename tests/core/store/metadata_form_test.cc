// Canonical JSON, the form of documents, names and patterns.
#include <doctest/doctest.h>

#include "core/store/canonical_json.h"
#include "tests/core/store/signed_metadata.h"

namespace guardrank {

using namespace store_test;

namespace {

struct Canonical {
  TestMemory memory;
  Arena arena{memory.allocator(), std::size_t{1} << 20};
  Error error;
  std::string text;
  Status status;

  explicit Canonical(std::string_view json) {
    const JsonValue* root = nullptr;
    status = parse_json(json, &arena, &root, &error);
    REQUIRE(status == Status::ok);
    std::string_view out;
    status = write_canonical_json(*root, json.size(), &arena, &out, &error);
    text = std::string(out);
  }
};

std::string canonical(std::string_view json) { return Canonical(json).text; }

// Status of a refresh whose document of the role has `from` replaced by `to`.
Status with(const std::string& path, const std::string& from, const std::string& to, std::string* message = nullptr) {
  Fixture f;
  std::string& document = path == "root.json" ? f.world.cache[path] : f.world.origin[path];
  REQUIRE(document.find(from) != std::string::npos);
  document.replace(document.find(from), from.size(), to);
  const Status status = f.refresh();
  if (message != nullptr) *message = f.message();
  return status;
}

std::string name_of(std::string_view role) {
  CacheKey key;
  append_cache_name(role, &key);
  return std::string(key.view());
}

}  // namespace

// As securesystemslib.formats.encode_canonical writes them.
TEST_CASE("canonical JSON") {
  CHECK(canonical("{ \"b\" : [ 1 , true , null ] , \"a\" : { } }") == R"({"a":{},"b":[1,true,null]})");
  CHECK(canonical(R"("\u0041\n\"\\\/\u00e9")") == "\"A\n\\\"\\\\/\xc3\xa9\"");
  CHECK(canonical("-0") == "0");
  CHECK(canonical("-9223372036854775808") == "-9223372036854775808");
  CHECK(canonical(R"({"aa":1,"a":2,"Z":3,"":4})") == R"({"":4,"Z":3,"a":2,"aa":1})");
  // U+FFFD stands before U+1F600, in bytes as in characters; UTF-16 units would say otherwise.
  CHECK(canonical(R"({"\ud83d\ude00":1,"\ufffd":2})") == "{\"\xef\xbf\xbd\":2,\"\xf0\x9f\x98\x80\":1}");
  CHECK(Canonical("[1.0]").status == Status::json);
  CHECK(Canonical("[1e3]").status == Status::json);
  CHECK(Canonical("[9223372036854775808]").status == Status::json);
}

TEST_CASE("the form of documents is checked, and names what is wrong") {
  std::string message;
  CHECK(with("timestamp.json", "\"_type\": \"timestamp\"", "\"_type\": \"snapshot\"", &message) == Status::json);
  CHECK(message == "timestamp: _type must be timestamp");
  CHECK(with("timestamp.json", "1.0.31", "2.0.0") == Status::version);
  CHECK(with("timestamp.json", "1.0.31", "1.9") == Status::ok);
  CHECK(with("timestamp.json", "\"version\": 1, \"exp", "\"version\": 0, \"exp") == Status::json);
  CHECK(with("timestamp.json", "\"version\": 1, \"exp", "\"version\": 1.0, \"exp") == Status::json);
  CHECK(with("timestamp.json", later, "2023-12-01") == Status::json);
  CHECK(with("timestamp.json", "\"snapshot.json\"", "\"other.json\"") == Status::json);
  CHECK(with("timestamp.json", "\"signatures\": [", "\"signatures\": [7, ") == Status::json);
  CHECK(with("timestamp.json", "{\"signatures\"", "{\"signed\": {}, \"signatures\"", &message) == Status::json);
  CHECK(message.starts_with("timestamp: line 1, column"));
  CHECK(with("1.snapshot.json", "{\"version\": 1}", "{\"version\": 0}") == Status::json);
  CHECK(with("1.snapshot.json", "{\"version\": 1}", "{\"version\": 1, \"length\": -1}") == Status::json);
  CHECK(with("1.targets.json", "\"targets\": {", "\"target\": {") == Status::json);
  CHECK(with("root.json", "\"threshold\": 1", "\"threshold\": 0") == Status::json);
  CHECK(with("root.json", "\"snapshot\": {\"keyids\"", "\"shot\": {\"keyids\"") == Status::json);
  CHECK(with("root.json", "\"consistent_snapshot\": true", "\"consistent_snapshot\": 1") == Status::json);
  CHECK(with("root.json", "\"keytype\": \"ed25519\", ", "") == Status::json);
}

TEST_CASE("the form of delegations") {
  const auto with_delegations = [](const std::string& delegations) {
    Fixture f;
    f.world.origin["1.targets.json"] = targets_document(1, {}, {"tg"}, delegations);
    return f.refresh();
  };
  CHECK(with_delegations(delegations_of({{"a", {"k"}}, {"b", {"k"}}})) == Status::ok);
  CHECK(with_delegations(delegations_of({{"a", {"k"}}, {"a", {"k"}}})) == Status::json);
  for (const char* taken : {"root", "timestamp", "snapshot", "targets", ""})
    CHECK(with_delegations(delegations_of({{taken, {"k"}}})) == Status::json);
  CHECK(with_delegations(delegations_of({{"a", {"k"}, R"("x": 1)"}})) == Status::json);
  CHECK(with_delegations(delegations_of({{"a", {"k"}, R"("paths": [], "path_hash_prefixes": [])"}})) == Status::json);
  CHECK(with_delegations(delegations_of({{std::string(limits::name_bytes, 'n'), {"k"}}})) == Status::ok);
  CHECK(with_delegations(delegations_of({{std::string(limits::name_bytes + 1, 'n'), {"k"}}})) == Status::json);
  const auto bins = [&](const std::string& bits) {
    return with_delegations(R"({"keys": {}, "succinct_roles": {"keyids": [], "threshold": 1, )"
                            R"("name_prefix": "b", "bit_length": )" + bits + "}}");
  };
  CHECK(bins("1") == Status::ok);
  CHECK(bins("32") == Status::ok);
  CHECK(bins("0") == Status::json);
  CHECK(bins("33") == Status::json);
  std::vector<Delegation> many;
  for (std::uint32_t i = 0; i < limits::metadata_delegations; ++i) many.push_back({"r" + std::to_string(i), {"k"}});
  CHECK(with_delegations(delegations_of(many)) == Status::ok);
  many.push_back({"one more", {"k"}});
  CHECK(with_delegations(delegations_of(many)) == Status::limit);
}

TEST_CASE("files at, below and above their limits") {
  Fixture f;
  const std::string small = f.world.origin["timestamp.json"];
  f.world.origin["timestamp.json"] = small + std::string(limits::metadata_timestamp_bytes - small.size(), ' ');
  CHECK(f.refresh() == Status::ok);
  f.restart();
  f.world.cache.erase("timestamp.json");
  f.world.origin["timestamp.json"] += ' ';
  CHECK(f.refresh() == Status::limit);
}

TEST_CASE("patterns of paths: no wildcard crosses a slash; a list of characters is one of them") {
  struct Case { const char* pattern; const char* path; bool matches; };
  for (const Case& one : std::initializer_list<Case>{
           {"*", "a", true}, {"*", "", true}, {"*", "a/b", false}, {"a/*", "a/b", true}, {"a/*", "a/b/c", false},
           {"*/*", "a/b", true}, {"a?c", "abc", true}, {"a?c", "a/c", false}, {"a?c", "ac", false},
           {"*.py", "x.py", true}, {"*.py", "d/x.py", false}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYbZ", false},
           {"", "", true}, {"", "a", false}, {"a", "a", true}, {"[a]", "a", true}, {"[a]", "[a]", false},
           {"[a-c]?", "bx", true}, {"[a-c]x", "dx", false}, {"[!a-c]x", "dx", true}, {"[!a-c]x", "ax", false},
           {"[!a]", "/", false}, {"[]]", "]", true}, {"[!]]", "a", true}, {"[!]]", "]", false}, {"[a", "[a", true},
           {"[a/]", "a", false}, {"[a/]", "[a/]", true}, {"[a-]", "-", true}, {"[-a]", "-", true},
           {"[c-a]", "b", false},
           {"*[0-9]", "v10", true}, {"*[0-9].zip", "v1x.zip", false}, {"[*]", "a", false}, {"[*]", "*", true},
           {"?", "\u00e9", true},
           {"??", "\u00e9", false}, {"[\u00e9]", "\u00e9", true}, {"[a-\u00e9]", "z", true},
           {"*\u00e9", "a\u00e9\u00e9", true},
           {"*a*", "bbab", true}, {"a/*b", "a/c/b", false}, {"**", "ab", true},
           {"releases/*/*.zip", "releases/y/v.zip", true}}) {
    CAPTURE(one.pattern);
    CAPTURE(one.path);
    CHECK(matches_path_pattern(one.pattern, one.path) == one.matches);
  }
}

TEST_CASE("digits of a hash") {
  Sha256Digest hash{};
  hash[0] = 0x2d;
  hash[1] = 0x71;
  for (const char* prefix : {"2", "2d", "2d7"}) CHECK(matches_hash_prefix(prefix, hash));
  for (const char* prefix : {"", "d", "2e", "2d8", "2D"}) CHECK_FALSE(matches_hash_prefix(prefix, hash));
  CHECK_FALSE(matches_hash_prefix(std::string(65, '0'), Sha256Digest{}));
  CHECK(matches_hash_prefix(std::string(64, '0'), Sha256Digest{}));
}

TEST_CASE("names as keys of the cache: different ones stay different, none leaves the folder") {
  CHECK(name_of("team-1.a") == "team-1.a");
  CHECK(name_of("A") == "_41");
  CHECK(name_of("_41") == "_5f41");
  CHECK(name_of("../x") == "_2e._2fx");
  CHECK(name_of("..") == "_2e.");
  const std::string longest(200, 'a');
  CHECK(name_of(longest) == longest);
  // Python: hashlib.sha256(b"a" * 201).hexdigest()
  CHECK(name_of(longest + "a") == "_sha256-a92efd82109373e58f9a2056dee01e807e216ce6075f7051207c0a9f7d666e50");
  CHECK(name_of(std::string(limits::name_bytes, '/')).size() < 200);
}

TEST_CASE("names in addresses, as Python's urllib.parse.quote writes them") {
  EncodedPath path;
  append_encoded("a b/\xc3\xa9?~%_-.", false, &path);
  CHECK(path.view() == "a%20b%2F%C3%A9%3F~%25_-.");
  path.clear();
  append_encoded("a b/c", true, &path);
  CHECK(path.view() == "a%20b/c");
}

}  // namespace guardrank
