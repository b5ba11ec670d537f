#include <cerrno>
#include <cstring>
#include <iostream>

#include "bindings/shell/files.h"
#include "bindings/shell/library.h"

namespace guardrank::shell {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

// The start of every artifact, as models/schema/README.md has it.
constexpr std::string_view artifact_magic{"GRDRANK\0", 8};
constexpr std::size_t header_bytes = 64, length_at = 16;

std::uint64_t told_length(std::string_view header) {
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(header[length_at + i]);
  return length;
}

Failure too_large(const std::string& where, std::uint64_t most, const std::string& found) {
  return {GR_STATUS_LIMIT, where,
          where + ": wanted at most " + std::to_string(most) + " bytes, found " + found};
}

}  // namespace

Input::Input(const std::string& path) : path_(path), stream_(&file_) {
  if (path == "-") {
    // Also where guardrank-tools read it.
    if (std::cin.eof())
      throw Failure(GR_STATUS_ARGUMENT, "-", "standard input has been read already");
    stream_ = &std::cin;
    return;
  }
  file_.open(path, std::ios::binary);
  const int code = errno;
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  if (!file_ || is_folder)
    throw Failure(GR_STATUS_ARGUMENT, path,
                  path + ": cannot be read: " + std::strerror(is_folder ? EISDIR : code));
  if (!std::filesystem::is_regular_file(path, ignored)) return;
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  if (!ignored) size_ = size;
}

bool Input::append(std::string* text, std::uint64_t room) {
  const std::size_t before = text->size();
  const auto wanted = static_cast<std::size_t>(room < block_bytes ? room : block_bytes);
  text->resize(before + wanted);
  stream_->read(text->data() + before, static_cast<std::streamsize>(wanted));
  text->resize(before + static_cast<std::size_t>(stream_->gcount()));
  return text->size() > before;
}

void Input::append_at_most(std::string* text, std::uint64_t most) {
  while (text->size() <= most && append(text, most + 1 - text->size())) {}
}

std::string read_input(const std::string& path, std::uint64_t most) {
  Input input(path);
  if (input.size() > most) throw too_large(path, most, std::to_string(input.size()));
  std::string text;
  text.reserve(static_cast<std::size_t>(input.size()) + 1);
  input.append_at_most(&text, most);
  if (text.size() > most) throw too_large(path, most, "more");
  return text;
}

std::string read_artifact(const std::string& path) {
  Input input(path);
  std::string bytes;
  while (bytes.size() < header_bytes && input.append(&bytes, header_bytes - bytes.size())) {}
  if (!bytes.starts_with(artifact_magic) || bytes.size() < header_bytes) return bytes;
  const std::uint64_t length = told_length(bytes);
  if (length > most_bytes::artifact) return bytes;
  if (input.size() <= length) bytes.reserve(static_cast<std::size_t>(input.size()) + 1);
  input.append_at_most(&bytes, length);
  if (bytes.size() > length)
    throw Failure(GR_STATUS_VERIFY, "header.length", "header.length: wanted " +
                                                         std::to_string(length) +
                                                         " bytes, found more");
  return bytes;
}

bool InputLines::next(std::string_view* line) {
  if (number_ != 0) start_ = end_ + 1;
  ++number_;
  for (std::size_t searched = start_;;) {
    end_ = text_.find('\n', searched);
    if (end_ != std::string::npos) break;
    searched = text_.size();
    if (!read_more(&searched)) break;
  }
  if (end_ == std::string::npos) end_ = text_.size();
  if (start_ >= text_.size()) return false;
  if (end_ - start_ > most_)
    throw too_large(input_.path() + ": line " + std::to_string(number_), most_, "more");
  *line = std::string_view(text_).substr(start_, end_ - start_);
  return true;
}

// Takes away the lines before this one first; the places go with it.
bool InputLines::read_more(std::size_t* searched) {
  const std::size_t gone = start_ < text_.size() ? start_ : text_.size();
  text_.erase(0, gone);
  start_ -= gone;
  *searched -= gone;
  if (text_.size() > most_) return false;
  const std::size_t before = text_.size();
  const bool is_read = input_.append(&text_, block_bytes);
  read_bytes_ += text_.size() - before;
  return is_read;
}

std::string read_lines(const std::string& path) {
  InputLines lines(path, most_bytes::request);
  std::string text;
  std::string_view line;
  while (lines.next(&line)) {
    text.append(line);
    text += '\n';
    if (text.size() > most_bytes::lines) throw too_large(path, most_bytes::lines, "more");
  }
  return text;
}

}  // namespace guardrank::shell
