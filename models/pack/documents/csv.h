// RFC 4180, record by record.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace guardrank::pack {

// Lines end with LF or CRLF; a quoted field may hold both, and doubled quotes. A byte order mark is
// skipped, and so are empty lines. The text must outlive the reader.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);

  // The next record, or false at the end. Throws PackError with Status::column ("row 3") for a
  // stray quote or a quoted field that never ends. `fields` are views into `text` or into the reader,
  // valid until the next call.
  bool next(std::vector<std::string_view>* fields);
  // Number of the record that `next` gave last; the header is row 1.
  std::size_t row() const { return row_; }

 private:
  // A field as a place in the text, or in unquoted_ when quotes had to go.
  struct Field {
    bool is_unquoted = false;
    std::size_t start = 0, size = 0;
  };

  void skip_empty_lines();
  bool at_line_end() const;
  void skip_line_end();
  Field read_plain();
  Field read_quoted();
  [[noreturn]] void refuse(const char* message) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t row_ = 0;
  std::string unquoted_;
  std::vector<Field> fields_;
};

}  // namespace guardrank::pack
