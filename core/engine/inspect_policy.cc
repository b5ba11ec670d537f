#include "core/base/number_text.h"
#include "core/engine/inspect.h"

namespace guardrank {
namespace {

constexpr std::string_view term_kind_names[] = {"revenue", "penalty", "bonus"};
constexpr std::string_view exploration_names[] = {"none", "epsilon", "plackett_luce"};

void inspect_fact(const Fact& fact, JsonWriter* json) {
  Text<Error::max_message_bytes> name{namespace_name(fact.space), ".", fact.name};
  json->begin_object();
  json->key("name").string(name);
  json->key("type").string(fact_type_name(fact.type));
  json->key("has_default").boolean(fact.fallback.n_rows != 0);
  json->key("protected").boolean(fact.is_protected);
  json->key("override").boolean(fact.may_override);
  if (!fact.may_be_missing) json->key("missing").boolean(false);
  if (!fact.reason_code.empty()) json->key("code").string(fact.reason_code);
  if (!fact.reason_text.empty()) json->key("text").string(fact.reason_text);
  if (!fact.adverse_action.empty()) json->key("adverse_action").string(fact.adverse_action);
  json->end_object();
}

void inspect_parameter(const Parameter& parameter, JsonWriter* json) {
  json->begin_object();
  json->key("name").string(parameter.name);
  json->key("value").number(parameter.value);
  json->key("min").number(parameter.minimum);
  json->key("max").number(parameter.maximum);
  json->key("owner").string(parameter.owner);
  json->key("experiment").string(parameter.experiment);
  json->end_object();
}

void inspect_time(std::string_view key, std::int64_t micros, std::int64_t unbounded,
                  JsonWriter* json) {
  if (micros == unbounded) return;
  char text[max_number_text_bytes];
  json->key(key).string({text, write_timestamp(micros, text)});
}

void inspect_rule(const Rule& rule, JsonWriter* json) {
  json->begin_object();
  json->key("id").string(rule.id);
  json->key("expr").string(rule.expr);
  json->key("code").string(rule.code);
  json->key("text").string(rule.text);
  if (!rule.when.empty()) json->key("when").string(rule.when);
  if (!rule.adverse_action.empty()) json->key("adverse_action").string(rule.adverse_action);
  inspect_time("from", rule.from, always_from, json);
  inspect_time("to", rule.to, always_to, json);
  json->end_object();
}

void inspect_guardrail(const Guardrail& guardrail, JsonWriter* json) {
  json->begin_object();
  json->key("id").string(guardrail.id);
  json->key("expr").string(guardrail.expr);
  json->key("code").string(guardrail.code);
  json->key("text").string(guardrail.text);
  json->end_object();
}

void inspect_term(const Term& term, JsonWriter* json) {
  json->begin_object();
  json->key("id").string(term.id);
  json->key("kind").string(term_kind_names[static_cast<std::size_t>(term.kind)]);
  json->key("unit").string(term.unit);
  json->key("expr").string(term.expr);
  json->end_object();
}

void inspect_mandate(const MandatedOffer& mandated, JsonWriter* json) {
  json->begin_object();
  json->key("offer").string(mandated.offer);
  json->key("slot").natural(mandated.slot);
  if (!mandated.when.empty()) json->key("when").string(mandated.when);
  json->end_object();
}

void inspect_cap(const Cap& cap, JsonWriter* json) {
  json->begin_object();
  json->key("fact").string(cap.fact);
  json->key("max").natural(cap.max);
  json->key("within").natural(cap.within);
  json->end_object();
}

template <typename Item>
void inspect_all(std::string_view key, std::span<const Item> items,
                 void (*inspect)(const Item&, JsonWriter*), JsonWriter* json) {
  json->key(key).begin_array();
  for (const Item& item : items) inspect(item, json);
  json->end_array();
}

void inspect_placement(const Policy& policy, JsonWriter* json) {
  json->key("placement").begin_object();
  inspect_all("mandated", policy.mandated, inspect_mandate, json);
  inspect_all("caps", policy.caps, inspect_cap, json);
  json->key("diversity").begin_object();
  json->key("facts").begin_array();
  for (const std::string_view fact : policy.diversity.facts) json->string(fact);
  json->end_array();
  json->key("lambda").number(policy.diversity.lambda);
  json->key("within").natural(policy.diversity.within);
  json->end_object();
  const Exploration& exploration = policy.exploration;
  json->key("exploration").begin_object();
  json->key("kind").string(exploration_names[static_cast<std::size_t>(exploration.kind)]);
  json->key("epsilon").number(exploration.epsilon);
  json->key("temperature").number(exploration.temperature);
  json->end_object().end_object();
}

}  // namespace

void inspect_policy(const Policy& policy, JsonWriter* json) {
  json->begin_object();
  json->key("name").string(policy.name);
  json->key("version").string(policy.version);
  inspect_id("id", policy.container.id, json);
  inspect_all("facts", policy.facts, inspect_fact, json);
  inspect_all("parameters", policy.parameters, inspect_parameter, json);
  inspect_all("rules", policy.rules, inspect_rule, json);
  inspect_all("guardrails", policy.guardrails, inspect_guardrail, json);
  inspect_all("terms", policy.terms, inspect_term, json);
  inspect_placement(policy, json);
  json->key("source").string(policy.source);
  json->end_object();
}

}  // namespace guardrank
