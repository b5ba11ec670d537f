// Runs lint on a policy of a test, and counts what it has to say.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "models/lint/lint.h"

namespace guardrank::lint {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

inline constexpr std::int64_t june_2026 = 1'780'315'200'000'000;

// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("guardrank-lint-" + std::to_string(counter_++) +
                                                "-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }

 private:
  static inline int counter_ = 0;
  fs::path path_;
};

inline constexpr const char* head = R"(format: 1
name: t
version: "1"
facts:
  ctx.age: {type: int}
  ctx.state: {type: string}
  ctx.race: {type: string, protected: true}
  offer.min_age: {type: int, default: 18, override: false}
  offer.fee: {type: double, override: false}
)";

inline Json run(const std::string& rest, const std::string& catalog = "", const std::string& test = "",
         const std::string& model = "") {
  const Folder folder;
  LintInputs inputs;
  inputs.policy = folder.write("policy.yaml", head + rest);
  if (!catalog.empty()) inputs.catalog = folder.write("catalog.csv", catalog);
  if (!model.empty()) {
    folder.write("model.json", model);
    inputs.model_folder = inputs.policy.parent_path();
  }
  if (!test.empty()) inputs.tests = {folder.write("tests.yaml", test)};
  inputs.now = june_2026;
  return Json::parse(lint(inputs));
}

// How often a check was raised at a place, and with which severity.
inline int count(const Json& report, const std::string& check, const std::string& where,
          const std::string& severity) {
  int n = 0;
  for (const Json& finding : report.at("findings"))
    n += finding.at("check") == check && finding.at("where") == where &&
         finding.at("severity") == severity;
  return n;
}

inline std::string rule(const std::string& id, const std::string& expr, const std::string& more = "") {
  return "  - {id: " + id + ", expr: \"" + expr + "\", code: C, text: T, adverse_action: A" + more +
         "}\n";
}

}  // namespace guardrank::lint
