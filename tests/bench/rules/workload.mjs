// Twenty rules and eight terms as card marketplaces write them, and offers to run them over, drawn
// with a fixed seed. Each expression is CEL; `zen` is the same in GoRules Zen's language where that
// is written otherwise. Usage: node workload.mjs FOLDER writes workload.json and request.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Facts by name, with the types of core/frame/column.h. */
const facts = {
  "ctx.age": "i64", "ctx.state": "string", "ctx.income": "f64", "ctx.credit_band": "i64",
  "ctx.existing_debt": "f64", "ctx.requested": "f64", "ctx.member": "bool",
  "ctx.inquiries": "i64", "ctx.held_issuers": "string[]",
  "offer.name": "string", "offer.kind": "string", "offer.issuer": "string",
  "offer.network": "string", "offer.min_age": "i64", "offer.max_age": "i64",
  "offer.min_band": "i64", "offer.min_income": "f64", "offer.closed_states": "string[]",
  "offer.tags": "string[]", "offer.is_secured": "bool", "offer.apr": "f64",
  "offer.min_amount": "f64", "offer.max_amount": "f64", "offer.limit": "f64",
  "offer.annual_fee": "f64", "offer.seen": "i64", "offer.max_inquiries": "i64",
  "offer.cpc": "f64", "offer.cpa": "f64", "offer.clawback_rate": "f64", "offer.exposure": "f64",
};
/** What the model would have computed; travels with the offers as p_click and so on. */
const outcomes = ["p.click", "p.approve", "reach.click", "reach.apply", "reach.approve",
  "value.spend"];
const parameters = {
  apr_cap: 0.36, rejection_cost: 4.0, repeat_cost: 0.05, spend_share: 0.0015, exposure_target: 0.4,
  exposure_weight: 0.75, fit_weight: 0.2,
};

const rules = [
  { id: "min_age", cel: "ctx.age >= offer.min_age" },
  { id: "max_age", cel: "ctx.age <= offer.max_age" },
  { id: "band", cel: "ctx.credit_band >= offer.min_band" },
  { id: "income", cel: "!has(offer.min_income) || ctx.income >= offer.min_income",
    zen: "offer.min_income == null or ctx.income >= offer.min_income" },
  { id: "closed", cel: "!(ctx.state in offer.closed_states)",
    zen: "not (ctx.state in offer.closed_states)" },
  { id: "licensed", cel: "ctx.state in ['CA', 'NY', 'TX', 'WA', 'FL', 'IL', 'OR', 'AZ', 'NV']" },
  { id: "kind", cel: "offer.kind in ['cash_back', 'travel', 'balance_transfer', 'student']" },
  { id: "secured", cel: "!offer.is_secured || ctx.credit_band <= 1",
    zen: "not offer.is_secured or ctx.credit_band <= 1" },
  { id: "apr", cel: "offer.apr <= param.apr_cap" },
  { id: "state_apr", cel: "ctx.state != 'AR' || offer.apr <= 0.17",
    zen: "ctx.state != 'AR' or offer.apr <= 0.17" },
  { id: "amount", cel: "ctx.requested >= offer.min_amount && ctx.requested <= offer.max_amount",
    zen: "ctx.requested >= offer.min_amount and ctx.requested <= offer.max_amount" },
  { id: "debt", cel: "(ctx.existing_debt + offer.limit * 0.05) / ctx.income <= 0.43" },
  { id: "student", cel: "offer.kind != 'student' || (ctx.age >= 18 && ctx.age < 26)",
    zen: "offer.kind != 'student' or (ctx.age >= 18 and ctx.age < 26)" },
  { id: "held", cel: "!(offer.issuer in ctx.held_issuers)",
    zen: "not (offer.issuer in ctx.held_issuers)" },
  { id: "seen", cel: "offer.seen < 7" },
  { id: "network",
    cel: "offer.network == 'visa' || offer.network == 'mastercard' || ctx.member",
    zen: "offer.network == 'visa' or offer.network == 'mastercard' or ctx.member" },
  { id: "fee", cel: "offer.annual_fee == 0.0 || ctx.income > 60000.0",
    zen: "offer.annual_fee == 0 or ctx.income > 60000" },
  { id: "test_offer", cel: "!offer.name.startsWith('test_')",
    zen: "not startsWith(offer.name, 'test_')" },
  { id: "inquiries", cel: "ctx.inquiries <= offer.max_inquiries" },
  { id: "prime", cel: "ctx.credit_band >= 3 || !offer.tags.exists(t, t == 'prime')",
    zen: "ctx.credit_band >= 3 or not some(offer.tags, # == 'prime')" },
];
const terms = [
  { id: "revenue", cel: "offer.cpc * reach.click + offer.cpa * reach.approve" },
  { id: "clawback", cel: "offer.cpa * offer.clawback_rate * reach.approve" },
  { id: "rejection_risk", cel: "reach.apply * (1.0 - p.approve) * param.rejection_cost" },
  { id: "fatigue", cel: "double(offer.seen) * param.repeat_cost * p.click",
    zen: "offer.seen * param.repeat_cost * p.click" },
  { id: "long_term", cel: "reach.approve * value.spend * param.spend_share" },
  { id: "favourite", cel: "offer.kind == 'travel' ? 0.5 * reach.click : 0.0" },
  { id: "exposure_gap", cel: "offer.exposure < param.exposure_target"
    + " ? (param.exposure_target - offer.exposure) * param.exposure_weight : 0.0" },
  { id: "fit", cel: "(offer.limit - ctx.requested) / offer.limit * param.fit_weight * p.approve" },
];

/** Marsaglia's xorshift with 32 bits; numbers in [0, 1). */
function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

const random = generator(20261122);
const whole = (low, high) => low + Math.floor(random() * (high - low + 1));
const pick = (list) => list[whole(0, list.length - 1)];
// Never whole: JSON has one kind of number, CEL has two.
const between = (low, high) => low + random() * (high - low) + 1e-7;
const states = ["CA", "NY", "TX", "WA", "FL", "IL", "OR", "AZ", "NV", "VT", "ME", "AR"];
const some = (list, most) => [...new Set(Array.from({ length: whole(0, most) }, () => pick(list)))];

function drawOffer(row) {
  const kind = pick(["cash_back", "travel", "balance_transfer", "student", "business"]);
  const click = between(0.01, 0.3), apply = between(0.05, 0.5), approve = between(0.1, 0.9);
  return {
    name: `${random() < 0.05 ? "test_" : ""}${kind}_card_${row}`,
    kind, issuer: `issuer ${whole(0, 39)}`,
    network: pick(["visa", "mastercard", "amex", "discover"]),
    min_age: pick([18, 18, 18, 21]), max_age: pick([99, 99, 75, 30]), min_band: whole(0, 3),
    ...(random() < 0.1 ? {} : { min_income: between(0, 60000) }),
    closed_states: some(states, 4), tags: some(["prime", "metal", "new", "no_fee", "lounge"], 3),
    is_secured: random() < 0.1, apr: between(0.1, 0.4), min_amount: between(100, 2000),
    max_amount: between(1500, 20000), limit: between(500, 30000),
    annual_fee: random() < 0.6 ? 0 : between(20, 500), seen: whole(0, 9),
    max_inquiries: whole(1, 8), cpc: between(0, 3), cpa: between(20, 300),
    clawback_rate: between(0, 0.2), exposure: between(0, 1),
    p_click: click, p_approve: approve, reach_click: click, reach_apply: click * apply,
    reach_approve: click * apply * approve, value_spend: between(100, 5000),
  };
}

const context = {
  age: 34, state: "CA", income: 58250.5, credit_band: 2, existing_debt: 12400.25,
  requested: 2500.75, member: false, inquiries: 3, held_issuers: ["issuer 3", "issuer 17"],
};

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const offers = Array.from({ length: 1000 }, (_, row) => drawOffer(row));
writeFileSync(join(folder, "workload.json"),
  JSON.stringify({ facts, outcomes, parameters, rules, terms, context, offers }));
writeFileSync(join(folder, "request.json"), JSON.stringify({
  time: "2026-11-22T10:00:00Z", context,
  candidates: offers.map((offer, row) => ({ offer: `o-${row}`, facts: offer })),
}));
