#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "models/audit/audit.h"
#include "models/page/html.h"
#include "models/audit/ranking/steering.h"

using namespace guardrank::audit;
using namespace guardrank::page;

namespace {

// Every element opened is closed, in order. Attributes hold no '>' (escape sees to it).
bool is_balanced(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = html.substr(at + 1, end - at - 1);
    if (tag.starts_with("!DOCTYPE") || tag.ends_with("/")) continue;
    const std::string name = tag.substr(tag.starts_with("/") ? 1 : 0, tag.find(' '));
    if (!tag.starts_with("/")) open.push_back(name);
    else if (open.empty() || open.back() != name) return false;
    else open.pop_back();
  }
  return open.empty();
}

}  // namespace

TEST_CASE("text is escaped, whatever its bytes") {
  CHECK(escape("a<b>&\"c\"") == "a&lt;b&gt;&amp;&quot;c&quot;");
  CHECK(escape("\xC3\xA9") == "\xC3\xA9");
  CHECK(escape("x\xC3") == "x\xEF\xBF\xBD");
  CHECK(escape(std::string("\x00\x07", 2)) == "  ");
}

TEST_CASE("a page is well formed and loads nothing, even with hostile names") {
  std::string csv = "group,chosen,score\n";
  for (int i = 0; i < 60; ++i)
    csv += std::string(i % 2 == 0 ? "<script>alert(1)</script>" : "\"\"\"&b\"") + "," +
           (i % 3 == 0 ? "1" : "0") + "," + std::to_string(i) + "\n";
  const std::string page = audit_population(
      {R"({"groups": [{"column": "group"}], "outcome": "chosen", "score": "score", "draws": 100})",
       csv, ""}, {}).page;
  CHECK(is_balanced(page));
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("src=") == std::string::npos);
  CHECK(page.find("href=") == std::string::npos);
  CHECK(page.find("<svg") != std::string::npos);
  CHECK(page.find("&lt;script&gt;") != std::string::npos);
  CHECK_FALSE(is_balanced("<p><b></p></b>"));
}

TEST_CASE("a table that does not fit beside its plot stands below it, the verdict beside the name") {
  std::string csv = "group,chosen\n";
  for (int i = 0; i < 80; ++i)
    csv += std::string(i % 2 == 0 ? "a" : "b") + "," + (i % 8 == 0 || i % 2 == 1 ? "1" : "0") + "\n";
  const std::string page = audit_population(
      {R"({"groups": [{"column": "group"}], "outcome": "chosen"})", csv, ""}, {}).page;
  const std::string start = "<div class=\"stack\"><div><svg";
  const std::size_t figure = page.find(start);
  REQUIRE(figure != std::string::npos);
  const std::string headings = "<thead><tr><th>group</th><th>four-fifths rule</th><th>AIR</th>";
  CHECK(page.find(headings) != std::string::npos);
  CHECK(page.find("<td>a</td><td>under 4/5, beyond chance</td><td>0.2500</td>") !=
        std::string::npos);     // 10 of 40 against 40 of 40
  Page narrow("t");
  narrow.figure("c", "<svg/>", {{"a", "b", "c", "d"}, {}});
  CHECK(narrow.text().find("<div class=\"pair\">") != std::string::npos);
  CHECK(narrow.text().find("<div class=\"stack\">") == std::string::npos);
}

TEST_CASE("Kendall's tau by hand") {
  const std::vector<std::uint32_t> same = {0, 1, 2, 3}, reversed = {3, 2, 1, 0}, one = {5};
  const std::vector<std::uint32_t> swapped = {0, 1, 3, 2};
  CHECK(kendall_tau(same) == 1);
  CHECK(kendall_tau(reversed) == -1);
  CHECK(kendall_tau(one) == 1);
  CHECK(kendall_tau(swapped) == doctest::Approx(2.0 / 3));    // one of six pairs is out of order
}
