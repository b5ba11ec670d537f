#include "models/pack/weights/safetensors.h"

#include <algorithm>
#include <cstring>

#include "models/pack/pack_error.h"
#include "models/pack/weights/input_file.h"
#include "models/pack/weights/json_node.h"
#include "models/pack/weights/number_formats.h"

namespace guardrank::pack {
namespace {

TensorType read_type(const JsonNode& node) {
  const std::string_view text = node.text();
  if (text == "F32") return TensorType::f32;
  if (text == "F64") return TensorType::f64;
  if (text == "F16") return TensorType::f16;
  if (text == "BF16") return TensorType::bf16;
  node.wanted("F32, F64, F16 or BF16");
}

std::uint64_t whole(const JsonNode& node) {
  if (!node.is(JsonType::number) || !node.value().is_integer || node.value().integer < 0)
    node.wanted("a whole number");
  return static_cast<std::uint64_t>(node.value().integer);
}

TensorEntry read_entry(const JsonNode& node) {
  node.allow({"dtype", "shape", "data_offsets"});
  TensorEntry entry;
  entry.type = read_type(node.at("dtype"));
  const JsonNode shape = node.at("shape");
  for (const JsonNode& item : shape.items(max_tensor_rank)) entry.shape.push_back(whole(item));
  if (!count_elements(&entry)) shape.refuse("the shape has more elements than a file can hold");
  const JsonNode offsets = node.at("data_offsets");
  const std::vector<JsonNode> range = offsets.items(2);
  if (range.size() != 2) offsets.refuse("wanted [begin, end]");
  entry.begin = whole(range[0]);
  entry.end = whole(range[1]);
  std::uint64_t bytes = 0;
  if (entry.begin > entry.end ||
      __builtin_mul_overflow(entry.count, bytes_of(entry.type), &bytes) ||
      entry.end - entry.begin != bytes)
    offsets.refuse("wanted as many bytes as the shape " + shape_text(entry.shape) + " takes");
  return entry;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path, std::string name)
    : TensorFile(std::move(name)), file_(path, std::ios::binary) {
  std::error_code code;
  if (!file_ || std::filesystem::is_directory(path, code))
    throw PackError(Status::missing, name_, "cannot be read: no such file");
  file_bytes_ = std::filesystem::file_size(path, code);
  if (code) throw PackError(Status::missing, name_, "cannot be read: " + code.message());
  read_entries(read_header());
  check_places();
}

std::string SafetensorsFile::read_header() {
  std::uint8_t first[16] = {};
  file_.read(reinterpret_cast<char*>(first), sizeof first);
  const auto got = static_cast<std::size_t>(file_.gcount());
  refuse_unsafe_bytes({reinterpret_cast<const char*>(first), got}, name_);
  if (got < 8)
    throw PackError(Status::truncated, name_,
                    "wanted at least 8 bytes, found " + std::to_string(got));
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | first[i];
  if (length > max_safetensors_header_bytes)
    throw PackError(Status::verify, name_,
                    "is not a safetensors file: its header would have " + std::to_string(length) +
                        " bytes, at most " + std::to_string(max_safetensors_header_bytes) +
                        " are read");
  if (length > file_bytes_ - 8)
    throw PackError(Status::truncated, name_,
                    "the header has " + std::to_string(length) + " bytes, the file ends after " +
                        std::to_string(file_bytes_ - 8));
  std::string header(static_cast<std::size_t>(length), '\0');
  file_.clear();
  file_.seekg(8);
  file_.read(header.data(), static_cast<std::streamsize>(length));
  if (static_cast<std::uint64_t>(file_.gcount()) != length)
    throw PackError(Status::truncated, name_, "the header ends early");
  data_start_ = 8 + length;
  return header;
}

void SafetensorsFile::read_entries(const std::string& header) {
  Memory memory;
  const JsonNode root = parse_document(header, name_, Status::verify, &memory);
  for (const JsonNode& node : root.members(max_tensors)) {
    if (node.key() == "__metadata__") {
      for (const JsonNode& text : node.members(max_tensors)) text.text();
      continue;
    }
    entries_.emplace(std::string(node.key()), read_entry(node));
  }
}

// Tensors cover the data without a gap, an overlap or a rest: nothing is hidden, nothing shared.
void SafetensorsFile::check_places() const {
  std::vector<std::pair<const std::string*, const TensorEntry*>> order;
  for (const auto& [name, entry] : entries_) order.emplace_back(&name, &entry);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second->begin, a.second->end) < std::pair(b.second->begin, b.second->end);
  });
  const std::uint64_t data_bytes = file_bytes_ - data_start_;
  std::uint64_t at = 0;
  for (const auto& [name, entry] : order) {
    const std::string where = name_ + ": tensor " + *name;
    if (entry->end > data_bytes)
      throw PackError(Status::truncated, where,
                      "ends at byte " + std::to_string(entry->end) + " of the data, the file has " +
                          std::to_string(data_bytes));
    if (entry->begin != at)
      throw PackError(Status::verify, where,
                      "starts at byte " + std::to_string(entry->begin) + " of the data, wanted " +
                          std::to_string(at) + ": tensors may neither overlap nor leave gaps");
    at = entry->end;
  }
  if (at != data_bytes)
    throw PackError(Status::verify, name_,
                    std::to_string(data_bytes - at) + " bytes at the end belong to no tensor");
}

std::vector<std::uint8_t> SafetensorsFile::read_bytes(const TensorEntry& entry,
                                                      std::string_view tensor) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(entry.end - entry.begin));
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(data_start_ + entry.begin));
  file_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (static_cast<std::size_t>(file_.gcount()) != bytes.size())
    throw PackError(Status::truncated, name_ + ": tensor " + std::string(tensor), "ends early");
  return bytes;
}

}  // namespace guardrank::pack
