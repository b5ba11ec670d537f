// Files in and out. What is read is bounded before memory is taken for it; a file that is written
// appears whole or not at all; pipes, devices and the like are written as they stand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace guardrank::shell {

// What a file of a kind may hold. The first two are the engine's limits (request_json_bytes and
// artifact_bytes); the others are the command's own.
namespace most_bytes {
inline constexpr std::uint64_t request = std::uint64_t{256} << 20;   // also a line of many
inline constexpr std::uint64_t artifact = std::uint64_t{16} << 30;
inline constexpr std::uint64_t lines = std::uint64_t{4} << 30;       // read as a whole
inline constexpr std::uint64_t record = std::uint64_t{1} << 30;      // also a decision that holds it
inline constexpr std::uint64_t text = std::uint64_t{1} << 20;        // a key, a secret, an expression
}  // namespace most_bytes

// A file, or standard input for "-", block by block. Throws a Failure that names it.
class Input {
 public:
  explicit Input(const std::string& path);

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }   // of a regular file; 0: not known
  // Up to `room` bytes more, or a block. False at the end.
  bool append(std::string* text, std::uint64_t room);
  // Until `text` holds `most` bytes and one, or to the end.
  void append_at_most(std::string* text, std::uint64_t most);

 private:
  std::string path_;
  std::ifstream file_;
  std::istream* stream_;
  std::uint64_t size_ = 0;
};

// The whole of a file; more than `most` bytes is GR_STATUS_LIMIT as soon as that is known.
std::string read_input(const std::string& path, std::uint64_t most);
// An artifact, as long as it says it is. What does not start as one is given as far as it was read,
// 64 bytes at most, for the library to refuse.
std::string read_artifact(const std::string& path);

// The lines of a file, one at a time, so that it may be longer than memory. One that is longer than
// `most` is GR_STATUS_LIMIT.
class InputLines {
 public:
  InputLines(const std::string& path, std::uint64_t most) : input_(path), most_(most) {}

  // Without its end; valid until the next. False after the last.
  bool next(std::string_view* line);
  std::size_t number() const { return number_; }   // of the line, from 1
  // Bytes of the lines so far.
  std::uint64_t done() const { return read_bytes_ - (text_.size() - end_); }
  std::uint64_t size() const { return input_.size(); }

 private:
  bool read_more(std::size_t* searched);

  Input input_;
  std::uint64_t most_;                           // of one line
  std::string text_;                             // from some line's start to where it was read
  std::size_t start_ = 0, end_ = 0, number_ = 0;
  std::uint64_t read_bytes_ = 0;
};

// A whole file of lines, each bounded.
std::string read_lines(const std::string& path);

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
