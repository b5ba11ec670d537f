#include "core/record/comparison.h"

#include "core/artifact/table_reader.h"

namespace guardrank {
namespace {

using PathText = Text<Error::max_part_bytes>;

// What a message shows of a value; `number` holds it where it is kept otherwise.
TextPiece shown(Kind kind, const std::uint8_t* value, double* number) {
  if (kind == Kind::text) return *reinterpret_cast<const std::string_view*>(value);
  if (kind == Kind::i64) return *reinterpret_cast<const std::int64_t*>(value);
  *number = read_number(kind, value);
  return *number;
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
    double recorded = 0, now_found = 0;
    result->first_difference.assign({place.view(), path, more, ": ", shown(kind, a, &recorded),
                                     " recorded, ", shown(kind, b, &now_found), " now"});
    return false;
  }
  PathText element_path(const Row& member, const char* name, std::size_t index) const;
  PathText cell_path(std::string_view kind, std::span<const std::string_view> names,
                     std::size_t index, std::string_view figure) const;
  bool same_list(const Table& table, const Row& member, const char* name, const std::uint8_t* a,
                 const std::uint8_t* b);
  // From row `first` on.
  bool same_table(const Table& table, std::size_t first, const std::uint8_t* a,
                  const std::uint8_t* b);
};

// Of a vector that holds ranked rows times columns, by row: as in the JSON form.
PathText Comparison::cell_path(std::string_view kind, std::span<const std::string_view> names,
                               std::size_t index, std::string_view figure) const {
  return {"ranked[", index / names.size(), "].", kind, ".", names[index % names.size()], figure};
}

PathText Comparison::element_path(const Row& member, const char* name,
                                  std::size_t index) const {
  constexpr std::string_view stages[] = {"candidates", "eligible", "retrieved", "scored",
                                         "removed", "is_two_stage", "is_raised"};
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
  return {name, "[", index, "]"};
}

// The lists now are as this program writes them; a damaged record may hold other numbers of values.
bool Comparison::same_list(const Table& table, const Row& member, const char* name,
                           const std::uint8_t* a, const std::uint8_t* b) {
  std::span<const std::uint8_t> recorded, written;
  __builtin_memcpy(&recorded, a, sizeof recorded);
  __builtin_memcpy(&written, b, sizeof written);
  const auto n_recorded = static_cast<std::int64_t>(recorded.size());
  const auto n_written = static_cast<std::int64_t>(written.size());
  if (!same(Kind::i64, name, " (count)",
            reinterpret_cast<const std::uint8_t*>(&n_recorded),
            reinterpret_cast<const std::uint8_t*>(&n_written)))
    return false;
  const bool are_texts = member.kind() == Kind::texts, are_tables = member.kind() == Kind::tables;
  const Table* child = are_tables ? table.children[member.detail] : nullptr;
  const Kind kind = are_texts ? Kind::text : member.element();
  const std::size_t size = are_texts    ? sizeof(std::string_view)
                           : are_tables ? child->options.n_bytes
                                        : scalar_bytes(kind);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const std::uint8_t* x = recorded.data() + i * size;
    const std::uint8_t* y = written.data() + i * size;
    if (are_tables) {
      place.assign({name, "[", i, "]."});
      if (!same_table(*child, 0, x, y)) return false;
      place.clear();
    } else if (!is_same(kind, x, y)) {
      return same(kind, element_path(member, name, i), "", x, y);
    }
  }
  return true;
}

bool Comparison::same_table(const Table& table, std::size_t first, const std::uint8_t* a,
                            const std::uint8_t* b) {
  const char* name = table.names;
  for (std::size_t i = 0; i < table.rows.size(); ++i, name = next_name(name)) {
    const Row& member = table.rows[i];
    if (i < first) continue;
    const std::uint8_t* x = a + member.offset;
    const std::uint8_t* y = b + member.offset;
    const bool is_list = member.kind() > Kind::label;
    if (is_list ? !same_list(table, member, name, x, y) : !same(member.kind(), name, "", x, y))
      return false;
  }
  return true;
}

}  // namespace

bool is_same_record(const RecordRoot& recorded, const RecordRoot& now, ReplayResult* result) {
  return Comparison{now, result}.same_table(record_table, n_not_compared,
                                            reinterpret_cast<const std::uint8_t*>(&recorded),
                                            reinterpret_cast<const std::uint8_t*>(&now));
}

}  // namespace guardrank
