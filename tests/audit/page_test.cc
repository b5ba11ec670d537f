#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "models/audit/audit.h"
#include "models/page/html.h"
#include "models/page/labels.h"
#include "models/page/plot.h"
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

namespace {

// The boxes of an SVG's words, read back from what was drawn.
struct Word {
  std::string text;
  Box box;
};

double attribute(const std::string& tag, const std::string& name) {
  return std::stod(tag.substr(tag.find(" " + name + "=\"") + name.size() + 3));
}

std::vector<Word> words_of(const std::string& svg) {
  std::vector<Word> words;
  for (std::size_t at = svg.find("<text "); at != std::string::npos; at = svg.find("<text ", at + 1)) {
    const std::size_t end = svg.find('>', at);
    const std::string tag = svg.substr(at, end - at);
    const std::string text = svg.substr(end + 1, svg.find("</text>", end) - end - 1);
    const double x = attribute(tag, "x"), y = attribute(tag, "y");
    const double width = 6.6 * static_cast<double>(text.size());
    const bool is_end = tag.find("\"end\"") != std::string::npos;
    const bool is_middle = tag.find("\"middle\"") != std::string::npos;
    const double left = x - (is_end ? width : is_middle ? width / 2 : 0);
    words.push_back({text, {left, y - 10, left + width, y + 3}});
  }
  return words;
}

bool is_apart(const Box& a, const Box& b) {
  return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
}

}  // namespace

TEST_CASE("words of a plot stay in its frame and off each other, however close its points are") {
  std::vector<ScatterPoint> points = {{0.5, 1, "2000 (policy)"}};
  for (int i = 0; i < 7; ++i) points.push_back({0.5 + 1e-4 * i, 1 + 1e-4 * i, std::to_string(1000 * i)});
  points.push_back({0, 0, "lowest of all"});
  points.push_back({1, 2, "highest of all"});
  points.push_back({0.7, 0.7, "", "told"});
  const std::string svg = scatter_plot("x", "y", points, {}, PlotMark{0.99, "most loss"},
                                       PlotMark{1.99, "4/5"});
  std::vector<Word> inside;
  std::vector<std::string> names;
  for (const Word& word : words_of(svg)) {
    if (word.text.find_first_of("0123456789") == 0 && word.text.size() < 4 && word.text != "4/5")
      continue;                                          // ticks stand outside the frame
    if (word.text == "x" || word.text == "y") continue;
    CHECK_MESSAGE(word.box.left >= 62, word.text);
    CHECK_MESSAGE(word.box.right <= 540, word.text);
    CHECK_MESSAGE(word.box.top >= 28, word.text);
    CHECK_MESSAGE(word.box.bottom <= 330, word.text);
    for (const Word& other : inside)
      CHECK_MESSAGE(is_apart(word.box, other.box), (word.text + " on " + other.text));
    inside.push_back(word);
    names.push_back(word.text);
  }
  for (const char* name : {"2000 (policy)", "lowest of all", "highest of all", "most loss", "4/5"})
    CHECK_MESSAGE(std::find(names.begin(), names.end(), name) != names.end(), name);
  CHECK(std::find(names.begin(), names.end(), "told") == names.end());
  CHECK(svg.find("<title>told 0.7000, 0.7000</title>") != std::string::npos);
}

TEST_CASE("what is not finite is not drawn") {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const std::string svg = scatter_plot("x", "y", {{0, 1, "a"}, {nothing, 1, "gone"}},
                                       {{0, 1, ""}, {nothing, 1, ""}}, {}, {});
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("gone") == std::string::npos);
}

TEST_CASE("Kendall's tau by hand") {
  const std::vector<std::uint32_t> same = {0, 1, 2, 3}, reversed = {3, 2, 1, 0}, one = {5};
  const std::vector<std::uint32_t> swapped = {0, 1, 3, 2};
  CHECK(kendall_tau(same) == 1);
  CHECK(kendall_tau(reversed) == -1);
  CHECK(kendall_tau(one) == 1);
  CHECK(kendall_tau(swapped) == doctest::Approx(2.0 / 3));    // one of six pairs is out of order
}
