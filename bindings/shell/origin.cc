#include "bindings/shell/origin.h"

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t now_micros() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

gr_text as_text(const std::string& text) { return {text.data(), text.size()}; }

std::string waiting_text(const Json& waiting) {
  std::string text = "waiting for signatures:\n";
  for (const Json& role : waiting) {
    text += "  " + printable(role["role"].get<std::string>()) + " version " + role["version"].dump() +
            ": " + role["signatures"].dump() + " of " + role["threshold"].dump() + " by " +
            role["of"].get<std::string>() + "; may sign:\n";
    for (const Json& key : role["keys_that_may_sign"])
      text += "    " + key.get<std::string>() + '\n';
  }
  return text + "others add theirs with `guardrank keys sign`\n";
}

}  // namespace

std::string changes_text(const Json& changes) {
  std::string text;
  const auto side = [](const Json& change, const char* name) {
    return change.contains(name) ? printable(change[name].dump()) : std::string("nothing");
  };
  for (const Json& change : changes)
    text += "  " + printable(change["at"].get<std::string>()) + ": " + side(change, "before") + " -> " +
            side(change, "after") + '\n';
  return text;
}

void add_passphrase_options(CLI::App* command, OriginOptions* options) {
  auto* file = command->add_option("--passphrase-file", options->passphrase_file,
                                   "File whose first line opens the private keys");
  command
      ->add_option("--passphrase-env", options->passphrase_variable,
                   "Environment variable that holds the passphrase instead")
      ->excludes(file);
}

void add_origin_options(CLI::App* command, OriginOptions* options, bool signs) {
  command->add_option("--origin", options->origin, "Folder that the file server serves")->required();
  command->add_option("--staging", options->staging,
                      "Folder of what waits for signatures; the origin's name and .staged");
  if (!signs) return;
  command->add_option("--key", options->keys, "Private keys to sign with, PEM files");
  add_passphrase_options(command, options);
  command->add_flag("--trust-clock", options->trusts_clock,
                    "This machine's clock is right, though what is there was signed later");
}

std::string read_passphrase(const OriginOptions& options) {
  if (!options.passphrase_variable.empty()) {
    const char* value = std::getenv(options.passphrase_variable.c_str());
    if (value != nullptr && *value != '\0') return value;
    throw Failure(GR_STATUS_ARGUMENT, "--passphrase-env",
                  options.passphrase_variable + ": the environment has no such variable");
  }
  if (options.passphrase_file.empty()) return "";
  const std::string text = read_input(options.passphrase_file, most_bytes::text);
  const std::string line = text.substr(0, text.find_first_of("\r\n"));
  if (!line.empty()) return line;
  throw Failure(GR_STATUS_ARGUMENT, options.passphrase_file,
                options.passphrase_file + ": its first line is empty");
}

Json run_step(const OriginOptions& options, OriginStep step, const Json& request) {
  std::vector<std::string> pems;
  std::vector<gr_text> keys;
  for (const std::string& path : options.keys) pems.push_back(read_input(path, most_bytes::text));
  for (const std::string& pem : pems) keys.push_back(as_text(pem));
  const std::string passphrase = read_passphrase(options), text = request.dump();
  Progress progress;
  gr_tools_origin origin{};
  origin.struct_size = sizeof origin;
  origin.folder = options.origin.c_str();
  if (!options.staging.empty()) origin.staging_folder = options.staging.c_str();
  origin.keys = keys.data();
  origin.key_count = static_cast<std::uint32_t>(keys.size());
  origin.passphrase = as_text(passphrase);
  origin.now_micros = now_micros();
  origin.trusts_clock = options.trusts_clock;
  origin.progress = Progress::report;
  origin.progress_user = &progress;
  gr_tools_text* report = nullptr;
  check([&](gr_error** error) { return step(&origin, as_text(text), &report, error); });
  progress.clear();
  const ToolsText owned(report);
  return Json::parse(view(gr_tools_text_view(owned.get())));
}

int print_step(const Json& report, bool as_json) {
  if (as_json) {
    std::cout << report.dump() << '\n';
    return 0;
  }
  if (report.contains("release"))
    std::cout << report["action"].get<std::string>() << ": "
              << printable(report["release"].get<std::string>()) << " version "
              << printable(report["version"].get<std::string>()) << ", stage "
              << report["stage"].get<std::string>() << '\n';
  for (const Json& warning : report.value("warnings", Json::array()))
    std::cerr << "warning: " << printable(warning.get<std::string>()) << '\n';
  if (report.contains("stored"))
    std::cout << "stored: " << report["stored"]["new_blob_bytes"] << " new bytes, of chunks "
              << report["stored"]["new_chunk_bytes"] << " of " << report["stored"]["chunk_bytes"]
              << '\n';
  if (report.contains("stored") && report["stored"]["shards"].get<std::uint64_t>() != 0)
    std::cout << "shards: " << report["stored"]["new_shard_bytes"] << " of "
              << report["stored"]["shard_bytes"] << " bytes in " << report["stored"]["shards"]
              << " pieces, each fetched for the user whose row it holds\n";
  for (const Json& role : report.value("signed", Json::array()))
    std::cout << printable(role["role"].get<std::string>()) << " version " << role["version"] << " changes:\n"
              << changes_text(role["changes"]);
  if (!report["published"].get<bool>()) {
    std::cout << "not published yet\n" << waiting_text(report["waiting"]);
    return 0;
  }
  std::cout << "published:";
  for (const auto& [role, version] : report["roles"].items())
    std::cout << ' ' << printable(role) << ' ' << version;
  std::cout << '\n';
  return 0;
}

}  // namespace guardrank::shell
