#include "models/publish/release_document.h"

#include <cmath>
#include <map>
#include <set>

#include "core/base/limits.h"
#include "models/pack/memory.h"
#include "models/publish/key.h"
#include "models/publish/request.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

constexpr const char* values[] = {"product", "market", "segment", "partner", "surface", "arm"};
std::string_view Route::* const members[] = {&Route::product, &Route::market,  &Route::segment,
                                             &Route::partner, &Route::surface, &Route::arm};
constexpr std::size_t n_matched_values = 5;      // an arm is told by its unit, not by a request
constexpr double rounding = 1e-9;                // of shares that add up to 1
constexpr const char* tiers[] = {"origin", "disk", "warm", "pinned"};

std::string hex_of(const Sha256Digest& digest) {
  return hexadecimal({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Sha256Digest digest_of(const Json& text) {
  const std::string bytes = from_hexadecimal(text.get<std::string>());
  Sha256Digest digest{};
  if (bytes.size() == digest.size()) std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

Json route_json(const Route& route) {
  Json json;
  for (std::size_t i = 0; i < std::size(values); ++i) json[values[i]] = route.*members[i];
  json["stage"] = stage_name(route.stage);
  json["weight"] = route.traffic_weight;
  json["tier"] = tier_name(route.tier);
  json["salt"] = route.salt;
  json["fallback"] = route.fallback;
  json["model"] = hex_of(route.model);
  json["policy"] = hex_of(route.policy);
  json["catalog"] = hex_of(route.catalog);
  return json;
}

int tier_rank(const std::string& tier) {
  for (int i = 0; i < 4; ++i)
    if (tier == tiers[i]) return i;
  throw PackError(Status::argument, "tier", "wanted origin, disk, warm or pinned, found '" + tier + "'");
}

Route route_of(const Json& json, pack::Memory* memory) {
  Route route;
  const auto text = [&](const char* name) { return memory->text(json.at(name).get<std::string>()); };
  for (std::size_t i = 0; i < std::size(values); ++i) route.*members[i] = text(values[i]);
  route.stage = static_cast<Stage>(stage_rank(json.at("stage").get<std::string>()));
  route.traffic_weight = json.at("weight").get<double>();
  route.tier = static_cast<Tier>(tier_rank(json.at("tier").get<std::string>()));
  route.salt = text("salt");
  route.fallback = text("fallback");
  route.model = digest_of(json.at("model"));
  route.policy = digest_of(json.at("policy"));
  route.catalog = digest_of(json.at("catalog"));
  return route;
}

std::string route_name(std::size_t index) { return "routes[" + std::to_string(index) + "]"; }

// What the route is for, of one part of a request; empty: any.
std::string read_value(const Json& route, const char* name) {
  const std::string value = member_or<std::string>(route, name, "");
  if (value == "*") throw PackError(Status::argument, name, "'*' is no pattern: leave it out, and any value will do");
  return value;
}

}  // namespace

int stage_rank(const std::string& stage) {
  for (int i = 0; i <= static_cast<int>(Stage::full); ++i)
    if (stage_name(static_cast<Stage>(i)) == stage) return i;
  throw PackError(Status::argument, "stage",
                  "wanted offline, shadow, canary, ab or full, found '" + stage + "'");
}

Json read_release(std::string_view artifact) {
  const pack::AlignedBytes bytes(Bytes(reinterpret_cast<const std::uint8_t*>(artifact.data()),
                                       artifact.size()));
  pack::Memory memory;
  Release release;
  Error error;
  pack::throw_if(open_release(bytes, Check::full, &memory.arena(), &release, &error), error);
  Json json = {{"name", release.name}, {"version", release.version}, {"created", release.created},
               {"minimum_engine", release.minimum_engine}, {"routes", Json::array()},
               {"blobs", Json::array()}};
  for (const Route& route : release.routes) json["routes"].push_back(route_json(route));
  for (const ReleaseBlob& blob : release.blobs)
    json["blobs"].push_back(
        {{"id", hex_of(blob.id)}, {"bytes", blob.n_bytes}, {"chunks", hex_of(blob.chunks)}});
  return json;
}

pack::AlignedBytes write_release(const Json& document) {
  pack::Memory memory;
  Release release;
  release.name = memory.text(document.at("name").get<std::string>());
  release.version = memory.text(document.at("version").get<std::string>());
  release.created = document.at("created").get<std::int64_t>();
  release.minimum_engine = memory.text(document.at("minimum_engine").get<std::string>());
  std::vector<Route> routes;
  for (const Json& route : document.at("routes")) routes.push_back(route_of(route, &memory));
  release.routes = routes;
  std::vector<ReleaseBlob> blobs;
  for (const Json& blob : document.at("blobs"))
    blobs.push_back({digest_of(blob.at("id")), blob.at("bytes").get<std::uint64_t>(),
                     digest_of(blob.at("chunks"))});
  release.blobs = blobs;
  pack::AlignedBytes bytes = pack::write_release(release);
  Error error;
  Release opened;
  pack::throw_if(open_release(bytes, Check::full, &memory.arena(), &opened, &error), error);
  return bytes;
}

std::vector<Json> read_routes(const Json& given, const Json& release) {
  if (!given.is_array() || given.empty())
    throw PackError(Status::type, "routes", "wanted a list of routes");
  std::vector<Json> routes;
  for (const Json& each : given) {
    if (!each.is_object()) throw PackError(Status::type, "routes", "wanted objects");
    refuse_unknown(each, {"product", "market", "segment", "partner", "surface", "arm", "stage", "weight",
                          "tier", "salt", "fallback", "model", "policy", "catalog"});
    Json route = each;
    for (const char* name : values) route[name] = read_value(each, name);
    for (const char* name : {"stage", "salt", "fallback", "tier"})
      route[name] = member_or(each, name, release.at(name).get<std::string>());
    const std::string stage = route["stage"];
    const bool is_experiment = is_experiment_stage(stage);
    const auto weight = find_member<double>(each, "weight");
    if (is_experiment && !weight && release.at("weight").is_null())
      throw PackError(Status::missing, "weight", "a canary or A/B release must say its share of traffic");
    route["weight"] = weight             ? *weight
                      : stage == "full" || release.at("weight").is_null() ? 1.0
                                           : release.at("weight").get<double>();
    routes.push_back(route);
  }
  return routes;
}

bool is_experiment_stage(const std::string& stage) { return stage == "canary" || stage == "ab"; }

void check_routes(const Json& routes) {
  std::set<std::vector<std::string>> seen;
  std::map<std::vector<std::string>, double> shares;   // that experiments of the same values take
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Json& route = routes[i];
    const double weight = route.at("weight").get<double>();
    if (!(weight >= 0 && weight <= 1))
      throw PackError(Status::argument, route_name(i) + ".weight", "wanted a share from 0 to 1");
    if (route.at("stage") == "full" && weight < 1)
      throw PackError(Status::argument, route_name(i) + ".weight",
                      "a full route serves the rest, not a share: leave the weight out, or take another stage");
    stage_rank(route.at("stage").get<std::string>());
    tier_rank(route.at("tier").get<std::string>());
    std::vector<std::string> key;
    const bool is_full = route.at("stage") == "full";
    for (const char* name : values)
      if (!is_full || std::string_view(name) != "arm") key.push_back(route.at(name).get<std::string>());
    key.push_back(route.at("stage").get<std::string>());
    key.push_back(is_full ? "" : route.at("salt").get<std::string>());
    if (route.at("stage") != "offline" && !seen.insert(key).second)
      throw PackError(Status::duplicate, route_name(i), "another route serves the same requests");
    if (!is_experiment_stage(route.at("stage").get<std::string>())) continue;
    double& share = shares[{key.begin(), key.begin() + n_matched_values}];
    if ((share += weight) > 1 + rounding)
      throw PackError(Status::argument, route_name(i) + ".weight",
                      "with the experiments before it more than all traffic");
  }
}

namespace {

std::vector<std::string> requests_key(const Json& route) {
  std::vector<std::string> key;
  for (std::size_t i = 0; i < n_matched_values; ++i) key.push_back(route.at(values[i]).get<std::string>());
  return key;
}

// What share of all traffic a release's experiments take, by the values that their requests have.
std::map<std::vector<std::string>, double> experiment_shares(const Json& document) {
  std::map<std::vector<std::string>, double> shares;
  for (const Json& route : document.at("routes"))
    if (is_experiment_stage(route.at("stage").get<std::string>()))
      shares[requests_key(route)] += route.at("weight").get<double>();
  return shares;
}

std::string requests_of(const std::vector<std::string>& key) {
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i)
    if (!key[i].empty()) text += (text.empty() ? "" : ", ") + std::string(values[i]) + " " + key[i];
  return text.empty() ? "all requests" : "requests of " + text;
}

}  // namespace

void share_traffic(double weight, const std::vector<Json*>& routes) {
  std::map<std::vector<std::string>, std::pair<double, double>> held;   // their weights, and how many
  for (const Json* route : routes) {
    auto& [sum, n] = held[requests_key(*route)];
    sum += route->at("weight").get<double>();
    ++n;
  }
  for (Json* route : routes) {
    const auto& [sum, n] = held.at(requests_key(*route));
    if (n == 1) (*route)["weight"] = weight;
    else (*route)["weight"] = sum > 0 ? weight * (*route)["weight"].get<double>() / sum : weight / n;
  }
}

double traffic_of(const Json& document, const Json& route) {
  const std::string stage = route.at("stage").get<std::string>();
  if (!is_experiment_stage(stage)) return route.at("weight").get<double>();
  double sum = 0;
  for (const Json& each : document.at("routes"))
    if (each.at("stage") == stage && requests_key(each) == requests_key(route)) sum += each.at("weight").get<double>();
  return std::round(sum * 1e12) / 1e12;          // to be read: 0.3 of 0.1 and 0.2
}

std::vector<std::string> find_crowded(const std::vector<Json>& documents) {
  std::vector<std::string> found;
  for (const auto& [key, own] : experiment_shares(documents.front())) {
    double all = own;
    std::string others;
    for (std::size_t i = 1; i < documents.size(); ++i) {
      const auto shares = experiment_shares(documents[i]);
      const auto share = shares.find(key);
      if (share == shares.end() || share->second == 0) continue;
      all += share->second;
      others += (others.empty() ? "" : ", ") + documents[i].at("name").get<std::string>();
    }
    if (own != 0 && all > 1 + rounding)
      found.push_back("experiments on " + requests_of(key) + " take more than all traffic together with those of " +
                      others + ": who joins these releases gives the last, by salt, what is left");
  }
  return found;
}

void check_fallbacks(const std::vector<Json>& documents) {
  std::map<std::string, std::set<std::string>> next;
  for (const Json& document : documents)
    for (const Json& route : document.at("routes")) {
      auto& names = next[document.at("name").get<std::string>()];
      if (route.at("fallback") != "") names.insert(route.at("fallback").get<std::string>());
    }
  for (const auto& [name, ignored] : next) {
    std::set<std::string> reached = next.at(name);
    for (std::uint32_t depth = 1; !reached.empty(); ++depth) {
      if (reached.contains(name))
        throw PackError(Status::reference, "fallback", "'" + name + "' would fall back to itself");
      if (depth > limits::fallback_releases)
        throw PackError(Status::limit, "fallback", "'" + name + "' has a chain of more than " +
                                                       std::to_string(limits::fallback_releases));
      std::set<std::string> further;
      for (const std::string& each : reached) {
        const auto found = next.find(each);
        if (found == next.end())
          throw PackError(Status::reference, "fallback", "the origin has no release '" + each + "'");
        further.insert(found->second.begin(), found->second.end());
      }
      reached = further;
    }
  }
}

}  // namespace guardrank::publish
