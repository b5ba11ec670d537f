#include "models/lint/finding.h"

#include <algorithm>

namespace guardrank::lint {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
  }
  return "unknown";
}

std::vector<Finding> Findings::ordered() const {
  std::vector<Finding> sorted = all_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  return sorted;
}

std::size_t Findings::count(Severity severity) const {
  const auto counts = [&](const Finding& finding) { return finding.severity == severity; };
  return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), counts));
}

bool Findings::has(std::string_view check) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const Finding& finding) { return finding.check == check; });
}

}  // namespace guardrank::lint
