#include "tests/sweep/drawn_documents.h"

#include <algorithm>

#include "tests/sweep/drawn_fields.h"

namespace guardrank::sweep {
namespace {

using Texts = std::vector<std::string>;

const Texts states = {"CA", "NY", "TX", "WA"}, partners = {"north", "south", "east"};

std::string offer_name(std::uint32_t i) { return "o-" + std::to_string(i); }

std::string draw_rule(Drawing* drawing) {
  const std::string number = number_text(drawing->between(5, 45));
  switch (drawing->below(7)) {
    case 0: return "ctx.age >= offer.min_age";
    case 1: return "ctx.state in offer.states";
    case 2: return "offer.apr <= " + number;
    case 3: return "ctx.rich || offer.apr > " + number;
    case 4: return "offer.partner != '" + drawing->pick(partners) + "'";
    case 5: return "ln(offer.apr) * 10.0 >= exp(offer.apr / 40.0)";
    default: return "true";
  }
}

// Of one head, or of facts alone.
std::string draw_term(const Model& model, Drawing* drawing) {
  const Head& head = model.heads[drawing->below(static_cast<std::uint32_t>(model.heads.size()))];
  const std::string name(head.name), number = number_text(drawing->between(-3, 8));
  if (head.kind == HeadKind::log_amount) return "value." + name + " * " + number;
  switch (drawing->below(7)) {
    case 0: return "p." + name + " * " + number;
    case 1: return "exp(p." + name + " * 3.0) * " + number;
    case 2: return "ln(p." + name + " + 0.001) * " + number;
    case 3: return "clamp(offer.apr, 0.0, 20.0) * -0.01";
    case 4: return "sqrt(offer.cpa) * reach." + name;
    default: return "offer.cpa * reach." + name + " * " + number;
  }
}

// The one that nearly all pass, since a sweep wants to see rankings.
std::string draw_guardrail(Drawing* drawing) {
  return "p.head0 >= " + number_text(drawing->one_in(4) ? drawing->between(0, 0.5) : 1e-6);
}

template <typename Part>
std::string draw_named(const std::string& id, const std::string& rest, std::uint32_t n, Part part) {
  Texts all;
  for (std::uint32_t i = 0; i < n; ++i)
    all.push_back(R"({"id": ")" + id + std::to_string(i) + R"(", )" + rest + R"("expr": ")" +
                  part() + R"("})");
  return "[" + joined(all) + "]";
}

std::string draw_placement(Drawing* drawing) {
  Texts parts;
  if (drawing->one_in(2)) {
    const std::string offer = quoted(offer_name(drawing->below(12)));
    parts.push_back(R"("mandated": [{"offer": )" + offer + R"(, "slot": )" +
                    std::to_string(1 + drawing->below(4)) + "}]");
  }
  if (drawing->one_in(2))
    parts.push_back(R"("caps": [{"fact": "offer.partner", "max": )" +
                    std::to_string(1 + drawing->below(3)) + R"(, "within": 6}])");
  if (drawing->one_in(3))
    parts.push_back(R"("diversity": {"facts": ["offer.partner"], "lambda": 0.3, "within": 5})");
  if (drawing->one_in(2))
    parts.push_back(drawing->one_in(2)
                        ? R"("exploration": {"kind": "epsilon", "epsilon": 0.5})"
                        : R"("exploration": {"kind": "plackett_luce", "temperature": 0.4})");
  return "{" + joined(parts) + "}";
}

std::string draw_policy_facts(Drawing* drawing) {
  Texts facts;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!drawing->one_in(10)) facts.push_back(quoted(name) + ": " + value);
  };
  add("min_age", drawing->pick<std::string>({"18", "21", "25"}));
  add("cpa", number_text(drawing->between(1, 200)));
  add("apr", number_text(drawing->between(5, 45)));
  add("states", drawing->pick<std::string>({R"(["CA", "NY"])", R"(["CA", "NY", "TX", "WA"])"}));
  add("partner", quoted(drawing->pick(partners)));
  return joined(facts);
}

// `{...}` of both, or of those of the model alone.
std::string draw_offer_facts(const Model& model, Drawing* drawing) {
  Texts parts = {draw_policy_facts(drawing), draw_values(model.fields, Side::candidate, drawing)};
  parts.erase(std::remove(parts.begin(), parts.end(), ""), parts.end());
  return "{" + joined(parts) + "}";
}

std::string draw_candidate(const Model& model, std::uint32_t i, bool is_listed, Drawing* drawing) {
  std::string text = R"({"offer": )" + quoted(offer_name(i));
  if (!is_listed || drawing->one_in(6)) text += R"(, "facts": )" + draw_offer_facts(model, drawing);
  const std::string pair = draw_values(model.fields, Side::pair, drawing);
  if (!pair.empty()) text += R"(, "pair": {)" + pair + "}";
  return text + "}";
}

std::string draw_candidates(const Model& model, std::uint32_t n_offers, Drawing* drawing) {
  std::vector<std::uint32_t> offers(n_offers);
  for (std::uint32_t i = 0; i < n_offers; ++i) offers[i] = i;
  for (std::uint32_t i = n_offers; i > 1; --i) std::swap(offers[i - 1], offers[drawing->below(i)]);
  offers.resize(1 + drawing->below(n_offers));
  if (drawing->one_in(2)) offers.push_back(n_offers);   // listed nowhere
  Texts all;
  for (const std::uint32_t offer : offers)
    all.push_back(draw_candidate(model, offer, offer < n_offers, drawing));
  return R"("candidates": [)" + joined(all) + "]";
}

std::string draw_context(const Model& model, Drawing* drawing) {
  Texts parts = {R"("age": )" + drawing->pick<std::string>({"19", "22", "40"}),
                 R"("state": )" + quoted(drawing->pick(states))};
  if (!drawing->one_in(4)) parts.push_back(R"("rich": true)");
  const bool has_segments = std::any_of(model.heads.begin(), model.heads.end(),
                                        [](const Head& h) { return !h.segment_field.empty(); });
  if (has_segments)
    parts.push_back(R"("segment": )" +
                    quoted(drawing->pick<std::string>({"near", "prime", "other"})));
  const std::string values = draw_values(model.fields, Side::context, drawing);
  if (!values.empty()) parts.push_back(values);
  return R"("context": {)" + joined(parts) + "}";
}

}  // namespace

std::string draw_policy_document(const Model& model, Drawing* drawing) {
  Texts parts = {R"("format": 1, "name": "drawn", "version": "1")"};
  parts.push_back(R"json("facts": {"ctx.age": {"type": "int"}, "ctx.state": {"type": "string"},
    "ctx.rich": {"type": "bool"}, "offer.min_age": {"type": "int"},
    "offer.cpa": {"type": "double", "default": 10.0}, "offer.apr": {"type": "double"},
    "offer.states": {"type": "list(string)"}, "offer.partner": {"type": "string"}})json");
  const std::string coded = R"("code": "C", "text": "t", )";
  const std::string valued = R"("kind": "bonus", "unit": "USD", )";
  parts.push_back(R"("rules": )" + draw_named("r", coded, drawing->below(3),
                                              [&] { return draw_rule(drawing); }));
  parts.push_back(R"("guardrails": )" + draw_named("g", coded, drawing->below(2),
                                                   [&] { return draw_guardrail(drawing); }));
  parts.push_back(R"("terms": )" + draw_named("t", valued, 1 + drawing->below(4),
                                              [&] { return draw_term(model, drawing); }));
  parts.push_back(R"("placement": )" + draw_placement(drawing));
  if (model.retrieval.is_set)
    parts.push_back(R"("two_stage": {"budget_us": )" + std::to_string(3 + drawing->below(18)) +
                    R"(, "fixed_us": 1, "c1_us": 0.05, "c2_us": 1})");
  return "{" + joined(parts) + "}";
}

std::string draw_catalog_document(const Model& model, std::uint32_t n_offers, Drawing* drawing) {
  Texts offers;
  for (std::uint32_t i = 0; i < n_offers; ++i)
    offers.push_back(R"({"offer": )" + quoted(offer_name(i)) + R"(, "facts": )" +
                     draw_offer_facts(model, drawing) + "}");
  return R"({"format": 1, "name": "drawn", "version": "1", "unlisted": true, "offers": [)" +
         joined(offers) + "]}";
}

std::string draw_request(const Model& model, std::uint32_t n_offers, Drawing* drawing) {
  Texts parts = {R"("time": "2026-11-22T10:00:00Z")",
                 R"("seed": )" + std::to_string(drawing->below(100000))};
  // Without a limit every candidate is asked for, and stage one cuts none.
  if (drawing->one_in(model.retrieval.is_set ? 1 : 3))
    parts.push_back(R"("limit": )" + std::to_string(1 + drawing->below(20)));
  parts.push_back(draw_context(model, drawing));
  if (!drawing->one_in(4)) parts.push_back(draw_candidates(model, n_offers, drawing));
  return "{" + joined(parts) + "}";
}

}  // namespace guardrank::sweep
