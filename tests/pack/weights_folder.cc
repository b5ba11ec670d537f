#include "tests/pack/weights_folder.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace guardrank::testing {

std::string safetensors_bytes(const std::string &header,
                              const std::string &data) {
  std::string out;
  for (int i = 0; i < 8; ++i)
    out.push_back(
        static_cast<char>(std::uint64_t{header.size()} >> (8 * i) & 255));
  return out + header + data;
}

std::string safetensors_bytes(const Tensors &tensors) {
  Json header = Json::object();
  std::string data;
  for (const auto &[name, tensor] : tensors) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char *>(tensor.values.data()),
                tensor.values.size() * sizeof(float));
    header[name] = {{"dtype", "F32"},
                    {"shape", tensor.shape},
                    {"data_offsets", {begin, data.size()}}};
  }
  return safetensors_bytes(header.dump(), data);
}

Folder::Folder() {
  std::string name =
      (std::filesystem::temp_directory_path() / "guardrank-test-XXXXXX")
          .string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("no temporary folder");
  path_ = name;
}

Folder::~Folder() {
  std::error_code code;
  std::filesystem::remove_all(path_, code);
}

std::filesystem::path Folder::write(const std::string &name,
                                    const std::string &bytes) const {
  std::ofstream file(path_ / name, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path_ / name;
}

void Folder::write_model(const Json &spec, const Tensors &tensors) const {
  write("model.json", spec.dump());
  write("weights.safetensors", safetensors_bytes(tensors));
}

Json small_spec() {
  return Json::parse(R"({"format": 1, "name": "small", "version": "1",
    "fields": [{"name": "income", "side": "context", "type": "f64", "transforms": [],
                "output": "dense"}],
    "levels": [],
    "heads": [{"name": "click", "kind": "probability", "tower": [],
               "negative_sampling_rate": 0.1, "sampling_handled": "correct",
               "calibrator": {"kind": "identity"}}]})");
}

Tensors small_tensors() {
  return {{"tower.click.layer.0.weight", {{1, 1}, {2.0f}}},
          {"tower.click.layer.0.bias", {{1}, {-1.0f}}}};
}

} // namespace guardrank::testing
