#include "models/audit/page/parity_figures.h"

#include "models/audit/page/cells.h"
#include "models/page/plot.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

bool has_rates(const Json& attribute) { return attribute["groups"][0].contains("rate"); }

std::string count(const Json& object, const char* name) {
  return object.contains(name) ? object[name].dump() : "-";
}

}  // namespace

std::string group_label(const Json& group) {
  return group["group"].get<std::string>() + (group["is_small"].get<bool>() ? " (small)" : "");
}

void add_rates(const Json& attribute, const std::string& caption, page::Page* page) {
  if (!has_rates(attribute)) return;
  page::HtmlTable table{{"group", "rows", "selected", "rate", "95% (Wilson)"}, {}};
  std::vector<page::IntervalRow> rows;
  for (const Json& group : attribute["groups"]) {
    table.rows.push_back({group_label(group), count(group, "of"), count(group, "selected"),
                          cell(group, "rate", 4), interval_cell(group, "rate_interval", 4)});
    rows.push_back({group_label(group), real(group, "rate"), real(group, "rate_interval", 0),
                    real(group, "rate_interval", 1), false});
  }
  page->figure(caption, page::interval_plot("rate", rows, {}), table);
}

void add_ratios(const Json& attribute, const std::string& caption, page::Page* page) {
  if (!has_rates(attribute)) return;
  page::HtmlTable table{{"group", "four-fifths rule", "AIR", "95% (Koopman)", "difference",
                         "95% (Newcombe)", "Fisher p", "mid-p", "p of AIR >= 0.8"}, {}};
  std::vector<page::IntervalRow> rows;
  for (const Json& group : attribute["groups"]) {
    if (group["is_reference"].get<bool>()) continue;
    table.rows.push_back({group_label(group), verdict_cell(group), cell(group, "air", 4),
                          interval_cell(group, "air_interval", 3), cell(group, "difference", 4),
                          interval_cell(group, "difference_interval", 4),
                          p_cell(group, "fisher_p"), p_cell(group, "mid_p"),
                          p_cell(group, "four_fifths_p")});
    rows.push_back({group_label(group), real(group, "air"), real(group, "air_interval", 0),
                    real(group, "air_interval", 1), group["four_fifths"] == "adverse"});
  }
  page->figure(caption + " against " + attribute["reference"].get<std::string>(),
               page::interval_plot("rate / rate of the reference", rows,
                                   {{0.8, "4/5"}, {1, "equal"}}),
               table);
}

void add_means(const Json& attribute, const MeanFigure& what, page::Page* page) {
  if (!attribute["groups"][0].contains(what.mean)) return;
  page::HtmlTable table{{"group", "mean", what.axis, "95% (bootstrap)"}, {}};
  std::vector<page::IntervalRow> rows;
  const std::string interval = std::string(what.comparison) + "_interval";
  for (const Json& group : attribute["groups"]) {
    table.rows.push_back({group_label(group), cell(group, what.mean, 4),
                          cell(group, what.comparison, 4),
                          interval_cell(group, interval.c_str(), 4)});
    if (group.contains(what.comparison))
      rows.push_back({group_label(group), real(group, what.comparison),
                      real(group, interval.c_str(), 0), real(group, interval.c_str(), 1), false});
  }
  page->figure(what.caption, page::interval_plot(what.axis, rows, {{what.equal, "equal"}}), table);
}

}  // namespace guardrank::audit
