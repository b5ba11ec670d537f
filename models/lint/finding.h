// What lint has to say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guardrank::lint {

enum class Severity { error, warning, note };
std::string_view severity_name(Severity severity);

struct Finding {
  Severity severity = Severity::warning;
  std::string_view check;   // "type", "never-holds", ...: the table of README.md
  std::string where;        // "rules.min_age", "catalog.o-9"
  std::string message;
};

class Findings {
 public:
  void add(Severity severity, std::string_view check, std::string where, std::string message) {
    all_.push_back({severity, check, std::move(where), std::move(message)});
  }
  // Errors first, then warnings, then notes; within each in the order of adding.
  std::vector<Finding> ordered() const;
  std::size_t count(Severity severity) const;
  bool has(std::string_view check) const;

 private:
  std::vector<Finding> all_;
};

}  // namespace guardrank::lint
