// How FlatBuffers tables become plain structs: a row per member says where it stands in the file,
// where it goes and what it may be. TableReader walks the rows; no code is generated per member,
// which is most of what makes reading small. Slots and types are those of the generated headers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/artifact/flatbuffers.h"

#include "core/artifact/bounds.h"
#include "core/artifact/place.h"

namespace guardrank {

class TableReader;
struct Table;

enum class Kind : std::uint8_t {
  flag, u8, u32, i32, i64, f32, f64,   // u8 also for enums, i64 also for unsigned ones
  text,      // string_view into the section
  label,     // likewise, and it names the table in messages
  texts,     // span of string_views, in the arena
  digest,    // bytes copied to an array of their size
  values,    // span of numbers in the section; `element` is their kind
  inner,     // a table read into a member of its owner
  one,       // a table of its own in the arena, and a pointer to it
  tables,    // span of structs, in the arena
};

// Offset of a member that nothing here uses: its structure is verified like any other's.
inline constexpr std::uint16_t unread = UINT16_MAX;
// Of a 64-bit number that goes to TableReader::raw_offset, for the table's finish function.
inline constexpr std::uint16_t to_raw_offset = UINT16_MAX - 1;

// What a row says beyond type and place.
struct MemberOptions {
  const Bounds* bounds = nullptr;   // of the number, of the bytes of a text, of a vector's count
  const Bounds* each = nullptr;     // of the elements of `values`
  const Table* child = nullptr;     // of inner, one and tables
  // The member counts (and is then checked) only where the one that `selects` has this value.
  std::uint8_t when = UINT8_MAX;
  bool selects = false;             // u8
  bool is_required = false;         // not a scalar; absent is Status::verify
  bool is_label = false;            // text
  std::uint16_t offset = unread;    // of GUARDRANK_UNREAD: unread or to_raw_offset
};

// One row as it is written. Only constant evaluation sees these; the module holds Rows.
struct Member {
  const char* name = "";
  MemberOptions options{};
  std::uint8_t slot = 0;            // in the vtable
  Kind kind{};
  Kind element{};
};

// One row, packed.
struct Row {
  std::uint16_t offset = unread;    // in the struct
  std::uint8_t slot = 0;
  std::uint8_t kinds = 0;           // kind, and element * 16
  std::uint8_t bounds = 0;          // ordinal in bounds::all, from 1; 0: none
  std::uint8_t detail = 0;          // likewise of each element; ordinal of the child table
  std::uint8_t when = UINT8_MAX;
  std::uint8_t flags = 0;

  static constexpr std::uint8_t selects = 1, is_required = 2;
  Kind kind() const { return static_cast<Kind>(kinds & 15); }
  Kind element() const { return static_cast<Kind>(kinds >> 4); }
};

// What a table says beyond its members.
struct TableOptions {
  std::size_t n_bytes = 0;          // of the struct, if tables of this kind stand in the arena
  // Absent members keep the values of this constant struct (null: zeros).
  const void* blank = nullptr;
  // What the rows cannot say, once they are read; the reader's place is then the table.
  Status (*finish)(TableReader* reader, void* table) = nullptr;
  // Two tables of one vector with one label, which is then the first member. Status::ok: allowed.
  Status duplicate = Status::ok;
};

// A table of the schema.
struct Table {
  std::span<const Row> rows;
  const char* names = nullptr;             // of the rows, each with its zero byte
  const Table* const* children = nullptr;  // of the rows that have one
  TableOptions options{};
};

namespace table_detail {

template <typename T>
struct VectorElement { using type = void; };
template <typename T>
struct VectorElement<const flatbuffers::Vector<T>*> { using type = T; };
template <typename T>
inline constexpr bool is_offset = false;
template <typename T>
inline constexpr bool is_offset<flatbuffers::Offset<T>> = true;
using TextOffset = flatbuffers::Offset<flatbuffers::String>;

template <typename T>
constexpr Kind scalar_kind() {
  if constexpr (std::is_same_v<T, bool>) return Kind::flag;
  else if constexpr (std::is_same_v<T, float>) return Kind::f32;
  else if constexpr (std::is_same_v<T, double>) return Kind::f64;
  else if constexpr (std::is_same_v<T, std::int32_t>) return Kind::i32;
  else if constexpr (sizeof(T) == 1) return Kind::u8;
  else if constexpr (sizeof(T) == 4) return Kind::u32;
  else return Kind::i64;
}

// From the type that the generated accessor returns.
template <typename Source>
constexpr Kind kind_of() {
  using Element = typename VectorElement<Source>::type;
  if constexpr (!std::is_pointer_v<Source>) return scalar_kind<Source>();
  else if constexpr (std::is_same_v<Source, const flatbuffers::String*>) return Kind::text;
  else if constexpr (std::is_void_v<Element>) return Kind::inner;
  else if constexpr (std::is_same_v<Element, TextOffset>) return Kind::texts;
  else if constexpr (is_offset<Element>) return Kind::tables;
  else return Kind::values;
}

template <typename Source>
constexpr Kind element_of() {
  if constexpr (kind_of<Source>() == Kind::values)
    return scalar_kind<typename VectorElement<Source>::type>();
  else return Kind::u8;
}

template <typename T>
inline constexpr bool is_span = false;
template <typename T>
inline constexpr bool is_span<std::span<const T>> = true;

// Whether a member of the struct can take what the file holds.
template <typename Source, typename Target>
constexpr bool fits() {
  constexpr Kind kind = kind_of<Source>();
  if constexpr (kind == Kind::text) return std::is_same_v<Target, std::string_view>;
  else if constexpr (kind == Kind::texts)
    return std::is_same_v<Target, std::span<const std::string_view>>;
  else if constexpr (kind == Kind::values)
    return std::is_same_v<Target, std::span<const typename VectorElement<Source>::type>> ||
           std::is_same_v<Target, Sha256Digest>;
  else if constexpr (kind == Kind::tables) return is_span<Target>;
  else if constexpr (kind == Kind::inner)
    return std::is_class_v<Target> || std::is_pointer_v<Target>;
  else return sizeof(Source) == sizeof(Target) && !std::is_class_v<Target>;
}

}  // namespace table_detail

template <typename Source>
constexpr Member make_unread(const char* name, unsigned slot, MemberOptions options = {}) {
  return {name, options, static_cast<std::uint8_t>(slot), table_detail::kind_of<Source>(),
          table_detail::element_of<Source>()};
}

template <typename Source, typename Target>
constexpr Member make_member(const char* name, unsigned slot, std::size_t offset,
                             MemberOptions options = {}) {
  static_assert(table_detail::fits<Source, Target>());
  options.offset = static_cast<std::uint16_t>(offset);
  Member member = make_unread<Source>(name, slot, options);
  if (std::is_same_v<Target, Sha256Digest>) member.kind = Kind::digest;
  if (member.kind == Kind::text && options.is_label) member.kind = Kind::label;
  if (member.kind == Kind::inner && std::is_pointer_v<Target>) member.kind = Kind::one;
  if (options.bounds == nullptr && member.kind == Kind::text)
    member.options.bounds = &bounds::text;
  return member;
}

namespace table_detail {

constexpr std::size_t count_names(std::span<const Member> members) {
  std::size_t n = 0;
  for (const Member& member : members)
    n += static_cast<std::size_t>(next_name(member.name) - member.name);
  return n;
}

constexpr std::size_t count_children(std::span<const Member> members) {
  std::size_t n = 0;
  for (const Member& member : members) n += member.options.child != nullptr ? 1 : 0;
  return n;
}

constexpr Row pack(const Member& member) {
  Row row;
  row.offset = member.options.offset;
  row.slot = member.slot;
  row.kinds = static_cast<std::uint8_t>(static_cast<unsigned>(member.kind) |
                                        static_cast<unsigned>(member.element) << 4);
  row.bounds = bounds::ordinal(member.options.bounds);
  row.detail = bounds::ordinal(member.options.each);
  row.when = member.options.when;
  row.flags = static_cast<std::uint8_t>((member.options.selects ? Row::selects : 0) |
                                        (member.options.is_required ? Row::is_required : 0));
  return row;
}

// The constants that a table points to.
template <const auto& members>
struct Packed {
  static constexpr std::size_t n = std::size(members);
  static constexpr auto names = [] {
    std::array<char, count_names(members)> all{};
    std::size_t at = 0;
    for (const Member& member : members)
      for (const char* c = member.name; c != next_name(member.name); ++c) all[at++] = *c;
    return all;
  }();
  static constexpr auto children = [] {
    std::array<const Table*, count_children(members) + 1> all{};
    std::size_t at = 0;
    for (const Member& member : members)
      if (member.options.child != nullptr) all[at++] = member.options.child;
    return all;
  }();
  static constexpr auto rows = [] {
    std::array<Row, n> all{};
    std::uint8_t child = 0;
    for (std::size_t i = 0; i < n; ++i) {
      all[i] = pack(members[i]);
      if (members[i].options.child != nullptr) all[i].detail = child++;
    }
    return all;
  }();
};

}  // namespace table_detail

template <const auto& members>
constexpr Table table_of(TableOptions options = {}) {
  using Packed = table_detail::Packed<members>;
  return {Packed::rows, Packed::names.data(), Packed::children.data(), options};
}

// GUARDRANK_MEMBER(Field, scale, VT_SCALE, Field, scale, {.bounds = &bounds::positive}): member and
// slot of the schema, struct and member here, options.
#define GUARDRANK_MEMBER(Wire, wire, slot, Target, target, ...)                             \
  ::guardrank::make_member<decltype(std::declval<const ::guardrank::schema::Wire&>().wire()), \
                           decltype(Target::target)>(                                       \
      #wire, ::guardrank::schema::Wire::slot, offsetof(Target, target) __VA_OPT__(, ) __VA_ARGS__)
// GUARDRANK_UNREAD(Field, owner, VT_OWNER). Without its name: messages then name the table.
#define GUARDRANK_UNREAD(Wire, wire, slot, ...)                                             \
  ::guardrank::make_unread<decltype(std::declval<const ::guardrank::schema::Wire&>().wire())>( \
      "", ::guardrank::schema::Wire::slot __VA_OPT__(, ) __VA_ARGS__)

// A finish function with its own types.
template <typename Reader, typename T, Status (*finish)(Reader*, T*)>
Status finish_as(TableReader* reader, void* table) {
  return finish(static_cast<Reader*>(reader), static_cast<T*>(table));
}

}  // namespace guardrank
