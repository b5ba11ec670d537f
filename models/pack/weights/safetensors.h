// safetensors files: a u64 header length, a JSON header of names, types, shapes and offsets, then
// numbers. Numbers only, so reading one runs nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "models/pack/weights/tensor_file.h"

namespace guardrank::pack {

inline constexpr std::uint64_t max_safetensors_header_bytes = 32u << 20;

// An open file whose header has been checked: types known, every tensor's bytes as many as its
// shape says, all within the file, none shared, none left over. Tensors are read one by one, so
// memory follows what the caller has asked for. Throws PackError: Status::truncated when the file
// ends early, Status::verify when it is malformed, Status::unsafe_format when it is another format.
class SafetensorsFile : public TensorFile {
 public:
  SafetensorsFile(const std::filesystem::path& path, std::string name);

 private:
  std::string read_header();
  void read_entries(const std::string& header);
  void check_places() const;
  std::vector<std::uint8_t> read_bytes(const TensorEntry& entry, std::string_view tensor) override;

  std::ifstream file_;
  std::uint64_t file_bytes_ = 0, data_start_ = 0;
};

}  // namespace guardrank::pack
