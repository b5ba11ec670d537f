// Tables and the plot of less discriminatory alternatives, to models of an outcome and to a ranking.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "models/page/html.h"

namespace guardrank::audit {

// What alternatives are worth, and what they are held against.
struct AlternativesWords {
  const char* worth;                 // member: "auc", "value"
  const char* title;                 // "AUC"
  const char* base;                  // "full model"
  const char* base_member;           // "full_model"
  const char* rows;                  // "rows", "requests"
  const char* ratio;                 // "worst AIR"
};

std::string joined(const nlohmann::ordered_json& names);
// "without ctx.zip; floor = 0.1"
std::string described(const nlohmann::ordered_json& alternative);
// What was chosen, on what did not choose; and a sentence where nothing is confirmed.
void add_chosen(const nlohmann::ordered_json& found, const AlternativesWords& words,
                page::Page* page);
// Worth against the worst ratio of what was tried and is worth at least `from`; `least`: the worth that
// the loss leaves.
void add_frontier(const nlohmann::ordered_json& found, const AlternativesWords& words, double least,
                  double from, page::Page* page);

}  // namespace guardrank::audit
