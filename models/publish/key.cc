#include "models/publish/key.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/base/hash.h"
#include "models/pack/pack_error.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

[[noreturn]] void refuse(const std::string& what) {
  ERR_clear_error();
  throw PackError(Status::argument, "key", what);
}

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
void free_bio(BIO* bio) { BIO_free_all(bio); }
using Bio = std::unique_ptr<BIO, Freed<BIO, free_bio>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using SignedKey = std::unique_ptr<X509_SIG, Freed<X509_SIG, X509_SIG_free>>;
using PlainKey = std::unique_ptr<PKCS8_PRIV_KEY_INFO,
                                 Freed<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>>;

Bio reader(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// OpenSSL asks for a passphrase on the terminal where it is given none.
int give_passphrase(char* buffer, int size, int, void* user) {
  const auto& passphrase = *static_cast<std::string_view*>(user);
  if (passphrase.empty() || passphrase.size() > static_cast<std::size_t>(size)) return -1;
  passphrase.copy(buffer, passphrase.size());
  return static_cast<int>(passphrase.size());
}

// Nothing where it is none, or is locked.
KeyHandle read_public(std::string_view pem) {
  const Bio bio = reader(pem);
  std::string_view nothing;
  return KeyHandle(PEM_read_bio_PUBKEY(bio.get(), nullptr, give_passphrase, &nothing));
}

bool is_p256(EVP_PKEY* key) {
  char name[64] = {};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, name, sizeof name, &size) == 1 &&
         std::string_view(name, size) == "prime256v1";
}

Json describe(EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_ED25519) {
    unsigned char raw[32];
    std::size_t size = sizeof raw;
    if (EVP_PKEY_get_raw_public_key(key, raw, &size) != 1) refuse("an ed25519 key without its half");
    const std::string_view bytes(reinterpret_cast<const char*>(raw), size);
    return {{"keytype", "ed25519"}, {"scheme", "ed25519"},
            {"keyval", {{"public", hexadecimal(bytes)}}}};
  }
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key) != 1) refuse("its public half cannot be written");
  const Json value = {{"public", contents(bio.get())}};
  if (type == EVP_PKEY_EC && is_p256(key))
    return {{"keytype", "ecdsa"}, {"scheme", "ecdsa-sha2-nistp256"}, {"keyval", value}};
  if (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048)
    return {{"keytype", "rsa"}, {"scheme", "rsassa-pss-sha256"}, {"keyval", value}};
  refuse("wanted ed25519, ECDSA on P-256, or RSA of 2048 bits or more");
}

KeyHandle open_public(const Json& json) {
  const std::string value = json.at("keyval").at("public").get<std::string>();
  KeyHandle key;
  if (json.at("keytype") == "ed25519") {
    const std::string raw = from_hexadecimal(value);
    if (raw.size() == 32)
      key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(raw), raw.size()));
  } else {
    key = read_public(value);
  }
  if (!key) refuse("a public key of the metadata cannot be read");
  return key;
}

// Ready to sign or verify: the digest, and for RSA the padding.
template <typename Init>
Context start(EVP_PKEY* key, const Init& init) {
  Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  if (!context || init(context.get(), &parameters, digest, nullptr, key) != 1)
    refuse("it cannot be used");
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
      (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1))
    refuse("RSA-PSS is not at hand");
  return context;
}

}  // namespace

void FreeKey::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

std::string hexadecimal(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

std::string from_hexadecimal(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    if (digit(text[i]) < 0 || digit(text[i + 1]) < 0) return {};
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  return text.size() % 2 == 0 ? bytes : std::string();
}

std::string sha256_hex(std::string_view bytes) {
  const Sha256Digest digest = sha256({bytes_of(bytes), bytes.size()});
  return hexadecimal({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

PublicKey::PublicKey(const Json& json) : json_(json), id_(sha256_hex(canonical_json(json))) {}

PublicKey PublicKey::of(EVP_PKEY* key) { return PublicKey(describe(key)); }

PublicKey PublicKey::from_json(const Json& json) {
  try {
    const KeyHandle key = open_public(json);
    PublicKey read = of(key.get());
    if (read.scheme() != json.at("scheme").get<std::string>()) refuse("its scheme is another one");
    read.json_ = json;   // its text is part of its id, as whoever wrote it chose
    read.id_ = sha256_hex(canonical_json(json));
    return read;
  } catch (const Json::exception& problem) {
    refuse(problem.what());
  }
}

PublicKey PublicKey::from_pem(std::string_view pem) {
  const KeyHandle key = read_public(pem);
  ERR_clear_error();
  if (key) return of(key.get());
  if (pem.find("PRIVATE KEY") == std::string_view::npos) refuse("wanted a PEM key");
  return PrivateKey::from_pem(pem, {}).public_key();
}

std::string PublicKey::pem() const {
  const KeyHandle key = open_public(json_);
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) refuse("it cannot be written");
  return contents(bio.get());
}

bool PublicKey::verifies(std::string_view message, std::string_view signature_hex) const {
  const std::string signature = from_hexadecimal(signature_hex);
  const KeyHandle key = open_public(json_);
  const Context context = start(key.get(), EVP_DigestVerifyInit);
  const bool is_good = !signature.empty() &&
                       EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                        bytes_of(message), message.size()) == 1;
  ERR_clear_error();
  return is_good;
}

PrivateKey PrivateKey::generate(std::string_view scheme) {
  EVP_PKEY* key = nullptr;
  if (scheme == "ed25519") key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  else if (scheme == "ecdsa-sha2-nistp256") key = EVP_EC_gen("P-256");
  else if (scheme == "rsassa-pss-sha256") key = EVP_RSA_gen(3072);
  else refuse("wanted a scheme of ed25519, ecdsa-sha2-nistp256, rsassa-pss-sha256; found '" +
              std::string(scheme) + "'");
  if (key == nullptr) throw PackError(Status::internal, "key", "libcrypto could not make one");
  return PrivateKey(KeyHandle(key));
}

PrivateKey PrivateKey::from_pem(std::string_view pem, std::string_view passphrase) {
  const Bio bio = reader(pem);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &passphrase));
  if (key) return PrivateKey(std::move(key));
  const bool is_locked = pem.find("ENCRYPTED") != std::string_view::npos;
  refuse(!is_locked           ? "not a private key in PEM"
         : passphrase.empty() ? "it needs a passphrase"
                              : "the passphrase does not open it");
}

std::string PrivateKey::pem(std::string_view passphrase) const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (passphrase.empty()) {
    if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
        1)
      refuse("it cannot be written");
    return contents(bio.get());
  }
  constexpr int rounds = 600'000;   // OWASP's advice for PBKDF2 with HMAC-SHA-256
  const PlainKey plain(EVP_PKEY2PKCS8(key_.get()));
  X509_ALGOR* how = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, nullptr, 0, nullptr,
                                      NID_hmacWithSHA256);
  const SignedKey locked(how == nullptr || !plain
                             ? nullptr
                             : PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()),
                                              plain.get(), how));
  if (!locked || PEM_write_bio_PKCS8(bio.get(), locked.get()) != 1) refuse("it cannot be locked");
  return contents(bio.get());
}

std::string PrivateKey::sign(std::string_view message) const {
  const Context context = start(key_.get(), EVP_DigestSignInit);
  std::size_t size = 0;
  std::string signature;
  if (EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) == 1)
    signature.resize(size);
  if (signature.empty() ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) != 1)
    refuse("it does not sign");
  signature.resize(size);
  return hexadecimal(signature);
}

}  // namespace guardrank::publish
