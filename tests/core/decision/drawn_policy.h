// Policies, catalogs and requests drawn at random over the model of the conformance bundle "cards":
// what holds of every decision must hold of theirs.
#pragma once

#ifdef GUARDRANK_HAS_PACK

#include <algorithm>
#include <random>
#include <set>

#include "core/artifact/release.h"
#include "core/engine/bind_facts.h"
#include "core/record/record.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/documents/catalog_document.h"
#include "models/pack/documents/policy_document.h"
#include "tests/core/decision/world.h"

namespace guardrank::testing {

struct Draw {
  std::mt19937 random;
  explicit Draw(unsigned seed) : random(seed) {}

  unsigned below(unsigned n) { return static_cast<unsigned>(random() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
  std::string pick(const std::vector<std::string>& all) {
    return all[below(static_cast<unsigned>(all.size()))];
  }
  std::string number(int low, int high) {
    const double value = low + (high - low) * (below(1000) + 0.5) / 1000;
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
  }
};

// What a policy is made of, each part by itself, so that tests can leave one out or add one.
struct PolicyParts {
  std::vector<std::string> rules, guardrails, terms;   // expressions
  std::string placement = "{}";

  std::string document() const;
};

inline std::string PolicyParts::document() const {
  std::string text = R"json({"format": 1, "name": "drawn", "version": "1", "facts": {
    "ctx.age": {"type": "int"}, "ctx.state": {"type": "string"}, "ctx.rich": {"type": "bool"},
    "offer.min_age": {"type": "int"}, "offer.cpa": {"type": "double", "default": 10.0},
    "offer.apr": {"type": "double"}, "offer.states": {"type": "list(string)"},
    "offer.partner": {"type": "string"}, "offer.offer_id": {"type": "string"}}, "rules": [)json";
  for (std::size_t i = 0; i < rules.size(); ++i)
    text += std::string(i == 0 ? "" : ", ") + R"({"id": "r)" + std::to_string(i) +
            R"(", "code": "C", "text": "t", "expr": ")" + rules[i] + "\"}";
  text += "], \"guardrails\": [";
  for (std::size_t i = 0; i < guardrails.size(); ++i)
    text += std::string(i == 0 ? "" : ", ") + R"({"id": "g)" + std::to_string(i) +
            R"(", "code": "C", "text": "t", "expr": ")" + guardrails[i] + "\"}";
  text += "], \"terms\": [";
  for (std::size_t i = 0; i < terms.size(); ++i)
    text += std::string(i == 0 ? "" : ", ") + R"({"id": "t)" + std::to_string(i) +
            R"(", "kind": "bonus", "unit": "USD", "expr": ")" + terms[i] + "\"}";
  return text + "], \"placement\": " + placement + "}";
}

inline std::string draw_rule(Draw* draw) {
  switch (draw->below(9)) {
    case 0: return "ctx.age >= offer.min_age";
    case 1: return "ctx.state in offer.states";
    case 2: return "offer.apr <= " + draw->number(5, 40);
    case 3: return "offer.partner != '" + draw->pick({"north", "south", "east"}) + "'";
    case 4: return "ctx.rich || offer.apr > " + draw->number(5, 40);
    case 5: return "offer.states.exists(s, s == '" + draw->pick({"CA", "NY", "TX"}) + "')";
    case 6: return "1 / (offer.min_age - " + draw->pick({"18", "21"}) + ") >= 0";
    case 7: return "has(offer.apr) ? offer.apr > 8.0 : offer.partner.startsWith('n')";
    default: return draw->pick({"true", "true", "ctx.age > 20", "offer.offer_id != 'o-3'"});
  }
}

inline std::string draw_term(Draw* draw) {
  switch (draw->below(5)) {
    case 0: return "offer.cpa * reach.approve * " + draw->number(0, 3);
    case 1: return "p.click * " + draw->number(-5, 5);
    case 2: return "offer.partner == 'north' ? " + draw->number(0, 2) + " : 0.25";
    case 3: return "clamp(offer.apr, 0.0, 20.0) * -0.01";
    default: return draw->number(-1, 1);
  }
}

inline std::string offer_name(unsigned i) { return "o-" + std::to_string(i); }

inline std::string draw_placement(Draw* draw) {
  std::vector<std::string> parts;
  if (!draw->one_in(3))
    parts.push_back(R"("mandated": [{"offer": ")" + offer_name(draw->below(12)) + R"(", "slot": )" +
                    std::to_string(1 + draw->below(3)) + R"(}, {"offer": ")" +
                    offer_name(12 + draw->below(12)) + R"(", "slot": 4}])");
  if (draw->one_in(2))
    parts.push_back(R"("caps": [{"fact": "offer.partner", "max": )" +
                    std::to_string(1 + draw->below(3)) + R"(, "within": 6}])");
  if (draw->one_in(3))
    parts.push_back(R"("diversity": {"facts": ["offer.partner"], "lambda": 0.3, "within": 5})");
  if (draw->one_in(2))
    parts.push_back(draw->one_in(2) ? R"("exploration": {"kind": "epsilon", "epsilon": 0.5})"
                                    : R"("exploration": {"kind": "plackett_luce", "temperature": 0.4})");
  std::string text = "{";
  for (const std::string& part : parts) text += (text.size() > 1 ? ", " : "") + part;
  return text + "}";
}

inline PolicyParts draw_policy(Draw* draw) {
  PolicyParts parts;
  for (unsigned n = 1 + draw->below(3); n > 0; --n) parts.rules.push_back(draw_rule(draw));
  for (unsigned n = draw->below(2); n > 0; --n)
    parts.guardrails.push_back("p.approve >= " + draw->number(0, 1));
  for (unsigned n = 1 + draw->below(4); n > 0; --n) parts.terms.push_back(draw_term(draw));
  parts.placement = draw_placement(draw);
  return parts;
}

// Facts of one offer; any may be missing.
inline std::string draw_facts(Draw* draw) {
  std::vector<std::string> facts;
  const auto add = [&](const std::string& fact) {
    if (!draw->one_in(6)) facts.push_back(fact);
  };
  add(R"("min_age": )" + draw->pick({"18", "21", "25"}));
  add(R"("cpa": )" + draw->number(1, 200));
  add(R"("apr": )" + draw->number(5, 45));
  add(R"("states": )" + draw->pick({"[]", R"(["CA"])", R"(["CA", "NY", "TX"])", R"(["NY"])"}));
  add(R"("partner": ")" + draw->pick({"north", "south", "east"}) + "\"");
  add(R"("appeal": )" + draw->number(-3, 3));
  std::string text = "{";
  for (const std::string& fact : facts) text += (text.size() > 1 ? ", " : "") + fact;
  return text + "}";
}

inline std::string draw_catalog(Draw* draw) {
  std::string text = R"({"format": 1, "name": "drawn", "version": "1", "unlisted": true, "offers": [)";
  for (unsigned i = 0; i < 24; ++i)
    text += (i == 0 ? R"({"offer": ")" : R"(, {"offer": ")") + offer_name(i) + R"(", "facts": )" +
            draw_facts(draw) + "}";
  return text + "]}";
}

// Candidates as separate texts, so that their order can be another.
struct RequestParts {
  std::string head;
  std::vector<std::string> candidates;

  std::string json() const {
    std::string text = head + R"("candidates": [)";
    for (std::size_t i = 0; i < candidates.size(); ++i) text += (i == 0 ? "" : ", ") + candidates[i];
    return text + "]}";
  }
};

inline RequestParts draw_request(Draw* draw) {
  RequestParts parts;
  parts.head = R"({"time": "2026-11-22T10:00:00Z", "explain": true, "seed": )" +
               std::to_string(draw->below(1000)) + R"(, "context": {"age": )" +
               draw->pick({"19", "22", "40"}) + R"(, "state": ")" + draw->pick({"CA", "NY", "WA"}) +
               "\"" + (draw->one_in(4) ? "" : R"(, "rich": )" + draw->pick({"true", "false"})) +
               R"(, "income": 50000}, )";
  // 24 is listed nowhere.
  for (unsigned i = 0; i < 25; ++i) {
    if (draw->one_in(5)) continue;
    const std::string facts =
        draw->one_in(4) || i == 24 ? R"(, "facts": )" + draw_facts(draw) : std::string();
    parts.candidates.push_back(R"({"offer": ")" + offer_name(i) + "\"" + facts + "}");
  }
  return parts;
}

// A policy and a catalog with the model of "cards", ready to rank.
class DrawnWorld {
 public:
  DrawnWorld(const PolicyParts& parts, const std::string& catalog)
      : bytes_(bundle(parts.document(), catalog)), snapshot(memory.allocator()),
        session(memory.allocator(), limits::session_bytes) {
    const Status status =
        snapshot.open(bytes_.view(), Check::full, KernelChoice::portable, false, &error);
    REQUIRE_MESSAGE(status == Status::ok, error.message());
  }

  // The request is kept for the decision; the decision stays until the next one.
  Decision rank_json(const std::string& json) {
    const Pipeline& pipeline = snapshot.pipeline();
    request_ = std::make_unique<Request>(*pipeline.facts, pipeline.catalog, memory.allocator());
    REQUIRE_MESSAGE(read_request_json(json, request_.get(), &error) == Status::ok, error.message());
    Decision decision;
    REQUIRE_MESSAGE(rank(pipeline, *request_, &session, &decision, &error) == Status::ok,
                    error.message());
    return decision;
  }

 private:
  static pack::AlignedBytes bundle(const std::string& policy_text, const std::string& catalog_text) {
    const pack::AlignedBytes source(Bytes(bundle_bytes("cards")));
    TestMemory memory;
    Arena arena(memory.allocator(), limits::session_bytes);
    Error error;
    Bundle cards;
    Model model;
    REQUIRE(open_bundle(source, Check::full, &arena, &cards, &error) == Status::ok);
    REQUIRE(open_model(cards.model, Check::full, &arena, &model, &error) == Status::ok);
    const pack::PolicyDocument policy = pack::read_policy(policy_text);
    FactTable facts;
    REQUIRE_MESSAGE(
        bind_facts(model, policy.policy(), Catalog{}, &arena, &facts, &error) == Status::ok,
        error.message());
    const pack::CatalogDocument catalog =
        pack::read_catalog(catalog_text, pack::CatalogFormat::json, facts);
    return pack::write_bundle("drawn", cards.model, pack::write_policy(policy.policy()),
                              pack::write_catalog(catalog.catalog()), {});
  }

  pack::AlignedBytes bytes_;

 public:
  TestMemory memory;
  Error error;
  Snapshot snapshot;
  Session session;

 private:
  std::unique_ptr<Request> request_;
};

inline std::string candidate_name(const Decision& decision, std::uint32_t candidate) {
  return std::string(decision.request->offer_id(candidate));
}
// Offers that no rule, term or guardrail removed.
inline std::set<std::string> survivors(const Decision& decision) {
  std::set<std::string> names;
  for (const std::uint32_t candidate : decision.candidates)
    names.insert(candidate_name(decision, candidate));
  return names;
}
inline std::vector<std::string> ranking(const Decision& decision) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < decision.ranked.size(); ++i) names.push_back(offer_at(decision, i));
  return names;
}

}  // namespace guardrank::testing

#endif
