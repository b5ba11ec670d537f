#include "models/pack/documents/csv.h"

#include "models/pack/pack_error.h"

namespace guardrank::pack {

CsvReader::CsvReader(std::string_view text) : text_(text) {
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

void CsvReader::refuse(const char* message) const {
  throw PackError(Status::column, "row " + std::to_string(row_), message);
}

bool CsvReader::at_line_end() const {
  if (at_ == text_.size() || text_[at_] == '\n') return true;
  return text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
}

void CsvReader::skip_line_end() {
  if (at_ < text_.size() && text_[at_] == '\r') ++at_;
  if (at_ < text_.size()) ++at_;
}

void CsvReader::skip_empty_lines() {
  while (at_ < text_.size() && at_line_end()) skip_line_end();
}

CsvReader::Field CsvReader::read_plain() {
  const std::size_t start = at_;
  while (!at_line_end() && text_[at_] != ',') {
    if (text_[at_] == '"') refuse("a quote inside a field that is not quoted");
    if (text_[at_] == '\r') refuse("a carriage return that ends no line");
    ++at_;
  }
  return {false, start, at_ - start};
}

CsvReader::Field CsvReader::read_quoted() {
  const std::size_t start = unquoted_.size();
  for (++at_;; ++at_) {
    if (at_ == text_.size()) refuse("a quoted field does not end");
    if (text_[at_] == '"') {
      ++at_;
      if (at_ == text_.size() || text_[at_] != '"') break;
    }
    unquoted_ += text_[at_];
  }
  if (!at_line_end() && text_[at_] != ',') refuse("text after a quoted field");
  return {true, start, unquoted_.size() - start};
}

bool CsvReader::next(std::vector<std::string_view>* fields) {
  skip_empty_lines();
  if (at_ == text_.size()) return false;
  ++row_;
  unquoted_.clear();
  fields_.clear();
  while (true) {
    const bool is_quoted = at_ < text_.size() && text_[at_] == '"';
    fields_.push_back(is_quoted ? read_quoted() : read_plain());
    if (at_line_end()) break;
    ++at_;
  }
  skip_line_end();
  fields->clear();
  for (const Field& field : fields_) {
    const std::string_view from = field.is_unquoted ? std::string_view(unquoted_) : text_;
    fields->push_back(from.substr(field.start, field.size));
  }
  return true;
}

}  // namespace guardrank::pack
