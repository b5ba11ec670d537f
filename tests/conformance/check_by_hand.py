"""Recomputes the vectors apart from the engine, with the standard library alone: check_by_hand.py.

From each logit on: sampling correction, calibrators, reach, expected amounts, terms in micros and
their sum, order, ties, caps, mandates, stage counts. For the bundle "cards", whose policy is short,
also who is eligible and why not, and the logits themselves as the float network would have them (the
int8 network may be LOGIT_TOLERANCE away). Reads sources/, not the bundles.
"""
import bisect
import csv
import datetime
import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
RELATIVE = 1e-12
LOGIT_TOLERANCE = 0.05
problems: list[str] = []


def expect(name: str, what: str, wanted, found) -> None:
    same = wanted == found
    if isinstance(wanted, float) or isinstance(found, float):
        same = abs(wanted - found) <= RELATIVE * max(abs(wanted), abs(found))
    if not same:
        problems.append(f"{name}: {what}: by hand {wanted!r}, in the vector {found!r}")


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def micros(units: float) -> int:
    """Half to even, as Python rounds."""
    return round(units * 1e6)


def instant(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def catalog(bundle: str) -> dict[str, dict]:
    if bundle == "open":
        return {}
    with (HERE / "sources" / bundle / "catalog.csv").open() as file:
        return {row["offer"]: row for row in csv.DictReader(file)}


def candidates(request: dict, offers: dict) -> list[dict]:
    return request.get("candidates", [{"offer": offer} for offer in offers])


# ---- cards ---------------------------------------------------------------------------------------

def cards_facts(row: dict, candidate: dict) -> dict:
    facts = {"min_age": int(row["offer.min_age"] or 18), "partner": row["offer.partner"] or None,
             "cpa": float(row["offer.cpa"]) if row["offer.cpa"] else None,
             "apr": float(row["offer.apr"]) if row["offer.apr"] else None,
             "appeal": float(row["offer.appeal"]) if row["offer.appeal"] else None,
             "states": row["offer.states"].split("|") if row["offer.states"] else None}
    given = {key: value for key, value in candidate.get("facts", {}).items() if value is not None}
    return {**facts, **given}


def cards_reasons(request: dict, row: dict, facts: dict) -> list[tuple]:
    """(rule, value, missing) of each rule that does not hold."""
    context, now, reasons = request.get("context", {}), instant(request["time"]), []
    age, state = context.get("age"), context.get("state")
    starts, ends = row["valid_from"], row["valid_to"]
    if (starts and now < instant(starts)) or (ends and now >= instant(ends)):
        reasons.append(("validity", "false", None))
    if age is None:
        reasons.append(("min_age", "unknown", "ctx.age"))
    elif age < facts["min_age"]:
        reasons.append(("min_age", "false", None))
    if state is None:
        reasons += [("state", "unknown", "ctx.state"), ("usury", "unknown", "ctx.state")]
    else:
        if state not in facts["states"]:
            reasons.append(("state", "false", None))
        if state == "NY" and facts["apr"] > 36.0:
            reasons.append(("usury", "false", None))
    if now >= instant("2026-12-01T00:00:00Z") and facts["partner"] == "north":
        reasons.append(("closed_early", "false", None))
    return reasons


def cards_change(rule: str, request: dict, facts: dict, probability: float) -> dict | None:
    """What the policy's thresholds say of a false reason; None for rules over texts and dates."""
    if rule == "min_age":
        return {"fact": "ctx.age", "from": request["context"]["age"], "to": facts["min_age"]}
    if rule == "usury":
        return {"fact": "offer.apr", "from": facts["apr"], "to": 36.0}
    if rule == "approve_floor":
        return {"fact": "p.approve", "from": probability, "to": 0.30}
    return None


def check_changes(name: str, request: dict, facts: dict, probability: float, reasons: list[dict]) -> None:
    """The reasons of these policies are few and tell different things: each is a principal one."""
    order = sorted(range(len(reasons)), key=lambda i: reasons[i]["value"] != "false")
    expect(name, "principal", [order.index(i) + 1 for i in range(len(reasons))],
           [reason["principal"] for reason in reasons])
    for reason in reasons:
        wanted = cards_change(reason["rule"], request, facts, probability) if reason["value"] == "false" else None
        found = reason.get("change")
        if wanted is None or found is None:
            expect(name, f"change of {reason['rule']}", wanted, found)
            continue
        expect(name, "changed fact", wanted["fact"], found["fact"])
        expect(name, f"{reason['rule']}, to", wanted["to"], found["to"])
        if wanted["fact"] == "p.approve":   # of the int8 network; by hand it is the float one
            same = abs(wanted["from"] - found["from"]) < LOGIT_TOLERANCE
            expect(name, "probability near", True, same)
        else:
            expect(name, f"{reason['rule']}, from", wanted["from"], found["from"])


def cards_logits(request: dict, facts: dict, candidate: dict) -> dict[str, float]:
    """The float network of sources/cards/weights.json, its weights spelled out."""
    income = request.get("context", {}).get("income") or 0
    x_income = min(max(math.log1p(income) - 11.0, -4.0), 4.0)
    is_missing = facts["appeal"] is None
    x_appeal = 0.0 if is_missing else min(max(facts["appeal"], -3.0), 3.0)
    seen = min(max(candidate.get("pair", {}).get("seen_before", 0), 0), 8)
    return {"click": 0.25 * x_income + 1.0 * x_appeal - 0.5 * is_missing - 0.25 * seen + 0.5,
            "approve": 1.0 * x_income - 0.5 * x_appeal - 0.25,
            "balance": 0.5 * x_income + 0.25 * x_appeal + 5.0}


def cards_outcomes(request: dict, logits: dict[str, float]) -> dict[str, dict]:
    corrected = logits["click"] + math.log(0.1) - math.log(2.0)
    z = 1.25 * corrected + 0.5
    segment = request.get("context", {}).get("segment") or (request.get("route") or {}).get("segment")
    if segment == "prime":
        z += 300 / (300 + 100) * ((1.5 * corrected + 0.25) - z)
    click, approve = sigmoid(z), sigmoid(logits["approve"] / 2.0)
    return {"click": {"logit": logits["click"], "corrected": corrected, "probability": click, "reach": click},
            "approve": {"logit": logits["approve"], "corrected": logits["approve"], "probability": approve,
                        "reach": click * approve},
            "balance": {"logit": logits["balance"], "value": math.exp(logits["balance"] + 0.5 ** 2 / 2) * 1.1}}


def cards_terms(facts: dict, outcomes: dict) -> list[dict]:
    click, approve = outcomes["click"], outcomes["approve"]
    return [{"id": "revenue", "micros": micros(facts["cpa"] * approve["reach"])},
            {"id": "interest", "micros": micros(0.01 * outcomes["balance"]["value"] * approve["reach"])},
            {"id": "rejection_risk", "micros": -micros(click["reach"] * (1.0 - approve["probability"]) * 2.0)}]


def check_cards(vector: dict, offers: dict) -> None:
    name, request, found = vector["name"], vector["request"], vector["expected"]
    rows = {row["offer"]: row for row in found["ranked"]}
    listed, excluded = candidates(request, offers), []
    for candidate in listed:
        offer = candidate["offer"]
        facts = cards_facts(offers[offer], candidate)
        reasons, stage = cards_reasons(request, offers[offer], facts), "eligibility"
        if not reasons and facts["cpa"] is None:
            reasons, stage = [("revenue", "unknown", "offer.cpa")], "value"
        floats = cards_logits(request, facts, candidate)
        if not reasons and cards_outcomes(request, floats)["approve"]["probability"] < 0.30:
            reasons, stage = [("approve_floor", "false", None)], "guardrail"
        if reasons:
            excluded.append((stage, offer, reasons))
            if request.get("explain", True):
                probability = cards_outcomes(request, floats)["approve"]["probability"]
                told = next(e["reasons"] for e in found["excluded"] if e["offer"] == offer)
                check_changes(f"{name}, {offer}", request, facts, probability, told)
        elif offer in rows and "heads" in rows[offer]:
            check_cards_row(f"{name}, {offer}", request, facts, floats, rows[offer])
    order = ["eligibility", "value", "guardrail"]
    wanted = sorted(excluded, key=lambda e: order.index(e[0]))
    expect(name, "excluded", wanted, [
        (e["stage"], e["offer"], [(r["rule"], r["value"], r.get("missing")) for r in e["reasons"]])
        for e in found["excluded"]])
    n_eligible = len(listed) - sum(e[0] == "eligibility" for e in excluded)
    expect(name, "stages", {"path": "single", "candidates": len(listed), "eligible": n_eligible,
                            "retrieved": n_eligible, "scored": n_eligible,
                            "removed": len(excluded) - (len(listed) - n_eligible)}, found["stages"])
    expect(name, "order", sorted(rows, key=lambda offer: (-rows[offer]["score_micros"], offer)), list(rows))


def check_cards_heads(name: str, request: dict, floats: dict, row: dict) -> dict[str, dict]:
    logits = {head: row["heads"][head]["logit"] for head in floats}
    for head, wanted in floats.items():
        if abs(wanted - logits[head]) > LOGIT_TOLERANCE:
            problems.append(f"{name}: {head}: the float network gives {wanted}, the vector {logits[head]}")
    outcomes = cards_outcomes(request, logits)
    for head, wanted in outcomes.items():
        expect(name, f"{head} members", list(wanted), list(row["heads"][head]))
        for key, value in wanted.items():
            expect(name, f"{head}.{key}", value, float(row["heads"][head][key]))
    return outcomes


def check_cards_row(name: str, request: dict, facts: dict, floats: dict, row: dict) -> None:
    outcomes = check_cards_heads(name, request, floats, row)
    expect(name, "terms", cards_terms(facts, outcomes), row["terms"])
    expect(name, "propensity", 1.0, float(row["propensity"]))
    approve = float(row["heads"]["approve"]["probability"])
    is_near = (approve - 0.30) / approve <= 0.1
    expect(name, "near its edge", ["approve_floor"] if is_near else [],
           [edge["guardrail"] for edge in row.get("near_edge", [])])


# ---- goods ---------------------------------------------------------------------------------------

def isotonic(p: float, xs: list[float], ys: list[float]) -> float:
    if p <= xs[0] or p >= xs[-1]:
        return ys[0] if p <= xs[0] else ys[-1]
    i = bisect.bisect_right(xs, p) - 1
    return ys[i] + (p - xs[i]) / (xs[i + 1] - xs[i]) * (ys[i + 1] - ys[i])


def check_goods_row(name: str, row: dict) -> None:
    favorite, purchase = row["heads"]["favorite"], row["heads"]["purchase"]
    p = sigmoid(favorite["logit"])
    calibrated = sigmoid(1.2 * math.log(p) - 0.8 * math.log(1 - p) - 0.1)
    expect(name, "favorite.probability", calibrated, favorite["probability"])
    expect(name, "purchase.corrected", purchase["logit"] + math.log(0.5), purchase["corrected"])
    bought = isotonic(sigmoid(purchase["corrected"]), [0.05, 0.3, 0.9], [0.01, 0.2, 0.6])
    expect(name, "purchase.probability", bought, purchase["probability"])
    expect(name, "terms", [{"id": "favorite", "micros": micros(0.5 * favorite["probability"])},
                           {"id": "purchase", "micros": micros(4.0 * purchase["probability"])}], row["terms"])


def check_goods(vector: dict, offers: dict) -> None:
    name, request, found = vector["name"], vector["request"], vector["expected"]
    asked = [candidate["offer"] for candidate in candidates(request, offers)]
    sold_out = [offer for offer in asked if offers[offer]["offer.in_stock"] == "false"]
    expect(name, "excluded", sold_out, [e["offer"] for e in found["excluded"]])
    ranked = [row["offer"] for row in found["ranked"]]
    expect(name, "each once", len(ranked), len(set(ranked)))
    brands = [offers[offer]["offer.brand"] for offer in ranked[:6]]
    expect(name, "brand caps", [], sorted({brand for brand in brands if brands.count(brand) > 2}))
    is_home = request.get("context", {}).get("surface", "home") == "home"
    wanted = [2] if is_home and "g-6" in asked else []
    expect(name, "mandated", wanted, [row["position"] for row in found["ranked"] if row.get("mandated")])
    for row in found["ranked"]:
        check_goods_row(f"{name}, {row['offer']}", row)
        if not 0 < row["propensity"] <= 1:
            problems.append(f"{name}, {row['offer']}: propensity {row['propensity']}")


# ---- stages --------------------------------------------------------------------------------------

def stages_kept(request: dict, offers: dict, eligible: list[dict]) -> tuple[list[str], bool, bool]:
    """(offers scored, whether stage one ran, whether more are scored than the budget has room for)."""
    n, limit = len(eligible), request.get("limit") or 10_000
    in_budget = n if 1 + n <= 10 else max(math.floor(10 - 1 - 0.25 * n), 0)
    k = min(max(in_budget, limit), n)
    if k == n:
        return [c["offer"] for c in eligible], False, n > in_budget
    young, rich = request["context"]["young"], request["context"]["rich"]

    def product(offer: str) -> float:
        row = offers[offer]
        payout = 0.01 * float(row["offer.payout"])
        return young * (float(row["offer.play"]) + payout) + rich * (float(row["offer.gold"]) + payout)

    bypassing = [c["offer"] for c in eligible if c["offer"] == "s-12" or "facts" in c]
    others = sorted((c["offer"] for c in eligible if c["offer"] not in bypassing),
                    key=lambda offer: (-round(product(offer), 6), offer))
    kept = bypassing + others[:max(k - len(bypassing), limit)]
    return kept, True, len(kept) > in_budget


def check_stages(vector: dict, offers: dict) -> None:
    name, request, found = vector["name"], vector["request"], vector["expected"]
    asked = candidates(request, offers)
    eligible = [c for c in asked if offers[c["offer"]]["offer.open"] == "true"]
    kept, is_two_stage, is_raised = stages_kept(request, offers, eligible)
    wanted = {"path": "two_stage" if is_two_stage else "single", **({"raised": True} if is_raised else {}),
              "candidates": len(asked), "eligible": len(eligible), "retrieved": len(kept),
              "scored": len(kept), "removed": 0}
    expect(name, "stages", wanted, found["stages"])
    cut = [("retrieval", c["offer"], "NOT_RETRIEVED") for c in eligible if c["offer"] not in kept]
    shut = [("eligibility", c["offer"], "SHUT") for c in asked if c not in eligible]
    expect(name, "excluded", shut + cut,
           [(e["stage"], e["offer"], e["reasons"][0]["code"]) for e in found["excluded"]])
    rows = {row["offer"]: row for row in found["ranked"]}
    for offer, row in rows.items():
        wanted = micros(float(offers[offer]["offer.payout"]) * row["heads"]["click"]["probability"])
        expect(f"{name}, {offer}", "revenue", wanted, row["terms"][0]["micros"])
    expect(name, "mandated", "s-12", next((o for o, row in rows.items() if row.get("mandated")), "s-12"))
    expect(name, "each is scored", [], [offer for offer in rows if offer not in kept])
    order = [offer for offer in rows if offer != "s-12"]
    expect(name, "order", sorted(order, key=lambda o: (-rows[o]["score_micros"], o)), order)


# ---- open ----------------------------------------------------------------------------------------

def check_open(vector: dict, offers: dict) -> None:
    name, request, found = vector["name"], vector["request"], vector["expected"]
    rows = {row["offer"]: row for row in found["ranked"]}
    excluded = []
    for candidate in request.get("candidates", []):
        facts = candidate.get("facts", {})
        payout = facts.get("payout")
        if payout is None or abs(payout) > 1e200:
            excluded.append((candidate["offer"], "unknown" if payout is None else "overflow"))
            continue
        if candidate["offer"] not in rows:
            continue
        row = rows[candidate["offer"]]
        floats = cards_logits(request, {"appeal": facts.get("appeal")}, candidate)
        check_cards_heads(f"{name}, {candidate['offer']}", request, floats, row)
        wanted = micros(payout * row["heads"]["approve"]["reach"])
        expect(f"{name}, {candidate['offer']}", "revenue", wanted, int(row["terms"][0]["micros"]))
    expect(name, "excluded", excluded, [(e["offer"], e["reasons"][0]["value"]) for e in found["excluded"]])
    brands = [candidate.get("facts", {}).get("brand") for offer in list(rows)[:3]
              for candidate in request["candidates"] if candidate["offer"] == offer]
    brands = [brand for brand in brands if brand is not None]
    expect(name, "brand caps", len(brands), len(set(brands)))


# ---- all ----------------------------------------------------------------------------------------

def check_sums(vector: dict) -> None:
    for position, row in enumerate(vector["expected"]["ranked"], 1):
        expect(vector["name"], "position", position, row["position"])
        if "terms" in row:
            expect(vector["name"], "the sum of the terms", sum(int(term["micros"]) for term in row["terms"]),
                   int(row["score_micros"]))


def main() -> None:
    checks = {"cards": check_cards, "goods": check_goods, "open": check_open, "stages": check_stages}
    n_checked = 0
    for path in sorted((HERE / "vectors").glob("*.json")):
        vector = json.loads(path.read_text())
        if "expected" not in vector:
            continue
        bundle = pathlib.Path(vector["bundle"]).stem
        check_sums(vector)
        checks[bundle](vector, catalog(bundle))
        n_checked += 1
    print(*problems, f"{n_checked} rankings recomputed, {len(problems)} problems", sep="\n")
    sys.exit(1 if problems or n_checked == 0 else 0)


if __name__ == "__main__":
    main()
