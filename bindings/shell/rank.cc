#include <iostream>
#include <memory>
#include <optional>

#include "bindings/shell/base64.h"
#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/ranking.h"
#include "bindings/shell/record_maker.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

struct Options {
  SourceOptions source;
  std::string request, requests, record_out, out = "-";
  bool with_record = false;
  RecordFlags record;
};

// The decision with its record as a last member, as the library writes it.
std::string with_record(std::string json, std::string_view record) {
  json.pop_back();
  return json + ",\"record\":\"" + encode_base64(record) + "\"}";
}

// Both files are opened before anything is ranked and take their places at the end, so that a bad
// --out leaves no record behind.
int rank_one(const Options& options, bool as_json) {
  const Source source = open_source(options.source);
  Ranker ranker(source);
  const std::string request = read_input(options.request, most_bytes::request);
  RecordMaker records(options.record);
  OutputFile out(options.out);
  std::optional<OutputFile> record_out;
  if (!options.record_out.empty()) record_out.emplace(options.record_out);
  std::string json(ranker.rank(request, !as_json));
  if (options.with_record || !options.record_out.empty()) {
    const std::string record = records.make(ranker.decision(), request);
    if (options.with_record) json = with_record(std::move(json), record);
    if (record_out) record_out->write(record);
  }
  if (as_json) {
    out.write(json + "\n");
  } else {
    const std::size_t width = options.out == "-" ? terminal_width() : 0;
    out.write(decision_text(nlohmann::ordered_json::parse(json), source.inspection, width));
  }
  out.commit();
  if (record_out) record_out->commit();
  records.commit();
  return 0;
}

// A place as the library tells it of one line: "line 1, column 5" is column 5.
std::string within_line(const std::string& text) {
  constexpr std::string_view first = "line 1, ";
  return text.starts_with(first) ? text.substr(first.size()) : text;
}

std::string failure_line(const Failure& failure, std::size_t line) {
  return error_json(failure.code(), within_line(failure.where()), within_line(failure.what()), line) + "\n";
}

// What no line can help: every one would say the same.
bool is_of_options(const Failure& failure) { return failure.where() == "shown"; }

// One line of JSON per request; a bad one gives its error in its place, and exit code 1 at the end.
int rank_many(const Options& options) {
  const Source source = open_source(options.source);
  Ranker ranker(source);
  RecordMaker records(options.record);
  InputLines requests(options.requests, most_bytes::request);
  OutputFile out(options.out);
  Progress progress;
  int code = 0;
  for (std::string_view line; requests.next(&line);) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      std::string json(ranker.rank(line, false));
      if (options.with_record)
        json = with_record(std::move(json), records.make(ranker.decision(), line));
      out.write(json + "\n");
    } catch (const Failure& failure) {
      if (is_of_options(failure)) throw;
      out.write(failure_line(failure, requests.number()));
      code = 1;
    }
    progress.show("ranking, KB", requests.done() / 1024, requests.size() / 1024);
  }
  progress.clear();
  out.commit();
  records.commit();
  return code;
}

void check_record_options(const CLI::App& command, const Options& options) {
  const bool wants_record = options.with_record || !options.record_out.empty();
  // Else a record would be asked for and none be written.
  for (const char* flag : {"--record-level", "--record-shows", "--record-secret", "--record-chain"})
    if (!wants_record && command.count(flag) > 0)
      throw CLI::RequiredError(std::string(flag) + ": --with-record or --record-out");
  if (wants_record && options.source.precision == "float") {
    throw CLI::ValidationError("--precision float",
                               "a record says what the int8 network computed; leave --with-record "
                               "and --record-out out");
  }
  if (options.record_out == "-" && options.out == "-") {
    throw CLI::ValidationError("--record-out -",
                               "the decision goes to standard output; name a file in --out");
  }
}

}  // namespace

void add_rank(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("rank", "Rank the candidates of one request or many");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  auto* one = command->add_option("--request", options->request, "Request as JSON, or -");
  auto* many = command->add_option("--requests", options->requests,
                                   "Requests as JSON lines, or -; one JSON line each comes back");
  many->excludes(one);
  const auto is_named = [](const std::string& path) {
    return path.empty() ? std::string("wanted a file or -") : std::string();
  };
  command->add_option("--record-out", options->record_out, "Write the decision's record here, or -")
      ->needs(one)
      ->check(is_named);
  command->add_flag("--with-record", options->with_record, "Include the record in the JSON");
  add_record_flags(command, &options->record);
  command->add_option("--out", options->out, "Write here instead of standard output")
      ->check(is_named);
  auto wants = [command, options] {
    if (options->request.empty() && options->requests.empty()) {
      throw CLI::RequiredError(command->get_name() + ": --request or --requests");
    }
    check_record_options(*command, *options);
  };
  command->parse_complete_callback(wants);
  (*actions)[command] = [options, common] {
    return options->requests.empty() ? rank_one(*options, common->as_json) : rank_many(*options);
  };
}

}  // namespace guardrank::shell
