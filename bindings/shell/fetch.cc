#include <chrono>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/ranking.h"
#include "bindings/shell/route_option.h"
#include "bindings/shell/table.h"
#include "guardrank_fetch.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;
using Client = std::unique_ptr<gr_fetch_client, Freed<gr_fetch_client_free>>;

struct Options {
  std::string origin, root, cache;
  std::vector<std::string> releases;
  RouteOption route;
  std::string ca_file;
  std::uint32_t timeout_ms = 10'000;
  std::uint64_t cache_bytes = 0, memory_bytes = 0;
  bool is_ranked = false, is_at_hand = false, forgets_time = false, maps_files = false;
};

// What reading the folder is given, however little the origin is.
constexpr std::uint32_t least_timeout_ms = 50;

// --timeout-ms, of the whole command.
class Patience {
 public:
  explicit Patience(std::uint32_t milliseconds) : whole_(milliseconds) {}

  double spent_ms() const { return std::chrono::duration<double, std::milli>(Clock::now() - began_).count(); }
  // Never nothing: what is in the folder has to be read.
  std::int64_t left_micros() const {
    const double least = std::clamp<double>(whole_, least_timeout_ms, 500);
    return static_cast<std::int64_t>(std::max(whole_ - spent_ms(), least) * 1000);
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point began_ = Clock::now();
  double whole_;
};

void show_download(void* user, const char* address, std::uint64_t done, std::uint64_t total) {
  static_cast<Progress*>(user)->show(address, done, total);
}

std::string with_slash(std::string address) { return address.ends_with('/') ? address : address + '/'; }

Client open_client(const Options& options, const gr_engine* engine, Progress* progress) {
  const std::string metadata = with_slash(options.origin) + "metadata/";
  const std::string root = read_input(options.root, most_bytes::text);
  gr_fetch_options fetch{};
  fetch.struct_size = sizeof fetch;
  fetch.cache_folder = options.cache.c_str();
  fetch.metadata_address = metadata.c_str();
  fetch.trusted_root = reinterpret_cast<const uint8_t*>(root.data());
  fetch.trusted_root_size = root.size();
  if (!options.ca_file.empty()) fetch.ca_file = options.ca_file.c_str();
  fetch.progress = show_download;
  fetch.progress_user = progress;
  std::vector<gr_text> names;
  for (const std::string& release : options.releases) names.push_back({release.data(), release.size()});
  gr_fetch_client_options given{};
  given.struct_size = sizeof given;
  given.release_count = static_cast<uint32_t>(names.size());
  given.releases = names.data();
  given.fetch = &fetch;
  given.asks_origin = options.is_at_hand ? 0 : 1;
  given.disk_bytes = options.cache_bytes;
  given.memory_bytes = options.memory_bytes;
  given.open_micros = std::int64_t{std::max(options.timeout_ms, least_timeout_ms)} * 1000;
  given.forgets_time = options.forgets_time ? 1 : 0;
  given.maps_files = options.maps_files ? 1 : 0;
  gr_fetch_client* client = nullptr;
  check([&](gr_error** error) { return gr_fetch_client_open(engine, &given, &client, error); });
  return Client(client);
}

std::string time_text(std::int64_t micros) {
  const std::time_t seconds = micros / 1'000'000;
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&seconds));
  return text;
}

Json describe(const gr_fetch_client* client, const gr_fetch_served& served, double milliseconds) {
  gr_store_state state{};
  state.struct_size = sizeof state;
  gr_fetch_client_describe(client, &state);
  Json told = {{"release", std::string(view(served.release))},
               {"fallback", served.is_fallback != 0},
               {"stage", std::string(view(served.stage))},
               {"offers", gr_snapshot_offer_count(served.snapshot)},
               {"milliseconds", milliseconds},
               {"metadata", {{"root", state.root}, {"timestamp", state.timestamp},
                             {"snapshot", state.snapshot}, {"targets", state.targets},
                             {"expires", time_text(state.expires_micros)}}},
               {"memory_bytes", state.memory_bytes},
               {"cache_bytes", state.disk_bytes},
               {"fetched_bytes", state.fetched_bytes},
               {"reused_bytes", state.reused_bytes},
               {"last_look", gr_status_name(state.status)},
               {"cache_writable", state.is_disk_writable != 0}};
  if (served.arm.size != 0) told["arm"] = std::string(view(served.arm));
  if (served.is_fallback != 0) {
    told["instead_of"] = std::string(view(served.instead_of));
    told["why_fallback"] = gr_status_name(served.primary_status);
  }
  if (state.status != GR_STATUS_OK) told["message"] = std::string(view(state.message));
  return told;
}

std::string text_of(const Json& told) {
  Table table({{"what"}, {"value"}});
  for (const auto& [name, value] : told.items()) {
    if (!value.is_object()) table.add({name, value.is_string() ? value.get<std::string>() : value.dump()});
    else for (const auto& [inner, part] : value.items())
      table.add({name + "." + inner, part.is_string() ? part.get<std::string>() : part.dump()});
  }
  return table.text(terminal_width());
}

void add_shards_to(Ranker* ranker, gr_fetch_client* client, const Patience& patience) {
  ranker->use_shards([client, &patience](gr_session* session) {
    std::uint32_t added = 0;
    check([&](gr_error** error) {
      return gr_fetch_client_add_shards(client, session, patience.left_micros(), &added, error);
    });
    return added;
  });
}

// How one of the request's shadows ranks it, as JSON; false: there is no such shadow.
bool rank_shadow(const gr_engine* engine, gr_fetch_client* client, const gr_route_values& route,
                 std::uint32_t index, std::string_view request, const Patience& patience, std::string* out) {
  gr_fetch_served served{};
  served.struct_size = sizeof served;
  gr_error* error = nullptr;
  const gr_status status =
      gr_fetch_client_shadow(client, &route, index, patience.left_micros(), nullptr, &served, &error);
  const std::unique_ptr<gr_error, Freed<gr_error_free>> owned(error);
  if (status == GR_STATUS_MISSING) return false;
  if (status != GR_STATUS_OK)
    throw Failure(status, std::string(view(gr_error_where(error))), std::string(view(gr_error_message(error))));
  const Snapshot snapshot(served.snapshot);
  Ranker ranker(engine, snapshot.get());
  ranker.tell("served.stage", std::string(view(served.stage)));
  ranker.tell("served.arm", std::string(view(served.arm)));
  add_shards_to(&ranker, client, patience);
  *out = ranker.rank(request, false);
  return true;
}

// The shadows' rankings, apart from the one that is shown, with commas between them; empty where there are
// none. What is wrong with one of them stands in its place.
std::string rank_shadows(const gr_engine* engine, gr_fetch_client* client, const gr_route_values& route,
                         std::string_view request, const Patience& patience) {
  std::string all;
  for (std::uint32_t i = 0; i < GR_SHADOW_ROUTES; ++i) {
    std::string one;
    try {
      if (!rank_shadow(engine, client, route, i, request, patience, &one)) break;
    } catch (const Failure& failure) {
      one = error_json(failure.code(), failure.where(), failure.what());
    }
    all += (all.empty() ? "" : ",") + one;
  }
  return all;
}

int fetch(const Options& options, bool as_json) {
  if (options.is_ranked && options.route.request.empty())
    throw Failure(GR_STATUS_ARGUMENT, "--rank", "--rank: wants --request");
  if (options.is_ranked && options.route.request == "-")
    throw Failure(GR_STATUS_ARGUMENT, "--request", "--request: wants a file with --rank");
  Progress progress;
  Engine engine = create_engine();
  const Patience patience(options.timeout_ms);
  Client client = open_client(options, engine.get(), &progress);
  const RouteValues route(options.route);
  const gr_route_values values = route.view();
  gr_fetch_served served{};
  served.struct_size = sizeof served;
  check([&](gr_error** error) {
    return gr_fetch_client_snapshot(client.get(), &values, patience.left_micros(), nullptr, &served, error);
  });
  Snapshot snapshot(served.snapshot);
  const double took_ms = patience.spent_ms();
  // What was fetched is on its way to the folder.
  check([&](gr_error** error) { return gr_fetch_client_poll(client.get(), 0, error); });
  progress.clear();
  const Json told = describe(client.get(), served, took_ms);
  if (options.is_ranked) {
    const std::string stage(view(served.stage)), arm(view(served.arm)), instead_of(view(served.instead_of));
    Ranker ranker(engine.get(), snapshot.get());
    ranker.tell("served.stage", stage);
    ranker.tell("served.arm", arm);
    ranker.tell("served.instead_of", instead_of);
    if (served.is_fallback != 0) ranker.tell("served.reason", gr_status_name(served.primary_status));
    add_shards_to(&ranker, client.get(), patience);
    const std::string request = read_input(options.route.request, most_bytes::request);
    std::string ranking(ranker.rank(request, false));
    const std::string shadows = rank_shadows(engine.get(), client.get(), values, request, patience);
    if (!shadows.empty()) ranking.replace(ranking.rfind('}'), 1, ",\"shadows\":[" + shadows + "]}");
    // Shards and shadows that were fetched are on their way to the folder, too.
    check([&](gr_error** error) { return gr_fetch_client_poll(client.get(), 0, error); });
    progress.clear();
    std::cout << ranking << '\n';
  } else if (as_json) {
    std::cout << told.dump() << '\n';
  } else {
    std::cout << text_of(told);
  }
  return 0;
}

}  // namespace

void add_fetch(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "fetch", "Fetch what serves a request from an origin, verify it and keep it");
  const auto options = std::make_shared<Options>();
  command->add_option("--origin", options->origin, "Where metadata/, targets/ and blobs/ are")->required();
  command->add_option("--root", options->root, "root.json that is trusted")->required();
  command->add_option("--cache", options->cache, "Folder that keeps what was verified")->required();
  command->add_option("--release", options->releases, "Names of releases: cards, team/cards")->required();
  add_route_options(command, &options->route);
  command->add_option("--timeout-ms", options->timeout_ms,
                      "To wait for the origin and what is cold, in all (10000); then what is in the folder serves");
  command->add_option("--ca-file", options->ca_file, "PEM certificates that vouch for https (the system's)");
  command->add_flag("--at-hand", options->is_at_hand, "Do not wait for the origin where the folder has the releases");
  command->add_option("--cache-bytes", options->cache_bytes, "Of artifacts in the folder, at most (1 GiB)");
  command->add_option("--memory-bytes", options->memory_bytes, "Of artifacts in memory, at most (64 MiB)");
  command->add_flag("--map", options->maps_files,
                    "Map artifacts in the folder instead of reading them: only where nobody else writes to it");
  command->add_flag("--forget-time", options->forgets_time,
                    "Forget the highest time that the folder has seen: after a clock was far ahead, or tampering");
  command->add_flag("--rank", options->is_ranked,
                    "Rank --request on it, and write the ranking as JSON; its shadows' beside it, as \"shadows\"");
  add_json_option(command, common);
  command->footer("A second run with the same folder fetches what changed, and serves where the origin is away.");
  (*actions)[command] = [options, common] { return fetch(*options, common->as_json); };
}

}  // namespace guardrank::shell
