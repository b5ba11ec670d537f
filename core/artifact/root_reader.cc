#include "core/artifact/root_reader.h"

#include "core/base/math.h"
#include "core/base/utf8.h"

namespace guardrank {

Status open_container_of(ArtifactKind kind, Bytes bytes, Check check, Arena* arena,
                         Container* container, Error* error) {
  Container opened;
  GUARDRANK_TRY(open_container(bytes, check, arena, &opened, error));
  if (opened.kind != kind)
    return error->wanted(Status::identifier, "header.kind",
                         {"a ", artifact_kind_name(kind), " artifact"},
                         {"a ", artifact_kind_name(opened.kind)});
  *container = opened;
  return Status::ok;
}

Status RootReader::copy_section(const Container& container, SectionKind kind,
                                const char* identifier, Bytes* copy) {
  const std::string_view name = section_kind_name(kind);
  const Section* section = container.find(kind);
  if (section == nullptr) return error_->set(Status::verify, name, {"the section is missing"});
  const std::size_t size = section->bytes.size();
  if (size < 8 || size >= FLATBUFFERS_MAX_BUFFER_SIZE)
    return error_->wanted(Status::verify, name, {"8 bytes to 2 GiB"}, {size, " bytes"});
  std::span<std::uint8_t> bytes;
  if (arena_->make_uninitialised(size, &bytes) != Status::ok)
    return error_->set(Status::memory, name, {"no memory for ", size, " bytes"});
  __builtin_memcpy(bytes.data(), section->bytes.data(), size);
  if (!flatbuffers::BufferHasIdentifier(bytes.data(), identifier))
    return error_->set(Status::identifier, name, {"wanted the root \"", identifier, "\""});
  *copy = bytes;
  budget_ = size;
  return Status::ok;
}

Status RootReader::malformed(SectionKind kind) {
  return error_->set(Status::verify, section_kind_name(kind),
                     {"malformed, or over ", limits::flatbuffer_tables, " tables or ",
                      limits::flatbuffer_depth, " levels"});
}

Status RootReader::no_memory() {
  return error_->set(Status::memory, "artifact", {"no memory for its structure"});
}

Status RootReader::fail(Status status, const Place& place, const char* message) {
  return error_->set(status, place.text(), {message});
}

Status RootReader::fail(Status status, const Place& place,
                        std::initializer_list<TextPiece> message) {
  return error_->set(status, place.text(), message);
}

Status RootReader::wanted(Status status, const Place& place, const char* expected,
                          const char* found) {
  return error_->wanted(status, place.text(), {expected}, {found});
}

Status RootReader::wanted(Status status, const Place& place,
                          std::initializer_list<TextPiece> expected,
                          std::initializer_list<TextPiece> found) {
  return error_->wanted(status, place.text(), expected, found);
}

Status RootReader::wanted_count(Status status, const Place& place, const char* expected,
                                std::uint64_t found) {
  return error_->wanted(status, place.text(), {expected}, {found});
}

Status RootReader::wanted_count(Status status, const Place& place, std::uint64_t expected,
                                std::uint64_t found) {
  return error_->wanted(status, place.text(), {expected}, {found});
}

Status RootReader::wanted_number(Status status, const Place& place, const char* expected,
                                 double found) {
  return error_->wanted(status, place.text(), {expected}, {found});
}

Status RootReader::charge(std::uint64_t bytes, const Place& place) {
  if (bytes > budget_)
    return fail(Status::verify, place, "the section's parts overlap");
  budget_ -= bytes;
  return Status::ok;
}

Status RootReader::text(const flatbuffers::String* source, const Place& place,
                        std::string_view* out, std::size_t max_bytes) {
  *out = {};
  if (source == nullptr) return Status::ok;
  const std::string_view found(source->c_str(), source->size());
  if (found.size() > max_bytes)
    return wanted(Status::limit, place, {"at most ", max_bytes, " bytes"},
                  {found.size(), " bytes"});
  GUARDRANK_TRY(charge(found.size(), place));
  std::size_t offset = 0;
  if (!is_valid_utf8(found, &offset))
    return fail(Status::utf8, place, {"invalid UTF-8 at byte ", offset});
  *out = found;
  return Status::ok;
}

Status RootReader::name(const flatbuffers::String* source, const Place& place,
                        std::string_view* out, std::size_t max_bytes) {
  GUARDRANK_TRY(text(source, place, out, max_bytes));
  if (out->empty()) return wanted(Status::verify, place, "a text", "an empty one");
  return Status::ok;
}

Status RootReader::texts(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* source,
    std::size_t max_count, const Place& place, std::span<const std::string_view>* out) {
  *out = {};
  std::span<std::string_view> copies;
  GUARDRANK_TRY(make(source, max_count, place, &copies));
  for (std::uint32_t i = 0; i < copies.size(); ++i) {
    Place element = place;
    element.set_index(i);
    GUARDRANK_TRY(text(source->Get(i), element, &copies[i]));
  }
  *out = copies;
  return Status::ok;
}

Status RootReader::check_count(std::uint64_t count, std::uint64_t max_count, const Place& place) {
  if (count <= max_count) return Status::ok;
  return wanted(Status::limit, place, {"at most ", max_count}, {count});
}

Status RootReader::check_finite(double value, const Place& place) {
  if (is_finite(value)) return Status::ok;
  return fail(Status::not_finite, place, "wanted a finite number");
}

Status RootReader::check_finite(std::span<const double> values, const Place& place) {
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    if (is_finite(values[i])) continue;
    Place element = place;
    element.set_index(i);
    return check_finite(values[i], element);
  }
  return Status::ok;
}

Status RootReader::check_positive(double value, const Place& place) {
  GUARDRANK_TRY(check_finite(value, place));
  if (value > 0) return Status::ok;
  return wanted(Status::verify, place, {"a number above 0"}, {value});
}

}  // namespace guardrank
