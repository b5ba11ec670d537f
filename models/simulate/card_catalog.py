"""The invented cards: 40 offers of 11 invented issuers with terms, contracts and standards."""
import numpy

BANDS = ["thin", "poor", "fair", "good", "excellent"]
TAGS = [
    "cash",
    "travel",
    "dining",
    "groceries",
    "gas",
    "balance_transfer",
    "build_credit",
    "student",
    "business",
    "no_fee",
]
ISSUERS = [
    "aldermoor",
    "brightwater",
    "cindervale",
    "dunmarrow",
    "eastlark",
    "fennimore",
    "goldhaven",
    "harrowgate",
    "ironquay",
    "juniper_hill",
    "kestrel",
]
NETWORKS = ["meridian", "unison", "polar"]

# kind: (category, tags, bonus, annual fee, rate %, lowest band, lowest income, CPA, CPC); USD
KINDS = {
    "cash": ("cash", ["cash", "no_fee"], 200, 0, 21.9, "good", 18000, 110, 1.1),
    "everyday": (
        "cash",
        ["cash", "groceries", "gas", "no_fee"],
        150,
        0,
        22.9,
        "fair",
        15000,
        85,
        0.9,
    ),
    "table": ("dining", ["cash", "dining"], 250, 95, 22.4, "good", 30000, 130, 1.4),
    "voyager": ("travel", ["travel"], 600, 95, 21.4, "good", 40000, 190, 1.9),
    "summit": ("travel", ["travel", "dining"], 1100, 450, 20.9, "excellent", 75000, 320, 2.8),
    "transfer": (
        "balance_transfer",
        ["balance_transfer", "no_fee"],
        0,
        0,
        18.9,
        "good",
        20000,
        120,
        1.3,
    ),
    "foundation": ("secured", ["build_credit"], 0, 35, 27.9, "thin", 6000, 35, 0.4),
    "campus": ("student", ["student", "cash", "no_fee"], 50, 0, 24.9, "thin", 3000, 45, 0.5),
    "ledger": ("business", ["business", "cash"], 750, 125, 21.9, "good", 35000, 210, 2.1),
    "starter": ("starter", ["build_credit", "no_fee"], 0, 0, 29.9, "poor", 8000, 50, 0.6),
}


def catalog(seed=20261101):
    """Columns by fact name, each object [40]; `offer` is the id. Always the same for a seed."""
    generator = numpy.random.default_rng(seed)
    rows = []
    order = list(KINDS)
    for number in range(40):
        kind = order[number % len(order)]
        issuer = ISSUERS[(number * 7 + number // 10) % len(ISSUERS)]
        rows.append(one_offer(generator, kind, issuer, number))
    return {name: numpy.array([row[name] for row in rows], dtype=object) for name in rows[0]}


def one_offer(generator, kind, issuer, number):
    """One card: the kind's terms, moved about."""
    category, tags, bonus, fee, rate, band, income, cpa, cpc = KINDS[kind]
    spread = float(generator.uniform(0.7, 1.4))
    return {
        "offer": f"{issuer.replace('_', '-')}-{kind}",
        "name": f"{issuer.replace('_', ' ').title()} {kind.title()}",
        "issuer": issuer,
        "network": NETWORKS[number % len(NETWORKS)],
        "category": category,
        "tags": "|".join(tags),
        "annual_fee": float(fee),
        "bonus_value": round(bonus * spread / 10) * 10.0,
        "apr": round(rate + float(generator.normal(0, 1.2)), 2),
        "reward_rate": round(
            max(
                0.0,
                (0.0 if category in ("balance_transfer", "secured", "starter") else 1.5)
                + float(generator.normal(0, 0.3)),
            ),
            2,
        ),
        "min_band": BANDS.index(band),
        "min_age": 21 if kind in ("summit", "ledger") else 18,
        "min_income": float(income),
        "cpa": round(cpa * float(generator.uniform(0.8, 1.25)), 2),
        "cpc": round(cpc * float(generator.uniform(0.8, 1.25)), 2),
        "clawback_rate": round(float(generator.uniform(0.02, 0.12)), 3),
        "excluded_states": excluded_states(number),
    }


def excluded_states(number):
    """A few cards are not offered everywhere; empty is missing."""
    lists = {3: "VT|WI", 11: "IA", 17: "NY|VT", 23: "CO|WV", 29: "WI", 36: "CA|NY"}
    return lists.get(number)
