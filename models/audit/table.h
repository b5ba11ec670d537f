// Columns of a CSV file as text. A blank cell is missing.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace guardrank::audit {

class Table {
 public:
  // Reads the columns named (once each, whatever the file's order). `what` names the file in
  // messages. Throws PackError for a column that is absent or stands twice, a row of another
  // length, and a file without rows.
  static Table read(std::string_view csv, const std::string& what,
                    std::span<const std::string> wanted);

  std::size_t n_rows() const { return n_rows_; }
  const std::vector<std::string>& column(const std::string& name) const {
    return columns_.at(name);
  }
  // "population, row 3": the header is row 1.
  std::string place(std::size_t row) const;
  std::string place(std::size_t row, const std::string& column) const;

  // Every cell a finite number, missing ones NaN where `allows_missing`; throws PackError that
  // names the row otherwise.
  std::vector<double> numbers(const std::string& column, bool allows_missing) const;

 private:
  std::string what_;
  std::size_t n_rows_ = 0;
  std::map<std::string, std::vector<std::string>> columns_;
};

// The whole of `text` as a finite number.
bool parse_finite(std::string_view text, double* number);

// Whether the header of a CSV file has the column.
bool has_column(std::string_view csv, const std::string& what, const std::string& column);

}  // namespace guardrank::audit
