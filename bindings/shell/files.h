// Files in and out. A file that is written appears whole or not at all; pipes, devices and the like
// are written as they stand.
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

// A file that grows beside its path until `commit` renames it; without, and when a signal ends the
// command, it is removed. Symbolic links are followed, an existing file's mode stays. What is no
// regular file (a pipe, a device) and "-" (standard output) are written at once.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  void open_directly();
  void open_beside();
  [[noreturn]] void fail() const;

  std::string path_;                       // as given
  std::string target_;                     // where links lead
  std::string temporary_;                  // empty: what is written stands at once
  std::FILE* file_ = nullptr;
};

}  // namespace guardrank::shell
