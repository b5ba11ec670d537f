#include "models/pack/weights/onnx_file.h"

#include <algorithm>
#include <fstream>

#include "models/pack/pack_error.h"
#include "models/pack/weights/input_file.h"
#include "models/pack/weights/onnx_reader.h"

namespace guardrank::pack {
namespace {

std::string read_whole(const std::filesystem::path& path, const std::string& name) {
  std::ifstream file(path, std::ios::binary);
  std::error_code code;
  if (!file || std::filesystem::is_directory(path, code))
    throw PackError(Status::missing, name, "cannot be read: no such file");
  const std::uint64_t size = std::filesystem::file_size(path, code);
  if (code) throw PackError(Status::missing, name, "cannot be read: " + code.message());
  if (size > max_onnx_bytes)
    throw PackError(Status::limit, name,
                    "has " + std::to_string(size) + " bytes, wanted at most " +
                        std::to_string(max_onnx_bytes));
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uint64_t>(file.gcount()) != size)
    throw PackError(Status::truncated, name, "ends early");
  refuse_unsafe_bytes(std::string_view(bytes).substr(0, 16), name);
  return bytes;
}

}  // namespace

OnnxFile::OnnxFile(const std::filesystem::path& path, std::string name)
    : TensorFile(std::move(name)), folder_(path.parent_path()), bytes_(read_whole(path, name_)) {
  OnnxContents contents = read_onnx(bytes_, name_);
  entries_ = std::move(contents.tensors);
  graph_ = std::move(contents.graph);
  for (auto& [tensor, entry] : entries_) {
    OnnxUse use = graph_.use_of(tensor);
    entry.refusal = std::move(use.refusal);
    entry.is_transposed = use.is_transposed && entry.shape.size() == 2;
    if (entry.is_transposed) std::swap(entry.shape[0], entry.shape[1]);
  }
}

std::vector<std::uint8_t> OnnxFile::read_bytes(const TensorEntry& entry, std::string_view tensor) {
  const auto size = static_cast<std::size_t>(entry.end - entry.begin);
  if (entry.beside.empty()) {
    const char* first = bytes_.data() + entry.begin;
    return std::vector<std::uint8_t>(first, first + size);
  }
  const std::string where = name_ + ": tensor " + std::string(tensor);
  const std::filesystem::path path = folder_ / entry.beside;
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code))
    throw PackError(Status::missing, where, "its numbers stand in " + entry.beside + ", which is no file here");
  const std::uint64_t file_bytes = std::filesystem::file_size(path, code);
  std::ifstream file(path, std::ios::binary);
  if (code || !file) throw PackError(Status::missing, where, entry.beside + " cannot be read");
  if (entry.end > file_bytes)
    throw PackError(Status::truncated, where,
                    "ends at byte " + std::to_string(entry.end) + " of " + entry.beside +
                        ", which has " + std::to_string(file_bytes));
  std::vector<std::uint8_t> bytes(size);
  file.seekg(static_cast<std::streamoff>(entry.begin));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (static_cast<std::size_t>(file.gcount()) != size)
    throw PackError(Status::truncated, where, entry.beside + " ends early");
  return bytes;
}

std::string OnnxFile::weight_beside(std::string_view bias) const { return graph_.weight_beside(bias); }

std::vector<std::string> OnnxFile::operators_after(std::string_view weight) const {
  return graph_.operators_after(weight);
}

}  // namespace guardrank::pack
