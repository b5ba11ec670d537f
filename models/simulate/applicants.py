"""Applicants as a request would describe them, with some facts missing."""
import numpy

from .card_catalog import BANDS, TAGS
from .draw import choose, fixed, hide, list_text

STATES = {
    "CA": 39,
    "TX": 30,
    "FL": 22,
    "NY": 20,
    "PA": 13,
    "IL": 12.5,
    "OH": 11.8,
    "GA": 11,
    "NC": 10.8,
    "MI": 10,
    "NJ": 9.3,
    "VA": 8.7,
    "WA": 7.8,
    "AZ": 7.4,
    "MA": 7,
    "TN": 7.1,
    "IN": 6.8,
    "MO": 6.2,
    "MD": 6.2,
    "WI": 5.9,
    "CO": 5.9,
    "MN": 5.7,
    "SC": 5.4,
    "AL": 5.1,
    "LA": 4.6,
    "KY": 4.5,
    "OR": 4.2,
    "OK": 4,
    "CT": 3.6,
    "UT": 3.4,
    "IA": 3.2,
    "NV": 3.2,
    "AR": 3,
    "KS": 2.9,
    "MS": 2.9,
    "NM": 2.1,
    "NE": 2,
    "ID": 1.9,
    "WV": 1.8,
    "HI": 1.4,
    "NH": 1.4,
    "ME": 1.4,
    "MT": 1.1,
    "RI": 1.1,
    "DE": 1,
    "SD": 0.9,
    "ND": 0.8,
    "AK": 0.7,
    "DC": 0.7,
    "VT": 0.65,
    "WY": 0.58,
}
SURFACES = {"home": 30, "search": 22, "compare": 18, "article": 20, "email": 10}
EMPLOYMENT = {"employed": 66, "self_employed": 11, "student": 9, "retired": 10, "unemployed": 4}


def draw_applicants(generator, n_rows):
    """(facts by name, truth by name). Facts may hold None; truth never does. Income: USD a year."""
    work = choose(generator, list(EMPLOYMENT), list(EMPLOYMENT.values()), n_rows)
    age = draw_ages(generator, work)
    income = draw_incomes(generator, age, work)
    score = draw_scores(generator, age, income)
    band = numpy.digitize(score, [580, 640, 700, 760])
    thin = (age < 24) & (generator.random(n_rows) < 0.5)
    band = numpy.where(thin, 0, numpy.maximum(band, 1))
    utilization = numpy.clip(0.9 - (score - 500) / 420 + generator.normal(0, 0.13, n_rows), 0, 1.2)
    inquiries = generator.poisson(numpy.clip((740 - score) / 90, 0.2, 4))
    interests = draw_interests(generator, age, income, band, utilization)
    facts = {
        "age": age,
        "income": hide(generator, fixed(income, -2), 0.05),
        "state": choose(generator, list(STATES), list(STATES.values()), n_rows),
        "employment": hide(generator, work, 0.03),
        "credit_band": numpy.array(BANDS, dtype=object)[band],
        "credit_rank": band,
        "utilization": hide(generator, fixed(utilization, 2), 0.08),
        "inquiries": hide(generator, inquiries, 0.08),
        "has_card": (generator.random(n_rows) < numpy.where(band == 0, 0.15, 0.8)),
        "interests": list_text(interests, TAGS),
        "device": choose(generator, ["mobile", "desktop", "tablet"], [64, 30, 6], n_rows),
        "surface": choose(generator, list(SURFACES), list(SURFACES.values()), n_rows),
    }
    truth = {
        "age": age,
        "income": income,
        "work": work,
        "score": score,
        "band": band,
        "utilization": utilization,
        "inquiries": inquiries,
        "interests": interests,
        "surface": facts["surface"],
        "device": facts["device"],
        "state": facts["state"],
    }
    return facts, truth


def draw_ages(generator, work):
    """int64 [n], 18 to 90."""
    n_rows = len(work)
    age = generator.gamma(7.0, 5.6, n_rows) + 15
    age = numpy.where(work == "student", generator.uniform(18, 28, n_rows), age)
    age = numpy.where(work == "retired", generator.normal(69, 7, n_rows), age)
    return numpy.clip(age, 18, 90).astype(numpy.int64)


def draw_incomes(generator, age, work):
    """float64 [n], USD a year: log-normal around a level by age and work."""
    level = 10.75 + 0.5 * (1 - ((age - 48) / 32.0) ** 2)
    for name, move in (
        ("student", -1.35),
        ("unemployed", -1.0),
        ("retired", -0.35),
        ("self_employed", 0.05),
    ):
        level = level + numpy.where(work == name, move, 0.0)
    return numpy.clip(numpy.exp(level + generator.normal(0, 0.5, len(age))), 2000, 900_000)


def draw_scores(generator, age, income):
    """float64 [n], 350 to 850."""
    mean = 655 + 38 * (numpy.log(income) - 10.9) + 0.9 * (numpy.minimum(age, 65) - 40)
    return numpy.clip(mean + generator.normal(0, 62, len(age)), 350, 850)


def draw_interests(generator, age, income, band, utilization):
    """bool [n, tags]: what the visit so far shows."""
    n_rows = len(age)
    rich = numpy.clip((numpy.log(income) - 10.6) / 1.5, -0.5, 1)
    chance = numpy.stack(
        [
            numpy.full(n_rows, 0.34),
            0.20 + 0.25 * rich,
            0.16 + 0.1 * rich,
            numpy.full(n_rows, 0.14),
            numpy.full(n_rows, 0.12),
            0.04 + 0.3 * (utilization > 0.55),
            0.02 + 0.4 * (band <= 2),
            0.5 * (age < 25),
            0.05 + 0.04 * rich,
            numpy.full(n_rows, 0.2),
        ],
        axis=1,
    )
    return generator.random((n_rows, len(TAGS))) < numpy.clip(chance, 0, 1)
