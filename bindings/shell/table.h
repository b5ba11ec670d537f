// Text in aligned columns, by what a terminal shows: UTF-8, wide and combining characters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guardrank::shell {

// Columns of a terminal that the text takes. Bytes that are not UTF-8 count one each.
std::size_t display_width(std::string_view text);

// Control characters, which could steer a terminal, become '?', as do bytes that are not UTF-8.
std::string printable(std::string_view text);

class Table {
 public:
  enum class Align { left, right };
  struct Heading {
    std::string title;
    Align align = Align::left;
  };

  explicit Table(std::vector<Heading> headings) : headings_(std::move(headings)) {}

  void add(std::vector<std::string> cells);
  // Every line ends with a newline. Lines longer than `max_width` (0: no limit) are cut.
  std::string text(std::size_t max_width = 0) const;

 private:
  std::vector<Heading> headings_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns of the terminal that standard output is, or 0.
std::size_t terminal_width();

}  // namespace guardrank::shell
