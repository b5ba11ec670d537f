// safetensors files: a u64 header length, a JSON header of names, types, shapes and offsets, then
// numbers. Numbers only, so reading one runs nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace guardrank::pack {

inline constexpr std::uint64_t max_safetensors_header_bytes = 32u << 20;
inline constexpr std::size_t max_safetensors_tensors = 100'000;
inline constexpr std::size_t max_tensor_rank = 8;

enum class TensorType { f16, bf16, f32, f64 };

struct TensorEntry {
  TensorType type = TensorType::f32;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;      // bytes within the file's data
  std::uint64_t count = 0;               // elements
};

// An open file whose header has been checked: types known, every tensor's bytes as many as its
// shape says, all within the file, none shared, none left over. Tensors are read one by one, so
// memory follows what the caller has asked for. Throws PackError: Status::truncated when the file
// ends early, Status::verify when it is malformed, Status::unsafe_format when it is another format.
class SafetensorsFile {
 public:
  // `name` stands in messages: "weights.safetensors".
  SafetensorsFile(const std::filesystem::path& path, std::string name);

  const std::map<std::string, TensorEntry, std::less<>>& entries() const { return entries_; }
  const TensorEntry* find(std::string_view tensor) const;
  const std::string& name() const { return name_; }

  // The tensor's numbers as float. Values are as they are: NaN and infinities pass.
  std::vector<float> read(std::string_view tensor);
  std::vector<double> read_double(std::string_view tensor);

 private:
  std::string read_header();
  void read_entries(const std::string& header);
  void check_places() const;
  std::vector<std::uint8_t> read_bytes(const TensorEntry& entry, std::string_view tensor);

  std::string name_;
  std::ifstream file_;
  std::uint64_t file_bytes_ = 0, data_start_ = 0;
  std::map<std::string, TensorEntry, std::less<>> entries_;
};

// "[64, 128]"
std::string shape_text(const std::vector<std::uint64_t>& shape);

}  // namespace guardrank::pack
