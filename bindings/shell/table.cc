#include "bindings/shell/table.h"

#include <algorithm>
#include <cstdint>

#include <sys/ioctl.h>
#include <unistd.h>

namespace guardrank::shell {
namespace {

struct Range {
  std::uint32_t first, last;
};
// Unicode: combining marks and joiners that stand on the character before; East Asian wide and
// emoji blocks that take two columns.
constexpr Range zero_wide[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},
                               {0x610, 0x61a},   {0x64b, 0x65f},   {0x1ab0, 0x1aff},
                               {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
                               {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
constexpr Range two_wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                              {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                              {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1faff},
                              {0x20000, 0x3fffd}};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], std::uint32_t character) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& range) {
    return range.first <= character && character <= range.last;
  });
}

struct Character {
  std::uint32_t value = 0;
  std::size_t n_bytes = 1;
  bool is_valid = false;
};

// The character at the start of `text`; one byte that is not valid where it is not UTF-8.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < n) return {};
  std::uint32_t value = lead & (0xffu >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    value = value << 6 | (next & 0x3fu);
  }
  return {value, n, true};
}

std::size_t width_of(const Character& character) {
  if (!character.is_valid) return 1;
  if (is_in(zero_wide, character.value)) return 0;
  return is_in(two_wide, character.value) ? 2 : 1;
}

std::string cut(const std::string& line, std::size_t max_width) {
  std::size_t width = 0, size = 0;
  while (size < line.size()) {
    const Character next = first_character(std::string_view(line).substr(size));
    if (width + width_of(next) > max_width) break;
    width += width_of(next);
    size += next.n_bytes;
  }
  return line.substr(0, size);
}

void append_cell(std::string* line, std::string_view cell, std::size_t width, Table::Align align,
                 bool is_last) {
  const std::string padding(width - std::min(width, display_width(cell)), ' ');
  if (align == Table::Align::right) *line += padding;
  *line += cell;
  if (is_last) return;
  if (align == Table::Align::left) *line += padding;
  *line += "  ";
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character next = first_character(text);
    width += width_of(next);
    text.remove_prefix(next.n_bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character next = first_character(text);
    const bool is_control = next.value < 0x20 || (next.value >= 0x7f && next.value < 0xa0);
    if (!next.is_valid || is_control) out += '?';
    else out += text.substr(0, next.n_bytes);
    text.remove_prefix(next.n_bytes);
  }
  return out;
}

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  cells.resize(headings_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t max_width) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < headings_.size(); ++c) {
    std::size_t width = display_width(headings_[c].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[c]));
    widths.push_back(width);
  }
  std::string text;
  const auto append = [&](auto cell_of) {
    std::string line;
    for (std::size_t c = 0; c < headings_.size(); ++c) {
      append_cell(&line, cell_of(c), widths[c], headings_[c].align, c + 1 == headings_.size());
    }
    text += max_width == 0 ? line : cut(line, max_width);
    text += '\n';
  };
  append([&](std::size_t c) { return std::string_view(headings_[c].title); });
  for (const auto& row : rows_) append([&](std::size_t c) { return std::string_view(row[c]); });
  return text;
}

std::size_t terminal_width() {
  winsize size{};
  if (!::isatty(STDOUT_FILENO) || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace guardrank::shell
