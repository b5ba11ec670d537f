#include "bindings/shell/audit_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;
using Align = Table::Align;

constexpr std::size_t most_offers = 10, most_labels = 12;

double real(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_number() ? NAN : found->get<double>();
}

std::string number(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string cell(const Json& object, const char* name, int digits) {
  return number(real(object, name), digits);
}

std::string p_value(const Json& object, const char* name) {
  const double p = real(object, name);
  if (std::isnan(p)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, p < 0.001 ? "%.1e" : "%.3f", p);
  return text;
}

std::string interval(const Json& object, const char* name, int digits) {
  const auto found = object.find(name);
  if (found == object.end()) return "";
  const auto bound = [&](std::size_t i) {
    return (*found)[i].is_number() ? number((*found)[i].get<double>(), digits) : std::string("any");
  };
  return "[" + bound(0) + ", " + bound(1) + "]";
}

std::string line(const std::string& text) { return printable(text) + "\n"; }

// Columns that the report has, in order.
class Columns {
 public:
  Columns(const Json& rows, std::vector<Table::Heading> first)
      : rows_(rows), headings_(std::move(first)) {}

  template <typename Cell>
  void add(const char* title, const char* member, const Cell& make) {
    const bool is_there = std::any_of(rows_.begin(), rows_.end(),
                                      [&](const Json& row) { return row.contains(member); });
    if (!is_there) return;
    headings_.push_back({title, Align::right});
    makers_.push_back(make);
  }
  std::string text(const std::function<std::vector<std::string>(const Json&)>& first) const {
    Table table(headings_);
    for (const Json& row : rows_) {
      std::vector<std::string> cells = first(row);
      for (const auto& make : makers_) cells.push_back(make(row));
      table.add(std::move(cells));
    }
    return table.text(terminal_width());
  }

 private:
  const Json& rows_;
  std::vector<Table::Heading> headings_;
  std::vector<std::function<std::string(const Json&)>> makers_;
};

const char* verdict_words(const std::string& verdict) {
  if (verdict == "adverse") return "UNDER 4/5, beyond chance";
  if (verdict == "below") return "under 4/5, could be chance";
  if (verdict == "uncertain") return "above 4/5, interval reaches under";
  if (verdict == "clear") return "above 4/5";
  if (verdict == "small") return "too few rows to judge";
  return "reference";
}

std::string attribute_text(const Json& attribute) {
  const Json& groups = attribute["groups"];
  Columns columns(groups, {{printable(attribute["attribute"].get<std::string>())},
                           {"rows", Align::right}});
  const auto figure = [&](const char* title, const char* name, int digits) {
    columns.add(title, name, [=](const Json& row) { return cell(row, name, digits); });
  };
  const auto range = [&](const char* name, int digits) {
    columns.add("95%", name, [=](const Json& row) { return interval(row, name, digits); });
  };
  figure("rate", "rate", 4);
  figure("AIR", "air", 4);
  range("air_interval", 3);
  for (const auto& [title, name] : {std::pair("Fisher p", "fisher_p"), {"score p", "score_test_p"}})
    columns.add(title, name, [n = name](const Json& row) { return p_value(row, n); });
  for (const auto& [title, name, bounds] :
       {std::tuple("SMD", "score_smd", "score_smd_interval"),
        {"exposure ratio", "exposure_ratio", "exposure_ratio_interval"},
        {"reach ratio", "reach_ratio", "reach_ratio_interval"},
        {"SMD", "probability_smd", "probability_smd_interval"}}) {
    figure(title, name, 3);
    range(bounds, 3);
  }
  columns.add("four-fifths rule", "four_fifths", [](const Json& row) {
    return std::string(row["is_small"].get<bool>() ? "small; " : "") +
           verdict_words(row["four_fifths"].get<std::string>());
  });
  return columns.text([](const Json& row) {
    return std::vector<std::string>{printable(row["group"].get<std::string>()),
                                    row["rows"].dump()};
  }) + "without a group: " + attribute["rows_without_group"].dump() + "; reference by " +
         attribute["reference_chosen_by"].get<std::string>() + "\n";
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string words_of(const Json& alternative) {
  std::string text;
  for (const Json& name : alternative["dropped"])
    text += (text.empty() ? "without " : ", ") + name.get<std::string>();
  const Json weights = alternative.value("weights", Json::object()),
             parameters = alternative.value("parameters", Json::object());
  for (const auto& [name, weight] : weights.items())
    text += (text.empty() ? "" : "; ") + name + " x " + number(weight.get<double>(), 2);
  for (const auto& [name, value] : parameters.items())
    text += (text.empty() ? "" : "; ") + name + " = " + short_number(value.get<double>());
  return text.empty() ? alternative["kind"].get<std::string>() : text;
}

const char* confirmed_words(const Json& one) {
  if (!one["is_within_loss"].get<bool>()) return "unconfirmed: costs more";
  return one["is_beyond_chance"].get<bool>() ? "better beyond chance"
                                             : "unconfirmed: could be chance";
}

// What was chosen against what there is. `worth`: "auc" or "value"; `base`: the member that it is held
// against.
std::string chosen_text(const Json& found, const std::string& worth, const char* title,
                        const char* base, const char* ratio) {
  Table table({{"alternative"}, {"on what did not choose"}, {title, Align::right},
               {"change", Align::right}, {"95%", Align::right}, {ratio, Align::right},
               {"change", Align::right}, {"95%", Align::right}});
  const std::string test = worth + "_test", change = worth + "_change";
  const Json& own = found[base];
  table.add({own["kind"].get<std::string>(), "", cell(own, test.c_str(), 4), "", "",
             cell(own, "air_test", 4), "", ""});
  for (const char* part : {"best", "unconfirmed"})
    for (const Json& one : found[part])
      table.add({printable(words_of(one)), confirmed_words(one), cell(one, test.c_str(), 4),
                 cell(one, change.c_str(), 4), interval(one, (change + "_interval").c_str(), 4),
                 cell(one, "air_test", 4), cell(one, "air_change", 4),
                 interval(one, "air_change_interval", 4)});
  return (found["best"].empty()
              ? "none within the loss is shown to have a higher adverse impact ratio\n"
              : "") + table.text(terminal_width());
}

// Alternatives to models of an outcome.
std::string models_text(const Json& found) {
  return "\nalternatives: " + found["tried"].dump() + " tried, selecting " +
         cell(found, "select_rate", 4) + ", at most " + cell(found, "max_loss", 4) +
         " of AUC lost; figures on " + found["rows"]["test"].dump() +
         " rows that neither fitted nor chose\n" +
         chosen_text(found, "auc", "AUC", "full_model", "worst AIR");
}

// Alternatives to what is deployed.
std::string variations_text(const Json& found) {
  return "\nalternatives: " + found["tried"].dump() + " tried (" +
         std::to_string(found["facts"].size()) + " facts kept from the model, " +
         std::to_string(found["parameters"].size()) + " parameters moved), judged by " +
         (found["judged_by"] == "reach" ? "reach" : "who is shown any offer") + ", at most " +
         number(100 * real(found, "max_value_loss"), 2) + "% of value lost; figures on " +
         found["requests"]["test"].dump() + " requests that did not choose\n" +
         chosen_text(found, "value", "value", "deployed",
                     found["judged_by"] == "reach" ? "worst reach ratio" : "worst AIR");
}

std::string labels_text(const Json& by) {
  Table table({{printable(by["fact"].get<std::string>())}, {"exposure", Align::right},
               {"payouts equal", Align::right}, {"change", Align::right}, {"95%", Align::right}});
  const Json& values = by["values"];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i >= most_labels / 2 && i + most_labels / 2 < values.size()) continue;
    table.add({printable(values[i]["value"].get<std::string>()),
               cell(values[i], "exposure_share", 4), cell(values[i], "exposure_share_equal", 4),
               cell(values[i], "change", 4), interval(values[i], "change_interval", 4)});
  }
  return table.text(terminal_width());
}

std::string steering_text(const Json& steering) {
  std::string text = "steering: ranked again with ";
  for (std::size_t i = 0; i < steering["payouts"].size(); ++i)
    text += (i == 0 ? "" : ", ") + steering["payouts"][i].get<std::string>();
  text = "\n" + line(text + " equal");
  text += steering["requests_shown"].dump() + " of " + steering["requests"].dump() +
          " requests are shown offers: " + steering["requests_with_another_order"].dump() +
          " in another order, " + steering["requests_with_another_first"].dump() +
          " with another first offer\n" + "mean Kendall tau " + cell(steering, "kendall_tau", 4) +
          " " + interval(steering, "kendall_tau_interval", 4) + ", mean distance moved " +
          cell(steering, "mean_displacement", 3) + " positions\n";
  if (steering.contains("by")) text += labels_text(steering["by"]);
  Table table({{"offers moved the most"}, {"lift", Align::right}, {"position", Align::right},
               {"payouts equal", Align::right}});
  for (std::size_t i = 0; i < std::min(most_offers, steering["offers"].size()); ++i) {
    const Json& offer = steering["offers"][i];
    table.add({printable(offer["offer"].get<std::string>()), cell(offer, "mean_lift", 2),
               cell(offer, "mean_position", 2), cell(offer, "mean_position_equal", 2)});
  }
  return text + table.text(terminal_width());
}

}  // namespace

std::string audit_text(const Json& report) {
  std::string text = report.contains("rows") ? report["rows"].dump() + " rows. " +
                                                   printable(report["summary"].get<std::string>())
                                             : report["requests"].dump() + " requests.";
  text += "\n";
  const Json none = Json::array();
  for (const Json& attribute : report.contains("attributes") ? report["attributes"] : none)
    text += "\n" + attribute_text(attribute);
  if (report.contains("alternatives")) {
    const Json& found = report["alternatives"];
    text += found.contains("deployed") ? variations_text(found) : models_text(found);
  }
  if (report.contains("steering")) text += steering_text(report["steering"]);
  return text;
}

}  // namespace guardrank::shell
