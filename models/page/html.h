// One self-contained page: well-formed XHTML-style HTML, plots as SVG inside, no scripts, nothing
// to load. Reads on a phone: plot and table stand beside each other where there is room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guardrank::page {

// & < > " and characters that XML does not know; invalid UTF-8 becomes U+FFFD.
std::string escape(std::string_view text);

struct HtmlTable {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;     // plain text
};

class Page {
 public:
  explicit Page(std::string_view title);

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  void table(const HtmlTable& table);
  // `svg` as plot.h draws it, and the same numbers as a table: beside it, or below where it has more
  // columns than fit. A table's first column wraps; the others scroll on a narrow screen.
  void figure(std::string_view caption, const std::string& svg, const HtmlTable& table);
  // The whole file.
  std::string text() const;

 private:
  std::string title_, body_;
};

}  // namespace guardrank::page
