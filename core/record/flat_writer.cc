#include "core/record/flat_writer.h"

#include <cstring>

namespace guardrank {
namespace {

constexpr std::size_t first_capacity = 1024;
// Offsets are signed 32-bit in places, so readers refuse larger buffers.
constexpr std::size_t max_bytes = 0x7fffffff;

// FlatBuffers are little endian, as is every machine that the engine runs on.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

}  // namespace

FlatWriter::FlatWriter(Arena* arena, std::string_view identifier) : arena_(arena) {
  append_zeros(4);
  append(identifier.data(), 4);
}

bool FlatWriter::reserve(std::size_t more) {
  if (status_ != Status::ok) return false;
  if (more > max_bytes - size_) {
    status_ = Status::limit;
  } else if (size_ + more > capacity_) {
    std::size_t capacity = capacity_ == 0 ? first_capacity : capacity_;
    while (capacity < size_ + more) capacity *= 2;
    auto* bytes = static_cast<std::uint8_t*>(arena_->allocate(capacity, 64));
    if (bytes == nullptr) {
      status_ = Status::memory;
    } else {
      if (size_ != 0) std::memcpy(bytes, bytes_, size_);
      bytes_ = bytes;
      capacity_ = capacity;
    }
  }
  if (status_ == Status::ok) return true;
  size_ = 0;
  return false;
}

void FlatWriter::append(const void* values, std::size_t n_bytes) {
  if (n_bytes == 0 || !reserve(n_bytes)) return;
  std::memcpy(bytes_ + size_, values, n_bytes);
  size_ += n_bytes;
}

void FlatWriter::append_zeros(std::size_t n_bytes) {
  if (n_bytes == 0 || !reserve(n_bytes)) return;
  std::memset(bytes_ + size_, 0, n_bytes);
  size_ += n_bytes;
}

// Pads so that what follows `after` more bytes is aligned.
void FlatWriter::align(std::size_t alignment, std::size_t after) {
  append_zeros((alignment - (size_ + after) % alignment) % alignment);
}

void FlatWriter::store(std::uint32_t position, const void* value, std::size_t n_bytes) {
  if (status_ != Status::ok || position > size_ || n_bytes > size_ - position) return;
  std::memcpy(bytes_ + position, value, n_bytes);
}

FlatLayout FlatWriter::layout(std::span<const std::uint8_t> sizes) {
  FlatLayout layout;
  std::uint16_t end = 4;
  // Widest first, so that only the start of the table can need padding.
  for (std::uint16_t width = 8; width != 0; width = static_cast<std::uint16_t>(width / 2)) {
    for (std::size_t field = 0; field < sizes.size(); ++field) {
      if (sizes[field] != width) continue;
      if (width > layout.alignment) layout.alignment = width;
      end = static_cast<std::uint16_t>((end + width - 1) / width * width);
      layout.fields[field] = end;
      end = static_cast<std::uint16_t>(end + width);
    }
  }
  layout.n_bytes = end;
  align(2, 0);
  layout.vtable = static_cast<std::uint32_t>(size_);
  const std::uint16_t head[2] = {static_cast<std::uint16_t>(4 + 2 * sizes.size()), end};
  append(head, sizeof head);
  append(layout.fields, 2 * sizes.size());
  return layout;
}

std::uint32_t FlatWriter::table(const FlatLayout& layout) {
  align(layout.alignment, 0);
  const auto position = static_cast<std::uint32_t>(size_);
  append_zeros(layout.n_bytes);
  const auto to_vtable = static_cast<std::int32_t>(position - layout.vtable);
  store(position, &to_vtable, sizeof to_vtable);
  return position;
}

void FlatWriter::refer(std::uint32_t place, std::uint32_t target) {
  const std::uint32_t distance = target - place;
  store(place, &distance, sizeof distance);
}

std::uint32_t FlatWriter::begin_vector(std::size_t count, std::size_t element_bytes) {
  align(4, 0);
  align(element_bytes, 4);
  const auto position = static_cast<std::uint32_t>(size_);
  const auto n = static_cast<std::uint32_t>(count);
  append(&n, sizeof n);
  return position;
}

std::uint32_t FlatWriter::string(std::string_view text) {
  const std::uint32_t position = begin_vector(text.size(), 1);
  append(text.data(), text.size());
  append_zeros(1);
  return position;
}

std::uint32_t FlatWriter::references(std::size_t count) {
  const std::uint32_t position = begin_vector(count, 4);
  append_zeros(4 * count);
  return position;
}

}  // namespace guardrank
