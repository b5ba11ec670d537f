#include "core/artifact/policy_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

// A default as the file holds it; the column of a fact points into it.
struct StoredDefault {
  double number = 0;
  std::int64_t integer = 0;
  bool boolean = false;
  std::string_view text;
  std::span<const std::string_view> texts;
  std::uint32_t list_offsets[2] = {0, 0};
};

constexpr Bounds n_texts = bounds::at_most(limits::list_elements);
constexpr Member default_members[] = {
    GUARDRANK_MEMBER(FactDefault, number, VT_NUMBER, StoredDefault, number),
    GUARDRANK_MEMBER(FactDefault, integer, VT_INTEGER, StoredDefault, integer),
    GUARDRANK_MEMBER(FactDefault, boolean, VT_BOOLEAN, StoredDefault, boolean),
    GUARDRANK_MEMBER(FactDefault, text, VT_TEXT, StoredDefault, text),
    GUARDRANK_MEMBER(FactDefault, texts, VT_TEXTS, StoredDefault, texts, {.bounds = &n_texts}),
};
constexpr Table default_table = table_of<default_members>({.n_bytes = sizeof(StoredDefault)});

constexpr Bounds sides = bounds::within(0, static_cast<int>(Namespace::pair));
constexpr Bounds types = bounds::within(0, static_cast<int>(FactType::f32_vector));
constexpr Member fact_members[] = {
    GUARDRANK_MEMBER(FactDeclaration, name, VT_NAME, Fact, name,
                     {.bounds = &bounds::name, .is_label = true}),
    GUARDRANK_MEMBER(FactDeclaration, side, VT_SIDE, Fact, space, {.bounds = &sides}),
    GUARDRANK_MEMBER(FactDeclaration, type, VT_TYPE, Fact, type, {.bounds = &types}),
    GUARDRANK_MEMBER(FactDeclaration, protected_fact, VT_PROTECTED_FACT, Fact, is_protected),
    GUARDRANK_MEMBER(FactDeclaration, may_override, VT_MAY_OVERRIDE, Fact, may_override),
    GUARDRANK_MEMBER(FactDeclaration, fallback, VT_FALLBACK, Fact, fallback.present,
                     {.child = &default_table}),
    GUARDRANK_MEMBER(FactDeclaration, reason_text, VT_REASON_TEXT, Fact, reason_text),
    GUARDRANK_MEMBER(FactDeclaration, reason_code, VT_REASON_CODE, Fact, reason_code),
    GUARDRANK_MEMBER(FactDeclaration, adverse_action, VT_ADVERSE_ACTION, Fact, adverse_action),
    GUARDRANK_MEMBER(FactDeclaration, may_be_missing, VT_MAY_BE_MISSING, Fact, may_be_missing),
};

Status finish_default(PolicyReader* reader, StoredDefault* stored, FactType type,
                      Column* column) {
  column->type = type;
  column->n_rows = 1;
  switch (type) {
    case FactType::f64:
      column->numbers = &stored->number;
      return reader->check(bounds::finite, "fallback", stored->number);
    case FactType::i64:
    case FactType::timestamp: column->integers = &stored->integer; break;
    case FactType::boolean:
      column->booleans = reinterpret_cast<const std::uint8_t*>(&stored->boolean);
      break;
    case FactType::string: column->strings = &stored->text; break;
    case FactType::string_list:
      column->strings = stored->texts.data();
      stored->list_offsets[1] = static_cast<std::uint32_t>(stored->texts.size());
      column->list_offsets = stored->list_offsets;
      break;
    case FactType::f32_vector:
      return reader->fail(Status::verify, "fallback", "a vector has no default");
  }
  return Status::ok;
}

Status finish(PolicyReader* reader, Fact* fact) {
  fact->is_declared = true;
  for (const Fact* other = reader->policy->facts.data(); other != fact; ++other)
    if (other->space == fact->space && other->name == fact->name)
      return reader->fail(Status::reference, nullptr, "declared twice");
  // The file's default stood in for the column until the fact's type was known.
  const std::uint8_t* stored = fact->fallback.present;
  fact->fallback = {};
  if (stored == nullptr) return Status::ok;
  return finish_default(reader,
                        reinterpret_cast<StoredDefault*>(const_cast<std::uint8_t*>(stored)),
                        fact->type, &fact->fallback);
}

constexpr Fact blank{};

}  // namespace

const Table fact_table = table_of<fact_members>({
    .n_bytes = sizeof(Fact),
    .blank = &blank,
    .finish = finish_as<PolicyReader, Fact, finish>});

}  // namespace guardrank
