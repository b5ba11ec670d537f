#include "models/pack/rows/line_file.h"

#include "models/pack/pack_error.h"

namespace guardrank::pack {

LineFile::LineFile(const std::filesystem::path& path, std::string name, std::size_t max_line_bytes)
    : file_(path, std::ios::binary), name_(std::move(name)), max_line_bytes_(max_line_bytes) {
  if (!file_) throw PackError(Status::missing, name_, "cannot be read");
}

bool LineFile::next(std::string* line) {
  std::streambuf* from = file_.rdbuf();
  while (from->sgetc() != std::char_traits<char>::eof()) {
    line->clear();
    ++number_;
    for (int c = from->sbumpc(); c != '\n' && c != std::char_traits<char>::eof();
         c = from->sbumpc()) {
      if (line->size() == max_line_bytes_)
        throw PackError(Status::limit, name_ + ": line " + std::to_string(number_),
                        "is longer than " + std::to_string(max_line_bytes_) + " bytes");
      line->push_back(static_cast<char>(c));
    }
    if (line->find_first_not_of(" \t\r") != std::string::npos) return true;
  }
  return false;
}

}  // namespace guardrank::pack
