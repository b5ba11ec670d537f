#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "bindings/shell/base64.h"
#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/source.h"

namespace guardrank::shell {
namespace {

struct Options {
  SourceOptions source;
  std::string record;
};

// A record's bytes, or a decision as JSON that holds one.
std::string read_record(const std::string& path) {
  std::string bytes = read_input(path);
  if (bytes.empty() || bytes.front() != '{') return bytes;
  const auto decision = nlohmann::json::parse(bytes, nullptr, false);
  if (!decision.is_object() || !decision.contains("record") || !decision["record"].is_string()) {
    throw Failure(GR_STATUS_MISSING, "record", path + ": the decision holds no record");
  }
  return decode_base64(decision["record"].get<std::string>());
}

int replay(const Options& options, bool as_json) {
  const Source source = open_source(options.source);
  const Session session = create_session(source.engine.get());
  const std::string record = read_record(options.record);
  gr_replay_result result{};
  result.struct_size = sizeof result;
  check([&](gr_error** error) {
    return gr_replay(session.get(), source.snapshot.get(),
                     reinterpret_cast<const uint8_t*>(record.data()), record.size(), &result,
                     error);
  });
  const bool is_equal = result.is_equal != 0;
  if (as_json) {
    nlohmann::ordered_json json = {{"equal", is_equal}};
    if (!is_equal) json["first_difference"] = result.first_difference;
    std::cout << json.dump() << '\n';
  } else if (is_equal) {
    std::cout << "equal: every recorded bit was computed again\n";
  } else {
    std::cout << "different: " << result.first_difference << '\n';
  }
  return is_equal ? 0 : 1;
}

}  // namespace

void add_replay(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("replay", "Compute a recorded decision again");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  command->add_option("--record", options->record,
                      "Record, or a decision as JSON that holds one, or -")
      ->required();
  (*actions)[command] = [options, common] { return replay(*options, common->as_json); };
}

}  // namespace guardrank::shell
