// Keys that sign metadata, on OpenSSL's libcrypto: ed25519, ecdsa-sha2-nistp256, rsassa-pss-sha256.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "models/publish/canonical_json.h"

extern "C" {
typedef struct evp_pkey_st EVP_PKEY;
}

namespace guardrank::publish {

struct FreeKey {
  void operator()(EVP_PKEY* key) const;
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;

class PublicKey {
 public:
  // As metadata carries it: {"keytype", "scheme", "keyval": {"public"}}.
  static PublicKey from_json(const Json& json);
  // A PEM SubjectPublicKeyInfo, or the public half of a private key that has no passphrase.
  static PublicKey from_pem(std::string_view pem);
  static PublicKey of(EVP_PKEY* key);

  const Json& json() const { return json_; }
  // SHA-256 of the canonical form, hexadecimal.
  const std::string& id() const { return id_; }
  std::string scheme() const { return json_.at("scheme").get<std::string>(); }
  std::string pem() const;
  bool verifies(std::string_view message, std::string_view signature_hex) const;

 private:
  explicit PublicKey(const Json& json);

  Json json_;
  std::string id_;
};

class PrivateKey {
 public:
  // `scheme` as in metadata; RSA keys have 3072 bits.
  static PrivateKey generate(std::string_view scheme);
  static PrivateKey from_pem(std::string_view pem, std::string_view passphrase);

  const PublicKey& public_key() const { return public_; }
  // PKCS #8; with a passphrase AES-256-CBC under PBKDF2 of 600,000 rounds of HMAC-SHA-256.
  std::string pem(std::string_view passphrase) const;
  // Hexadecimal.
  std::string sign(std::string_view message) const;

 private:
  explicit PrivateKey(KeyHandle key) : key_(std::move(key)), public_(PublicKey::of(key_.get())) {}

  KeyHandle key_;
  PublicKey public_;
};

std::string hexadecimal(std::string_view bytes);
// Empty where `text` is no such.
std::string from_hexadecimal(std::string_view text);
std::string sha256_hex(std::string_view bytes);

}  // namespace guardrank::publish
