#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/origin.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  OriginOptions origin;
  std::string scheme = "ed25519", out, file;
  std::vector<std::string> keys[4];              // of root, targets, snapshot, timestamp
  int thresholds[4] = {1, 1, 1, 1};
  int days[4] = {365, 180, 14, 3};
  std::string role, team;
  std::vector<std::string> added, removed, paths, roles;
  int threshold = 0, team_days = 180;
  bool has_releases = false;
};

constexpr const char* roles[] = {"root", "targets", "snapshot", "timestamp"};

Json read_all(const std::vector<std::string>& paths) {
  Json pems = Json::array();
  for (const std::string& path : paths) pems.push_back(read_input(path, most_bytes::text));
  return pems;
}

// A private key is nobody else's to read, from its first byte; an older one is not written over.
void write_private(const std::string& path, std::string_view pem) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool is_written = file >= 0 &&
                          ::write(file, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()) &&
                          ::fsync(file) == 0;
  const int problem = errno;
  if (file >= 0) ::close(file);
  if (!is_written)
    throw Failure(GR_STATUS_ARGUMENT, path, path + ": cannot be written: " + std::strerror(problem));
}

Json describe(const std::string& pem, const std::string& passphrase) {
  gr_tools_text* text = nullptr;
  check([&](gr_error** error) {
    return gr_tools_key_describe({pem.data(), pem.size()}, {passphrase.data(), passphrase.size()},
                                 &text, error);
  });
  const ToolsText owned(text);
  return Json::parse(view(gr_tools_text_view(owned.get())));
}

int print_key(const Json& key, bool as_json) {
  if (as_json) std::cout << key.dump() << '\n';
  else std::cout << key["key"]["scheme"].get<std::string>() << ' ' << key["id"].get<std::string>() << '\n';
  return 0;
}

int generate(const Options& options, bool as_json) {
  const std::string passphrase = read_passphrase(options.origin);
  gr_tools_text *whole = nullptr, *half = nullptr;
  check([&](gr_error** error) {
    return gr_tools_key_create({options.scheme.data(), options.scheme.size()},
                               {passphrase.data(), passphrase.size()}, &whole, &half, error);
  });
  const ToolsText private_key(whole), public_key(half);
  write_private(options.out, view(gr_tools_text_view(whole)));
  const std::string pem(view(gr_tools_text_view(half)));
  const std::size_t dot = options.out.rfind(".pem");
  const std::string stem = dot + 4 == options.out.size() ? options.out.substr(0, dot) : options.out;
  write_output(stem + ".pub", pem);
  return print_key(describe(pem, ""), as_json);
}

int show(const Options& options, bool as_json) {
  return print_key(describe(read_input(options.file, most_bytes::text), read_passphrase(options.origin)), as_json);
}

int init(const Options& options, bool as_json) {
  Json request = {{"roles", Json::object()}, {"days", Json::object()}};
  for (int i = 0; i < 4; ++i) {
    request["roles"][roles[i]] = {{"keys", read_all(options.keys[i])},
                                  {"threshold", options.thresholds[i]}};
    request["days"][roles[i]] = options.days[i];
  }
  return print_step(run_step(options.origin, gr_tools_origin_create, request), as_json);
}

// A key is removed by its id, or by a file of it.
Json removed_keys(const std::vector<std::string>& given) {
  Json keys = Json::array();
  for (const std::string& each : given) {
    const bool is_id = each.size() == 64 && each.find_first_not_of("0123456789abcdef") == each.npos;
    keys.push_back(is_id ? each : read_input(each, most_bytes::text));
  }
  return keys;
}

int rotate(const Options& options, bool as_json) {
  Json request = {{"role", options.role}, {"add", read_all(options.added)},
                  {"remove", removed_keys(options.removed)}};
  if (options.threshold > 0) request["threshold"] = options.threshold;
  return print_step(run_step(options.origin, gr_tools_origin_rotate, request), as_json);
}

int delegate(const Options& options, bool as_json) {
  Json request = {{"team", options.team}, {"keys", read_all(options.added)},
                  {"paths", options.paths}, {"days", options.team_days}};
  if (options.threshold > 0) request["threshold"] = options.threshold;
  return print_step(run_step(options.origin, gr_tools_origin_delegate, request), as_json);
}

int undelegate(const Options& options, bool as_json) {
  const Json request = {{"team", options.team}, {"with_releases", options.has_releases}};
  return print_step(run_step(options.origin, gr_tools_origin_undelegate, request), as_json);
}

int sign(const Options& options, bool as_json) {
  const OriginStep step = [](const gr_tools_origin* origin, gr_text, gr_tools_text** report,
                             gr_error** error) { return gr_tools_origin_sign(origin, report, error); };
  return print_step(run_step(options.origin, step, Json::object()), as_json);
}

int discard(const Options& options, bool as_json) {
  const OriginStep step = [](const gr_tools_origin* origin, gr_text, gr_tools_text** report,
                             gr_error** error) {
    return gr_tools_origin_discard(origin, report, error);
  };
  const Json report = run_step(options.origin, step, Json::object());
  if (as_json) std::cout << report.dump() << '\n';
  else std::cout << "discarded: " << report["discarded"].size() << " files\n";
  return 0;
}

int refresh(const Options& options, bool as_json) {
  return print_step(run_step(options.origin, gr_tools_origin_refresh, {{"roles", options.roles}}),
                    as_json);
}

using Run = int (*)(const Options&, bool);

// A verb of `keys`, with options of its own.
CLI::App* add_verb(CLI::App* keys, const char* name, const char* what, CommonOptions* common,
                   const std::shared_ptr<Run>& chosen, Run run) {
  CLI::App* verb = keys->add_subcommand(name, what);
  add_json_option(verb, common);
  verb->callback([chosen, run] { *chosen = run; });
  return verb;
}

void add_init_options(CLI::App* verb, Options* options) {
  add_origin_options(verb, &options->origin, true);
  for (int i = 0; i < 4; ++i) {
    const std::string role(roles[i]);
    verb->add_option("--" + role, options->keys[i], "Keys of " + role + ", PEM (public ones do)")
        ->required();
    verb->add_option("--" + role + "-threshold", options->thresholds[i], "Signatures that it takes")
        ->capture_default_str();
    verb->add_option("--" + role + "-days", options->days[i], "How long each version of it holds")
        ->capture_default_str();
  }
}

void add_change_verbs(CLI::App* keys, CommonOptions* common, const std::shared_ptr<Run>& chosen,
                      Options* options) {
  CLI::App* verb = add_verb(keys, "rotate", "Change who signs for a role, and how many must", common,
                            chosen, rotate);
  add_origin_options(verb, &options->origin, true);
  verb->add_option("--role", options->role, "root, targets, snapshot, timestamp or a team")->required();
  verb->add_option("--add", options->added, "Keys to add, PEM");
  verb->add_option("--remove", options->removed, "Keys to remove: PEM files or ids");
  verb->add_option("--threshold", options->threshold, "Signatures that it takes from now on")
      ->check(CLI::PositiveNumber);

  verb = add_verb(keys, "delegate", "Let a team sign for its own releases", common, chosen, delegate);
  add_origin_options(verb, &options->origin, true);
  verb->add_option("--team", options->team, "Name of the team, and of its role")->required();
  verb->add_option("--add", options->added, "The team's keys, PEM")->required();
  verb->add_option("--threshold", options->threshold, "Signatures that it takes; 1 unless told")
      ->check(CLI::PositiveNumber);
  verb->add_option("--path", options->paths, "Patterns of its targets; TEAM/* unless told");
  verb->add_option("--days", options->team_days, "How long each version of it holds")
      ->capture_default_str();

  verb = add_verb(keys, "undelegate", "Take a team's role away", common, chosen, undelegate);
  add_origin_options(verb, &options->origin, true);
  verb->add_option("--team", options->team, "Which")->required();
  verb->add_flag("--with-releases", options->has_releases, "And whatever it has published");

  verb = add_verb(keys, "sign", "Sign what waits for signatures", common, chosen, sign);
  add_origin_options(verb, &options->origin, true);
  verb = add_verb(keys, "discard", "Forget what waits for signatures", common, chosen, discard);
  add_origin_options(verb, &options->origin, false);
  verb = add_verb(keys, "refresh",
                  "Renew metadata before it expires; a new root names the versions of now, and readers take none below",
                  common, chosen, refresh);
  add_origin_options(verb, &options->origin, true);
  verb->add_option("--role", options->roles, "Roles to renew besides the timestamp");
}

}  // namespace

void add_keys(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("keys", "Keys and roles that sign what an origin serves");
  command->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto chosen = std::make_shared<Run>();
  CLI::App* verb = add_verb(command, "generate", "Make a pair of keys", common, chosen, generate);
  verb->add_option("--out", options->out, "Private key to write (NAME.pem, mode 0600); the public "
                                          "half goes to NAME.pub")->required();
  verb->add_option("--scheme", options->scheme,
                   "ed25519, ecdsa-sha2-nistp256 or rsassa-pss-sha256")->capture_default_str();
  add_passphrase_options(verb, &options->origin);
  verb = add_verb(command, "show", "Show a key's scheme and id", common, chosen, show);
  verb->add_option("file", options->file, "Private or public key, PEM, or -")->required();
  add_passphrase_options(verb, &options->origin);
  verb = add_verb(command, "init", "Make an origin: the first root and the roles under it", common,
                  chosen, init);
  add_init_options(verb, options.get());
  add_change_verbs(command, common, chosen, options.get());
  add_json_option(command, common);
  command->footer("A walk-through of thresholds and rotation: models/publish/README.md.");
  (*actions)[command] = [options, chosen, common] { return (*chosen)(*options, common->as_json); };
}

}  // namespace guardrank::shell
