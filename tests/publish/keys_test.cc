// What is signed and by whom. Canonical forms and key ids are those of securesystemslib 1.6; ed25519's
// vector is RFC 8032's first two.
#include <doctest/doctest.h>

#include "models/pack/pack_error.h"
#include "models/publish/key.h"
#include "models/publish/metadata.h"

using namespace guardrank;
using namespace guardrank::publish;
using pack::PackError;

namespace {

// RFC 8032, 7.1, TEST 1 and 2: PKCS #8 of the secret keys.
const char* first_key =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
const char* first_public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

Status status_of(const auto& work) {
  try {
    work();
  } catch (const PackError& problem) {
    return problem.status();
  }
  return Status::ok;
}

const char* const schemes[] = {"ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256"};

}  // namespace

TEST_CASE("canonical JSON") {
  const Json value = parse_json(R"({"b": [1, true, null, {"z": -5, "a": "q\"\\ \n\u00e9"}],
                                    "a": {}, "B": ""})", "test");
  CHECK(canonical_json(value) ==
        "{\"B\":\"\",\"a\":{},\"b\":[1,true,null,{\"a\":\"q\\\"\\\\ \n\xc3\xa9\",\"z\":-5}]}");
  CHECK(canonical_json(Json(18446744073709551615u)) == "18446744073709551615");
  CHECK(status_of([] { canonical_json(Json(0.5)); }) == Status::json);
  CHECK(status_of([] { parse_json(R"({"a": 1, "b": {"a": 2}, "a": 3})", "test"); }) == Status::json);
  CHECK(status_of([] { parse_json(R"({"a": 1, "b": {"a": 2}})", "test"); }) == Status::ok);
  CHECK(status_of([] { parse_json("{", "test"); }) == Status::json);
}

TEST_CASE("ed25519 signs as RFC 8032 says, and the id is securesystemslib's") {
  const PrivateKey key = PrivateKey::from_pem(first_key, "");
  CHECK(key.public_key().json()["keyval"]["public"] == first_public);
  CHECK(key.public_key().id() == "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916");
  const std::string signature = key.sign("");
  CHECK(signature == "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                     "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  CHECK(key.public_key().verifies("", signature));
  CHECK_FALSE(key.public_key().verifies("x", signature));
}

TEST_CASE("every scheme signs and verifies; nothing else is taken for a signature") {
  for (const char* scheme : schemes) {
    CAPTURE(scheme);
    const PrivateKey key = PrivateKey::generate(scheme), other = PrivateKey::generate(scheme);
    const PublicKey half = PublicKey::from_pem(key.public_key().pem());
    CHECK(half.scheme() == scheme);
    CHECK(half.id() == key.public_key().id());
    CHECK(PublicKey::from_json(half.json()).id() == half.id());
    const std::string signature = key.sign("message");
    CHECK(half.verifies("message", signature));
    CHECK_FALSE(half.verifies("massage", signature));
    CHECK_FALSE(other.public_key().verifies("message", signature));
    std::string damaged = signature;
    damaged[8] = damaged[8] == '0' ? '1' : '0';
    CHECK_FALSE(half.verifies("message", damaged));
    for (const char* none : {"", "zz", "0", "00"}) CHECK_FALSE(half.verifies("message", none));
  }
  CHECK(status_of([] { PrivateKey::generate("rsa"); }) == Status::argument);
}

TEST_CASE("a passphrase locks a key") {
  const PrivateKey key = PrivateKey::generate("ecdsa-sha2-nistp256");
  const std::string locked = key.pem("correct horse");
  CHECK(locked.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
  CHECK(PrivateKey::from_pem(locked, "correct horse").public_key().id() == key.public_key().id());
  CHECK(status_of([&] { PrivateKey::from_pem(locked, "wrong"); }) == Status::argument);
  CHECK(status_of([&] { PrivateKey::from_pem(locked, ""); }) == Status::argument);
  CHECK(status_of([&] { PublicKey::from_pem(locked); }) == Status::argument);
  CHECK(PublicKey::from_pem(key.pem("")).id() == key.public_key().id());
  CHECK(status_of([] { PublicKey::from_pem("no key"); }) == Status::argument);
}

TEST_CASE("a key of metadata that is another scheme's, or none, is refused") {
  Json json = PrivateKey::generate("ecdsa-sha2-nistp256").public_key().json();
  json["scheme"] = "rsassa-pss-sha256";
  CHECK(status_of([&] { PublicKey::from_json(json); }) == Status::argument);
  json.erase("scheme");
  CHECK(status_of([&] { PublicKey::from_json(json); }) == Status::argument);
}

TEST_CASE("a threshold counts different keys with good signatures") {
  const PrivateKey a = PrivateKey::generate("ed25519"), b = PrivateKey::generate("ed25519"),
                   stranger = PrivateKey::generate("ed25519");
  Signers signers;
  for (const PrivateKey* key : {&a, &b})
    signers.keys[key->public_key().id()] = key->public_key().json();
  signers.threshold = 2;
  Envelope envelope;
  envelope.body = {{"version", 1}};
  const std::string message = canonical_json(envelope.body);
  envelope.signatures[a.public_key().id()] = a.sign(message);
  CHECK_FALSE(signers.are_enough(envelope));
  envelope.signatures[stranger.public_key().id()] = stranger.sign(message);
  CHECK_FALSE(signers.are_enough(envelope));
  envelope.signatures[b.public_key().id()] = a.sign(message);   // another's
  CHECK_FALSE(signers.are_enough(envelope));
  envelope.signatures[b.public_key().id()] = b.sign(message);
  CHECK(signers.are_enough(envelope));
  const Envelope again = Envelope::parse(envelope.text(), "test");
  CHECK(signers.are_enough(again));
  envelope.body["version"] = 2;
  CHECK(signers.good(envelope).empty());
}

TEST_CASE("times") {
  CHECK(time_text(1'795'337'160'999'999) == "2026-11-22T08:46:00Z");
  CHECK(parse_time("2026-11-22T08:46:00Z") == 1'795'337'160'000'000);
  for (const char* text : {"", "2026-11-22", "2026-11-22T08:46:00", "2026-11-22T08:46:00Zx"})
    CHECK(status_of([&] { parse_time(text); }) == Status::argument);
}
