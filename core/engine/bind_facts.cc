#include "core/engine/bind_facts.h"

#include <cstring>

#include "core/base/limits.h"
#include "core/calibration/calibration.h"
#include "core/feature/feature.h"

namespace guardrank {
namespace {

// No more facts than this can be added; most are shared, so the bound is generous.
std::uint32_t count_facts(const Model& model, const Policy& policy, const Catalog& catalog) {
  std::size_t count = model.fields.size() + 3 * model.heads.size() + policy.facts.size() +
                      policy.parameters.size() + catalog.columns.size() + 1;
  for (const Field& field : model.fields) count += field.inputs.size();
  return count < limits::facts ? static_cast<std::uint32_t>(count) : limits::facts;
}

Status add_policy_facts(const Policy& policy, FactTable* facts, Error* error) {
  for (const Fact& fact : policy.facts) GUARDRANK_TRY(facts->add(fact, nullptr, error));
  return Status::ok;
}

Status add_parameters(const Policy& policy, Arena* arena, FactTable* facts, Error* error) {
  std::span<double> values;
  if (arena->make(policy.parameters.size(), &values) != Status::ok) {
    return error->no_memory("parameters");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = policy.parameters[i].value;
    Fact fact = fact_of(Namespace::parameter, FactType::f64, policy.parameters[i].name, true);
    fact.fallback.n_rows = 1;
    fact.fallback.numbers = &values[i];
    GUARDRANK_TRY(facts->add(fact, nullptr, error));
  }
  return Status::ok;
}

Status add_time(FactTable* facts, Error* error) {
  return facts->add(fact_of(Namespace::time, FactType::timestamp, "now", true), nullptr, error);
}

// A column that nobody named is added all the same: caps and diversity may use it.
Status bind_column(const CatalogColumn& column, std::uint32_t index, FactTable* facts,
                   Error* error) {
  std::uint32_t ordinal = facts->find(Namespace::candidate, column.name);
  if (ordinal == no_fact) {
    Fact fact = fact_of(Namespace::candidate, column.column.type, column.name, false);
    fact.width = column.column.width;
    GUARDRANK_TRY(facts->add(fact, &ordinal, error));
  }
  Fact& fact = facts->at(ordinal);
  const bool is_vector = fact.type == FactType::f32_vector;
  if (is_vector && fact.width == 0) fact.width = column.column.width;
  if (fact.type != column.column.type || (is_vector && fact.width != column.column.width)) {
    const Text<Error::max_part_bytes> where{"catalog.columns.", column.name};
    return error->wanted(Status::type, where, {fact_type_name(fact.type)},
                         {fact_type_name(column.column.type)});
  }
  fact.catalog_column = index;
  return Status::ok;
}

// `part` and `owner`: who reads it, for the message.
Status check_readable(Namespace space, std::string_view name, std::string_view part,
                      std::string_view owner, const FactTable& facts, Error* error) {
  const std::uint32_t ordinal = facts.find(space, name);
  if (ordinal == no_fact || !facts[ordinal].is_protected) return Status::ok;
  return error->set(Status::protected_fact, Text<Error::max_part_bytes>{"model.", part, owner},
                    {"the policy protects '", namespace_name(space), ".", name,
                     "': no model may read it"});
}

// Crosses read the facts of other fields. A calibrator's segments are picked by a fact as well.
Status check_protected(const Model& model, const FactTable& facts, Error* error) {
  constexpr Namespace spaces[] = {Namespace::context, Namespace::candidate, Namespace::pair};
  for (const Field& field : model.fields) {
    GUARDRANK_TRY(check_readable(spaces[static_cast<std::size_t>(field.side)], field.name,
                                 "fields.", field.name, facts, error));
  }
  for (const Head& head : model.heads) {
    GUARDRANK_TRY(check_readable(Namespace::context, head.segment_field, "heads.", head.name,
                                 facts, error));
  }
  return Status::ok;
}

}  // namespace

Status bind_facts(const Model& model, const Policy& policy, const Catalog& catalog, Arena* arena,
                  FactTable* facts, Error* error) {
  GUARDRANK_TRY(facts->open(count_facts(model, policy, catalog), arena, error));
  GUARDRANK_TRY(add_policy_facts(policy, facts, error));
  GUARDRANK_TRY(add_model_facts(model.fields, facts, error));
  GUARDRANK_TRY(add_calibration_facts(model.heads, facts, error));
  GUARDRANK_TRY(add_parameters(policy, arena, facts, error));
  GUARDRANK_TRY(add_time(facts, error));
  for (std::uint32_t i = 0; i < catalog.columns.size(); ++i) {
    GUARDRANK_TRY(bind_column(catalog.columns[i], i, facts, error));
  }
  return check_protected(model, *facts, error);
}

Status name_facts(const FactTable& facts, Arena* arena, std::span<const std::string_view>* names) {
  std::span<std::string_view> all;
  GUARDRANK_TRY(arena->make(facts.size(), &all));
  for (std::uint32_t i = 0; i < facts.size(); ++i) {
    const std::string_view space = namespace_name(facts[i].space), name = facts[i].name;
    if (facts[i].space == Namespace::time) {   // "now" stands alone
      all[i] = space;
      continue;
    }
    std::span<char> text;
    GUARDRANK_TRY(arena->make(space.size() + 1 + name.size(), &text));
    std::memcpy(text.data(), space.data(), space.size());
    text[space.size()] = '.';
    if (!name.empty()) std::memcpy(&text[space.size() + 1], name.data(), name.size());
    all[i] = {text.data(), text.size()};
  }
  *names = all;
  return Status::ok;
}

}  // namespace guardrank
