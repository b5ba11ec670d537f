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

std::string words_of(const Json& alternative) {
  std::string text;
  for (const Json& name : alternative["dropped"])
    text += (text.empty() ? "without " : ", ") + name.get<std::string>();
  for (const auto& [name, weight] : alternative["weights"].items())
    text += (text.empty() ? "" : "; ") + name + " x " + number(weight.get<double>(), 2);
  return text.empty() ? alternative["kind"].get<std::string>() : text;
}

const char* confirmed_words(const Json& one) {
  if (!one["is_within_loss"].get<bool>()) return "unconfirmed: costs more";
  return one["is_beyond_chance"].get<bool>() ? "better beyond chance"
                                             : "unconfirmed: could be chance";
}

std::string alternatives_text(const Json& found) {
  std::string text = "\nalternatives: " + found["tried"].dump() + " tried, selecting " +
                     cell(found, "select_rate", 4) + ", at most " + cell(found, "max_loss", 4) +
                     " of AUC lost; figures on " + found["rows"]["test"].dump() +
                     " rows that neither fitted nor chose\n";
  Table table({{"model"}, {"on unseen rows"}, {"AUC", Align::right}, {"change", Align::right}, {"95%", Align::right},
               {"worst AIR", Align::right}, {"change", Align::right}, {"95%", Align::right}});
  const Json& full = found["full_model"];
  table.add({"full model", "", cell(full, "auc_test", 4), "", "", cell(full, "air_test", 4), "", ""});
  for (const char* part : {"best", "unconfirmed"})
    for (const Json& one : found[part])
      table.add({printable(words_of(one)), confirmed_words(one), cell(one, "auc_test", 4),
                 cell(one, "auc_change", 4), interval(one, "auc_change_interval", 4),
                 cell(one, "air_test", 4), cell(one, "air_change", 4),
                 interval(one, "air_change_interval", 4)});
  if (found["best"].empty())
    text += "none within the loss is shown to have a higher adverse impact ratio\n";
  return text + table.text(terminal_width());
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
  if (report.contains("alternatives")) text += alternatives_text(report["alternatives"]);
  if (report.contains("steering")) text += steering_text(report["steering"]);
  return text;
}

}  // namespace guardrank::shell
