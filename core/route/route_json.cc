#include "core/base/json.h"
#include "core/route/route_match.h"

namespace guardrank {
namespace {

// By verdict. A full route stands behind an experiment only where its values are the primary's.
constexpr std::string_view verdicts[] = {
    "serves", "shadows", "falls_back", "offline", "mismatch", "less_specific", "other_units",
    "needs_unit", "experiment_serves", "newer_serves", "surplus_shadow"};
constexpr std::string_view chain_ends[] = {"complete", "unknown", "unmatched", "cycle", "too_long"};

struct Writer {
  const RouteTable& table;
  const RouteKey& key;
  const RouteChoice& choice;
  JsonWriter json;

  void digest(std::string_view name, const Sha256Digest& value) {
    const DigestText text = digest_text(value);
    json.key(name).string({text.data(), text.size()});
  }

  // The members of a route that say which it is.
  void identity(std::uint32_t ordinal) {
    const Route& route = table.route(ordinal);
    json.key("release").string(table.release(ordinal).name);
    json.key("route").natural(ordinal - first_of(ordinal));
    json.key("stage").string(stage_name(route.stage));
    json.key("arm").string(route.arm);
  }

  std::uint32_t first_of(std::uint32_t ordinal) {
    while (ordinal > 0 && table.release_index(ordinal - 1) == table.release_index(ordinal)) --ordinal;
    return ordinal;
  }

  void chosen(std::uint32_t ordinal) {
    const Route& route = table.route(ordinal);
    json.begin_object();
    identity(ordinal);
    json.key("tier").string(tier_name(route.tier));
    digest("model", route.model);
    digest("policy", route.policy);
    digest("catalog", route.catalog);
    json.end_object();
  }

  template <std::size_t N>
  void list(std::string_view name, const std::array<std::uint32_t, N>& ordinals, std::uint32_t n) {
    json.key(name).begin_array();
    for (std::uint32_t i = 0; i < n; ++i) chosen(ordinals[i]);
    json.end_array();
  }

  void bucket(std::uint32_t ordinal) {
    const RouteTable::Share share = table.share(ordinal);
    json.key("salt").string(table.salt(ordinal));
    json.key("share").begin_array().number(share.begin).number(share.end).end_array();
    if (!key.unit.empty())
      json.key("fraction").number(unit_fraction(table.salt(ordinal), key.unit));
  }

  void looked_at(std::uint32_t ordinal) {
    const Route& route = table.route(ordinal);
    const RouteFinding finding = explain_route(table, key, choice, ordinal);
    json.begin_object();
    identity(ordinal);
    json.key("names").begin_object();
    for (std::size_t d = 0; d < n_dimensions; ++d)
      if (!dimension_of(route, d).empty())
        json.key(dimension_name(d)).string(dimension_of(route, d));
    json.end_object();
    json.key("weight").number(route.traffic_weight);
    json.key("verdict").string(verdicts[static_cast<std::size_t>(finding.verdict)]);
    if (finding.verdict == RouteVerdict::mismatch)
      json.key("mismatch").string(dimension_name(finding.dimension));
    if (is_experiment(route) || route.stage == Stage::shadow) bucket(ordinal);
    json.end_object();
  }

  void request() {
    json.key("request").begin_object();
    for (std::size_t d = 0; d < n_dimensions; ++d)
      if (!dimension_of(key, d).empty()) json.key(dimension_name(d)).string(dimension_of(key, d));
    if (!key.unit.empty()) json.key("unit").string(key.unit);
    json.end_object();
  }

  void all() {
    json.begin_object();
    request();
    json.key("primary");
    if (choice.primary == no_route) json.null();
    else chosen(choice.primary);
    list("shadows", choice.shadows, choice.n_shadows);
    list("fallbacks", choice.fallbacks, choice.n_fallbacks);
    json.key("chain").string(chain_ends[static_cast<std::size_t>(choice.chain_end)]);
    if (!choice.missing_fallback.empty())
      json.key("missing_fallback").string(choice.missing_fallback);
    json.key("routes").begin_array();
    for (std::uint32_t i = 0; i < table.n_routes(); ++i) looked_at(i);
    json.end_array().end_object();
  }
};

}  // namespace

Status write_route_explanation(const RouteTable& table, const RouteKey& key, Arena* arena,
                               std::string_view* text) {
  const RouteChoice choice = table.choose(key);
  Writer writer{table, key, choice, JsonWriter(arena)};
  writer.all();
  GUARDRANK_TRY(writer.json.status());
  *text = writer.json.view();
  return Status::ok;
}

}  // namespace guardrank
