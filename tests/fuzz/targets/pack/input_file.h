// Readers of files: each input becomes one.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace guardrank {

class InputFile {
 public:
  InputFile(const std::uint8_t* data, std::size_t size)
      : path_((std::filesystem::temp_directory_path() / "guardrank-fuzz-XXXXXX").string()) {
    const int file = mkstemp(path_.data());
    if (file < 0) std::abort();
    if (write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
    close(file);
  }
  ~InputFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace guardrank
