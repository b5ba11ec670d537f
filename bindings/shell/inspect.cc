#include <iostream>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

// "vocabulary, hash" for a list; nothing for null.
std::string cell_of(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& item : value) text += (text.empty() ? "" : ", ") + cell_of(item);
  return text;
}

// Chosen members of each object of an array, as columns.
std::string table_of(const Json& rows, const std::vector<std::string>& members) {
  if (rows.empty()) return "";
  std::vector<Table::Heading> headings;
  for (const std::string& member : members) headings.push_back({member});
  Table table(headings);
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& member : members) {
      const auto found = row.find(member);
      cells.push_back(found == row.end() ? std::string() : cell_of(*found));
    }
    table.add(cells);
  }
  return table.text(terminal_width()) + "\n";
}

std::string title(const char* kind, const Json& part) {
  return std::string(kind) + " " + printable(part["name"].get<std::string>()) + " " +
         printable(part["version"].get<std::string>()) + " " + part["id"].get<std::string>() + "\n";
}

std::string model_text(const Json& model) {
  return title("model", model) +
         table_of(model["fields"], {"name", "side", "type", "output", "dim", "codes", "transforms"}) +
         table_of(model["heads"], {"name", "kind", "given", "calibrator", "negative_sampling_rate",
                                   "sampling_handled", "tower"}) +
         "levels: " + std::to_string(model["levels"].size()) +
         ", golden requests: " + model["golden_requests"].dump() + "\n\n";
}

std::string levels_text(const Json& model) {
  std::ostringstream text;
  for (std::size_t i = 0; i < model["levels"].size(); ++i) {
    text << "level " << i << "\n" << table_of(model["levels"][i]["experts"], {"name", "for", "layers"});
  }
  return text.str();
}

std::string policy_text(const Json& policy) {
  return title("policy", policy) +
         table_of(policy["rules"], {"id", "code", "expr", "when", "text"}) +
         table_of(policy["guardrails"], {"id", "code", "expr", "text"}) +
         table_of(policy["terms"], {"id", "kind", "unit", "expr"}) +
         table_of(policy["parameters"], {"name", "value", "min", "max", "owner"});
}

std::string catalog_text(const Json& catalog) {
  return title("catalog", catalog) + catalog["offers"].dump() + " offers" +
         (catalog["allows_unlisted"].get<bool>() ? ", others allowed" : "") + "\n" +
         table_of(catalog["columns"], {"name", "type"});
}

std::string artifact_text(const Json& artifact) {
  std::string text = artifact["kind"].get<std::string>() + " " + artifact["id"].get<std::string>() +
                     ", numerics " + artifact["numerics"].dump() + "\n";
  text += table_of(artifact["sections"], {"kind", "bytes", "hash"});
  if (artifact.contains("release")) text += title("release", artifact["release"]) + "\n";
  if (artifact.contains("model")) {
    text += model_text(artifact["model"]) + levels_text(artifact["model"]);
  }
  if (artifact.contains("policy")) text += policy_text(artifact["policy"]);
  if (artifact.contains("catalog")) text += catalog_text(artifact["catalog"]);
  return text;
}

int inspect(const std::string& path, bool as_json) {
  const Engine engine = create_engine();
  const Artifact artifact = open_artifact(engine.get(), read_artifact(path), GR_CHECK_STRUCTURE);
  gr_text json{};
  check([&](gr_error** error) { return gr_artifact_inspect(artifact.get(), &json, error); });
  if (as_json) std::cout << view(json) << '\n';
  else std::cout << artifact_text(Json::parse(view(json)));
  return 0;
}

}  // namespace

void add_inspect(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand("inspect", "Show what an artifact holds");
  const auto path = std::make_shared<std::string>();
  command->add_option("file", *path, "Artifact, or -")->required();
  add_json_option(command, common);
  (*actions)[command] = [path, common] { return inspect(*path, common->as_json); };
}

}  // namespace guardrank::shell
