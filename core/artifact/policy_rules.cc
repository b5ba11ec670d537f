#include "core/artifact/policy_reader.h"

namespace guardrank {
namespace {

Status read_rule(const schema::Rule& source, Place* place, RootReader* reader, Rule* rule) {
  GUARDRANK_TRY(reader->name(source.id(), Place(*place, "id"), &rule->id));
  place->set_label(rule->id);
  GUARDRANK_TRY(read_expression(source.expr(), true, Place(*place, "expr"), reader, &rule->expr));
  GUARDRANK_TRY(read_expression(source.when(), false, Place(*place, "when"), reader,
                                &rule->when));
  GUARDRANK_TRY(reader->text(source.code(), Place(*place, "code"), &rule->code));
  GUARDRANK_TRY(reader->text(source.text(), Place(*place, "text"), &rule->text));
  GUARDRANK_TRY(reader->text(source.adverse_action(), Place(*place, "adverse_action"),
                             &rule->adverse_action));
  rule->from = source.from();
  rule->to = source.to();
  if (rule->from < rule->to) return Status::ok;
  return reader->wanted(Status::verify, Place(*place, "to"), {"after ", rule->from}, {rule->to});
}

Status read_guardrail(const schema::Guardrail& source, Place* place, RootReader* reader,
                      Guardrail* guardrail) {
  GUARDRANK_TRY(reader->name(source.id(), Place(*place, "id"), &guardrail->id));
  place->set_label(guardrail->id);
  GUARDRANK_TRY(
      read_expression(source.expr(), true, Place(*place, "expr"), reader, &guardrail->expr));
  GUARDRANK_TRY(reader->text(source.code(), Place(*place, "code"), &guardrail->code));
  return reader->text(source.text(), Place(*place, "text"), &guardrail->text);
}

Status read_term(const schema::Term& source, Place* place, RootReader* reader, Term* term) {
  GUARDRANK_TRY(reader->name(source.id(), Place(*place, "id"), &term->id));
  place->set_label(term->id);
  GUARDRANK_TRY(read_expression(source.expr(), true, Place(*place, "expr"), reader, &term->expr));
  GUARDRANK_TRY(reader->text(source.unit(), Place(*place, "unit"), &term->unit));
  if (source.kind() > schema::TermKind::bonus)
    return reader->fail(Status::verify, Place(*place, "kind"), "unknown kind of term");
  term->kind = static_cast<TermKind>(source.kind());
  return Status::ok;
}

template <typename Table, typename T>
Status read_all(const flatbuffers::Vector<flatbuffers::Offset<Table>>* source,
                std::size_t max_count, const char* kind, RootReader* reader,
                Status (*read)(const Table&, Place*, RootReader*, T*),
                std::string_view T::*id, std::span<const T>* out) {
  const Place root("root");
  std::span<T> all;
  GUARDRANK_TRY(reader->make(source, max_count, Place(root, kind), &all));
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    Place place(root, kind, i);
    GUARDRANK_TRY(read(*source->Get(i), &place, reader, &all[i]));
  }
  *out = all;
  return check_unique(*out, id, root, kind, reader);
}

}  // namespace

Status read_rules(const schema::Policy& source, RootReader* reader, Policy* policy) {
  return read_all(source.rules(), limits::rules, "rules", reader, read_rule, &Rule::id,
                  &policy->rules);
}

Status read_guardrails(const schema::Policy& source, RootReader* reader, Policy* policy) {
  return read_all(source.guardrails(), limits::guardrails, "guardrails", reader, read_guardrail,
                  &Guardrail::id, &policy->guardrails);
}

Status read_terms(const schema::Policy& source, RootReader* reader, Policy* policy) {
  return read_all(source.terms(), limits::terms, "terms", reader, read_term, &Term::id,
                  &policy->terms);
}

}  // namespace guardrank
