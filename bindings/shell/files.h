// Files in and out. What is written appears whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace guardrank::shell {

// The whole of a file, or of standard input for "-". Throws a Failure that names it.
std::string read_input(const std::string& path);

// Writes beside `path` and renames over it at the end. "-" is standard output.
void write_output(const std::string& path, std::string_view bytes);

// A file that grows beside its path until `commit` renames it; without, it is removed. "-" goes to
// standard output at once.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  std::string temporary_;
  std::FILE* file_ = nullptr;
};

}  // namespace guardrank::shell
