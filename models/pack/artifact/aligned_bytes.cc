#include <cstring>
#include <new>
#include <utility>

#include "models/pack/artifact/writers.h"

namespace guardrank::pack {
namespace {
constexpr std::align_val_t alignment{section_alignment};
}

AlignedBytes::AlignedBytes(std::size_t size) : size_(size) {
  if (size == 0) return;
  data_ = static_cast<std::uint8_t*>(::operator new(size, alignment));
  std::memset(data_, 0, size);
}

AlignedBytes::AlignedBytes(Bytes bytes) : AlignedBytes(bytes.size()) {
  if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
}

AlignedBytes::AlignedBytes(AlignedBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

AlignedBytes& AlignedBytes::operator=(AlignedBytes other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

AlignedBytes::~AlignedBytes() {
  if (data_ != nullptr) ::operator delete(data_, alignment);
}

}  // namespace guardrank::pack
