#include "core/store/metadata_signatures.h"

#include "core/base/limits.h"
#include "core/store/canonical_json.h"
#include "core/store/key.h"

namespace guardrank {

struct SignatureCount::Check {
  PublicKey key;
  Bytes signature;
  std::uint64_t id = 0;
  std::uint8_t authorities = 0;     // bit i: counts for authority i
  State state = State::waiting;
};

Status SignatureCount::begin(const MetadataDocument& document, std::span<const Authority> authorities,
                             Error* error) {
  clear();
  document_ = &document;
  n_checks_ = n_asked_ = 0;
  std::string_view message;
  GUARDRANK_TRY(write_canonical_json(document.signed_part(), document.bytes().size(), &arena_, &message,
                                     error));
  message_ = {reinterpret_cast<const std::uint8_t*>(message.data()), message.size()};
  GUARDRANK_TRY(arena_.make(2 * document.signatures().n_children, &checks_));
  for (const Authority& authority : authorities) {
    authorities_[n_authorities_] = authority;
    GUARDRANK_TRY(add(authority, static_cast<std::uint8_t>(1u << n_authorities_)));
    ++n_authorities_;
  }
  return Status::ok;
}

SignatureCount::Check* SignatureCount::find(const PublicKey& key) {
  for (Check& check : checks_.first(n_checks_))
    if (check.key.id == key.id && check.key.scheme == key.scheme && is_same_key(check.key, key))
      return &check;
  return nullptr;
}

// One check per signature whose key signs for the authority. A signature that is no hexadecimal text
// or too long is none.
Status SignatureCount::add(const Authority& authority, std::uint8_t mask) {
  for (const JsonValue* one = document_->signatures().first; one != nullptr; one = one->next) {
    const std::string_view id = one->member("keyid")->text, text = one->member("sig")->text;
    const JsonValue* listed = authority.key_ids->first;
    while (listed != nullptr && listed->text != id) listed = listed->next;
    const JsonValue* value = listed == nullptr ? nullptr : authority.keys->member(id);
    PublicKey key;
    if (value == nullptr || !read_key(id, *value, &key)) continue;
    if (Check* known = find(key); known != nullptr) {
      known->authorities |= mask;
      continue;
    }
    if (text.empty() || text.size() / 2 > limits::metadata_signature_bytes) continue;
    std::span<std::uint8_t> bytes;
    GUARDRANK_TRY(arena_.make_uninitialised(text.size() / 2, &bytes));
    std::size_t size = 0;
    if (!read_hexadecimal(text, bytes, &size)) continue;
    checks_[n_checks_++] = {key, bytes, 0, mask, State::waiting};
  }
  return Status::ok;
}

// Distinct keys: one that stands under several ids counts once.
std::uint32_t SignatureCount::good(std::size_t authority) const {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < n_checks_; ++i) {
    const auto counts = [&](std::uint32_t at) {
      return checks_[at].state == State::good && (checks_[at].authorities >> authority & 1) != 0;
    };
    bool is_new = counts(i);
    for (std::uint32_t j = 0; j < i && is_new; ++j)
      is_new = !counts(j) || !is_same_key(checks_[i].key, checks_[j].key);
    count += is_new;
  }
  return count;
}

bool SignatureCount::is_enough() const {
  for (std::size_t i = 0; i < n_authorities_; ++i)
    if (good(i) < authorities_[i].threshold) return false;
  return true;
}

bool SignatureCount::next(std::uint64_t id, Need* need) {
  if (n_asked_ >= limits::metadata_verifications) return false;
  std::uint32_t missing = 0;
  for (std::size_t i = 0; i < n_authorities_; ++i) {
    const std::uint32_t has = good(i), wants = authorities_[i].threshold;
    if (has < wants) missing = missing > wants - has ? missing : wants - has;
  }
  if (n_asked_ >= missing) return false;
  for (Check& check : checks_.first(n_checks_)) {
    if (check.state != State::waiting) continue;
    check.state = State::asked;
    check.id = id;
    ++n_asked_;
    *need = {};
    need->id = id;
    need->kind = NeedKind::verify;
    need->scheme = check.key.scheme;
    need->public_key = check.key.text;
    need->message = message_;
    need->signature = check.signature;
    return true;
  }
  return false;
}

bool SignatureCount::provide(std::uint64_t id, bool is_good) {
  for (Check& check : checks_.first(n_checks_)) {
    if (check.state != State::asked || check.id != id) continue;
    check.state = is_good ? State::good : State::bad;
    --n_asked_;
    return true;
  }
  return false;
}

bool SignatureCount::is_done() const {
  if (n_asked_ != 0) return false;
  if (is_enough()) return true;
  for (const Check& check : checks_.first(n_checks_))
    if (check.state == State::waiting) return false;
  return true;
}

Status SignatureCount::result(Error* error) const {
  for (std::size_t i = 0; i < n_authorities_; ++i) {
    const std::uint32_t has = good(i), wants = authorities_[i].threshold;
    if (has >= wants) continue;
    std::string_view refused;
    for (const Check& check : checks_.first(n_checks_))
      if (check.state == State::bad) refused = check.key.id;
    error->set(Status::signature, document_->role(),
               {"version ", document_->version(), " has ", has, " of ", wants,
                i + 1 < n_authorities_ ? " signatures of the root before it" : " signatures by its keys",
                refused.empty() ? "" : "; not good: that of key ", refused});
    return Status::signature;
  }
  return Status::ok;
}

}  // namespace guardrank
