#include <algorithm>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/finite.h"
#include "bindings/shell/origin.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct PublishOptions {
  OriginOptions origin;
  // Members of the request that are texts, by name.
  std::map<std::string, std::string> texts;
  std::map<std::string, const CLI::Option*> removable;   // of those, what an empty text takes away
  double weight = -1;
  bool is_whole = false;
};

int publish(const PublishOptions& options, bool as_json) {
  Json request = Json::object();
  for (const auto& [name, text] : options.texts)
    if (!text.empty() || (options.removable.contains(name) && options.removable.at(name)->count() != 0))
      request[name] = text;
  if (options.weight >= 0) request["weight"] = options.weight;
  request["is_cut"] = !options.is_whole;
  return print_step(run_step(options.origin, gr_tools_origin_publish, request), as_json);
}

struct StepOptions {
  OriginOptions origin;
  std::string release, to, figures;
  double weight = -1;
  bool skips = false;
};

int promote(const StepOptions& options, bool as_json) {
  Json request = {{"release", options.release}, {"to", options.to}, {"skips", options.skips}};
  if (options.weight >= 0) request["weight"] = options.weight;
  if (!options.figures.empty()) request["figures"] = options.figures;
  return print_step(run_step(options.origin, gr_tools_origin_promote, request), as_json);
}

int rollback(const StepOptions& options, bool as_json) {
  return print_step(
      run_step(options.origin, gr_tools_origin_rollback, {{"release", options.release}}), as_json);
}

int withdraw(const StepOptions& options, bool as_json) {
  return print_step(
      run_step(options.origin, gr_tools_origin_withdraw, {{"release", options.release}}), as_json);
}

struct StatusOptions {
  OriginOptions origin;
  std::string at;
  bool has_history = false, is_check = false;
};

std::string text_or(const Json& object, const char* member) {
  const Json& value = object.at(member);
  return value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
}

std::string roles_text(const Json& told) {
  Table table({{"role"}, {"version", Table::Align::right}, {"expires"}, {"signed"}, {"keys"}});
  for (const Json& role : told["roles"]) {
    std::string keys;
    for (const Json& key : role["keys"])
      keys += (keys.empty() ? "" : ", ") + key["id"].get<std::string>().substr(0, 12);
    table.add({text_or(role, "role"), role["version"].dump(),
               text_or(role, "expires") + (role["is_expired"].get<bool>() ? " EXPIRED"
                                           : role["is_due"].get<bool>()   ? " soon"
                                                                          : ""),
               role["signatures"].dump() + " of " + role["threshold"].dump(), keys});
  }
  return table.text(terminal_width());
}

std::string releases_text(const Json& releases) {
  Table table({{"release"}, {"version"}, {"stage"}, {"weight", Table::Align::right}, {"since"},
               {"signed by"}, {"hash"}});
  for (const Json& release : releases)
    table.add({text_or(release, "release"), text_or(release, "version"), text_or(release, "stage"),
               text_or(release, "weight"), text_or(release, "since"), text_or(release, "role"),
               text_or(release, "sha256").substr(0, 12)});
  return releases.empty() ? "no releases\n" : table.text(terminal_width());
}

std::string history_text(const Json& history) {
  Table table({{"time"}, {"signed by"}, {"version", Table::Align::right}, {"step"}, {"releases after it"}});
  for (const Json& version : history) {
    std::string after;
    for (const Json& release : version["releases"])
      after += (after.empty() ? "" : ", ") + text_or(release, "release") + " " + text_or(release, "stage");
    table.add({text_or(version, "time"), text_or(version, "role"), version["version"].dump(),
               text_or(version, "action") + " " + text_or(version, "release") + text_or(version, "of"), after});
  }
  return "\n" + table.text(terminal_width());
}

std::string waiting_role_text(const Json& role) {
  return "\nwaiting for signatures: " + printable(text_or(role, "role")) + " version " + role["version"].dump() +
         ", which says that it is " + printable(text_or(role, "step")) + " and changes:\n" +
         changes_text(role["changes"]);
}

// Whether a role has expired or is about to.
bool is_any_due(const Json& told) {
  return std::any_of(told["roles"].begin(), told["roles"].end(),
                     [](const Json& role) { return role["is_due"].get<bool>(); });
}

int status(const StatusOptions& options, bool as_json) {
  Json request = {{"history", options.has_history}};
  if (!options.at.empty()) request["at"] = options.at;
  const Json told = run_step(options.origin, gr_tools_origin_describe, request);
  const int code = options.is_check && is_any_due(told) ? 1 : 0;
  if (as_json) {
    std::cout << told.dump() << '\n';
    return code;
  }
  std::cout << roles_text(told) << '\n';
  if (told.contains("at")) std::cout << "at " << told["at"].get<std::string>() << ":\n";
  std::cout << releases_text(told["releases"]);
  if (told.contains("history")) std::cout << history_text(told["history"]);
  for (const Json& role : told["waiting"]) std::cout << waiting_role_text(role);
  return code;
}

void add_texts(CLI::App* command, PublishOptions* options) {
  static constexpr std::pair<const char*, const char*> flags[] = {
      {"bundle", "Bundle that holds model, policy and catalog"},
      {"model", "Model artifact, a file or sha256:... on the origin, instead of the bundle's"},
      {"policy", "Policy artifact, likewise"},
      {"catalog", "Catalog artifact, likewise"},
      {"version", "Version that people know it by; the time unless told"},
      {"stage", "offline, shadow, canary, ab or full; a new release starts offline"},
      {"routes", "JSON list of routes; everything unless told"},
      {"fallback", "Release that answers where this one is cold; \"\": none"},
      {"salt", "Of the experiment's buckets; the release's name unless told"},
      {"tier", "How near it is wanted: origin, disk, warm or pinned"},
      {"figures", "Evaluation report, JSON: its numbers are kept, by a signed hash"},
      {"gates", "JSON: what figures each stage asks for"}};
  for (const auto& [name, what] : flags)
    command->add_option(std::string("--") + name, options->texts[name], what);
  command->add_option("--minimum-engine", options->texts["minimum_engine"],
                      "Oldest engine that may run it; \"\": any");
  options->removable = {{"fallback", command->get_option("--fallback")},
                        {"minimum_engine", command->get_option("--minimum-engine")}};
}

void add_weight(CLI::App* command, double* weight) {
  command->add_option("--weight", *weight, "Share of traffic, 0 to 1; arms for the same requests divide it")
      ->check(finite_number())->check(CLI::Range(0.0, 1.0));
}

}  // namespace

void add_publish(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "publish", "Write a release to an origin: artifacts first, the signed timestamp last");
  const auto options = std::make_shared<PublishOptions>();
  add_origin_options(command, &options->origin, true);
  command->add_option("--release", options->texts["release"], "NAME or TEAM/NAME")->required();
  add_texts(command, options.get());
  add_weight(command, &options->weight);
  command->add_flag("--whole", options->is_whole, "Do not cut large artifacts into chunks as well");
  add_json_option(command, common);
  command->footer(
      "What is not given stays as the release has it, its stage and share too: --catalog alone is an\n"
      "hourly update. A new model or policy passes the gates of the stage that it stands at.");
  (*actions)[command] = [options, common] { return publish(*options, common->as_json); };
}

void add_promote(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "promote", "Move a release along offline, shadow, canary, ab, full, or back");
  const auto options = std::make_shared<StepOptions>();
  add_origin_options(command, &options->origin, true);
  command->add_option("--release", options->release, "Which")->required();
  command->add_option("--to", options->to, "Stage")->required();
  add_weight(command, &options->weight);
  command->add_option("--figures", options->figures, "Report of the stage that it leaves, JSON");
  command->add_flag("--skip", options->skips, "Pass several stages, through the gates of each");
  add_json_option(command, common);
  (*actions)[command] = [options, common] { return promote(*options, common->as_json); };
}

void add_rollback(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "rollback", "Take a release back to what it was: new metadata that names the old files");
  const auto options = std::make_shared<StepOptions>();
  add_origin_options(command, &options->origin, true);
  command->add_option("--release", options->release, "Which")->required();
  add_json_option(command, common);
  (*actions)[command] = [options, common] { return rollback(*options, common->as_json); };
}

void add_withdraw(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "withdraw", "Take a release off an origin's lists: readers stop serving it when they see that");
  const auto options = std::make_shared<StepOptions>();
  add_origin_options(command, &options->origin, true);
  command->add_option("--release", options->release, "Which")->required();
  add_json_option(command, common);
  command->footer("Its files stay. To take it out of service and keep it: promote --to offline.");
  (*actions)[command] = [options, common] { return withdraw(*options, common->as_json); };
}

void add_status(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "status", "Show an origin's roles, keys, releases, and what served when");
  const auto options = std::make_shared<StatusOptions>();
  add_origin_options(command, &options->origin, false);
  command->add_flag("--history", options->has_history, "Every step, oldest first");
  command->add_option("--at", options->at, "Releases as they stood then: 2026-11-22T08:46:00Z");
  command->add_flag("--check", options->is_check,
                    "End with 1 where a role has expired or has less than a tenth of its days left");
  add_json_option(command, common);
  (*actions)[command] = [options, common] { return status(*options, common->as_json); };
}

}  // namespace guardrank::shell
