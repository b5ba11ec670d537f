// Reads one FlatBuffers section. The section is copied into the arena, verified there, and only the
// copy is read: whatever happens to the artifact's bytes afterwards, no offset, length or count
// changes between its check and its use.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/flatbuffers.h"

#include "core/artifact/container.h"
#include "core/artifact/place.h"
#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/status.h"

namespace guardrank {

// Opens the container and checks that it holds an artifact of this kind (Status::identifier).
Status open_container_of(ArtifactKind kind, Bytes bytes, Check check, Arena* arena,
                         Container* container, Error* error);

class RootReader {
 public:
  RootReader(Arena* arena, Error* error) : arena_(arena), error_(error) {}

  // Status::verify when the section is missing or malformed, Status::identifier when it is another
  // root. `identifier` has four characters.
  template <typename Root>
  Status open(const Container& container, SectionKind kind, const char* identifier,
              const Root** root) {
    Bytes copy;
    GUARDRANK_TRY(copy_section(container, kind, identifier, &copy));
    flatbuffers::Verifier verifier(copy.data(), copy.size(), limits::flatbuffer_depth,
                                   limits::flatbuffer_tables);
    if (!verifier.VerifyBuffer<Root>(identifier)) return malformed(kind);
    *root = flatbuffers::GetRoot<Root>(copy.data());
    return Status::ok;
  }

  // A text of at most `max_bytes` of valid UTF-8 (Status::limit, Status::utf8). Absent is empty.
  Status text(const flatbuffers::String* source, const Place& place,
              std::string_view* out, std::size_t max_bytes = limits::string_bytes);
  // Likewise, but empty is Status::verify.
  Status name(const flatbuffers::String* source, const Place& place,
              std::string_view* out, std::size_t max_bytes = limits::name_bytes);
  Status texts(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* source,
               std::size_t max_count, const Place& place,
               std::span<const std::string_view>* out);

  // A view of a vector in the private copy. Absent is empty.
  template <typename T>
  Status numbers(const flatbuffers::Vector<T>* source, std::size_t max_count, const Place& place,
                 std::span<const T>* out) {
    *out = {};
    if (source == nullptr || source->size() == 0) return Status::ok;
    GUARDRANK_TRY(check_count(source->size(), max_count, place));
    GUARDRANK_TRY(charge(std::uint64_t{source->size()} * sizeof(T), place));
    if (reinterpret_cast<std::uintptr_t>(source->Data()) % alignof(T) != 0)
      return fail(Status::verify, place, "the vector is not aligned");
    *out = {reinterpret_cast<const T*>(source->Data()), source->size()};
    return Status::ok;
  }

  // Room in the arena for the elements of a vector of tables.
  template <typename Table, typename T>
  Status make(const flatbuffers::Vector<flatbuffers::Offset<Table>>* source,
              std::size_t max_count, const Place& place, std::span<T>* out) {
    *out = {};
    const std::size_t count = source == nullptr ? 0 : source->size();
    GUARDRANK_TRY(check_count(count, max_count, place));
    return allocate(count, out);
  }
  template <typename T>
  Status allocate(std::size_t count, std::span<T>* out) {
    return arena_->make(count, out) == Status::ok ? Status::ok : no_memory();
  }

  Status check_count(std::uint64_t count, std::uint64_t max_count, const Place& place);
  Status check_finite(double value, const Place& place);
  Status check_finite(std::span<const double> values, const Place& place);
  // Finite and above 0.
  Status check_positive(double value, const Place& place);

  // Out of line, and with plain texts where those suffice: every check has such a call.
  Status fail(Status status, const Place& place, const char* message);
  Status fail(Status status, const Place& place, std::initializer_list<TextPiece> message);
  Status wanted(Status status, const Place& place, const char* expected, const char* found);
  Status wanted(Status status, const Place& place, std::initializer_list<TextPiece> expected,
                std::initializer_list<TextPiece> found);
  Status wanted_count(Status status, const Place& place, const char* expected,
                      std::uint64_t found);
  Status wanted_count(Status status, const Place& place, std::uint64_t expected,
                      std::uint64_t found);
  Status wanted_number(Status status, const Place& place, const char* expected, double found);
  Arena* arena() { return arena_; }
  Error* error() { return error_; }

 private:
  Status copy_section(const Container& container, SectionKind kind, const char* identifier,
                      Bytes* copy);
  Status malformed(SectionKind kind);
  Status no_memory();
  // Every byte of a well-made root is read at most once: what is read in all may not exceed its
  // size. Otherwise a small file whose offsets share one long text would cost its product.
  Status charge(std::uint64_t bytes, const Place& place);

  Arena* arena_;
  Error* error_;
  std::uint64_t budget_ = 0;
};

}  // namespace guardrank
