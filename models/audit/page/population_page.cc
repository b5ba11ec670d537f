#include "models/audit/page/alternatives_figures.h"
#include "models/audit/page/cells.h"
#include "models/audit/page/pages.h"
#include "models/audit/page/parity_figures.h"

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr AlternativesWords words{"auc", "AUC", "full model", "full_model", "rows", "worst AIR"};

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
  add_chosen(found, words, page);
  add_frontier(found, words,
               real(found["full_model"], "auc_validation") - real(found, "max_loss"), 0, page);
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
