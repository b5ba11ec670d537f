#include "models/audit/page/cells.h"

#include <cmath>
#include <cstdio>
#include <limits>

#include "models/page/plot.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

double number_of(const Json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double real(const Json& object, const char* name) {
  return object.contains(name) ? number_of(object[name]) : number_of(nullptr);
}

double real(const Json& object, const char* name, std::size_t index) {
  return object.contains(name) ? number_of(object[name][index]) : number_of(nullptr);
}

std::string cell(const Json& object, const char* name, int digits) {
  return page::fixed(real(object, name), digits);
}

std::string interval_cell(const Json& object, const char* name, int digits) {
  return page::fixed_interval(real(object, name, 0), real(object, name, 1), digits);
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string p_cell(const Json& object, const char* name) {
  const double p = real(object, name);
  if (std::isnan(p)) return "-";
  if (p == 0) return "<1e-300";
  char text[32];
  std::snprintf(text, sizeof text, p < 0.001 ? "%.1e" : "%.3f", p);
  return text;
}

std::string verdict_cell(const Json& group) {
  const std::string verdict = group.value("four_fifths", "");
  if (verdict == "small") return "too few rows to judge";
  if (verdict == "adverse") return "under 4/5, beyond chance";
  if (verdict == "below") return "under 4/5, could be chance";
  if (verdict == "uncertain") return "above 4/5, interval reaches under";
  if (verdict == "clear") return "above 4/5";
  return verdict;
}

}  // namespace guardrank::audit
