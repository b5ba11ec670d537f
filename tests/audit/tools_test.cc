// The C functions behind `guardrank audit`.
#include <string>

#include <doctest/doctest.h>

#include "capi/tools/include/guardrank_tools.h"

namespace {

gr_text text_of(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace

TEST_CASE("gr_tools_audit_population gives a report and a page, or says what is wrong") {
  const std::string specification =
      R"({"groups": [{"column": "g"}], "outcome": "y", "draws": 100})";
  const std::string rows = "g,y\na,1\na,0\nb,1\nb,1\n";
  gr_tools_audit_options options{};
  options.struct_size = sizeof options;
  options.specification = text_of(specification);
  options.population = text_of(rows);
  gr_tools_text *report = nullptr, *page = nullptr;
  gr_error* error = nullptr;
  CHECK(gr_tools_audit_population(&options, &report, &page, &error) == GR_STATUS_OK);
  CHECK(error == nullptr);
  REQUIRE(report != nullptr);
  REQUIRE(page != nullptr);
  CHECK(gr_tools_text_view(report).size > 100);
  CHECK(std::string(gr_tools_text_view(page).data, 15) == "<!DOCTYPE html>");
  gr_tools_text_free(report);
  gr_tools_text_free(page);
  report = nullptr;
  CHECK(gr_tools_audit_population(&options, &report, nullptr, nullptr) == GR_STATUS_OK);
  gr_tools_text_free(report);
  report = nullptr;

  CHECK(gr_tools_audit_population(nullptr, &report, &page, nullptr) == GR_STATUS_ARGUMENT);
  CHECK(gr_tools_audit_population(&options, nullptr, &page, nullptr) == GR_STATUS_ARGUMENT);
  CHECK(gr_tools_audit_ranking(nullptr, nullptr, &options, &report, &page, nullptr) ==
        GR_STATUS_ARGUMENT);
  options.struct_size = 2;
  CHECK(gr_tools_audit_population(&options, &report, &page, nullptr) == GR_STATUS_STRUCT_SIZE);
  options.struct_size = sizeof options;
  options.population = {nullptr, 5};
  page = nullptr;
  CHECK(gr_tools_audit_population(&options, &report, &page, &error) == GR_STATUS_COLUMN);
  CHECK(report == nullptr);
  CHECK(page == nullptr);
  CHECK(std::string(gr_error_where(error).data) == "population");
  gr_error_free(error);
}
