#include <doctest/doctest.h>

#include "core/store/key.h"
#include "tests/core/store/signed_metadata.h"

namespace guardrank {

using namespace store_test;

namespace {

// A timestamp whose role has these keys and threshold, signed by `signers`.
Status with_keys(const Names& keys, int threshold, const Names& signers, Fixture* kept = nullptr) {
  RootParts parts;
  parts.keys["timestamp"] = keys;
  parts.thresholds["timestamp"] = threshold;
  Fixture own(parts);
  Fixture& f = kept != nullptr ? *kept : own;
  f.world.cache["root.json"] = root_document(1, {"r"}, parts);
  f.world.origin["timestamp.json"] = timestamp_document(1, 1, signers);
  return f.refresh();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

}  // namespace

TEST_CASE("a threshold is met by as many distinct keys") {
  CHECK(with_keys({"a", "b", "c"}, 2, {"a", "c"}) == Status::ok);
  CHECK(with_keys({"a", "b", "c"}, 2, {"a"}) == Status::signature);
  CHECK(with_keys({"a", "b", "c"}, 2, {"a", "x", "y"}) == Status::signature);
  CHECK(with_keys({"a", "a", "a"}, 2, {"a"}) == Status::signature);   // one id listed thrice
  CHECK(with_keys({"a"}, 2, {"a"}) == Status::signature);             // more than there are keys
}

TEST_CASE("no more signatures are checked than can be needed, some at a time") {
  Names keys;
  for (int i = 0; i < 20; ++i) keys.push_back("k" + std::to_string(i));
  Fixture f;
  CHECK(with_keys(keys, 12, keys, &f) == Status::ok);
  CHECK(f.world.n_verified == 1 + 12 + 1 + 1);
  CHECK(f.world.most_at_once == limits::metadata_verifications);
}

TEST_CASE("bad signatures are passed over, and the next ones counted") {
  Fixture f;
  RootParts parts;
  parts.keys["timestamp"] = {"a", "b", "c"};
  parts.thresholds["timestamp"] = 2;
  f.world.cache["root.json"] = root_document(1, {"r"}, parts);
  const std::string good = timestamp_document(1, 1, {"a", "b", "c"});
  f.world.origin["timestamp.json"] = replaced(good, hexadecimal("good a"), hexadecimal("bad"));
  CHECK(f.refresh() == Status::ok);
  f.restart();
  f.world.cache.erase("timestamp.json");
  for (const char* bad : {"", "0", "zz", "00"})   // none, and no hexadecimal text
    f.world.origin["timestamp.json"] =
        replaced(replaced(good, hexadecimal("good a"), bad), hexadecimal("good b"), bad);
  CHECK(f.refresh() == Status::signature);
  CHECK(f.message().find("timestamp: version 1 has 1 of 2 signatures by its keys") != std::string::npos);
}

TEST_CASE("one key under two ids counts once") {
  Fixture f;
  RootParts parts;
  parts.keys["timestamp"] = {"aa", "ab"};
  parts.thresholds["timestamp"] = 2;
  // The second id has the first one's key, its hexadecimal digits in the other case.
  std::string root = root_document(1, {"r"}, parts);
  root = replaced(root, "\"" + hexadecimal("ab") + "\"", "\"" + hexadecimal("aa") + " \"");
  f.world.cache["root.json"] = root;
  std::string timestamp = timestamp_document(1, 1, {"aa", "ab"});
  f.world.origin["timestamp.json"] = replaced(timestamp, hexadecimal("good ab"), hexadecimal("good aa"));
  CHECK(f.refresh() == Status::signature);
}

TEST_CASE("two signatures of one id are refused") {
  Fixture f;
  f.world.origin["timestamp.json"] = timestamp_document(1, 1, {"ts", "ts"});
  CHECK(f.refresh() == Status::json);
  CHECK(f.message().find("two signatures of key ts") != std::string::npos);
}

TEST_CASE("keys of unknown type or scheme sign nothing and are no mistake") {
  Fixture f;
  RootParts parts;
  parts.keys["timestamp"] = {"ts", "new"};
  std::string root = root_document(1, {"r"}, parts);
  const std::string known = R"("new": {"keytype": "ed25519", "scheme": "ed25519")";
  f.world.cache["root.json"] = replaced(root, known, R"("new": {"keytype": "lattice", "scheme": "ed25519")");
  f.world.origin["timestamp.json"] = timestamp_document(1, 1, {"new"});
  CHECK(f.refresh() == Status::signature);
  f.world.origin["timestamp.json"] = timestamp_document(1, 1, {"new", "ts"});
  CHECK(f.refresh() == Status::ok);
}

TEST_CASE("counts of signatures and keys at their limits") {
  Names signers = {"ts"};
  while (signers.size() < limits::metadata_signatures) signers.push_back("x" + std::to_string(signers.size()));
  CHECK(with_keys({"ts"}, 1, signers) == Status::ok);
  signers.push_back("one more");
  CHECK(with_keys({"ts"}, 1, signers) == Status::limit);
  Names keys = {"ts"};
  while (keys.size() < limits::metadata_role_keys) keys.push_back("k" + std::to_string(keys.size()));
  CHECK(with_keys(keys, 1, {"ts"}) == Status::ok);
  keys.push_back("one more");
  CHECK(with_keys(keys, 1, {"ts"}) == Status::limit);
}

TEST_CASE("keys are the same whatever stands between their characters") {
  const PublicKey a{"1", KeyScheme::rsassa_pss_sha256, "-----BEGIN\nAbC\r\n"};
  CHECK(is_same_key(a, {"2", KeyScheme::rsassa_pss_sha256, "-----BEGIN AbC"}));
  CHECK_FALSE(is_same_key(a, {"1", KeyScheme::rsassa_pss_sha256, "-----BEGIN abC"}));
  CHECK_FALSE(is_same_key(a, {"1", KeyScheme::rsassa_pss_sha256, "-----BEGIN AbCd"}));
  CHECK(is_same_key({"1", KeyScheme::ed25519, "aB"}, {"1", KeyScheme::ed25519, "Ab"}));
}

TEST_CASE("hexadecimal text") {
  std::uint8_t bytes[2] = {};
  std::size_t size = 9;
  CHECK(read_hexadecimal("0aFf", bytes, &size));
  CHECK(size == 2);
  CHECK(bytes[0] == 0x0a);
  CHECK(bytes[1] == 0xff);
  CHECK(read_hexadecimal("", bytes, &size));
  for (const char* bad : {"0", "0g", "000000", "-1", "0 "}) CHECK_FALSE(read_hexadecimal(bad, bytes, &size));
}

}  // namespace guardrank
