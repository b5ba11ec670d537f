// Builds the parts of an artifact: FlatBuffers roots and raw sections.
#pragma once

#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "core/artifact/flatbuffers.h"

#include "core/artifact/container.h"

namespace guardrank::pack {

using Builder = flatbuffers::FlatBufferBuilder;
using TextOffset = flatbuffers::Offset<flatbuffers::String>;

// Every text is written once per use: a reader charges what it reads against the root's size.
inline TextOffset text(Builder* builder, std::string_view value) {
  return builder->CreateString(value.data(), value.size());
}
inline TextOffset optional_text(Builder* builder, std::string_view value) {
  return value.empty() ? TextOffset() : text(builder, value);
}

template <typename T>
flatbuffers::Offset<flatbuffers::Vector<T>> optional_vector(Builder* builder,
                                                            std::span<const T> values) {
  if (values.empty()) return {};
  return builder->CreateVector(values.data(), values.size());
}

template <typename T>
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<T>>> offsets_vector(
    Builder* builder, const std::vector<flatbuffers::Offset<T>>& offsets) {
  if (offsets.empty()) return {};
  return builder->CreateVector(offsets);
}

inline flatbuffers::Offset<flatbuffers::Vector<TextOffset>> optional_texts(
    Builder* builder, std::span<const std::string_view> values) {
  std::vector<TextOffset> offsets;
  for (const std::string_view value : values) offsets.push_back(text(builder, value));
  return offsets_vector(builder, offsets);
}

inline Bytes finished(const Builder& builder) {
  return {builder.GetBufferPointer(), builder.GetSize()};
}

// A raw section: arrays one after another, each at a 64-byte boundary.
class RawSection {
 public:
  // Offset of the first byte of the copy.
  std::uint64_t add(const void* data, std::size_t size) {
    bytes_.resize((bytes_.size() + section_alignment - 1) / section_alignment * section_alignment);
    const std::size_t offset = bytes_.size();
    if (size != 0) {
      bytes_.resize(offset + size);
      std::memcpy(bytes_.data() + offset, data, size);
    }
    return offset;
  }
  template <typename T>
  std::uint64_t add(std::span<const T> values) {
    return add(values.data(), values.size_bytes());
  }

  Bytes view() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace guardrank::pack
