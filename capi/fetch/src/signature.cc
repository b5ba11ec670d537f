#include "capi/fetch/src/signature.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <climits>
#include <memory>

#include "core/store/key.h"

namespace guardrank::fetch {

namespace {

template <auto Free>
struct Freed {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

constexpr int least_rsa_bits = 2048;

// A key that claims to be encrypted is no public key; libcrypto would ask the terminal for a passphrase.
int give_no_passphrase(char*, int, int, void*) { return -1; }

Key read_pem(std::string_view text) {
  if (text.size() > INT_MAX) return nullptr;
  const Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return memory == nullptr ? nullptr : Key(PEM_read_bio_PUBKEY(memory.get(), nullptr, give_no_passphrase, nullptr));
}

Key read_key(KeyScheme scheme, std::string_view text) {
  std::array<std::uint8_t, 32> raw;
  std::size_t size = 0;
  if (scheme == KeyScheme::ed25519 && read_hexadecimal(text, raw, &size) && size == raw.size())
    return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  return read_pem(text);
}

bool is_p256(EVP_PKEY* key) {
  char group[32] = {};
  std::size_t size = 0;
  return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &size) == 1 &&
         std::string_view(group, size) == "prime256v1";
}

// The key is of the kind that the scheme names, whatever its text says.
bool fits(KeyScheme scheme, EVP_PKEY* key) {
  switch (scheme) {
    case KeyScheme::ed25519: return EVP_PKEY_is_a(key, "ED25519") == 1;
    case KeyScheme::ecdsa_sha2_nistp256: return EVP_PKEY_is_a(key, "EC") == 1 && is_p256(key);
    case KeyScheme::rsassa_pss_sha256:
    case KeyScheme::rsa_pkcs1v15_sha256:
      return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= least_rsa_bits;
  }
  return false;
}

bool set_padding(KeyScheme scheme, EVP_PKEY_CTX* context) {
  if (scheme == KeyScheme::rsa_pkcs1v15_sha256)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  if (scheme != KeyScheme::rsassa_pss_sha256) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) == 1;
}

bool verify(KeyScheme scheme, EVP_PKEY* key, Bytes message, Bytes signature) {
  const Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;   // belongs to the context
  const EVP_MD* digest = scheme == KeyScheme::ed25519 ? nullptr : EVP_sha256();
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, key) == 1 &&
         set_padding(scheme, parameters) &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

bool is_good_signature(KeyScheme scheme, std::string_view public_key, Bytes message, Bytes signature) {
  const Key key = read_key(scheme, public_key);
  const bool is_good = key != nullptr && fits(scheme, key.get()) &&
                       verify(scheme, key.get(), message, signature);
  ERR_clear_error();
  return is_good;
}

}  // namespace guardrank::fetch
