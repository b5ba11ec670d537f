#include "core/store/key.h"

namespace guardrank {

namespace {

struct SchemeName {
  std::string_view type;
  std::string_view scheme;
  KeyScheme value;
};

constexpr SchemeName schemes[] = {
    {"ed25519", "ed25519", KeyScheme::ed25519},
    {"ecdsa", "ecdsa-sha2-nistp256", KeyScheme::ecdsa_sha2_nistp256},
    // What older writers gave as the type.
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", KeyScheme::ecdsa_sha2_nistp256},
    {"rsa", "rsassa-pss-sha256", KeyScheme::rsassa_pss_sha256},
    {"rsa", "rsa-pkcs1v15-sha256", KeyScheme::rsa_pkcs1v15_sha256},
};

std::string_view text_of(const JsonValue* value) {
  return value != nullptr && value->type == JsonType::string ? value->text : std::string_view{};
}

bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

char lower(char byte) {
  return byte >= 'A' && byte <= 'F' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

int digit_value(char digit) {
  digit = lower(digit);
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

}  // namespace

bool read_key(std::string_view id, const JsonValue& value, PublicKey* key) {
  const JsonValue* parts = value.member("keyval");
  if (parts == nullptr) return false;
  key->id = id;
  key->text = text_of(parts->member("public"));
  const std::string_view type = text_of(value.member("keytype"));
  const std::string_view scheme = text_of(value.member("scheme"));
  for (const SchemeName& name : schemes) {
    if (type != name.type || scheme != name.scheme) continue;
    key->scheme = name.value;
    return !key->text.empty();
  }
  return false;
}

bool is_same_key(const PublicKey& a, const PublicKey& b) {
  // Hexadecimal digits of ed25519 may stand in either case; letters of base64 may not.
  const bool is_ed25519 = a.scheme == KeyScheme::ed25519 && b.scheme == KeyScheme::ed25519;
  std::size_t i = 0, j = 0;
  for (;;) {
    while (i < a.text.size() && is_space(a.text[i])) ++i;
    while (j < b.text.size() && is_space(b.text[j])) ++j;
    if (i == a.text.size() || j == b.text.size()) return i == a.text.size() && j == b.text.size();
    const bool is_equal = is_ed25519 ? lower(a.text[i]) == lower(b.text[j]) : a.text[i] == b.text[j];
    if (!is_equal) return false;
    ++i;
    ++j;
  }
}

bool read_hexadecimal(std::string_view text, std::span<std::uint8_t> out, std::size_t* size) {
  if (text.size() % 2 != 0 || text.size() / 2 > out.size()) return false;
  for (std::size_t i = 0; i < text.size() / 2; ++i) {
    const int high = digit_value(text[2 * i]);
    const int low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  *size = text.size() / 2;
  return true;
}

}  // namespace guardrank
