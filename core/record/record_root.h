// The FlatBuffers root of a record, verified, and views over its fields.
#pragma once

#include <span>
#include <string_view>

#include "core/artifact/flatbuffers.h"

#include "core/artifact/container.h"
#include "models/schema/record_generated.h"

namespace guardrank {

// The verified root, or a status: truncated, identifier, verify.
Status read_record_root(Bytes record, const schema::Record** root, Error* error);

// An absent field reads as an empty one.
inline std::string_view view_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}
template <typename T>
std::span<const T> view_of(const flatbuffers::Vector<T>* values) {
  if (values == nullptr) return {};
  return {reinterpret_cast<const T*>(values->Data()), values->size()};
}
template <typename T>
std::uint32_t size_of(const flatbuffers::Vector<flatbuffers::Offset<T>>* tables) {
  return tables == nullptr ? 0 : tables->size();
}

}  // namespace guardrank
