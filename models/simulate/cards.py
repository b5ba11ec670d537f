"""The finance funnel: impressions of card offers, click, apply, approve, first-year spend.

Truth is a function of the applicant and the offer (`truth.<head>`: conditional probabilities;
`truth.spend`: expected USD given approval). Facts that a model sees may miss some of it."""
import numpy

from .applicants import draw_applicants
from .card_catalog import KINDS, TAGS, catalog
from .draw import bernoulli, fixed, sigmoid

SURFACE_LIFT = {"home": 0.0, "search": 0.45, "compare": 0.75, "article": -0.35, "email": -0.15}
SPEND_SIGMA = 0.6  # of ln first-year spend around its mean


def simulate(n_rows, seed, click_negative_rate=1.0):
    """Columns by CSV name: n_rows impressions, of which those without a click are kept with
    probability `click_negative_rate`; kept rows say so in `sample_rate`."""
    generator = numpy.random.default_rng(seed)
    offers = catalog()
    parts = [
        one_block(generator, offers, min(200_000, n_rows - start), click_negative_rate)
        for start in range(0, n_rows, 200_000)
    ]
    return {name: numpy.concatenate([part[name] for part in parts]) for name in parts[0]}


def one_block(generator, offers, n_rows, click_negative_rate):
    facts, applicant = draw_applicants(generator, n_rows)
    shown = serve(generator, offers, applicant)
    pair, history = draw_pairs(generator, offers, shown, n_rows)
    truth = true_probabilities(offers, shown, applicant, history)
    columns = {f"ctx.{name}": values for name, values in facts.items()}
    columns.update(
        {
            "offer" if name == "offer" else f"offer.{name}": values[shown]
            for name, values in offers.items()
        }
    )
    columns.update({f"pair.{name}": values for name, values in pair.items()})
    columns.update(outcomes(generator, truth))
    clicked = columns["label.click"] == 1
    kept = clicked | (generator.random(n_rows) < click_negative_rate)
    columns["sample_rate"] = numpy.where(clicked, 1.0, click_negative_rate)
    return {name: values[kept] for name, values in columns.items()}


def serve(generator, offers, applicant):
    """int64 [n]: the offer of each impression; the site shows what roughly suits the band."""
    gap = applicant["band"][:, None] - offers["min_band"].astype(float)[None, :]
    preference = -0.55 * numpy.abs(gap - 0.5) - 0.6 * (gap < 0)
    noise = generator.gumbel(size=preference.shape)
    return numpy.argmax(preference + noise, axis=1)


def draw_pairs(generator, offers, shown, n_rows):
    """(facts, truth) of the pair: how often it was seen, is the person the issuer's customer."""
    seen = numpy.minimum(generator.geometric(0.55, n_rows) - 1, 9)
    days = fixed(generator.exponential(4.0, n_rows), 2)
    fatigue = fixed(seen * 2.0 ** (-days / 7.0), 3)  # half-life of a week
    customer = generator.random(n_rows) < 0.12
    facts = {
        "seen_before": seen,
        "fatigue": fatigue,
        "is_customer": numpy.where(generator.random(n_rows) < 0.04, None, customer),
    }
    return facts, {"fatigue": fatigue, "customer": customer}


def offer_tags(offers):
    """bool [offers, tags]."""
    return numpy.array([[tag in text.split("|") for tag in TAGS] for text in offers["tags"]])


def true_probabilities(offers, shown, applicant, history):
    """Conditional truth per impression: click; apply | click; approve | apply; spend | approve."""
    term = {
        name: offers[name][shown].astype(float)
        for name in ("annual_fee", "bonus_value", "apr", "reward_rate", "min_band", "min_income")
    }
    match = (offer_tags(offers)[shown] & applicant["interests"]).sum(axis=1)
    wealth = numpy.log(applicant["income"]) - 10.9
    gap = applicant["band"] - term["min_band"]
    surface = numpy.array([SURFACE_LIFT[name] for name in applicant["surface"]])
    ready = surface * (1 + 0.25 * (applicant["device"] == "desktop"))
    kind = kind_lift(offers)[shown]
    click = (
        -4.20
        + 0.62 * match
        + ready
        + 0.0011 * term["bonus_value"]
        + 0.16 * term["reward_rate"]
        - 0.0042 * term["annual_fee"] * (1 - 0.5 * numpy.tanh(wealth))
        - 0.22 * history["fatigue"]
        + 0.30 * history["customer"]
        + kind
        - 0.25 * numpy.maximum(-gap, 0)
    )
    apply = (
        -1.65
        + 0.38 * match
        + 0.55 * surface
        - 0.0024 * term["annual_fee"]
        - 0.030 * (term["apr"] - 22) * (1 + applicant["utilization"])
        + 0.22 * numpy.minimum(gap, 2)
        + 0.25 * (applicant["device"] == "desktop")
        + 0.35 * history["customer"]
    )
    burden = numpy.log(numpy.maximum(term["min_income"], 3000)) - numpy.log(applicant["income"])
    standard = numpy.array([0.0, 540.0, 600.0, 670.0, 735.0])[term["min_band"].astype(int)]
    approve = (
        -0.55
        + (applicant["score"] - standard) / 62 * (term["min_band"] > 0)
        - 1.1 * numpy.maximum(burden + 0.4, 0)
        - 0.28 * applicant["inquiries"]
        - 1.2 * numpy.maximum(applicant["utilization"] - 0.7, 0)
        + 0.5 * history["customer"]
        - 0.5 * (applicant["work"] == "unemployed")
    )
    spend = (
        7.9
        + 0.55 * wealth
        + 0.22 * term["reward_rate"]
        + 0.0007 * term["annual_fee"]
        + 0.10 * match
    )
    return {
        "click": sigmoid(click),
        "apply": sigmoid(apply),
        "approve": sigmoid(approve),
        "spend": numpy.exp(spend + SPEND_SIGMA**2 / 2),
    }


def kind_lift(offers):
    """float64 [offers]: a taste for each card that no fact but its id explains."""
    place = numpy.arange(len(offers["offer"]))
    return 0.22 * numpy.sin(place * 2.399963)  # golden angle: spread, fixed, no seed


def outcomes(generator, truth):
    """Labels and truth columns; a label is None outside its head's population."""
    n_rows = len(truth["click"])
    click = bernoulli(generator, truth["click"])
    apply = bernoulli(generator, truth["apply"])
    approve = bernoulli(generator, truth["approve"])
    noise = numpy.exp(generator.normal(0, SPEND_SIGMA, n_rows) - SPEND_SIGMA**2 / 2)
    spend = fixed(numpy.maximum(truth["spend"] * noise, 1.0), 2)
    applied = (click == 1) & (apply == 1)
    return {
        "label.click": click,
        "label.apply": numpy.where(click == 1, apply, None),
        "label.approve": numpy.where(applied, approve, None),
        "label.spend": numpy.where(applied & (approve == 1), spend, None),
        **{f"truth.{name}": fixed(values, 7) for name, values in truth.items()},
    }


__all__ = ["simulate", "catalog", "KINDS"]
