#include "models/plan/stage_document.h"

#include <nlohmann/json.hpp>

#include "core/base/number_text.h"
#include "models/pack/documents/document_node.h"
#include "models/pack/documents/policy_document.h"
#include "models/pack/pack_error.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
using pack::PackError;

constexpr std::string_view key = "two_stage";

std::string number_text(double value) {
  char text[max_number_text_bytes];
  return {text, write_double(value, text)};
}

std::string as_yaml(const TwoStage& figures, std::string_view measured_of) {
  return "two_stage: {budget_us: " + number_text(figures.budget_us) +
         ", fixed_us: " + number_text(figures.fixed_us) + ", c1_us: " +
         number_text(figures.c1_us) + ", c2_us: " + number_text(figures.c2_us) +
         ", min_value_recall: " + number_text(figures.min_value_recall) +
         ", measured_value_recall: " + number_text(figures.measured_value_recall) +
         ", measured_of: \"" + std::string(measured_of) + "\"}\n";
}

std::string in_json(std::string_view document, const TwoStage& figures,
                    std::string_view measured_of) {
  Json root = Json::parse(document);
  root[std::string(key)] = {{"budget_us", figures.budget_us},
                            {"fixed_us", figures.fixed_us},
                            {"c1_us", figures.c1_us},
                            {"c2_us", figures.c2_us},
                            {"min_value_recall", figures.min_value_recall},
                            {"measured_value_recall", figures.measured_value_recall},
                            {"measured_of", measured_of}};
  return root.dump(2) + "\n";
}

std::size_t next_line(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

bool is_block_key(std::string_view line) {
  for (const std::string_view name : {key, std::string_view("\"two_stage\""),
                                      std::string_view("'two_stage'")}) {
    if (!line.starts_with(name)) continue;
    const std::size_t colon = line.find_first_not_of(" \t", name.size());
    return colon != std::string_view::npos && line[colon] == ':';
  }
  return false;
}

// Lines that belong to the block above: indented ones. Blank and comment lines after the last of
// these do not.
std::size_t end_of_block(std::string_view text, std::size_t at) {
  std::size_t end = next_line(text, at);
  for (std::size_t line = end; line < text.size(); line = next_line(text, line)) {
    const std::string_view here = text.substr(line, next_line(text, line) - line);
    const std::size_t first = here.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || here[first] == '#') continue;
    if (first == 0) break;
    end = next_line(text, line);
  }
  return end;
}

// Top-level keys of a block mapping stand at the first column, where no text of another value can.
std::string in_yaml(std::string_view document, const TwoStage& figures,
                    std::string_view measured_of) {
  for (std::size_t line = 0; line < document.size(); line = next_line(document, line)) {
    if (!is_block_key(document.substr(line))) continue;
    return std::string(document.substr(0, line)) + as_yaml(figures, measured_of) +
           std::string(document.substr(end_of_block(document, line)));
  }
  const bool is_ended = document.empty() || document.back() == '\n';
  return std::string(document) + (is_ended ? "\n" : "\n\n") + as_yaml(figures, measured_of);
}

bool is_same(const TwoStage& a, const TwoStage& b) {
  return a.budget_us == b.budget_us && a.fixed_us == b.fixed_us && a.c1_us == b.c1_us &&
         a.c2_us == b.c2_us && a.min_value_recall == b.min_value_recall &&
         a.measured_value_recall == b.measured_value_recall;
}

}  // namespace

StatedStages read_stated_stages(std::string_view document) {
  pack::Memory memory;
  StatedStages stated;
  const auto node = pack::parse_document_tree(document, &memory).maybe(key);
  if (!node) return stated;
  if (const auto budget = node->maybe("budget_us")) stated.budget_us = budget->number_within(0, 1e12);
  if (const auto recall = node->maybe("min_value_recall"))
    stated.min_value_recall = recall->number_within(0, 1);
  return stated;
}

std::string write_stages(std::string_view document, const TwoStage& figures,
                         std::string_view measured_of) {
  const std::size_t first = document.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && document[first] == '{' &&
                       Json::accept(document);
  const std::string text = is_json ? in_json(document, figures, measured_of)
                                   : in_yaml(document, figures, measured_of);
  bool is_written = false;
  try {
    const pack::PolicyDocument written = pack::read_policy(text);
    is_written =
        is_same(written.policy().two_stage, figures) && written.measured_of() == measured_of;
  } catch (const PackError&) {
  }
  if (!is_written)
    throw PackError(Status::argument, std::string(key),
                    "the document's form is not one that can be edited; put this line into it: " +
                        as_yaml(figures, measured_of));
  return text;
}

}  // namespace guardrank::plan
