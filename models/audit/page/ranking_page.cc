#include <algorithm>
#include <cmath>

#include "models/audit/page/alternatives_figures.h"
#include "models/audit/page/cells.h"
#include "models/audit/page/pages.h"
#include "models/audit/page/parity_figures.h"
#include "models/page/plot.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_offers = 25;     // in the plot and table of those moved the most

void add_label_parity(const Json& attribute, page::Page* page) {
  if (!attribute.contains("by")) return;
  const std::string fact = attribute["by"]["fact"];
  const std::string reference = attribute["reference"];
  for (std::size_t g = 0; g < attribute["groups"].size(); ++g) {
    const Json& group = attribute["groups"][g];
    if (group["is_reference"].get<bool>()) continue;
    page::HtmlTable table{{fact, "share of exposure", reference, "ratio", "95% (bootstrap)"}, {}};
    std::vector<page::IntervalRow> rows;
    for (const Json& label : attribute["by"]["values"]) {
      const Json& own = label["groups"][g];
      std::string of_reference = "-";
      for (std::size_t r = 0; r < label["groups"].size(); ++r)
        if (attribute["groups"][r]["is_reference"].get<bool>())
          of_reference = cell(label["groups"][r], "exposure_share", 4);
      const std::string name = label["value"];
      table.rows.push_back({name, cell(own, "exposure_share", 4), of_reference,
                            cell(own, "ratio", 3), interval_cell(own, "ratio_interval", 3)});
      rows.push_back({name, real(own, "ratio"), real(own, "ratio_interval", 0),
                      real(own, "ratio_interval", 1), false});
    }
    page->figure("Exposure by " + fact + ": " + group_label(group) + " against " + reference,
                 page::interval_plot("ratio of exposure shares", rows, {{1, "equal"}}), table);
  }
}

void add_attribute(const Json& attribute, const std::string& head, page::Page* page) {
  page->heading(attribute["attribute"].get<std::string>());
  page->paragraph("Reference: " + attribute["reference"].get<std::string>() + " (by " +
                  attribute["reference_chosen_by"].get<std::string>() +
                  "). Requests without a group: " + attribute["rows_without_group"].dump() + ".");
  add_ratios(attribute, "Requests that are shown any offer: ratio", page);
  add_rates(attribute, "Requests that are shown any offer", page);
  add_means(attribute, {"reach", "reach_ratio", 1,
                        "Reach: exposure times probability of " + head, "reach ratio"}, page);
  add_means(attribute, {"probability", "probability_smd", 0,
                        "Probability of " + head + " of what is shown",
                        "standardized mean difference"}, page);
  add_label_parity(attribute, page);
}

void add_labels(const Json& steering, page::Page* page) {
  if (!steering.contains("by")) return;
  const std::string fact = steering["by"]["fact"];
  page::HtmlTable table{{fact, "share of exposure", "with payouts equal", "change",
                         "95% (bootstrap)"},
                  {}};
  std::vector<page::IntervalRow> rows;
  for (const Json& label : steering["by"]["values"]) {
    const std::string name = label["value"];
    table.rows.push_back({name, cell(label, "exposure_share", 4),
                          cell(label, "exposure_share_equal", 4), cell(label, "change", 4),
                          interval_cell(label, "change_interval", 4)});
    rows.push_back({name, real(label, "change"), real(label, "change_interval", 0),
                    real(label, "change_interval", 1), false});
  }
  page->figure("Exposure that payouts bring, by " + fact,
               page::interval_plot("change of the share of exposure", rows, {{0, "none"}}), table);
}

void add_offers(const Json& steering, page::Page* page) {
  page::HtmlTable table{{"offer", "ranked", "mean position", "with payouts equal", "lift",
                         "exposure",
                   "with payouts equal"}, {}};
  std::vector<page::IntervalRow> rows;
  for (std::size_t i = 0; i < std::min(most_offers, steering["offers"].size()); ++i) {
    const Json& offer = steering["offers"][i];
    const std::string name = offer["offer"];
    const double lift = real(offer, "mean_lift");
    table.rows.push_back({name, offer["ranked"].dump(), cell(offer, "mean_position", 2),
                          cell(offer, "mean_position_equal", 2), cell(offer, "mean_lift", 2),
                          cell(offer, "exposure", 4), cell(offer, "exposure_equal", 4)});
    rows.push_back({name, lift, std::min(0.0, lift), std::max(0.0, lift), lift < 0});
  }
  page->figure("Offers that payouts move the most (positions; right is up)",
               page::interval_plot("mean lift, positions", rows, {{0, "none"}}), table);
}

void add_steering(const Json& report, page::Page* page) {
  if (!report.contains("steering")) return;
  const Json& steering = report["steering"];
  page->heading("Steering: what payouts do to the order");
  page->paragraph("Every request was ranked twice: as it is, and with " +
                  joined(steering["payouts"]) +
                  " at their mean over its candidates. Nothing else was changed.");
  page->table({{"figure", "value"},
               {{"requests", steering["requests"].dump()},
                {"shown any offer", steering["requests_shown"].dump()},
                {"with another order", steering["requests_with_another_order"].dump()},
                {"with another first offer", steering["requests_with_another_first"].dump()},
                {"mean Kendall tau of two orders of at least two (95%)",
                 cell(steering, "kendall_tau", 4) + " (" +
                     interval_cell(steering, "kendall_tau_interval", 4) + ")"},
                {"mean distance moved, positions", cell(steering, "mean_displacement", 3)},
                {"discounted score of the order, per request",
                 cell(steering, "score_of_actual_order", 4)},
                {"the same score in the order with payouts equal",
                 cell(steering, "score_of_equal_order", 4)}}});
  add_labels(steering, page);
  add_offers(steering, page);
}

AlternativesWords words_of(const Json& found) {
  return {"value",    "value a request", "deployed",
          "deployed", "requests",        found["judged_by"] == "reach" ? "worst reach ratio" : "worst AIR"};
}

std::string judged_words(const Json& found, const std::string& head) {
  return found["judged_by"] == "reach"
             ? "the reach ratio (exposure times probability of " + head + ")"
             : "the ratio of requests that are shown any offer";
}

void add_moves(const Json& found, page::Page* page) {
  const double own = real(found["deployed"], "value_validation");
  page::HtmlTable table{{"one move", "value a request", "change, %", words_of(found).ratio, "change"}, {}};
  const auto row = [&](const std::string& name, const Json& one) {
    const double value = real(one, "value_validation");
    const double air = real(one, "air_validation") - real(found["deployed"], "air_validation");
    table.rows.push_back({name, page::fixed(value, 4),
                          page::fixed(100 * (value - own) / std::fabs(own), 2),
                          cell(one, "air_validation", 4), page::fixed(air, 4)});
  };
  row("deployed", found["deployed"]);
  for (const Json& one : found["moves"]) row(described(one), one);
  page->paragraph("Every move alone, on the requests that choose:");
  page->table(table);
}

std::string deployed_words(const Json& parameters) {
  std::string text;
  for (const Json& one : parameters)
    text += (text.empty() ? " Deployed: " : ", ") + one["name"].get<std::string>() + " = " +
            short_number(real(one, "value"));
  return text.empty() ? text : text + ".";
}

void add_variations(const Json& report, page::Page* page) {
  if (!report.contains("alternatives")) return;
  const Json& found = report["alternatives"];
  page->heading("Less discriminatory alternatives");
  page->paragraph(
      found["tried"].dump() + " alternatives to what is deployed: facts that the model is told are "
      "missing, while rules and terms still read them, and other parameters within their bounds. "
      "Each ranked " + found["requests"]["validation"].dump() + " requests; what it shows is worth "
      "what the deployed model, terms and parameters say. They were judged by " +
      judged_words(found, report["head"]) + ", the smallest of all groups; a ratio above 1 counts as "
      "its reciprocal. An alternative may cost " +
      page::fixed(100 * real(found, "max_value_loss"), 2) +
      "% of the mean value a request. Figures below are on " + found["requests"]["test"].dump() +
      " requests that did not choose. The model was not trained again: what is found is a reason to "
      "train it without the fact." + deployed_words(found["parameters"]));
  add_chosen(found, words_of(found), page);
  const double own = real(found["deployed"], "value_validation");
  const double widest = std::max(10 * real(found, "max_value_loss"), 0.1) * std::fabs(own);
  add_frontier(found, words_of(found), real(found, "least_value"), own - widest, page);
  add_moves(found, page);
}

}  // namespace

std::string ranking_page(const Json& report) {
  page::Page page("Audit of a ranking");
  page.paragraph(report["requests"].dump() + " requests.");
  for (const Json& note : report["notes"]) page.paragraph(note.get<std::string>());
  const Json none = Json::array();
  for (const Json& attribute : report.contains("attributes") ? report["attributes"] : none)
    add_attribute(attribute, report["head"], &page);
  add_variations(report, &page);
  add_steering(report, &page);
  return page.text();
}

}  // namespace guardrank::audit
