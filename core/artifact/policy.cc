#include "core/artifact/policy_reader.h"

namespace guardrank {
namespace {

constexpr Bounds expression = bounds::at_most(limits::expression_bytes);
constexpr Bounds stated_expression = bounds::some(limits::expression_bytes, Status::verify);
constexpr MemberOptions id{.bounds = &bounds::name, .is_label = true};

constexpr Member parameter_members[] = {
    GUARDRANK_MEMBER(Parameter, name, VT_NAME, Parameter, name, id),
    GUARDRANK_MEMBER(Parameter, owner, VT_OWNER, Parameter, owner),
    GUARDRANK_MEMBER(Parameter, experiment, VT_EXPERIMENT, Parameter, experiment),
    GUARDRANK_MEMBER(Parameter, value, VT_VALUE, Parameter, value, {.bounds = &bounds::finite}),
    GUARDRANK_MEMBER(Parameter, minimum, VT_MINIMUM, Parameter, minimum),
    GUARDRANK_MEMBER(Parameter, maximum, VT_MAXIMUM, Parameter, maximum),
};

// Bounds may be infinite: none was stated.
Status finish_parameter(PolicyReader* reader, Parameter* parameter) {
  if (parameter->minimum <= parameter->value && parameter->value <= parameter->maximum)
    return Status::ok;
  return reader->fail(Status::verify, "value", "wanted within its minimum and maximum");
}

constexpr Parameter blank_parameter{};
constexpr Table parameter_table = table_of<parameter_members>({
    .n_bytes = sizeof(Parameter),
    .blank = &blank_parameter,
    .finish = finish_as<PolicyReader, Parameter, finish_parameter>,
    .duplicate = Status::reference});

constexpr Member rule_members[] = {
    GUARDRANK_MEMBER(Rule, id, VT_ID, Rule, id, id),
    GUARDRANK_MEMBER(Rule, expr, VT_EXPR, Rule, expr, {.bounds = &stated_expression}),
    GUARDRANK_MEMBER(Rule, when, VT_WHEN, Rule, when, {.bounds = &expression}),
    GUARDRANK_MEMBER(Rule, code, VT_CODE, Rule, code),
    GUARDRANK_MEMBER(Rule, text, VT_TEXT, Rule, text),
    GUARDRANK_MEMBER(Rule, adverse_action, VT_ADVERSE_ACTION, Rule, adverse_action),
    GUARDRANK_MEMBER(Rule, from, VT_FROM, Rule, from),
    GUARDRANK_MEMBER(Rule, to, VT_TO, Rule, to),
};

Status finish_rule(PolicyReader* reader, Rule* rule) {
  if (rule->from < rule->to) return Status::ok;
  return reader->fail(Status::verify, "to", "wanted later than from");
}

constexpr Rule blank_rule{};
constexpr Table rule_table = table_of<rule_members>({
    .n_bytes = sizeof(Rule),
    .blank = &blank_rule,
    .finish = finish_as<PolicyReader, Rule, finish_rule>,
    .duplicate = Status::reference});

constexpr Member guardrail_members[] = {
    GUARDRANK_MEMBER(Guardrail, id, VT_ID, Guardrail, id, id),
    GUARDRANK_MEMBER(Guardrail, expr, VT_EXPR, Guardrail, expr, {.bounds = &stated_expression}),
    GUARDRANK_MEMBER(Guardrail, code, VT_CODE, Guardrail, code),
    GUARDRANK_MEMBER(Guardrail, text, VT_TEXT, Guardrail, text),
};
constexpr Table guardrail_table = table_of<guardrail_members>({
    .n_bytes = sizeof(Guardrail),
    .duplicate = Status::reference});

constexpr Bounds term_kinds = bounds::within(0, static_cast<int>(TermKind::bonus));
constexpr Member term_members[] = {
    GUARDRANK_MEMBER(Term, id, VT_ID, Term, id, id),
    GUARDRANK_MEMBER(Term, expr, VT_EXPR, Term, expr, {.bounds = &stated_expression}),
    GUARDRANK_MEMBER(Term, unit, VT_UNIT, Term, unit),
    GUARDRANK_MEMBER(Term, kind, VT_KIND, Term, kind, {.bounds = &term_kinds}),
    GUARDRANK_UNREAD(Term, owner, VT_OWNER),
};
constexpr Table term_table = table_of<term_members>({
    .n_bytes = sizeof(Term),
    .duplicate = Status::reference});

// Placement
constexpr Bounds offer_id = bounds::some(limits::offer_id_bytes, Status::verify);
constexpr Bounds slots = bounds::some(limits::slots, Status::verify);
constexpr Bounds no_or_more_slots = bounds::at_most(limits::slots);
constexpr Member mandated_members[] = {
    GUARDRANK_MEMBER(MandatedOffer, offer, VT_OFFER, MandatedOffer, offer, {.bounds = &offer_id}),
    GUARDRANK_MEMBER(MandatedOffer, when, VT_WHEN, MandatedOffer, when, {.bounds = &expression}),
    GUARDRANK_MEMBER(MandatedOffer, slot, VT_SLOT, MandatedOffer, slot, {.bounds = &slots}),
};
constexpr MandatedOffer blank_mandated{};
constexpr Table mandated_table = table_of<mandated_members>({
    .n_bytes = sizeof(MandatedOffer),
    .blank = &blank_mandated});

constexpr Member cap_members[] = {
    GUARDRANK_MEMBER(Cap, fact, VT_FACT, Cap, fact, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Cap, max, VT_MAX, Cap, max, {.bounds = &no_or_more_slots}),
    GUARDRANK_MEMBER(Cap, within, VT_WITHIN, Cap, within, {.bounds = &slots}),
};
constexpr Table cap_table = table_of<cap_members>({.n_bytes = sizeof(Cap)});

constexpr Bounds n_diversity_facts = bounds::at_most(limits::diversity_facts);
constexpr Member diversity_members[] = {
    GUARDRANK_MEMBER(Diversity, facts, VT_FACTS, Diversity, facts,
                     {.bounds = &n_diversity_facts}),
    GUARDRANK_MEMBER(Diversity, lambda, VT_LAMBDA, Diversity, lambda, {.bounds = &bounds::unit}),
    GUARDRANK_MEMBER(Diversity, within, VT_WITHIN, Diversity, within),
};

Status finish_diversity(PolicyReader* reader, Diversity* diversity) {
  if (diversity->lambda == 0) return Status::ok;
  if (diversity->facts.empty())
    return reader->fail(Status::verify, "facts", "wanted at least one");
  return reader->check(slots, "within", diversity->within);
}

constexpr Table diversity_table = table_of<diversity_members>({
    .finish = finish_as<PolicyReader, Diversity, finish_diversity>});

constexpr Bounds explorations =
    bounds::within(0, static_cast<int>(ExplorationKind::plackett_luce));
constexpr Member exploration_members[] = {
    GUARDRANK_MEMBER(Exploration, kind, VT_KIND, Exploration, kind, {.bounds = &explorations}),
    GUARDRANK_MEMBER(Exploration, epsilon, VT_EPSILON, Exploration, epsilon,
                     {.bounds = &bounds::unit}),
    GUARDRANK_MEMBER(Exploration, temperature, VT_TEMPERATURE, Exploration, temperature,
                     {.bounds = &bounds::positive}),
};
constexpr Table exploration_table = table_of<exploration_members>();

constexpr double most_us = 1e12;   // over 11 days
constexpr Bounds time = bounds::within(0, most_us);
constexpr Bounds some_time = bounds::within(Bounds::above_zero, most_us);
constexpr Member two_stage_members[] = {
    GUARDRANK_MEMBER(TwoStage, budget_us, VT_BUDGET_US, TwoStage, budget_us, {.bounds = &time}),
    GUARDRANK_MEMBER(TwoStage, fixed_us, VT_FIXED_US, TwoStage, fixed_us, {.bounds = &time}),
    GUARDRANK_MEMBER(TwoStage, c1_us, VT_C1_US, TwoStage, c1_us, {.bounds = &time}),
    GUARDRANK_MEMBER(TwoStage, c2_us, VT_C2_US, TwoStage, c2_us, {.bounds = &some_time}),
    GUARDRANK_MEMBER(TwoStage, min_value_recall, VT_MIN_VALUE_RECALL, TwoStage, min_value_recall,
                     {.bounds = &bounds::unit}),
    GUARDRANK_MEMBER(TwoStage, measured_value_recall, VT_MEASURED_VALUE_RECALL, TwoStage,
                     measured_value_recall, {.bounds = &bounds::unit}),
};

Status finish_two_stage(PolicyReader*, TwoStage* two_stage) {
  two_stage->is_set = true;
  return Status::ok;
}

constexpr Table two_stage_table = table_of<two_stage_members>({
    .finish = finish_as<PolicyReader, TwoStage, finish_two_stage>});

// Read with the full rule language.
constexpr Member pack_members[] = {
    GUARDRANK_UNREAD(JurisdictionPack, id, VT_ID, {.is_required = true}),
    GUARDRANK_UNREAD(JurisdictionPack, fact, VT_FACT),
    GUARDRANK_UNREAD(JurisdictionPack, values, VT_VALUES),
    GUARDRANK_UNREAD(JurisdictionPack, rules, VT_RULES, {.child = &rule_table}),
};
constexpr Table pack_table = table_of<pack_members>();

constexpr Bounds n_facts = bounds::at_most(limits::facts);
constexpr Bounds n_parameters = bounds::at_most(limits::parameters);
constexpr Bounds n_rules = bounds::at_most(limits::rules);
constexpr Bounds n_guardrails = bounds::at_most(limits::guardrails);
constexpr Bounds n_terms = bounds::at_most(limits::terms);
constexpr Bounds n_mandated = bounds::at_most(limits::mandated_offers);
constexpr Bounds n_caps = bounds::at_most(limits::caps);
constexpr Member policy_members[] = {
    GUARDRANK_MEMBER(Policy, name, VT_NAME, Policy, name, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Policy, version, VT_VERSION, Policy, version, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Policy, source, VT_SOURCE, Policy, source, {.bounds = &bounds::document}),
    GUARDRANK_MEMBER(Policy, facts, VT_FACTS, Policy, facts,
                     {.bounds = &n_facts, .child = &fact_table}),
    GUARDRANK_MEMBER(Policy, parameters, VT_PARAMETERS, Policy, parameters,
                     {.bounds = &n_parameters, .child = &parameter_table}),
    GUARDRANK_MEMBER(Policy, rules, VT_RULES, Policy, rules,
                     {.bounds = &n_rules, .child = &rule_table}),
    GUARDRANK_MEMBER(Policy, guardrails, VT_GUARDRAILS, Policy, guardrails,
                     {.bounds = &n_guardrails, .child = &guardrail_table}),
    GUARDRANK_MEMBER(Policy, terms, VT_TERMS, Policy, terms,
                     {.bounds = &n_terms, .child = &term_table}),
    GUARDRANK_MEMBER(Policy, mandated, VT_MANDATED, Policy, mandated,
                     {.bounds = &n_mandated, .child = &mandated_table}),
    GUARDRANK_MEMBER(Policy, caps, VT_CAPS, Policy, caps,
                     {.bounds = &n_caps, .child = &cap_table}),
    GUARDRANK_MEMBER(Policy, diversity, VT_DIVERSITY, Policy, diversity,
                     {.child = &diversity_table}),
    GUARDRANK_MEMBER(Policy, exploration, VT_EXPLORATION, Policy, exploration,
                     {.child = &exploration_table}),
    GUARDRANK_MEMBER(Policy, two_stage, VT_TWO_STAGE, Policy, two_stage,
                     {.child = &two_stage_table}),
    GUARDRANK_UNREAD(Policy, jurisdiction_packs, VT_JURISDICTION_PACKS, {.child = &pack_table}),
};
constexpr Table policy_table = table_of<policy_members>();

}  // namespace

Status open_policy(Bytes bytes, Check check, Arena* arena, Policy* policy, Error* error) {
  PolicyReader reader(arena, error);
  Policy opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::policy, bytes, check, arena, &opened.container,
                                  error));
  reader.policy = &opened;
  GUARDRANK_TRY(reader.open(opened.container, SectionKind::root, schema::PolicyIdentifier(),
                            policy_table, &opened));
  *policy = opened;
  return Status::ok;
}

}  // namespace guardrank
