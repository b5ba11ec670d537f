#include "core/artifact/table_reader.h"

#include "core/base/math.h"
#include "core/base/utf8.h"

namespace guardrank {
namespace {

// By Kind: bytes of a scalar, or of an element of a vector.
constexpr std::uint8_t kind_bytes[] = {1, 1, 4, 4, 8, 4, 8, 1, 1, 4, 1, 0, 0, 0, 4};

constexpr bool is_scalar(Kind kind) { return kind <= Kind::f64; }

// `size`: a power of two.
bool is_aligned(std::size_t at, std::size_t size) { return (at & (size - 1)) == 0; }

std::size_t element_bytes(const Row& row) {
  return scalar_bytes(row.kind() == Kind::values ? row.element() : row.kind());
}

const Bounds* bounds_of(std::uint8_t ordinal) {
  return ordinal == 0 ? nullptr : &bounds::all[ordinal - 1];
}

// All spans of constants have one form: where, and how many.
void store_span(std::uint8_t* out, const std::uint8_t* first, std::size_t count) {
  const std::span<const std::uint8_t> view(first, count);
  static_assert(sizeof view == sizeof(std::span<const double>) &&
                std::is_trivially_copyable_v<std::span<const double>>);
  __builtin_memcpy(out, &view, sizeof view);
}

}  // namespace

std::size_t scalar_bytes(Kind kind) { return kind_bytes[static_cast<unsigned>(kind)]; }

double read_number(Kind kind, const void* bytes) {
  std::uint32_t natural = 0;
  std::int32_t integer = 0;
  float narrow = 0;
  double wide = 0;
  switch (kind) {
    case Kind::flag:
    case Kind::u8: return *static_cast<const std::uint8_t*>(bytes);
    case Kind::u32: __builtin_memcpy(&natural, bytes, 4); return natural;
    case Kind::i32: __builtin_memcpy(&integer, bytes, 4); return integer;
    case Kind::f32: __builtin_memcpy(&narrow, bytes, 4); return double{narrow};
    case Kind::f64: __builtin_memcpy(&wide, bytes, 8); return wide;
    default: return 0;
  }
}

Status TableReader::open(const Container& container, SectionKind kind,
                         std::string_view identifier, const Table& table, void* root) {
  const char* name = section_kind_name(kind).data();
  Bytes copy;
  GUARDRANK_TRY(copy_section(section_bytes(container, kind), name, &copy));
  return read(copy, name, identifier, limits::flatbuffer_tables, table, root);
}

Status TableReader::copy_section(Bytes section, const char* name, Bytes* copy) {
  constexpr std::size_t too_many = 0x7fffffff;   // offsets are signed in places
  const std::size_t size = section.size();
  if (size < 8 || size >= too_many)
    return error_->wanted(Status::verify, name, {"a section of 8 bytes to 2 GiB"},
                          {size, " bytes"});
  std::span<std::uint8_t> bytes;
  if (arena_->make_uninitialised(size, &bytes) != Status::ok) return no_memory();
  __builtin_memcpy(bytes.data(), section.data(), size);
  *copy = bytes;
  return Status::ok;
}

Status TableReader::read(Bytes bytes, const char* name, std::string_view identifier,
                         std::uint32_t max_tables, const Table& table, void* root) {
  bytes_ = bytes;
  budget_ = bytes.size();
  tables_left_ = max_tables;
  place.enter(name);
  if (std::string_view(reinterpret_cast<const char*>(bytes.data()) + 4, 4) != identifier)
    return fail(Status::identifier, nullptr, "wanted the root ", identifier);
  std::size_t at = 0;
  GUARDRANK_TRY(follow(0, &at));
  GUARDRANK_TRY(read_table(table, at, static_cast<std::uint8_t*>(root)));
  place.leave();
  return Status::ok;
}

Status TableReader::fail(Status status, const char* member, const char* message) {
  return error_->set(status, place.text(member), {message});
}

Status TableReader::fail(Status status, const char* member, const char* message,
                         std::uint64_t number) {
  return error_->set(status, place.text(member), {message, number});
}

Status TableReader::fail(Status status, const char* member, const char* message,
                         std::string_view quoted) {
  return error_->set(status, place.text(member), {message, "\"", quoted, "\""});
}

Status TableReader::wanted(Status status, const char* member, std::uint64_t expected,
                           const char* unit, std::uint64_t found) {
  return error_->wanted(status, place.text(member), {expected, unit}, {found});
}

Status TableReader::check(const Bounds& bounds, const char* member, double value,
                          const char* unit) {
  if (bounds.holds(value)) return Status::ok;
  const auto below = static_cast<Status>(bounds.below);
  if (!is_finite(value))
    return fail(below == Status::verify ? Status::not_finite : below, member,
                "wanted a finite number");
  const double minimum = bounds.minimum == Bounds::symmetric ? -bounds.maximum : bounds.minimum;
  const TextPiece least =
      bounds.minimum == Bounds::above_zero ? TextPiece("above 0") : TextPiece(minimum);
  const TextPiece most =
      bounds.maximum == bounds::most ? TextPiece("any") : TextPiece(bounds.maximum);
  return error_->wanted(value > bounds.maximum ? static_cast<Status>(bounds.above) : below,
                        place.text(member), {least, " to ", most, unit}, {value, unit});
}

Status TableReader::no_memory() {
  return error_->no_memory("artifact");
}

Status TableReader::malformed() { return fail(Status::verify, nullptr, "malformed"); }

Status TableReader::charge(std::uint64_t bytes) {
  if (bytes > budget_) return fail(Status::verify, nullptr, "the section's parts overlap");
  budget_ -= bytes;
  return Status::ok;
}

// From a reference to what it refers to: further on, and within the bytes.
Status TableReader::follow(std::size_t at, std::size_t* target) {
  const std::uint32_t distance = load<std::uint32_t>(at);
  if (distance == 0 || distance > bytes_.size() - at) return malformed();
  *target = at + distance;
  return Status::ok;
}

Status TableReader::read_vector(std::size_t reference, std::size_t element_bytes,
                                Vector* vector) {
  std::size_t at = 0;
  GUARDRANK_TRY(follow(reference, &at));
  if (!holds(at, 4, 4)) return malformed();
  vector->count = load<std::uint32_t>(at);
  vector->at = at + 4;
  const std::uint64_t n_bytes = std::uint64_t{vector->count} * element_bytes;
  if (n_bytes > bytes_.size() - vector->at) return malformed();
  if (n_bytes != 0 && !is_aligned(vector->at, element_bytes)) return malformed();
  return charge(4 + n_bytes);
}

Status TableReader::begin_table(std::size_t at, std::size_t* vtable) {
  if (!holds(at, 4, 4)) return malformed();
  // Wraps where the distance leads outside, which is then no place within the bytes.
  *vtable = at - static_cast<std::size_t>(std::ptrdiff_t{load<std::int32_t>(at)});
  if (!holds(*vtable, 4, 2)) return malformed();
  const std::size_t vtable_bytes = load<std::uint16_t>(*vtable);
  const std::size_t table_bytes = load<std::uint16_t>(*vtable + 2);
  if (vtable_bytes < 4 || vtable_bytes % 2 != 0 || !holds(*vtable, vtable_bytes, 2) ||
      table_bytes < 4 || !holds(at, table_bytes, 4))
    return malformed();
  if (tables_left_-- == 0) return fail(Status::verify, nullptr, "too many tables");
  return charge(table_bytes);
}

// Null when the member is only verified.
std::uint8_t* TableReader::find_target(const Row& member, std::uint8_t* out) {
  if (member.offset == unread) return nullptr;
  if (member.offset != to_raw_offset) return out + member.offset;
  raw_offset = 0;
  return reinterpret_cast<std::uint8_t*>(&raw_offset);
}

// `out` null: verified only.
Status TableReader::read_table(const Table& table, std::size_t at, std::uint8_t* out) {
  std::size_t vtable = 0;
  GUARDRANK_TRY(begin_table(at, &vtable));
  const std::size_t vtable_bytes = load<std::uint16_t>(vtable);
  const std::size_t table_bytes = load<std::uint16_t>(vtable + 2);
  unsigned selected = UINT8_MAX;
  place.enter(table.names);
  Place::Step& step = place.last();
  for (const Row& member : table.rows) {
    std::size_t field = 0;
    if (member.slot < vtable_bytes) field = load<std::uint16_t>(vtable + member.slot);
    if (field != 0) {
      const std::size_t size = is_scalar(member.kind()) ? element_bytes(member) : 4;
      if (field < 4 || field + size > table_bytes || !is_aligned(at + field, size))
        return malformed();
      field += at;
    }
    std::uint8_t* target = nullptr;
    if (out != nullptr && (member.when == UINT8_MAX || member.when == selected))
      target = find_target(member, out);
    if (field != 0 || target != nullptr || member.flags != 0)
      GUARDRANK_TRY(read_member(table, member, field, target));
    if ((member.flags & Row::selects) != 0 && target != nullptr) selected = *target;
    ++step.ordinal;
  }
  place.leave();
  if (out == nullptr || table.options.finish == nullptr) return Status::ok;
  return table.options.finish(this, out);
}

// `at` 0: absent. `out` null: verified only.
Status TableReader::read_member(const Table& table, const Row& member, std::size_t at,
                                std::uint8_t* out) {
  if (is_scalar(member.kind())) return read_scalar(member, at, out);
  const bool needs_arena =
      member.kind() == Kind::texts || member.kind() == Kind::one || member.kind() == Kind::tables;
  if (needs_arena && arena_ == nullptr) out = nullptr;
  if (at == 0 && (member.flags & Row::is_required) != 0) return malformed();
  if (member.kind() == Kind::text || member.kind() == Kind::label) {
    auto* text = reinterpret_cast<std::string_view*>(out);
    GUARDRANK_TRY(read_text(at, bounds_of(member.bounds), text));
    if (member.kind() == Kind::label && text != nullptr) place.label(*text);
    return Status::ok;
  }
  if (member.kind() == Kind::inner || member.kind() == Kind::one)
    return read_child(*table.children[member.detail], member.kind() == Kind::one, at, out);
  Vector vector;
  if (at != 0) GUARDRANK_TRY(read_vector(at, element_bytes(member), &vector));
  if (out != nullptr && member.bounds != 0)
    GUARDRANK_TRY(check(*bounds_of(member.bounds), nullptr, vector.count));
  if (member.kind() == Kind::values || member.kind() == Kind::digest) {
    GUARDRANK_TRY(read_values(member, vector, out));
  } else if (member.kind() == Kind::texts) {
    GUARDRANK_TRY(read_texts(vector, out));
  } else {
    GUARDRANK_TRY(read_tables(*table.children[member.detail], vector, out));
  }
  place.last().index = Place::no_index;
  place.last().label = {};
  return Status::ok;
}

Status TableReader::read_child(const Table& table, bool stands_alone, std::size_t at,
                               std::uint8_t* out) {
  if (at == 0) return Status::ok;
  if (stands_alone && out != nullptr) {
    std::uint8_t* made = nullptr;
    GUARDRANK_TRY(allocate_tables(table, 1, &made));
    __builtin_memcpy(out, &made, sizeof made);
    out = made;
  }
  GUARDRANK_TRY(follow(at, &at));
  return read_table(table, at, out);
}

Status TableReader::read_scalar(const Row& member, std::size_t at, std::uint8_t* out) {
  if (out == nullptr) return Status::ok;
  if (at != 0) __builtin_memcpy(out, bytes_.data() + at, element_bytes(member));
  if (member.kind() == Kind::flag && *out > 1) *out = 1;
  if (member.bounds == 0) return Status::ok;
  return check(*bounds_of(member.bounds), nullptr, read_number(member.kind(), out));
}

Status TableReader::read_text(std::size_t reference, const Bounds* bounds,
                              std::string_view* out) {
  Vector vector;
  if (reference != 0) {
    GUARDRANK_TRY(read_vector(reference, 1, &vector));
    const std::size_t end = vector.at + vector.count;
    if (end == bytes_.size() || bytes_[end] != 0) return malformed();
  }
  if (out == nullptr) return Status::ok;
  GUARDRANK_TRY(check(*bounds, nullptr, vector.count, " bytes"));
  if (vector.count == 0) return Status::ok;
  *out = {reinterpret_cast<const char*>(bytes_.data()) + vector.at, vector.count};
  std::size_t offset = 0;
  if (is_valid_utf8(*out, &offset)) return Status::ok;
  return fail(Status::utf8, nullptr, "invalid UTF-8 at byte ", offset);
}

Status TableReader::read_texts(const Vector& vector, std::uint8_t* out) {
  std::span<std::string_view> texts;
  if (out != nullptr) {
    GUARDRANK_TRY(allocate(vector.count, &texts));
    *reinterpret_cast<std::span<const std::string_view>*>(out) = texts;
  }
  for (std::uint32_t i = 0; i < vector.count; ++i) {
    place.last().index = i;
    GUARDRANK_TRY(read_text(vector.at + 4 * std::size_t{i}, &bounds::text,
                            out == nullptr ? nullptr : &texts[i]));
  }
  return Status::ok;
}

Status TableReader::read_values(const Row& member, const Vector& vector, std::uint8_t* out) {
  if (out == nullptr || vector.count == 0) return Status::ok;
  const std::uint8_t* first = bytes_.data() + vector.at;
  if (member.kind() == Kind::digest) {
    __builtin_memcpy(out, first, vector.count);
    return Status::ok;
  }
  store_span(out, first, vector.count);
  const Bounds* each = bounds_of(member.detail);
  if (each == nullptr) return Status::ok;
  const std::size_t size = element_bytes(member);
  for (std::uint32_t i = 0; i < vector.count; ++i) {
    const double value = read_number(member.element(), first + i * size);
    if (each->holds(value)) continue;
    place.last().index = i;
    return check(*each, nullptr, value);
  }
  return Status::ok;
}

Status TableReader::allocate_tables(const Table& table, std::uint32_t count,
                                    std::uint8_t** first) {
  if (count > SIZE_MAX / table.options.n_bytes) return no_memory();
  const std::size_t n_bytes = count * table.options.n_bytes;
  *first = static_cast<std::uint8_t*>(arena_->allocate(n_bytes, 8));
  if (*first == nullptr) return no_memory();
  for (std::size_t at = 0; at < n_bytes; at += table.options.n_bytes) {
    if (table.options.blank == nullptr) __builtin_memset(*first + at, 0, table.options.n_bytes);
    else __builtin_memcpy(*first + at, table.options.blank, table.options.n_bytes);
  }
  return Status::ok;
}

Status TableReader::read_tables(const Table& table, const Vector& vector, std::uint8_t* out) {
  std::uint8_t* first = nullptr;
  if (out != nullptr && vector.count != 0) {
    GUARDRANK_TRY(allocate_tables(table, vector.count, &first));
    store_span(out, first, vector.count);
  }
  for (std::uint32_t i = 0; i < vector.count; ++i) {
    place.last().index = i;
    place.last().label = {};
    std::size_t at = 0;
    GUARDRANK_TRY(follow(vector.at + 4 * std::size_t{i}, &at));
    std::uint8_t* one = first == nullptr ? nullptr : first + i * table.options.n_bytes;
    GUARDRANK_TRY(read_table(table, at, one));
    if (first != nullptr && table.options.duplicate != Status::ok)
      GUARDRANK_TRY(check_label(table, first, i));
  }
  return Status::ok;
}

// The label of table `index` is none of those before it.
Status TableReader::check_label(const Table& table, const std::uint8_t* first,
                                std::uint32_t index) {
  first += table.rows.front().offset;
  const auto label = [&](std::uint32_t i) {
    return *reinterpret_cast<const std::string_view*>(first + i * table.options.n_bytes);
  };
  for (std::uint32_t i = 0; i < index; ++i)
    if (label(i) == label(index)) return fail(table.options.duplicate, nullptr, "two of this name");
  return Status::ok;
}

Status TableReader::read_raw(RawSection* section, const char* member, std::uint64_t offset,
                             std::uint64_t count, std::uint64_t element_bytes,
                             const std::uint8_t** out) {
  const std::uint64_t size = section->bytes.size();
  if (offset % section_alignment != 0)
    return fail(Status::verify, member, "not 64-byte aligned: offset ", offset);
  if (offset > size || count > (size - offset) / element_bytes)
    return error_->set(Status::verify, place.text(member),
                       {count, " elements of ", element_bytes, " bytes at ", offset,
                        " leave section ", section->name, " of ", size, " bytes"});
  if (count * element_bytes > section->budget)
    return fail(Status::verify, member, "the section's arrays overlap");
  section->budget -= count * element_bytes;
  *out = section->bytes.data() + offset;
  return Status::ok;
}

}  // namespace guardrank
