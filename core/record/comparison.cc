#include "core/record/comparison.h"

#include "core/artifact/table_reader.h"

namespace guardrank {
namespace {

using PathText = Text<Error::max_part_bytes>;

// What a message shows of a value.
TextPiece shown(Kind kind, const std::uint8_t* value) {
  if (kind == Kind::text) return *reinterpret_cast<const std::string_view*>(value);
  if (kind == Kind::i64) return *reinterpret_cast<const std::int64_t*>(value);
  return read_number(kind, value);
}

bool is_same(Kind kind, const std::uint8_t* a, const std::uint8_t* b) {
  if (kind != Kind::text) return __builtin_memcmp(a, b, scalar_bytes(kind)) == 0;
  return *reinterpret_cast<const std::string_view*>(a) ==
         *reinterpret_cast<const std::string_view*>(b);
}

// Walks the rows of a table over the structs of both records.
struct Comparison {
  const RecordRoot& now;
  ReplayResult* result;
  PathText place{};   // of the table compared: "ranked[2]."; empty for the record itself

  // Keeps the first difference, at the path that its parts make.
  bool same(Kind kind, std::string_view path, std::string_view more, const std::uint8_t* a,
            const std::uint8_t* b) {
    if (is_same(kind, a, b)) return true;
    result->first_difference.assign({place.view(), path, more, ": ", shown(kind, a),
                                     " recorded, ", shown(kind, b), " now"});
    return false;
  }
  PathText element_path(const Member& member, std::size_t index) const;
  PathText cell_path(std::string_view kind, std::span<const std::string_view> names,
                     std::size_t index, std::string_view figure) const;
  bool same_list(const Member& member, const std::uint8_t* a, const std::uint8_t* b);
  bool same_table(std::span<const Member> members, const std::uint8_t* a, const std::uint8_t* b);
};

// Of a vector that holds ranked rows times columns, by row: as in the JSON form.
PathText Comparison::cell_path(std::string_view kind, std::span<const std::string_view> names,
                               std::size_t index, std::string_view figure) const {
  return {"ranked[", index / names.size(), "].", kind, ".", names[index % names.size()], figure};
}

PathText Comparison::element_path(const Member& member, std::size_t index) const {
  constexpr std::string_view stages[] = {"candidates", "eligible", "retrieved", "scored",
                                         "removed"};
  if (place.view().empty()) {
    switch (member.offset) {
      case offsetof(RecordRoot, stages): return {"stages.", stages[index]};
      case offsetof(RecordRoot, logits): return cell_path("heads", now.heads, index, ".logit");
      case offsetof(RecordRoot, probabilities):
        return cell_path("heads", now.heads, index, ".probability");
      case offsetof(RecordRoot, term_micros):
        return cell_path("terms", now.terms, index, ".micros");
      default: break;
    }
  }
  return {member.name, "[", index, "]"};
}

// The lists now are as this program writes them; a damaged record may hold other numbers of values.
bool Comparison::same_list(const Member& member, const std::uint8_t* a, const std::uint8_t* b) {
  std::span<const std::uint8_t> recorded, written;
  __builtin_memcpy(&recorded, a, sizeof recorded);
  __builtin_memcpy(&written, b, sizeof written);
  const auto n_recorded = static_cast<std::int64_t>(recorded.size());
  const auto n_written = static_cast<std::int64_t>(written.size());
  if (!same(Kind::i64, member.name, " (count)",
            reinterpret_cast<const std::uint8_t*>(&n_recorded),
            reinterpret_cast<const std::uint8_t*>(&n_written)))
    return false;
  const auto* table = static_cast<const Table*>(member.detail);
  const bool are_texts = member.kind == Kind::texts;
  const Kind kind = are_texts ? Kind::text : member.element;
  std::size_t size = are_texts ? sizeof(std::string_view) : scalar_bytes(kind);
  if (member.kind == Kind::tables) size = table->n_bytes;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const std::uint8_t* x = recorded.data() + i * size;
    const std::uint8_t* y = written.data() + i * size;
    if (member.kind == Kind::tables) {
      place.assign({member.name, "[", i, "]."});
      if (!same_table(table->members, x, y)) return false;
      place.clear();
    } else if (!is_same(kind, x, y)) {
      return same(kind, element_path(member, i), "", x, y);
    }
  }
  return true;
}

bool Comparison::same_table(std::span<const Member> members, const std::uint8_t* a,
                            const std::uint8_t* b) {
  for (const Member& member : members) {
    const std::uint8_t* x = a + member.offset;
    const std::uint8_t* y = b + member.offset;
    const bool is_list = member.kind > Kind::label;
    if (is_list ? !same_list(member, x, y)
                : !same(member.kind, member.name, "", x, y))
      return false;
  }
  return true;
}

}  // namespace

bool is_same_record(const RecordRoot& recorded, const RecordRoot& now, ReplayResult* result) {
  return Comparison{now, result}.same_table(recorded_outcomes,
                                            reinterpret_cast<const std::uint8_t*>(&recorded),
                                            reinterpret_cast<const std::uint8_t*>(&now));
}

}  // namespace guardrank
