// Named arrays of numbers in a file, whatever its format.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace guardrank::pack {

inline constexpr std::size_t max_tensors = 100'000;
inline constexpr std::size_t max_tensor_rank = 8;

enum class TensorType { f16, bf16, f32, f64 };

struct TensorEntry {
  TensorType type = TensorType::f32;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;      // bytes within the file's data
  std::uint64_t count = 0;               // elements
  std::string beside;                    // the file in the same folder that has the bytes; empty: this one
  bool is_transposed = false;            // [in, out] in the file: `shape` and numbers are given as [out, in]
  bool may_be_left = false;              // a file's own constant, if it is no layer's
  std::string refusal;                   // not empty: why its numbers cannot be a layer's
};

// An open file whose tensors are known by name, type, shape and place. They are read one by one.
class TensorFile {
 public:
  virtual ~TensorFile() = default;
  TensorFile(const TensorFile&) = delete;
  TensorFile& operator=(const TensorFile&) = delete;

  const std::map<std::string, TensorEntry, std::less<>>& entries() const { return entries_; }
  const TensorEntry* find(std::string_view tensor) const;
  const std::string& name() const { return name_; }   // stands in messages: "weights.safetensors"

  // The tensor's numbers. Values are as they are: NaN and infinities pass. PackError: Status::tensor_missing,
  // Status::truncated where the file ends early.
  std::vector<float> read(std::string_view tensor);
  std::vector<double> read_double(std::string_view tensor);

  // What a file that carries its graph knows. The tensor that multiplies where `bias` is added; empty: unknown.
  virtual std::string weight_beside(std::string_view bias) const;
  // The operators that take what the layer of this weight gives; none: unknown.
  virtual std::vector<std::string> operators_after(std::string_view weight) const;

 protected:
  explicit TensorFile(std::string name) : name_(std::move(name)) {}
  virtual std::vector<std::uint8_t> read_bytes(const TensorEntry& entry, std::string_view tensor) = 0;
  std::string name_;
  std::map<std::string, TensorEntry, std::less<>> entries_;

 private:
  template <typename Number>
  std::vector<Number> read_as(std::string_view tensor);
};

// Sets `count` from the shape. False where there are more elements than a file can hold.
bool count_elements(TensorEntry* entry);

// "[64, 128]"
std::string shape_text(const std::vector<std::uint64_t>& shape);

}  // namespace guardrank::pack
