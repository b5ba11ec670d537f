"""The real snapshot of US card offers as a catalog that the reference model understands.

Assumptions, because the snapshot does not say: a point's worth (POINT_CENTS), the credit standard
(by annual fee), and the payout (cpa, cpc by annual fee). They stand in the report."""
import gzip
import json
import re

import numpy

# Cents per point or mile, rounded from what travel sites print; USD amounts are dollars.
POINT_CENTS = {
    "USD": 100.0,
    "EXPEDIA": 100.0,
    "HILTON": 0.5,
    "IHG": 0.5,
    "MARRIOTT": 0.7,
    "WYNDHAM": 0.7,
    "CHOICE": 0.7,
    "BEST_WESTERN": 0.6,
    "CARNIVAL": 1.0,
    "HYATT": 1.7,
    "AMTRAK": 2.0,
    "CHASE": 1.5,
    "AMERICAN_EXPRESS": 1.5,
    "CAPITAL_ONE": 1.4,
    "CITI": 1.4,
    "BREX": 1.0,
    "WELLS_FARGO": 1.0,
    "US_BANK": 1.0,
    "BANK_OF_AMERICA": 1.0,
    "PENFED": 0.9,
    "BARCLAYS": 1.0,
}
DEFAULT_POINT_CENTS = 1.2  # airlines, mostly
SNAPSHOT_DATE = "2025-05-31"


def read_cards(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def worth(amount, currency):
    """USD of an amount of a currency's points (or dollars)."""
    cents = POINT_CENTS.get(amount.get("currency", currency), DEFAULT_POINT_CENTS)
    return amount["amount"] * cents / 100.0


def bonus_value(card):
    """USD: the best current offer's points and statement credits; 0 without one."""
    best = 0.0
    for offer in card["offers"]:
        expires = offer.get("expiration") or offer.get("expires")
        if expires and expires < SNAPSHOT_DATE:
            continue
        credits = sum(
            credit.get("value", 0) * credit.get("weight", 1.0)
            for credit in offer.get("credits", [])
            if isinstance(credit, dict)
        )
        best = max(
            best, sum(worth(amount, card["currency"]) for amount in offer["amount"]) + credits
        )
    return best


def category(card):
    """The reference model's category that is nearest."""
    if card["isBusiness"]:
        return "business"
    return "cash" if card["currency"] == "USD" else "travel"


def tags(card):
    found = ["cash"] if card["currency"] == "USD" else ["travel"]
    if card["isBusiness"]:
        found.append("business")
    if card["annualFee"] == 0:
        found.append("no_fee")
    return "|".join(found)


def assumed_band(fee):
    """credit_rank needed: 4 from 400 USD of annual fee, else 3."""
    return 4 if fee >= 400 else 3


def slug(card, taken):
    """A readable id, unique."""
    base = re.sub(r"[^a-z0-9]+", "-", f"{card['issuer']} {card['name']}".lower()).strip("-")
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name


def catalog_columns(cards):
    """Catalog CSV columns, object [n]; apr and min_income stay out: missing, not guessed."""
    taken, rows = set(), []
    for card in cards:
        fee = float(card["annualFee"])
        cents = POINT_CENTS.get(card["currency"], DEFAULT_POINT_CENTS)
        per_dollar = 1.0 if card["currency"] in ("USD", "EXPEDIA") else cents
        rows.append(
            {
                "offer": slug(card, taken),
                "offer.name": card["name"],
                "offer.network": card["network"].lower(),
                "offer.issuer": card["issuer"].lower(),
                "offer.category": category(card),
                "offer.tags": tags(card),
                "offer.annual_fee": fee,
                "offer.bonus_value": round(bonus_value(card), 2),
                "offer.reward_rate": round(
                    min(card["universalCashbackPercent"] * per_dollar, 6.0), 3
                ),
                "offer.min_band": assumed_band(fee),
                "offer.is_business": bool(card["isBusiness"]),
                "offer.is_discontinued": bool(card["discontinued"]),
                "offer.cpa": round(90 + 0.45 * min(fee, 700), 2),
                "offer.cpc": round(0.8 + 0.003 * min(fee, 700), 3),
            }
        )
    return {name: numpy.array([row[name] for row in rows], dtype=object) for name in rows[0]}
