// Counting signatures: which checks a document needs, and whether enough of them came out well.
#pragma once

#include "core/store/metadata_document.h"

namespace guardrank {

// Checks of one document against one authority, or two (a new root: the old one's and its own). No more
// are asked for than can still be needed, and limits::metadata_verifications at a time.
class SignatureCount {
 public:
  void open(const Allocator& allocator) { arena_.open(allocator, SIZE_MAX / 2); }

  // Lists the document's signatures by keys of the authorities. The document and what the authorities
  // point to must stay until the count is done.
  Status begin(const MetadataDocument& document, std::span<const Authority> authorities, Error* error);
  void clear() { arena_.release(); checks_ = {}; n_authorities_ = 0; }

  // The next check to ask for: fills kind, scheme, public_key, message and signature, and takes `id`
  // for it. False when none is needed now.
  bool next(std::uint64_t id, Need* need);
  // False when `id` is none of its checks.
  bool provide(std::uint64_t id, bool is_good);

  // All that was asked for is answered, and either enough is good or nothing is left to ask.
  bool is_done() const;
  // Status::signature naming role, version, and how many of how many.
  Status result(Error* error) const;

 private:
  enum class State : std::uint8_t { waiting, asked, good, bad };
  struct Check;

  Status add(const Authority& authority, std::uint8_t mask);
  Check* find(const struct PublicKey& key);
  std::uint32_t good(std::size_t authority) const;
  bool is_enough() const;

  Arena arena_;
  const MetadataDocument* document_ = nullptr;
  Bytes message_;
  std::span<Check> checks_;
  std::uint32_t n_checks_ = 0;
  std::uint32_t n_asked_ = 0;
  Authority authorities_[2];
  std::size_t n_authorities_ = 0;
};

}  // namespace guardrank
