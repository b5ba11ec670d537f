#include "models/audit/page/cells.h"
#include "models/audit/page/pages.h"
#include "models/audit/page/parity_figures.h"
#include "models/page/plot.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string described(const Json& alternative) {
  std::string text =
      alternative["dropped"].empty() ? "" : "without " + joined(alternative["dropped"]);
  for (const auto& [name, weight] : alternative["weights"].items())
    text += (text.empty() ? "" : "; ") + name + " x " + page::fixed(weight.get<double>(), 2);
  return text.empty() ? alternative["kind"].get<std::string>() : text;
}

std::string confirmed_words(const Json& one) {
  if (!one["is_within_loss"].get<bool>()) return "unconfirmed: costs more";
  return one["is_beyond_chance"].get<bool>() ? "better beyond chance"
                                             : "unconfirmed: could be chance";
}

page::HtmlTable frontier_table(const Json& alternatives) {
  page::HtmlTable table{{"alternative", "AUC", "worst AIR", "AUC, test rows",
                         "worst AIR, test rows"},
                  {}};
  for (const Json& one : alternatives["frontier"])
    table.rows.push_back({described(one), cell(one, "auc_validation", 4),
                          cell(one, "air_validation", 4), cell(one, "auc_test", 4),
                          cell(one, "air_test", 4)});
  return table;
}

std::string frontier_plot(const Json& alternatives) {
  std::vector<page::ScatterPoint> points, path;
  for (const Json& point : alternatives["points"])
    points.push_back({point[0].get<double>(), point[1].get<double>(), ""});
  for (const Json& one : alternatives["frontier"])
    path.push_back({real(one, "auc_validation"), real(one, "air_validation"), ""});
  const Json& full = alternatives["full_model"];
  points.push_back({real(full, "auc_validation"), real(full, "air_validation"), "full model"});
  for (const char* part : {"best", "unconfirmed"})
    for (const Json& one : alternatives[part])
      points.push_back({real(one, "auc_validation"), real(one, "air_validation"),
                        one["kind"].get<std::string>()});
  const double least = real(full, "auc_validation") - real(alternatives, "max_loss");
  return page::scatter_plot("AUC (rows that choose)", "worst AIR", points, path,
                      page::PlotMark{least, "most loss"}, page::PlotMark{0.8, "4/5"});
}

void add_alternatives(const Json& report, page::Page* page) {
  if (!report.contains("alternatives")) return;
  const Json& found = report["alternatives"];
  page->heading("Less discriminatory alternatives");
  page->paragraph(
      "Logistic models of the outcome on " + joined(found["features"]) + ", fitted on " +
      found["rows"]["fit"].dump() + " rows without any group. " + found["tried"].dump() +
      " alternatives (features dropped and the rest fitted again; features weighed less) were "
      "judged on " + found["rows"]["validation"].dump() + " other rows by AUC and by the smallest "
      "adverse impact ratio of all groups when the best " + cell(found, "select_rate", 4) +
      " are selected. An alternative may cost " + cell(found, "max_loss", 4) +
      " of AUC. Figures below are on " + found["rows"]["test"].dump() +
      " rows that neither fitted nor chose.");
  page::HtmlTable best{{"alternative", "on unseen rows", "AUC", "change of AUC", "95%", "worst AIR",
                        "change of AIR", "95%"},
                       {}};
  const Json& full = found["full_model"];
  best.rows.push_back({"full model", "", cell(full, "auc_test", 4), "", "",
                       cell(full, "air_test", 4), "", ""});
  for (const char* part : {"best", "unconfirmed"})
    for (const Json& one : found[part])
      best.rows.push_back({described(one), confirmed_words(one), cell(one, "auc_test", 4),
                           cell(one, "auc_change", 4),
                           interval_cell(one, "auc_change_interval", 4), cell(one, "air_test", 4),
                           cell(one, "air_change", 4),
                           interval_cell(one, "air_change_interval", 4)});
  page->table(best);
  if (found["best"].empty())
    page->paragraph("No alternative within the loss is shown to have a higher adverse impact ratio.");
  page->figure("What was tried: the line joins what nothing beats on both figures",
               frontier_plot(found), frontier_table(found));
}

}  // namespace

std::string population_page(const Json& report) {
  page::Page page("Audit of outcomes by group");
  page.paragraph(report["rows"].dump() + " rows. " + report["summary"].get<std::string>());
  for (const Json& note : report["notes"]) page.paragraph(note.get<std::string>());
  for (const Json& attribute : report["attributes"]) {
    page.heading(attribute["attribute"].get<std::string>());
    page.paragraph("Reference: " + attribute["reference"].get<std::string>() + " (by " +
                   attribute["reference_chosen_by"].get<std::string>() +
                   "). Rows without a group: " + attribute["rows_without_group"].dump() + ".");
    add_ratios(attribute, "Adverse impact ratio", &page);
    add_rates(attribute, "Selection rate", &page);
    add_means(attribute, {"score_mean", "score_smd", 0, "Score", "standardized mean difference"},
              &page);
    add_means(attribute, {"exposure", "exposure_ratio", 1, "Exposure at 1/log2(1 + position)",
                          "exposure ratio"}, &page);
  }
  add_alternatives(report, &page);
  return page.text();
}

}  // namespace guardrank::audit
