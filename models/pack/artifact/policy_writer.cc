#include "models/pack/artifact/section_builder.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/pack_error.h"
#include "models/schema/policy_generated.h"

namespace guardrank::pack {
namespace {

template <typename T>
using Offsets = std::vector<flatbuffers::Offset<T>>;

schema::FactSide side_of(const Fact& fact) {
  switch (fact.space) {
    case Namespace::context: return schema::FactSide::context;
    case Namespace::candidate: return schema::FactSide::candidate;
    case Namespace::pair: return schema::FactSide::pair;
    default: throw PackError(Status::argument, "facts", "only ctx, offer and pair are declared");
  }
}

flatbuffers::Offset<schema::FactDefault> write_default(Builder* builder, const Column& column) {
  if (column.n_rows == 0) return {};
  const auto one = column.type == FactType::string ? text(builder, column.strings[0])
                                                   : TextOffset();
  flatbuffers::Offset<flatbuffers::Vector<TextOffset>> many;
  if (column.type == FactType::string_list)
    many = optional_texts(builder, {column.strings, column.list_offsets[1]});
  schema::FactDefaultBuilder fallback(*builder);
  if (column.type == FactType::f64) fallback.add_number(column.numbers[0]);
  if (column.type == FactType::i64 || column.type == FactType::timestamp)
    fallback.add_integer(column.integers[0]);
  if (column.type == FactType::boolean) fallback.add_boolean(column.booleans[0] != 0);
  fallback.add_text(one);
  fallback.add_texts(many);
  return fallback.Finish();
}

flatbuffers::Offset<schema::FactDeclaration> write_fact(Builder* builder, const Fact& fact) {
  const auto name = text(builder, fact.name);
  const auto fallback = write_default(builder, fact.fallback);
  const auto reason_text = optional_text(builder, fact.reason_text);
  const auto reason_code = optional_text(builder, fact.reason_code);
  const auto adverse_action = optional_text(builder, fact.adverse_action);
  return schema::CreateFactDeclaration(*builder, name, side_of(fact),
                                       static_cast<schema::PolicyFactType>(fact.type), fallback,
                                       fact.is_protected, fact.may_override, reason_text,
                                       reason_code, adverse_action, fact.may_be_missing);
}

flatbuffers::Offset<schema::Parameter> write_parameter(Builder* builder,
                                                       const Parameter& parameter) {
  const auto name = text(builder, parameter.name);
  const auto owner = optional_text(builder, parameter.owner);
  const auto experiment = optional_text(builder, parameter.experiment);
  return schema::CreateParameter(*builder, name, parameter.value, parameter.minimum,
                                 parameter.maximum, owner, experiment);
}

flatbuffers::Offset<schema::Rule> write_rule(Builder* builder, const Rule& rule) {
  const auto id = text(builder, rule.id);
  const auto expr = text(builder, rule.expr);
  const auto code = optional_text(builder, rule.code);
  const auto shown = optional_text(builder, rule.text);
  const auto adverse = optional_text(builder, rule.adverse_action);
  const auto when = optional_text(builder, rule.when);
  return schema::CreateRule(*builder, id, expr, code, shown, adverse, rule.from, rule.to, when);
}

flatbuffers::Offset<schema::Guardrail> write_guardrail(Builder* builder,
                                                       const Guardrail& guardrail) {
  const auto id = text(builder, guardrail.id);
  const auto expr = text(builder, guardrail.expr);
  const auto code = optional_text(builder, guardrail.code);
  const auto shown = optional_text(builder, guardrail.text);
  return schema::CreateGuardrail(*builder, id, expr, code, shown);
}

flatbuffers::Offset<schema::Term> write_term(Builder* builder, const Term& term) {
  const auto id = text(builder, term.id);
  const auto unit = optional_text(builder, term.unit);
  const auto expr = text(builder, term.expr);
  return schema::CreateTerm(*builder, id, static_cast<schema::TermKind>(term.kind), unit, expr);
}

flatbuffers::Offset<schema::MandatedOffer> write_mandated(Builder* builder,
                                                          const MandatedOffer& mandated) {
  const auto offer = text(builder, mandated.offer);
  const auto when = optional_text(builder, mandated.when);
  return schema::CreateMandatedOffer(*builder, offer, mandated.slot, when);
}

flatbuffers::Offset<schema::Cap> write_cap(Builder* builder, const Cap& cap) {
  const auto fact = text(builder, cap.fact);
  return schema::CreateCap(*builder, fact, cap.max, cap.within);
}

template <typename From, typename To>
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<To>>> write_all(
    Builder* builder, std::span<const From> from,
    flatbuffers::Offset<To> (*write)(Builder*, const From&)) {
  Offsets<To> offsets;
  for (const From& one : from) offsets.push_back(write(builder, one));
  return offsets_vector(builder, offsets);
}

flatbuffers::Offset<schema::Diversity> write_diversity(Builder* builder,
                                                       const Diversity& diversity) {
  if (diversity.facts.empty() && diversity.lambda == 0) return {};
  const auto facts = optional_texts(builder, diversity.facts);
  return schema::CreateDiversity(*builder, facts, diversity.lambda, diversity.within);
}

flatbuffers::Offset<schema::Exploration> write_exploration(Builder* builder,
                                                           const Exploration& exploration) {
  if (exploration.kind == ExplorationKind::none) return {};
  return schema::CreateExploration(*builder,
                                   static_cast<schema::ExplorationKind>(exploration.kind),
                                   exploration.epsilon, exploration.temperature);
}

flatbuffers::Offset<schema::TwoStage> write_two_stage(Builder* builder, const TwoStage& stages) {
  if (!stages.is_set) return {};
  return schema::CreateTwoStage(*builder, stages.budget_us, stages.fixed_us, stages.c1_us,
                                stages.c2_us, stages.min_value_recall,
                                stages.measured_value_recall);
}

}  // namespace

AlignedBytes write_policy(const Policy& policy) {
  Builder builder;
  const auto facts = write_all(&builder, policy.facts, write_fact);
  const auto parameters = write_all(&builder, policy.parameters, write_parameter);
  const auto rules = write_all(&builder, policy.rules, write_rule);
  const auto guardrails = write_all(&builder, policy.guardrails, write_guardrail);
  const auto terms = write_all(&builder, policy.terms, write_term);
  const auto mandated = write_all(&builder, policy.mandated, write_mandated);
  const auto caps = write_all(&builder, policy.caps, write_cap);
  const auto diversity = write_diversity(&builder, policy.diversity);
  const auto exploration = write_exploration(&builder, policy.exploration);
  const auto two_stage = write_two_stage(&builder, policy.two_stage);
  const auto name = text(&builder, policy.name);
  const auto version = text(&builder, policy.version);
  const auto source = optional_text(&builder, policy.source);
  schema::FinishPolicyBuffer(
      builder, schema::CreatePolicy(builder, name, version, facts, parameters, rules, guardrails,
                                    terms, mandated, caps, diversity, exploration, two_stage, 0,
                                    source));
  const NewSection root{SectionKind::root, finished(builder)};
  return write_container(ArtifactKind::policy, {&root, 1});
}

}  // namespace guardrank::pack
