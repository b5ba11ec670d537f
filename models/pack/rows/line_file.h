// A text file read line by line.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace guardrank::pack {

// Lines that are not blank. `name` stands in messages.
class LineFile {
 public:
  LineFile(const std::filesystem::path& path, std::string name, std::size_t max_line_bytes);

  // False at the end. Status::limit for a line that is too long.
  bool next(std::string* line);
  std::size_t number() const { return number_; }   // of the line read last, from 1

 private:
  std::ifstream file_;
  std::string name_;
  std::size_t max_line_bytes_;
  std::size_t number_ = 0;
};

}  // namespace guardrank::pack
