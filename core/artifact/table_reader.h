// Reads FlatBuffers tables into plain structs by rows (table.h), checking structure as it goes:
// whatever it accepts, the library's verifier accepts too. A section is copied into the arena first
// and only the copy is read: whatever happens to the artifact's bytes afterwards, no offset, length
// or count changes between its check and its use.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/container.h"
#include "core/artifact/place.h"
#include "core/artifact/table.h"
#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/status.h"

namespace guardrank {

// A section of raw arrays, and how many of its bytes may still be taken.
struct RawSection {
  Bytes bytes;
  const char* name;
  std::uint64_t budget = UINT64_MAX;
};

// Bytes of a scalar.
std::size_t scalar_bytes(Kind kind);
// The number that a scalar's bytes hold; 0 for a kind that is none or holds integers of 64 bits.
double read_number(Kind kind, const void* bytes);

class TableReader {
 public:
  TableReader(Arena* arena, Error* error) : arena_(arena), error_(error) {}

  // The root of a section into `root`, a struct as `table` describes it. Status::verify when the
  // section is missing or malformed, Status::identifier when it is another root (`identifier` has
  // four characters).
  Status open(const Container& container, SectionKind kind, std::string_view identifier,
              const Table& table, void* root);
  // The same of bytes that stay as they are, 8-byte aligned and at least 8. Without an arena the
  // members that need one are verified and left empty. `name` is the first step of places.
  Status read(Bytes bytes, const char* name, std::string_view identifier, std::uint32_t max_tables,
              const Table& table, void* root);

  // All of these report at the reader's place, or at a member of it (`member` may be null).
  Status fail(Status status, const char* member, const char* message);
  Status fail(Status status, const char* member, const char* message, std::uint64_t number);
  Status fail(Status status, const char* member, const char* message, std::string_view quoted);
  // "wanted 3 inputs, found 4".
  Status wanted(Status status, const char* member, std::uint64_t expected, const char* unit,
                std::uint64_t found);
  Status check(const Bounds& bounds, const char* member, double value, const char* unit = "");

  // `count` elements of `element_bytes` at `offset` of a raw section, 64-byte aligned and within
  // its budget, or Status::verify.
  Status read_raw(RawSection* section, const char* member, std::uint64_t offset,
                  std::uint64_t count, std::uint64_t element_bytes, const std::uint8_t** out);

  template <typename T>
  Status allocate(std::size_t count, std::span<T>* out) {
    return arena_->make(count, out) == Status::ok ? Status::ok : no_memory();
  }

  Place place;
  std::uint64_t raw_offset = 0;   // of the table read last that has one: where its array stands

 private:
  struct Vector {
    std::size_t at = 0;         // its first element
    std::uint32_t count = 0;
  };

  template <typename T>
  T load(std::size_t at) const {
    T value;
    __builtin_memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }
  bool holds(std::size_t at, std::size_t n_bytes, std::size_t alignment) const {
    return at % alignment == 0 && at <= bytes_.size() && n_bytes <= bytes_.size() - at;
  }

  Status no_memory();
  Status malformed();
  Status charge(std::uint64_t bytes);
  Status copy_section(Bytes section, const char* name, Bytes* copy);
  Status follow(std::size_t at, std::size_t* target);
  Status read_vector(std::size_t reference, std::size_t element_bytes, Vector* vector);
  Status begin_table(std::size_t at, std::size_t* vtable);
  std::uint8_t* find_target(const Row& member, std::uint8_t* out);
  Status read_table(const Table& table, std::size_t at, std::uint8_t* out);
  Status read_member(const Table& table, const Row& member, std::size_t at, std::uint8_t* out);
  Status read_child(const Table& table, bool stands_alone, std::size_t at, std::uint8_t* out);
  Status read_scalar(const Row& member, std::size_t at, std::uint8_t* out);
  Status read_text(std::size_t reference, const Bounds* bounds, std::string_view* out);
  Status read_texts(const Vector& vector, std::uint8_t* out);
  Status read_values(const Row& member, const Vector& vector, std::uint8_t* out);
  Status read_tables(const Table& table, const Vector& vector, std::uint8_t* out);
  Status check_label(const Table& table, const std::uint8_t* first, std::uint32_t index);
  Status allocate_tables(const Table& table, std::uint32_t count, std::uint8_t** first);

  Arena* arena_;
  Error* error_;
  Bytes bytes_;
  // Every byte of a well-made root is read at most once: what is read in all may not exceed its
  // size. Otherwise a small file whose offsets share one long text would cost its product.
  std::uint64_t budget_ = 0;
  std::uint32_t tables_left_ = 0;
};

}  // namespace guardrank
