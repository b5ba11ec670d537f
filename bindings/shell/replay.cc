#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "bindings/shell/base64.h"
#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/record_maker.h"
#include "bindings/shell/source.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  SourceOptions source;
  std::string record, records, request, requests, secret_file, head_file;
};

std::string record_in(const Json& decision, const std::string& where) {
  if (!decision.is_object() || !decision.contains("record"))
    throw Failure(GR_STATUS_MISSING, "record", where + ": the decision holds no record");
  if (!decision["record"].is_string())
    throw Failure(GR_STATUS_TYPE, "record",
                  where + ": record: wanted base64, found " + decision["record"].type_name());
  return decode_base64(decision["record"].get<std::string>());
}

// A record's bytes, or a decision as JSON that holds one.
std::string read_record(const std::string& path) {
  std::string bytes = read_input(path, most_bytes::record);
  if (bytes.empty() || bytes.front() != '{') return bytes;
  return record_in(Json::parse(bytes, nullptr, false), path);
}

// The lines that are not blank.
std::vector<std::string> read_filled_lines(const std::string& path, std::uint64_t most) {
  std::vector<std::string> filled;
  if (path.empty()) return filled;
  InputLines lines(path, most);
  for (std::string_view line; lines.next(&line);)
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) filled.emplace_back(line);
  return filled;
}

gr_record_info open_record(const std::string& record) {
  gr_record_info info{};
  info.struct_size = sizeof info;
  // Aligned, which a string need not be, and somewhere even when empty.
  std::vector<std::uint64_t> words(record.size() / 8 + 1);
  std::copy(record.begin(), record.end(), reinterpret_cast<char*>(words.data()));
  check([&](gr_error** error) {
    return gr_record_open(reinterpret_cast<const uint8_t*>(words.data()), record.size(), &info,
                          error);
  });
  info.release = info.engine = {};   // they pointed into the copy
  return info;
}

// Replays with one session; the request is needed where the record is not full.
class Replayer {
 public:
  Replayer(const Options& options)
      : source_(open_source(options.source)), session_(create_session(source_.engine.get())) {
    if (!options.secret_file.empty()) secret_ = read_secret(options.secret_file);
  }

  gr_replay_result replay(const std::string& record, const std::string& request) const {
    const bool is_full = open_record(record).level == GR_RECORD_FULL;
    const std::string salt = is_full ? "" : salt_of(secret_, request);
    gr_replay_options options{};
    options.struct_size = sizeof options;
    if (!is_full) options.request_json = {request.data(), request.size()};
    options.salt = {reinterpret_cast<const uint8_t*>(salt.data()), salt.size()};
    gr_replay_result result{};
    result.struct_size = sizeof result;
    check([&](gr_error** error) {
      return gr_replay_with(session_.get(), source_.snapshot.get(),
                            reinterpret_cast<const uint8_t*>(record.data()), record.size(),
                            &options, &result, error);
    });
    return result;
  }

 private:
  Source source_;
  Session session_;
  std::string secret_;
};

int replay_one(const Options& options, bool as_json) {
  const Replayer replayer(options);
  const std::string request = options.request.empty() ? "" : read_input(options.request, most_bytes::request);
  const gr_replay_result result = replayer.replay(read_record(options.record), request);
  const bool is_equal = result.is_equal != 0;
  if (as_json) {
    Json json = {{"equal", is_equal}};
    if (!is_equal) json["first_difference"] = result.first_difference;
    std::cout << json.dump() << '\n';
  } else if (is_equal) {
    std::cout << "equal: every recorded bit was computed again\n";
  } else {
    std::cout << "different: " << result.first_difference << '\n';
  }
  return is_equal ? 0 : 1;
}

// What many records came to. The chain breaks at the first record that does not hold the hash of
// the one before it, or at the end, where the last one's is not the head that was kept.
struct Tally {
  std::size_t n_records = 0, n_equal = 0, n_linked = 0;
  std::string head, broken;
  Json differences = Json::array();

  void follow(const std::string& record, std::size_t line) {
    const gr_record_info info = open_record(record);
    const std::string_view previous(reinterpret_cast<const char*>(info.previous), 32);
    if (info.has_previous != 0) ++n_linked;
    if (n_records > 0 && broken.empty() &&
        (info.has_previous == 0 || hash_text(previous) != head))
      broken = "line " + std::to_string(line) + " does not follow the one before it";
    head = record_hash(record);
    ++n_records;
  }
  void end(const std::string& head_file) {
    if (head_file.empty() || !broken.empty()) return;
    const std::string kept = read_input(head_file, most_bytes::text).substr(0, head.size());
    if (kept != head) broken = "the last record is not the one that " + head_file + " names";
  }
  bool is_chain(bool wants_chain) const { return wants_chain || n_linked > 0; }
};

void show(const Tally& tally, bool is_chain, bool as_json) {
  const std::string chain = !is_chain ? "none" : tally.broken.empty() ? "intact" : tally.broken;
  if (as_json) {
    std::cout << Json{{"records", tally.n_records}, {"equal", tally.n_equal}, {"chain", chain},
                      {"head", tally.head}, {"differences", tally.differences}}.dump()
              << '\n';
    return;
  }
  std::cout << tally.n_equal << " of " << tally.n_records << " records computed again, chain: "
            << chain << "\nhead: " << tally.head << '\n';
  for (const Json& difference : tally.differences)
    std::cout << "line " << difference["line"] << ": "
              << difference["difference"].get<std::string>() << '\n';
}

int replay_many(const Options& options, bool as_json) {
  const Replayer replayer(options);
  const std::vector<std::string> lines = read_filled_lines(options.records, most_bytes::record);
  const std::vector<std::string> requests =
      read_filled_lines(options.requests, most_bytes::request);
  if (!requests.empty() && requests.size() != lines.size())
    throw Failure(GR_STATUS_ARGUMENT, "requests",
                  options.requests + ": wanted a request for each of " +
                      std::to_string(lines.size()) + " records");
  Tally tally;
  Progress progress;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Json decision = Json::parse(lines[i], nullptr, false);
    if (decision.is_object() && decision.contains("error")) continue;   // a request that was refused
    const std::string record = record_in(decision, "line " + std::to_string(i + 1));
    tally.follow(record, i + 1);
    const gr_replay_result result =
        replayer.replay(record, requests.empty() ? std::string() : requests[i]);
    if (result.is_equal != 0) ++tally.n_equal;
    else tally.differences.push_back({{"line", i + 1}, {"difference", result.first_difference}});
    progress.show("replaying", i + 1, lines.size());
  }
  progress.clear();
  tally.end(options.head_file);
  const bool is_chain = tally.is_chain(!options.head_file.empty());
  show(tally, is_chain, as_json);
  const bool is_good = tally.n_equal == tally.n_records && (!is_chain || tally.broken.empty());
  return is_good ? 0 : 1;
}

}  // namespace

void add_replay(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("replay", "Compute recorded decisions again");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  auto* one = command->add_option("--record", options->record,
                                  "Record, or a decision as JSON that holds one, or -");
  auto* many = command->add_option("--records", options->records,
                                   "Decisions as JSON lines that hold records; their chain too");
  many->excludes(one);
  command->add_option("--request", options->request,
                      "The request of a redacted or digest record")->needs(one);
  command->add_option("--requests", options->requests,
                      "The requests of redacted or digest records, a line each")->needs(many);
  command->add_option("--record-secret", options->secret_file,
                      "The secret that salted redacted or digest records");
  command->add_option("--record-chain", options->head_file,
                      "File with the hash of the last record, kept apart from the records")
      ->needs(many);
  command->parse_complete_callback([command, options] {
    if (options->record.empty() && options->records.empty())
      throw CLI::RequiredError(command->get_name() + ": --record or --records");
  });
  (*actions)[command] = [options, common] {
    return options->records.empty() ? replay_one(*options, common->as_json)
                                    : replay_many(*options, common->as_json);
  };
}

}  // namespace guardrank::shell
