// A weights folder of a test: written to a temporary place, removed afterwards.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/pack/pack_error.h"

namespace guardrank::testing {

using Json = nlohmann::ordered_json;

struct Tensor {
  std::vector<std::uint64_t> shape;
  std::vector<float> values;
};
using Tensors = std::map<std::string, Tensor>;

// The bytes of a safetensors file with these tensors, F32.
std::string safetensors_bytes(const Tensors& tensors);
// A header as it stands, then data.
std::string safetensors_bytes(const std::string& header, const std::string& data);

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const;
  void write_model(const Json& spec, const Tensors& tensors) const;

 private:
  std::filesystem::path path_;
};

// The smallest model: one dense context field into the logit of head "click".
Json small_spec();
Tensors small_tensors();

// What `work` throws; a PackError with Status::ok when it throws nothing.
template <typename Work>
pack::PackError error_of(const Work& work) {
  try {
    work();
  } catch (const pack::PackError& error) {
    return error;
  }
  return {Status::ok, "", "nothing was thrown"};
}

inline bool mentions(const pack::PackError& error, const std::string& text) {
  return error.message().find(text) != std::string::npos;
}

}  // namespace guardrank::testing
