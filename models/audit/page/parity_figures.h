// Figures of one attribute's part of a report; each is left out where the report has none of it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "models/page/html.h"

namespace guardrank::audit {

// A group's name, with a flag where it is small.
std::string group_label(const nlohmann::ordered_json& group);
void add_ratios(const nlohmann::ordered_json& attribute, const std::string& caption,
                page::Page* page);
void add_rates(const nlohmann::ordered_json& attribute, const std::string& caption,
               page::Page* page);

// Members of a group: a mean, and its comparison with the reference's, which is `equal` where there
// is no difference.
struct MeanFigure {
  const char* mean;
  const char* comparison;
  double equal;
  std::string caption, axis;
};
void add_means(const nlohmann::ordered_json& attribute, const MeanFigure& what, page::Page* page);

}  // namespace guardrank::audit
