#include "models/pack/weights/tensor_file.h"

#include "models/pack/pack_error.h"
#include "models/pack/weights/number_formats.h"

namespace guardrank::pack {

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

const TensorEntry* TensorFile::find(std::string_view tensor) const {
  const auto found = entries_.find(tensor);
  return found == entries_.end() ? nullptr : &found->second;
}

bool count_elements(TensorEntry* entry) {
  entry->count = 1;
  for (const std::uint64_t n : entry->shape) {
    if (__builtin_mul_overflow(entry->count, n, &entry->count)) return false;
  }
  return true;
}

template <typename Number>
std::vector<Number> TensorFile::read_as(std::string_view tensor) {
  const TensorEntry* entry = find(tensor);
  if (entry == nullptr)
    throw PackError(Status::tensor_missing, name_, "no tensor " + std::string(tensor));
  const std::vector<std::uint8_t> bytes = read_bytes(*entry, tensor);
  const auto n = static_cast<std::size_t>(entry->count);
  const std::size_t n_in = entry->is_transposed ? static_cast<std::size_t>(entry->shape[1]) : 1;
  const std::size_t n_out = n_in == 0 ? 0 : n / n_in;
  const std::size_t width = bytes_of(entry->type);
  std::vector<Number> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t from = entry->is_transposed ? i % n_in * n_out + i / n_in : i;
    out[i] = static_cast<Number>(number_at(entry->type, bytes.data() + from * width));
  }
  return out;
}

std::vector<float> TensorFile::read(std::string_view tensor) { return read_as<float>(tensor); }

std::vector<double> TensorFile::read_double(std::string_view tensor) {
  return read_as<double>(tensor);
}

std::string TensorFile::weight_beside(std::string_view) const { return {}; }

std::vector<std::string> TensorFile::operators_after(std::string_view) const { return {}; }

}  // namespace guardrank::pack
