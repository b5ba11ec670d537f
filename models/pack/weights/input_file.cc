#include "models/pack/weights/input_file.h"

#include <algorithm>
#include <iostream>

#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

struct Magic {
  std::string_view bytes;
  std::string_view format;
};

// From the formats' own definitions. zlib and gzip are how joblib compresses its pickles.
constexpr Magic magics[] = {
    {"PK\x03\x04", "a zip archive, as TorchScript, torch.save and npz write"},
    {"\x93NUMPY", "a NumPy file, which may hold pickled objects"},
    {"\x80\x02", "a pickle"},
    {"\x80\x03", "a pickle, as joblib writes"},
    {"\x80\x04", "a pickle, as joblib writes"},
    {"\x80\x05", "a pickle, as joblib writes"},
    {"\x1f\x8b", "a gzip file, as joblib's compressed pickles are"},
    {"(dp0\n", "a pickle"},              // protocol 0 has no magic: what its objects start with
    {"(lp0\n", "a pickle"},
    {"cnumpy.", "a pickle"},
    {"ctorch.", "a pickle"},
    {"ccollections\n", "a pickle"},
    {"ccopy_reg\n", "a pickle"},
    {"c__builtin__\n", "a pickle"},
    {"}q", "a pickle"},                  // and those of protocol 1
    {"]q", "a pickle"},
    {"ZF0x", "a joblib file"},
    {"\x89HDF", "an HDF5 file, as Keras writes, which may hold pickled layers"},
    {"BZh", "a bzip2 file, as joblib's compressed pickles are"},
    {"\xfd"
     "7zXZ",
     "an xz file, as joblib's compressed pickles are"},
};

constexpr std::string_view advice =
    "; such files can execute code when they are read. Save the tensors as safetensors";

std::string read_all(std::istream& stream, std::string text, const std::string& name) {
  char block[65536];
  while (stream.read(block, sizeof block) || stream.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > max_document_bytes)
      throw PackError(Status::limit, name,
                      "has more than " + std::to_string(max_document_bytes) + " bytes");
  }
  refuse_unsafe_bytes(std::string_view(text).substr(0, 16), name);
  return text;
}

constexpr std::string_view unsafe_extensions[] = {".pt",  ".pth", ".pkl", ".pickle", ".joblib",
                                                  ".npz", ".npy", ".bin", ".ckpt",   ".h5"};

}  // namespace

void refuse_unsafe_bytes(std::string_view first_bytes, const std::string& name) {
  // A safetensors file starts with the length of its header, which starts with a brace: a header
  // of, say, 0x0480 bytes must not be taken for a pickle.
  if (first_bytes.size() > 8 && first_bytes[8] == '{') return;
  for (const Magic& magic : magics) {
    if (first_bytes.starts_with(magic.bytes))
      throw PackError(Status::unsafe_format, name,
                      "is " + std::string(magic.format) + std::string(advice));
  }
}

void refuse_unsafe_weights(const std::filesystem::path& folder) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".onnx")
      throw PackError(Status::missing, entry.path().filename().string(),
                      "is read where it is named weights.onnx and stands beside a model.json, which says what its "
                      "layers are");
    for (std::string_view unsafe : unsafe_extensions) {
      if (extension == unsafe)
        throw PackError(Status::unsafe_format, entry.path().filename().string(),
                        "pickle, joblib, NumPy and TorchScript files are not read" +
                            std::string(advice) + " in weights.safetensors");
    }
  }
}

std::string read_document(const std::filesystem::path& path, const std::string& name) {
  if (path == "-") {
    if (std::cin.eof())
      throw PackError(Status::argument, name, "standard input has been read already");
    return read_all(std::cin, {}, name);
  }
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    throw PackError(Status::argument, name, "is a folder, wanted a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw PackError(Status::missing, name, "cannot be read: no such file");
  const std::uint64_t size = std::filesystem::file_size(path, code);
  if (!code && size > max_document_bytes)
    throw PackError(Status::limit, name,
                    "has " + std::to_string(size) + " bytes, wanted at most " +
                        std::to_string(max_document_bytes));
  std::string text;
  if (!code) text.reserve(static_cast<std::size_t>(size));
  return read_all(file, std::move(text), name);
}

}  // namespace guardrank::pack
