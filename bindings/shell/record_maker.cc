#include "bindings/shell/record_maker.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "bindings/shell/files.h"

namespace guardrank::shell {
namespace {

constexpr std::string_view prefix = "sha256:";

std::string hash_of(std::string_view bytes) {
  std::string hash(32, '\0');
  gr_record_hash(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                 reinterpret_cast<uint8_t*>(hash.data()));
  return hash;
}

// The head as a file holds it, or empty where there is no file yet: the chain starts.
std::string read_head(const std::string& path) {
  if (path.empty() || !std::filesystem::exists(path)) return {};
  const std::string text = read_record_hash(path);
  std::string head;
  for (std::size_t i = prefix.size(); i < text.size(); i += 2)
    head += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return head;
}

gr_record_level level_of(const std::string& name) {
  return name == "full" ? GR_RECORD_FULL : name == "redacted" ? GR_RECORD_REDACTED : GR_RECORD_DIGEST;
}

}  // namespace

std::string hash_text(std::string_view hash) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(prefix);
  for (const char byte : hash) {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4];
    text += digits[value & 15];
  }
  return text;
}

void add_record_flags(CLI::App* command, RecordFlags* flags) {
  command->add_option("--record-level", flags->level,
                      "full; redacted: commitments instead of the request's values; digest: a "
                      "commitment to the whole")
      ->check(CLI::IsMember({"full", "redacted", "digest"}))
      ->capture_default_str();
  command->add_option("--record-shows", flags->shown,
                      "Values that a redacted record shows, of those that a request can give and that "
                      "are not protected: ctx.state,route.market,request_id")
      ->delimiter(',');
  command->add_option("--record-secret", flags->secret_file,
                      "File of 16 bytes or more, kept secret, that salts redacted and digest records: a "
                      "record's salt is the SHA-256 of these and the request's JSON without spaces, "
                      "members by name");
  command->add_option("--record-chain", flags->chain_file,
                      "File with the hash of the last record; each record holds the one before");
}

std::string salt_of(std::string_view secret, std::string_view request) {
  using nlohmann::json;                 // which sorts members by name
  // Nothing is refused here: what the engine refuses (nested deeper, no UTF-8) it says itself.
  constexpr int most_depth = 64;
  const auto is_shallow = [](int depth, json::parse_event_t, json&) { return depth < most_depth; };
  const json read = json::parse(request, is_shallow, false);
  const std::string plain = read.is_discarded()
                                ? std::string(request)
                                : read.dump(-1, ' ', false, json::error_handler_t::replace);
  return hash_of(std::string(secret) + plain);
}

std::string read_secret(const std::string& path) {
  std::string secret = read_input(path, most_bytes::text);
  if (secret.size() < 16)
    throw Failure(GR_STATUS_ARGUMENT, "record-secret", path + ": wanted 16 bytes or more");
  return secret;
}

std::string read_record_hash(const std::string& path) {
  std::string text = read_input(path, most_bytes::text);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const std::string_view digits = std::string_view(text).substr(std::min(prefix.size(), text.size()));
  if (!text.starts_with(prefix) || digits.size() != 64 ||
      digits.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    throw Failure(GR_STATUS_ARGUMENT, "chain", path + ": wanted \"sha256:\" and 64 digits");
  return text;
}

std::string record_hash(std::string_view record) { return hash_text(hash_of(record)); }

RecordMaker::RecordMaker(const RecordFlags& flags)
    : level_(level_of(flags.level)), chain_file_(flags.chain_file), head_(read_head(flags.chain_file)) {
  for (const std::string& name : flags.shown) shown_.push_back({name.data(), name.size()});
  if (!flags.secret_file.empty()) secret_ = read_secret(flags.secret_file);
  if (level_ != GR_RECORD_FULL && secret_.empty())
    throw Failure(GR_STATUS_MISSING, "record-secret",
                  "a " + flags.level + " record needs --record-secret");
}

std::string RecordMaker::make(const gr_decision* decision, std::string_view request) {
  const std::string salt = level_ == GR_RECORD_FULL ? "" : salt_of(secret_, request);
  gr_record_options options{};
  options.struct_size = sizeof options;
  options.level = level_;
  options.shown = shown_.data();
  options.shown_count = shown_.size();
  options.salt = {reinterpret_cast<const uint8_t*>(salt.data()), salt.size()};
  if (!head_.empty()) options.previous = reinterpret_cast<const uint8_t*>(head_.data());
  gr_bytes bytes{};
  check([&](gr_error** error) { return gr_decision_record_as(decision, &options, &bytes, error); });
  std::string record(reinterpret_cast<const char*>(bytes.data), bytes.size);
  if (!chain_file_.empty()) head_ = hash_of(record);
  return record;
}

void RecordMaker::commit() const {
  if (!chain_file_.empty() && !head_.empty()) write_output(chain_file_, hash_text(head_) + "\n");
}

}  // namespace guardrank::shell
