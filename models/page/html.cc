#include "models/page/html.h"

#include "core/base/utf8.h"

namespace guardrank::page {
namespace {

constexpr std::string_view style =
    ":root{--ink:#1d2330;--soft:#5b6475;--line:#d5d9e2;--paper:#fff;--good:#2b6cb0;--bad:#c0392b}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#a3abba;--line:#3b4252;"
    "--paper:#161a22;--good:#6fb1ec;--bad:#f08a7d}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem;"
    "color:var(--ink);background:var(--paper)}h1{font-size:1.5rem}h2{font-size:1.2rem;"
    "margin-top:2rem}figure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.5rem}"
    ".pair{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}.pair>*{flex:1 1 22rem;"
    "min-width:0}.stack svg{max-width:42rem}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;font-size:.9rem}"
    "td,th{border-bottom:1px solid var(--line);padding:.25rem .6rem;text-align:right}"
    "th{vertical-align:bottom}td{white-space:nowrap}td:first-child,th:first-child{text-align:left;"
    "white-space:normal;overflow-wrap:anywhere;min-width:7rem}svg{width:100%;height:auto}"
    "svg text{font:12px system-ui,sans-serif;fill:var(--ink)}.axis{stroke:var(--line)}"
    ".mark{stroke:var(--soft);stroke-dasharray:4 3}.point{fill:var(--good);stroke:none}"
    ".bar{stroke:var(--good);stroke-width:2}.bad .point,.point.bad{fill:var(--bad)}"
    ".bad .bar{stroke:var(--bad)}.faint{fill:var(--soft);opacity:.35}"
    ".path{fill:none;stroke:var(--good);stroke-width:1.5}svg .soft{fill:var(--soft)}"
    "@media print{body{max-width:none;padding:0;font-size:11pt}.wide{overflow:visible}"
    "table{font-size:8pt}td{white-space:normal}td,th{padding:.1rem .3rem}"
    "td:first-child,th:first-child{min-width:4rem}figure{break-inside:avoid-page}}";

// More columns than this do not fit beside a plot.
constexpr std::size_t most_columns_beside = 4;

std::string cells(const std::vector<std::string>& row, std::string_view tag) {
  std::string text = "<tr>";
  for (const std::string& cell : row)
    text.append("<").append(tag).append(">").append(escape(cell)).append("</").append(tag) += ">";
  return text + "</tr>";
}

std::string table_html(const HtmlTable& table) {
  std::string text =
      "<div class=\"wide\"><table><thead>" + cells(table.headings, "th") + "</thead><tbody>";
  for (const auto& row : table.rows) text += cells(row, "td");
  return text + "</tbody></table></div>\n";
}

// Bytes of the character at the start of `text`; 0 where it is not UTF-8.
std::size_t character_size(std::string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size)
    if (is_valid_utf8(text.substr(0, size))) return size;
  return 0;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const char first = text.front();
    if (size == 0) out += "\xEF\xBF\xBD";
    else if (first == '&') out += "&amp;";
    else if (first == '<') out += "&lt;";
    else if (first == '>') out += "&gt;";
    else if (first == '"') out += "&quot;";
    else if (size == 1 && static_cast<unsigned char>(first) < 0x20) out += ' ';
    else out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

Page::Page(std::string_view title) : title_(escape(title)) {}

void Page::heading(std::string_view text) { body_ += "<h2>" + escape(text) + "</h2>\n"; }

void Page::paragraph(std::string_view text) { body_ += "<p>" + escape(text) + "</p>\n"; }

void Page::table(const HtmlTable& table) { body_ += table_html(table); }

void Page::figure(std::string_view caption, const std::string& svg, const HtmlTable& table) {
  const bool is_wide = table.headings.size() > most_columns_beside;
  body_ += "<figure><figcaption>" + escape(caption) + "</figcaption><div class=\"" +
           (is_wide ? "stack" : "pair") + "\"><div>" + svg + "</div>" + table_html(table) +
           "</div></figure>\n";
}

std::string Page::text() const {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>" +
         title_ + "</title><style>" + std::string(style) + "</style></head><body>\n<h1>" + title_ +
         "</h1>\n" + body_ + "</body></html>\n";
}

}  // namespace guardrank::page
