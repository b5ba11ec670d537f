#include "bindings/shell/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

#include "bindings/shell/library.h"

namespace guardrank::shell {
namespace {

std::string read_stream(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string read_input(const std::string& path) {
  if (path == "-") return read_stream(std::cin);
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    throw Failure(GR_STATUS_ARGUMENT, path,
                  path + ": cannot be read: " +
                      std::strerror(file ? EISDIR : errno));
  }
  return read_stream(file);
}

void write_output(const std::string& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (path_ == "-") {
    file_ = stdout;
    return;
  }
  temporary_ = path_ + ".XXXXXX";
  const int descriptor = ::mkstemp(temporary_.data());
  if (descriptor < 0) fail("cannot be written");
  // mkstemp makes files private; a result is as readable as any other file.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(descriptor, 0666 & ~mask);
  file_ = ::fdopen(descriptor, "wb");
  if (file_ == nullptr) fail("cannot be written");
}

OutputFile::~OutputFile() {
  if (path_ == "-" || file_ == nullptr) return;
  std::fclose(file_);
  ::unlink(temporary_.c_str());
}

void OutputFile::fail(const char* what) const {
  throw Failure(GR_STATUS_ARGUMENT, path_, path_ + ": " + what + ": " + std::strerror(errno));
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("cannot be written");
}

void OutputFile::commit() {
  if (std::fflush(file_) != 0) fail("cannot be written");
  if (path_ == "-") return;
  const int synced = ::fsync(::fileno(file_));
  const int closed = std::fclose(file_);
  file_ = nullptr;
  if (synced == 0 && closed == 0 && std::rename(temporary_.c_str(), path_.c_str()) == 0) return;
  ::unlink(temporary_.c_str());
  fail("cannot be written");
}

}  // namespace guardrank::shell
