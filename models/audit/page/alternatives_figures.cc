#include "models/audit/page/alternatives_figures.h"

#include <algorithm>

#include "models/audit/page/cells.h"
#include "models/page/plot.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

std::string confirmed_words(const Json& one) {
  if (!one["is_within_loss"].get<bool>()) return "unconfirmed: costs more";
  return one["is_beyond_chance"].get<bool>() ? "better beyond chance"
                                             : "unconfirmed: could be chance";
}

constexpr int digits = 4;

std::string member(const AlternativesWords& words, const char* which) {
  return std::string(words.worth) + which;
}

page::HtmlTable frontier_table(const Json& found, const AlternativesWords& words) {
  const std::string test = std::string(", test ") + words.rows;
  page::HtmlTable table{{"alternative", words.title, words.ratio, words.title + test,
                         words.ratio + test},
                        {}};
  for (const Json& one : found["frontier"])
    table.rows.push_back({described(one),
                          cell(one, member(words, "_validation").c_str(), digits),
                          cell(one, "air_validation", 4),
                          cell(one, member(words, "_test").c_str(), digits),
                          cell(one, "air_test", 4)});
  return table;
}

page::ScatterPoint point_of(const Json& one, const AlternativesWords& words,
                            const std::string& label) {
  return {real(one, member(words, "_validation").c_str()), real(one, "air_validation"), label};
}

std::string frontier_plot(const Json& found, const AlternativesWords& words, double least,
                          double from) {
  std::vector<page::ScatterPoint> points, path;
  for (const Json& point : found["points"])
    if (point[0].is_number() && point[1].is_number() && point[0].get<double>() >= from)
      points.push_back({point[0].get<double>(), point[1].get<double>(), ""});
  for (const Json& one : found["frontier"])
    if (point_of(one, words, "").x >= from) path.push_back(point_of(one, words, ""));
  points.push_back(point_of(found[words.base_member], words, words.base));
  for (const char* part : {"best", "unconfirmed"})
    for (const Json& one : found[part]) points.push_back(point_of(one, words, one["kind"]));
  return page::scatter_plot(std::string(words.title) + " (" + words.rows + " that choose)", words.ratio, points,
                            path, page::PlotMark{least, "most loss"}, page::PlotMark{0.8, "4/5"});
}

}  // namespace

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string described(const Json& alternative) {
  std::string text =
      alternative["dropped"].empty() ? "" : "without " + joined(alternative["dropped"]);
  const Json weights = alternative.value("weights", Json::object()),
             parameters = alternative.value("parameters", Json::object());
  for (const auto& [name, weight] : weights.items())
    text += (text.empty() ? "" : "; ") + name + " x " + page::fixed(weight.get<double>(), 2);
  for (const auto& [name, value] : parameters.items())
    text += (text.empty() ? "" : "; ") + name + " = " + short_number(value.get<double>());
  return text.empty() ? alternative["kind"].get<std::string>() : text;
}

void add_chosen(const Json& found, const AlternativesWords& words, page::Page* page) {
  const std::string test = member(words, "_test"), change = member(words, "_change"),
                    interval = change + "_interval", title = words.title;
  page::HtmlTable table{{"alternative", std::string("on unseen ") + words.rows, title,
                         "change of " + title, "95%", words.ratio, "its change", "95%"},
                        {}};
  const Json& base = found[words.base_member];
  table.rows.push_back({words.base, "", cell(base, test.c_str(), digits), "", "",
                        cell(base, "air_test", 4), "", ""});
  for (const char* part : {"best", "unconfirmed"})
    for (const Json& one : found[part])
      table.rows.push_back({described(one), confirmed_words(one),
                            cell(one, test.c_str(), digits),
                            cell(one, change.c_str(), digits),
                            interval_cell(one, interval.c_str(), digits),
                            cell(one, "air_test", 4), cell(one, "air_change", 4),
                            interval_cell(one, "air_change_interval", 4)});
  page->table(table);
  if (found["best"].empty())
    page->paragraph("No alternative within the loss is shown to have a higher adverse impact ratio.");
}

void add_frontier(const Json& found, const AlternativesWords& words, double least, double from,
                  page::Page* page) {
  const Json& points = found["points"];
  const auto n_beyond = std::count_if(points.begin(), points.end(), [&](const Json& point) {
    return point[0].is_number() && point[0].get<double>() < from;
  });
  std::string caption = "What was tried: the line joins what nothing beats on both figures";
  if (n_beyond != 0)
    caption += " (" + std::to_string(n_beyond) + " worth less than " + page::fixed(from, digits) +
               " are not drawn)";
  page->figure(caption, frontier_plot(found, words, least, from), frontier_table(found, words));
}

}  // namespace guardrank::audit
