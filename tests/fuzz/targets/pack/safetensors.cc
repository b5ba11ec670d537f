// Any bytes as weights.safetensors: tensors or a PackError.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "models/pack/pack_error.h"
#include "models/pack/weights/safetensors.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

namespace {

// The reader reads files, so each input becomes one.
class InputFile {
 public:
  InputFile(const std::uint8_t* data, std::size_t size)
      : path_((std::filesystem::temp_directory_path() / "guardrank-fuzz-XXXXXX").string()) {
    const int file = mkstemp(path_.data());
    if (file < 0) std::abort();
    if (write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
    close(file);
  }
  ~InputFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const InputFile input(data, size);
  try {
    pack::SafetensorsFile file(input.path(), "weights.safetensors");
    for (const auto& [name, entry] : file.entries()) (void)file.read(name);
  } catch (const pack::PackError&) {
  }
  return 0;
}
