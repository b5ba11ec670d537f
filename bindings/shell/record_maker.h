// Records as the command line asks for them: of a level, salted from a secret, one after another in
// a chain.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/shell/library.h"

namespace guardrank::shell {

struct RecordFlags {
  std::string level = "full", secret_file, chain_file;
  std::vector<std::string> shown;
};

void add_record_flags(CLI::App* command, RecordFlags* flags);

// The salt of one record: SHA-256 of the secret and then the request's JSON without spaces, members in
// the order of their names, so that it may be laid out anew. Whoever keeps secret and requests need not
// keep a salt per record.
std::string salt_of(std::string_view secret, std::string_view request);
// The secret that a file holds; a Failure when it has fewer than 16 bytes.
std::string read_secret(const std::string& path);

// "sha256:" and the 64 hexadecimal digits of 32 bytes.
std::string hash_text(std::string_view hash);
// The same as a file holds it, a newline after it or not.
std::string read_record_hash(const std::string& path);
// That of a record's bytes.
std::string record_hash(std::string_view record);

class RecordMaker {
 public:
  // Reads the secret and the chain's head, where files are named.
  explicit RecordMaker(const RecordFlags& flags);

  std::string make(const gr_decision* decision, std::string_view request);
  // Writes the head of the chain, if there is one.
  void commit() const;

 private:
  gr_record_level level_ = GR_RECORD_FULL;
  std::vector<gr_text> shown_;
  std::string secret_, chain_file_;
  std::string head_;                     // 32 bytes, or empty
};

}  // namespace guardrank::shell
