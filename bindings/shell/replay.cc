#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "bindings/shell/base64.h"
#include "bindings/shell/command.h"
#include "bindings/shell/decision_comparison.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/ranking.h"
#include "bindings/shell/record_chain.h"
#include "bindings/shell/record_maker.h"
#include "bindings/shell/source.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  SourceOptions source;
  std::string record, records, request, requests, secret_file, head_file, after_file;
};

// What a file or a line holds: a record, and what is shown beside it.
struct Recorded {
  std::string bytes;
  Json decision;                 // null where there is none
};

Recorded recorded_in(Json decision, const std::string& where) {
  if (!decision.is_object() || !decision.contains("record"))
    throw Failure(GR_STATUS_MISSING, "record", where + ": the decision holds no record");
  const Json& record = decision["record"];
  if (!record.is_string())
    throw Failure(GR_STATUS_TYPE, "record",
                  where + ": record: wanted base64, found " + record.type_name());
  std::string bytes = decode_base64(record.get<std::string>());
  return {std::move(bytes), std::move(decision)};
}

// A record's bytes, or a decision as JSON that holds one.
Recorded read_record(const std::string& path) {
  std::string bytes = read_input(path, most_bytes::record);
  if (bytes.empty() || bytes.front() != '{') return {std::move(bytes), nullptr};
  return recorded_in(read_decision(bytes, path), path);
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

struct RecordInfo {
  bool is_full = false;
  std::string engine, request;   // the request as the record has it
  std::string previous;          // hash of the record before it, as text, or empty
};

RecordInfo open_record(const std::string& record) {
  gr_record_info info{};
  info.struct_size = sizeof info;
  // Aligned, which a string need not be, and somewhere even when empty.
  std::vector<std::uint64_t> words(record.size() / 8 + 1);
  std::copy(record.begin(), record.end(), reinterpret_cast<char*>(words.data()));
  check([&](gr_error** error) {
    return gr_record_open(reinterpret_cast<const uint8_t*>(words.data()), record.size(), &info,
                          error);
  });
  const std::string_view previous(reinterpret_cast<const char*>(info.previous), 32);
  return {info.level == GR_RECORD_FULL, std::string(view(info.engine)),
          std::string(view(info.request)), info.has_previous != 0 ? hash_text(previous) : ""};
}

struct Replayed {
  bool is_equal = false;
  bool is_compared = false;      // the decision beside the record too
  std::string difference;        // the first
  std::vector<std::string> not_compared;
};

// Replays with one session; the request is needed where the record is not full.
class Replayer {
 public:
  Replayer(const Options& options)
      : source_(open_source(options.source)),
        session_(create_session(source_.engine.get())),
        ranker_(source_) {
    if (!options.secret_file.empty()) secret_ = read_secret(options.secret_file);
  }

  // The record, then what is shown beside it.
  Replayed replay(const Recorded& recorded, const std::string& request) {
    const RecordInfo info = open_record(recorded.bytes);
    Replayed result;
    replay_record(recorded.bytes, info, request, &result);
    if (result.is_equal && recorded.decision.is_object())
      compare_decision(recorded.decision, info, info.is_full ? info.request : request, &result);
    return result;
  }

 private:
  void replay_record(const std::string& record, const RecordInfo& info, const std::string& request,
                     Replayed* replayed) const {
    const std::string salt = info.is_full ? "" : salt_of(secret_, request);
    gr_replay_options options{};
    options.struct_size = sizeof options;
    if (!info.is_full) options.request_json = {request.data(), request.size()};
    options.salt = {reinterpret_cast<const uint8_t*>(salt.data()), salt.size()};
    gr_replay_result result{};
    result.struct_size = sizeof result;
    check([&](gr_error** error) {
      return gr_replay_with(session_.get(), source_.snapshot.get(),
                            reinterpret_cast<const uint8_t*>(record.data()), record.size(),
                            &options, &result, error);
    });
    replayed->is_equal = result.is_equal != 0;
    replayed->difference = result.first_difference;
  }

  void compare_decision(const Json& decision, const RecordInfo& info, const std::string& request,
                        Replayed* result) {
    Json again = Json::parse(ranker_.rank(request, false));
    const bool is_same_engine = again["engine"] == info.engine;
    again["engine"] = info.engine;   // the decision names the one that made it
    DecisionComparison comparison = compare_decisions(decision, again, is_same_engine);
    result->is_compared = comparison.is_compared;
    result->is_equal = comparison.difference.empty();
    result->difference = std::move(comparison.difference);
    result->not_compared = std::move(comparison.not_compared);
  }

  Source source_;
  Session session_;
  Ranker ranker_;
  std::string secret_;
};

// "note, excluded", as a terminal may show it.
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

void show(const Replayed& replayed) {
  if (!replayed.is_equal) {
    std::cout << "different: " << printable(replayed.difference) << '\n';
    return;
  }
  std::cout << "equal: every recorded bit was computed again"
            << (replayed.is_compared ? ", and so was the decision that holds the record\n"
                                     : " (the record alone: no decision is beside it)\n");
  if (!replayed.not_compared.empty())
    std::cout << "not compared: " << listed(replayed.not_compared) << '\n';
}

int replay_one(const Options& options, bool as_json) {
  Replayer replayer(options);
  const std::string request = options.request.empty() ? "" : read_input(options.request, most_bytes::request);
  const Replayed replayed = replayer.replay(read_record(options.record), request);
  if (as_json) {
    Json json = {{"equal", replayed.is_equal}, {"compared", {"record"}}};
    if (replayed.is_compared) json["compared"].push_back("decision");
    json["not_compared"] = replayed.not_compared;
    if (!replayed.is_equal) json["first_difference"] = replayed.difference;
    std::cout << json.dump() << '\n';
  } else {
    show(replayed);
  }
  return replayed.is_equal ? 0 : 1;
}

// What many records came to.
struct Tally {
  std::size_t n_records = 0, n_equal = 0, n_decisions = 0;
  std::vector<std::string> not_compared;         // each name once
  Json differences = Json::array();

  void add(const Replayed& replayed, std::size_t line) {
    ++n_records;
    if (replayed.is_compared) ++n_decisions;
    for (const std::string& name : replayed.not_compared)
      if (std::find(not_compared.begin(), not_compared.end(), name) == not_compared.end())
        not_compared.push_back(name);
    if (replayed.is_equal) ++n_equal;
    else differences.push_back({{"line", line}, {"difference", replayed.difference}});
  }
};

void show_json(const Tally& tally, const RecordChain& chain) {
  Json json = {{"records", tally.n_records}, {"equal", tally.n_equal},
               {"decisions", tally.n_decisions}, {"not_compared", tally.not_compared},
               {"chain", chain.told()}, {"head", chain.head()}};
  if (!chain.after().empty()) json["after"] = chain.after();
  json["differences"] = tally.differences;
  std::cout << json.dump() << '\n';
}

void show(const Tally& tally, const RecordChain& chain) {
  std::cout << tally.n_equal << " of " << tally.n_records
            << (tally.n_decisions < tally.n_records ? " records computed again, "
                                                    : " records and the decisions that hold them "
                                                      "computed again, ");
  if (tally.n_decisions < tally.n_records)
    std::cout << tally.n_decisions << " of them with a decision beside, ";
  std::cout << "chain: " << chain.told() << "\nhead: " << chain.head() << '\n';
  if (!tally.not_compared.empty())
    std::cout << "not compared: " << listed(tally.not_compared) << '\n';
  for (const Json& difference : tally.differences)
    std::cout << "line " << difference["line"] << ": "
              << printable(difference["difference"].get<std::string>()) << '\n';
}

int replay_many(const Options& options, bool as_json) {
  Replayer replayer(options);
  const std::vector<std::string> lines = read_filled_lines(options.records, most_bytes::record);
  const std::vector<std::string> requests =
      read_filled_lines(options.requests, most_bytes::request);
  if (!requests.empty() && requests.size() != lines.size())
    throw Failure(GR_STATUS_ARGUMENT, "requests",
                  options.requests + ": wanted a request for each of " +
                      std::to_string(lines.size()) + " records");
  RecordChain chain(options.head_file, options.after_file);
  Tally tally;
  Progress progress;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string place = "line " + std::to_string(i + 1);
    Json decision = read_decision(lines[i], place);
    if (decision.is_object() && decision.contains("error")) continue;   // a request that was refused
    const Recorded recorded = recorded_in(std::move(decision), place);
    chain.follow(record_hash(recorded.bytes), open_record(recorded.bytes).previous, i + 1);
    tally.add(replayer.replay(recorded, requests.empty() ? std::string() : requests[i]), i + 1);
    progress.show("replaying", i + 1, lines.size());
  }
  progress.clear();
  chain.end();
  as_json ? show_json(tally, chain) : show(tally, chain);
  return tally.n_equal == tally.n_records && chain.is_good() ? 0 : 1;
}

}  // namespace

void add_replay(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("replay", "Compute recorded decisions again and compare them: the record, "
                                                 "bit for bit, and every text and number of the "
                                                 "decision as JSON that holds it");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  auto* one = command->add_option("--record", options->record,
                                  "Record (then it alone is compared), or a decision as JSON that "
                                  "holds one, or -");
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
                      "File with the hash of the last record, kept apart from the records: all "
                      "from the first of the chain to this one must be there")
      ->needs(many);
  command->add_option("--record-after", options->after_file,
                      "File with the hash of the record before these, where a log goes on from "
                      "another")
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
