#include <iostream>
#include <memory>
#include <sstream>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/ranking.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  SourceOptions source;
  std::string request, offer;
};

std::string heads_text(const Json& heads) {
  Table table({{"head"}, {"logit", Table::Align::right}, {"corrected", Table::Align::right},
               {"probability", Table::Align::right}, {"reach", Table::Align::right},
               {"expected amount", Table::Align::right}});
  for (const auto& [name, head] : heads.items()) {
    const auto cell = [&outcome = head](const char* key) {
      return outcome.contains(key) ? outcome[key].dump() : std::string();
    };
    table.add({name, cell("logit"), cell("corrected"), cell("probability"), cell("reach"),
               cell("value")});
  }
  return table.text();
}

std::string unit_of(const Json& inspection, const std::string& id) {
  if (!inspection.is_object()) return "USD";
  for (const Json& term : inspection["policy"]["terms"]) {
    if (term["id"] == id && term["unit"] != "") return term["unit"];
  }
  return "USD";
}

std::string terms_text(const Json& ranked, const Json& inspection) {
  Table table({{"term"}, {"amount", Table::Align::right}});
  std::string unit = "USD";
  for (const Json& term : ranked["terms"]) {
    unit = unit_of(inspection, term["id"]);
    table.add({term["id"], money(integer_of(term["micros"]), unit)});
  }
  table.add({"score (their sum)", money(integer_of(ranked["score_micros"]), unit)});
  return table.text();
}

std::string ranked_text(const Json& ranked, const Json& inspection) {
  std::ostringstream text;
  text << printable(ranked["offer"].get<std::string>()) << " is ranked at position "
       << ranked["position"] << (ranked.value("mandated", false) ? ", a mandated slot" : "")
       << ", propensity " << ranked["propensity"] << "\n\n"
       << heads_text(ranked["heads"]) << "\n" << terms_text(ranked, inspection);
  if (!ranked.contains("near_edge")) return text.str();
  for (const Json& edge : ranked["near_edge"])
    text << "\nnear its edge: " << printable(edge["guardrail"].get<std::string>())
         << " would remove it with " << change_text(edge) << '\n';
  return text.str();
}

std::string excluded_text(const Json& excluded) {
  Table table({{"rule"}, {"code"}, {"value"}, {"missing"}, {"principal", Table::Align::right},
               {"would change it"}, {"text"}});
  for (const Json& reason : excluded["reasons"]) {
    std::string text = reason["text"];
    if (reason.contains("adverse_action")) {
      text += " (adverse action: " + reason["adverse_action"].get<std::string>() + ")";
    }
    std::string value = reason["value"];
    if (reason.contains("problem")) value += ": " + reason["problem"].get<std::string>();
    table.add({reason["rule"], reason["code"], value, reason.value("missing", ""),
               reason.contains("principal") ? reason["principal"].dump() : "",
               reason.contains("change") ? change_text(reason["change"]) : "", text});
  }
  return printable(excluded["offer"].get<std::string>()) + " is excluded at stage " +
         excluded["stage"].get<std::string>() + "\n\n" + table.text(terminal_width());
}

// The entry of the offer in `list`, or null.
const Json* find_offer(const Json& list, const std::string& offer) {
  for (const Json& entry : list) {
    if (entry["offer"] == offer) return &entry;
  }
  return nullptr;
}

Failure no_candidate(const std::string& offer) {
  return {GR_STATUS_UNKNOWN_OFFER, "--offer", "--offer: '" + offer + "' is no candidate of the request"};
}

// The request with that offer as its only candidate.
std::string request_for(const std::string& offer, const std::string& text) {
  Json request = Json::parse(text);
  Json alone = {{"offer", offer}};
  if (request.contains("candidates") && !request["candidates"].is_null()) {
    const Json* found = find_offer(request["candidates"], offer);
    if (found == nullptr) throw no_candidate(offer);
    alone = *found;
  }
  request["candidates"] = Json::array({alone});
  return request.dump();
}

// The entry of an eligible offer that stands nowhere, with the figures that it has by itself: they are
// the same.
Json rank_alone(const Options& options, const std::string& request, const Source& source) try {
  Ranker ranker(source);
  const Json decision = Json::parse(ranker.rank_all(request_for(options.offer, request)));
  const Json* ranked = find_offer(decision["ranked"], options.offer);
  if (ranked == nullptr) throw no_candidate(options.offer);
  Json entry = *ranked;
  for (const char* name : {"position", "propensity", "mandated"}) entry.erase(name);
  entry["placed"] = false;
  return entry;
} catch (const Failure& failure) {
  if (failure.code() == GR_STATUS_UNKNOWN_OFFER) throw no_candidate(options.offer);
  throw;
}

std::string unplaced_text(const Json& entry, const Json& stages, const Json& inspection) {
  const std::string stage_one = stages["path"] == "two_stage" ? "stage one, " : "";
  return printable(entry["offer"].get<std::string>()) + " is eligible, but no slot is left for it: " +
         stage_one + "a cap or the last slot leaves it out\n\n" + heads_text(entry["heads"]) + "\n" +
         terms_text(entry, inspection);
}

bool has_unplaced(const Json& decision) {
  const Json& stages = decision["stages"];
  return integer_of(stages["eligible"]) - integer_of(stages["removed"]) >
         static_cast<std::int64_t>(decision["ranked"].size());
}

int explain(const Options& options, bool as_json) {
  const Source source = open_source(options.source);
  Ranker ranker(source);
  const std::string request = read_input(options.request, most_bytes::request);
  const Json decision = Json::parse(ranker.rank_all(request));
  const Json* ranked = find_offer(decision["ranked"], options.offer);
  const Json* excluded = find_offer(decision["excluded"], options.offer);
  if (ranked == nullptr && excluded == nullptr) {
    if (!has_unplaced(decision)) throw no_candidate(options.offer);
    const Json entry = rank_alone(options, request, source);
    std::cout << (as_json ? entry.dump() + "\n"
                          : unplaced_text(entry, decision["stages"], source.inspection));
    return 0;
  }
  if (as_json) {
    std::cout << (ranked != nullptr ? *ranked : *excluded).dump() << '\n';
  } else {
    std::cout << (ranked != nullptr ? ranked_text(*ranked, source.inspection)
                                    : excluded_text(*excluded));
  }
  return 0;
}

}  // namespace

void add_explain(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "explain", "Say why one offer stands where it does, or nowhere, whatever the limit");
  const auto options = std::make_shared<Options>();
  add_source_options(command, &options->source);
  add_json_option(command, common);
  command->add_option("--request", options->request, "Request as JSON, or -")->required();
  command->add_option("--offer", options->offer, "Offer id")->required();
  (*actions)[command] = [options, common] { return explain(*options, common->as_json); };
}

}  // namespace guardrank::shell
