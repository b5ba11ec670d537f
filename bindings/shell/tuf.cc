#include <iostream>
#include <memory>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/table.h"
#include "guardrank_fetch.h"

namespace guardrank::shell {
namespace {

using Repository = std::unique_ptr<gr_fetch_repository, Freed<gr_fetch_free>>;

struct Options {
  std::string metadata_folder, metadata_address, targets_address, target, target_folder, root, trusted_root;
  std::string ca_file;
  gr_fetch_options fetch{};
  bool is_offline = false;
};

Repository open(const Options& options) {
  gr_fetch_options given = options.fetch;
  given.struct_size = sizeof given;
  given.cache_folder = options.metadata_folder.c_str();
  if (!options.ca_file.empty()) given.ca_file = options.ca_file.c_str();
  if (!options.metadata_address.empty()) given.metadata_address = options.metadata_address.c_str();
  if (!options.targets_address.empty()) given.targets_address = options.targets_address.c_str();
  const std::string root = options.trusted_root.empty() ? "" : read_input(options.trusted_root, most_bytes::text);
  if (!options.trusted_root.empty()) {
    given.trusted_root = reinterpret_cast<const uint8_t*>(root.data());
    given.trusted_root_size = root.size();
  }
  gr_fetch_repository* repository = nullptr;
  check([&](gr_error** error) { return gr_fetch_open(&given, &repository, error); });
  return Repository(repository);
}

void want(const std::string& value, const char* option) {
  if (value.empty()) throw Failure(GR_STATUS_ARGUMENT, option, std::string(option) + ": is needed here");
}

int init(const Options& options) {
  const std::string root = read_input(options.root, most_bytes::text);
  const Repository repository = open(options);
  check([&](gr_error** error) {
    return gr_fetch_adopt(repository.get(), reinterpret_cast<const uint8_t*>(root.data()), root.size(), error);
  });
  return 0;
}

void refresh(const Options& options, gr_fetch_repository* repository) {
  if (!options.is_offline) want(options.metadata_address, "--metadata-url");
  const gr_fetch_refresh_kind kind = options.is_offline ? GR_FETCH_CACHED : GR_FETCH_FULL;
  check([&](gr_error** error) { return gr_fetch_refresh(repository, kind, error); });
}

int refresh(const Options& options) {
  const Repository repository = open(options);
  refresh(options, repository.get());
  return 0;
}

int download(const Options& options) {
  want(options.target, "--target-name");
  want(options.target_folder, "--target-dir");
  const Repository repository = open(options);
  refresh(options, repository.get());
  check([&](gr_error** error) {
    return gr_fetch_download(repository.get(), options.target.data(), options.target.size(),
                             options.target_folder.c_str(), nullptr, error);
  });
  return 0;
}

void add_options(CLI::App* command, Options* options) {
  command->add_option("--metadata-dir", options->metadata_folder, "Folder that keeps what is trusted")->required();
  command->add_option("--metadata-url", options->metadata_address, "Where the repository's metadata is");
  command->add_option("--target-name", options->target, "Path of the target to download");
  command->add_option("--target-dir", options->target_folder, "Folder for downloaded targets");
  command->add_option("--target-base-url", options->targets_address,
                      "Where targets are; targets/ beside the metadata if not given");
  command->add_option("--trusted-root", options->trusted_root,
                      "root.json to start from, instead of the folder's: a folder that others write is safe then");
  command->add_flag("--offline", options->is_offline, "Ask for no metadata: what the folder holds, unless expired");
  gr_fetch_options& fetch = options->fetch;
  command->add_option("--ca-file", options->ca_file, "PEM certificates that vouch for https (the system's)");
  command->add_option("--attempts", fetch.attempts, "Tries of a request (4)");
  command->add_option("--connect-ms", fetch.connect_ms, "To be connected (5000)");
  command->add_option("--first-byte-ms", fetch.first_byte_ms, "To the first byte of an answer (10000)");
  command->add_option("--whole-ms", fetch.whole_ms, "For the whole of an answer (120000)");
  command->add_option("--slow-seconds", fetch.slow_seconds, "Slower than --slow-bytes for so long: given up (10)");
  command->add_option("--slow-bytes", fetch.slow_bytes, "Bytes per second (1024)");
  command->add_option("--retry-base-ms", fetch.retry_base_ms, "First wait up to this, doubled each time (200)");
}

}  // namespace

void add_tuf(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "tuf", "Follow a repository of signed metadata (The Update Framework) and download what it vouches for");
  const auto options = std::make_shared<Options>();
  add_options(command, options.get());
  add_json_option(command, common);
  CLI::App* first = command->add_subcommand("init", "Trust a first root.json");
  first->add_option("ROOT", options->root, "root.json, gotten in a way that is trusted")->required();
  const CLI::App* update = command->add_subcommand("refresh", "Bring the trusted metadata up to date");
  const CLI::App* get = command->add_subcommand("download", "Refresh, then download --target-name");
  command->require_subcommand(1);
  command->fallthrough(false);
  for (CLI::App* each : command->get_subcommands({})) each->fallthrough();
  command->footer("Options stand before or after the subcommand. The protocol is that of TUF's public\n"
                  "conformance suite. Exit code 1 when anything is not verified: capi/fetch/README.md.");
  (*actions)[command] = [options, first, update, get] {
    if (first->parsed()) return init(*options);
    if (update->parsed()) return refresh(*options);
    return get->parsed() ? download(*options) : 1;
  };
}

}  // namespace guardrank::shell
