"""The goods marketplace: impressions on many surfaces (modules), favorite and purchase.

Surface `live` never appears in training data: what a model says there rests on its unknown code.
Truth as `truth.favorite` and `truth.purchase`, per impression."""
import numpy

from .draw import bernoulli, choose, fixed, hide, list_text, sigmoid
from .goods_catalog import CATEGORIES, catalog

# surface: (share of impressions, favorite lift, purchase lift, weight of price sensitivity)
SURFACES = {
    "home": (30, 0.10, -0.35, 1.0),
    "search": (26, -0.10, 0.55, 1.1),
    "cart": (8, -0.55, 0.80, 1.3),
    "category": (16, 0.05, 0.10, 1.0),
    "deals": (11, 0.15, 0.25, 1.8),
    "email": (9, 0.25, -0.10, 0.9),
}
UNSEEN_SURFACE = {"live": (10, 0.35, 0.05, 0.8)}


BLOCK_PREFERENCES = 40_000_000  # impressions times offers drawn at once


def simulate(n_rows, seed, negative_rate=1.0, with_unseen=False, offers=None):
    """Columns by CSV name. Rows without favorite and purchase are kept with `negative_rate`;
    `sample_rate` says with which probability a row was kept. `offers`: another catalog."""
    generator = numpy.random.default_rng(seed)
    offers = catalog() if offers is None else offers
    block = BLOCK_PREFERENCES // len(offers["offer"])
    parts = [
        one_block(generator, offers, min(block, n_rows - start), negative_rate, with_unseen)
        for start in range(0, n_rows, block)
    ]
    return {name: numpy.concatenate([part[name] for part in parts]) for name in parts[0]}


def one_block(generator, offers, n_rows, negative_rate, with_unseen):
    facts, shopper = draw_shoppers(generator, n_rows, with_unseen)
    shown = serve(generator, offers, shopper)
    seen = numpy.minimum(generator.geometric(0.6, n_rows) - 1, 9)
    truth = true_probabilities(offers, shown, shopper, seen)
    favorite, purchase = (bernoulli(generator, truth[name]) for name in ("favorite", "purchase"))
    columns = {f"ctx.{name}": values for name, values in facts.items()}
    columns.update(
        {
            "offer" if name == "offer" else f"offer.{name}": values[shown]
            for name, values in offers.items()
        }
    )
    columns["pair.seen_before"] = seen
    columns.update({"label.favorite": favorite, "label.purchase": purchase})
    columns.update({f"truth.{name}": fixed(values, 7) for name, values in truth.items()})
    positive = (favorite == 1) | (purchase == 1)
    kept = positive | (generator.random(n_rows) < negative_rate)
    columns["sample_rate"] = numpy.where(positive, 1.0, negative_rate)
    return {name: values[kept] for name, values in columns.items()}


def draw_shoppers(generator, n_rows, with_unseen):
    """(facts, truth): recent categories, budget, device, days since the last order, surface."""
    surfaces = {**SURFACES, **(UNSEEN_SURFACE if with_unseen else {})}
    surface = choose(generator, list(surfaces), [entry[0] for entry in surfaces.values()], n_rows)
    recent = generator.random((n_rows, len(CATEGORIES))) < 0.16
    budget = generator.normal(0, 1, n_rows)
    member = generator.random(n_rows) < 0.35
    facts = {
        "surface": surface,
        "recent_categories": list_text(recent, CATEGORIES),
        "spend_90d": hide(generator, fixed(numpy.exp(4.2 + 0.9 * budget), 2), 0.1),
        "days_since_order": hide(generator, fixed(generator.exponential(25, n_rows), 1), 0.15),
        "device": choose(generator, ["mobile", "desktop", "tablet"], [70, 24, 6], n_rows),
        "country": choose(generator, ["US", "DE", "JP", "BR", "IN"], [45, 18, 14, 12, 11], n_rows),
        "is_member": member,
        "age": generator.integers(16, 80, n_rows),
    }
    truth = {
        "surface": surface,
        "recent": recent,
        "budget": budget,
        "member": member,
        "table": surfaces,
    }
    return facts, truth


def serve(generator, offers, shopper):
    """int64 [n]: recent categories are shown more often."""
    place = numpy.array([CATEGORIES.index(name) for name in offers["category"]])
    preference = 1.3 * shopper["recent"][:, place]
    return numpy.argmax(preference + generator.gumbel(size=preference.shape), axis=1)


def true_probabilities(offers, shown, shopper, seen):
    """Truth per impression for both heads."""
    lifts = numpy.array([shopper["table"][name][1:] for name in shopper["surface"]])
    price = offers["price"].astype(float) * (1 - offers["discount"].astype(float))
    level = numpy.log(price)[shown]
    rating = numpy.array([4.0 if value is None else float(value) for value in offers["rating"]])[
        shown
    ]
    discount = offers["discount"].astype(float)[shown]
    place = numpy.array([CATEGORIES.index(name) for name in offers["category"]])[shown]
    recent = shopper["recent"][numpy.arange(len(shown)), place]
    charm = 0.45 * numpy.sin(numpy.arange(len(price)) * 2.399963)[shown]
    stretch = numpy.maximum(level - 3.4 - 0.7 * shopper["budget"], 0)
    favorite = (
        -3.25
        + lifts[:, 0]
        + 0.8 * recent
        + 0.75 * (rating - 4.0)
        + charm
        + 0.35 * numpy.tanh(level - 3.5)
        - 0.10 * seen
    )
    purchase = (
        -4.35
        + lifts[:, 1]
        + 0.95 * recent
        + 0.55 * (rating - 4.0)
        + 0.6 * charm
        + 1.6 * discount
        - 0.55 * lifts[:, 2] * stretch
        + 0.25 * shopper["member"]
        - 0.16 * seen
    )
    return {"favorite": sigmoid(favorite), "purchase": sigmoid(purchase)}
