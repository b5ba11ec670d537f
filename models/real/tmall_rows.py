"""Training rows: each event asked about as if it had not happened yet, and pairs without any.

A row's state is what the user had done with the item before the event in question: nothing,
collected (is a purchase next?) or bought (is a collect next?). A head whose event is part of the
state has no label there. Pairs without events are kept with a known probability, higher where
other users' items speak for the pair; the loss takes it off the logit (`sampling_handled:
offset`)."""
import numpy

from .tmall_affinity import PARTS

FACTS = [fact for fact, _, _ in PARTS]
EVEN_NEGATIVES = 8.0  # per user, over all items alike
NEAR_NEGATIVES = 16.0  # per user, in proportion to affinity^0.75
USERS_AT_A_TIME = 500
LABELS = ("purchase", "favorite")

# (bought, collected) of the pair: its questions, as (is_favorite, is_bought, purchase, favorite)
NONE = numpy.nan
QUESTIONS = [
    (True, True, [(1, 0, 1, NONE), (0, 1, NONE, 1)]),
    (True, False, [(0, 0, 1, 0), (0, 1, NONE, 0)]),
    (False, True, [(1, 0, 0, NONE), (0, 0, 0, 1)]),
]


def keeping_rates(block, n_items):
    """float32 [users, items + 1]: with which probability a pair without events becomes a row."""
    near = sum(block.values()) ** 0.75
    share = near / numpy.maximum(near.sum(1, keepdims=True), 1e-9)
    return numpy.minimum(1.0, EVEN_NEGATIVES / n_items + NEAR_NEGATIVES * share)


def rows_of(users, pairs, question, rates, block):
    """Columns of one question over the pairs (rows, items) of a block."""
    places, items = pairs
    is_favorite, is_bought, purchase, favorite = question
    is_open = not (is_favorite or is_bought)
    n_rows = len(places)
    columns = {
        "user": users[places],
        "item": items,
        "pair.is_favorite": numpy.full(n_rows, is_favorite),
        "pair.is_bought": numpy.full(n_rows, is_bought),
        "label.purchase": numpy.full(n_rows, purchase, float),
        "label.favorite": numpy.full(n_rows, favorite, float),
        "rate": rates[places, items] if is_open else numpy.ones(n_rows),
    }
    columns.update({f"pair.{fact}": block[fact][places, items] for fact in FACTS})
    return columns


def block_rows(affinity, users, n_items, generator):
    """All questions about a block of users."""
    block = affinity.block(users)
    rates = keeping_rates(block, n_items)
    bought, collected = (affinity.done[name][users].toarray() > 0 for name in ("buy", "collect"))
    found = []
    for is_bought, is_collected, questions in QUESTIONS:
        pairs = ((bought == is_bought) & (collected == is_collected)).nonzero()
        found += [rows_of(users, pairs, question, rates, block) for question in questions]
    drawn = generator.random(rates.shape, dtype=numpy.float32) < rates
    drawn &= ~(bought | collected)
    drawn[:, 0] = False
    return found + [rows_of(users, drawn.nonzero(), (0, 0, 0, 0), rates, block)]


def training_rows(affinity, n_items, seed=1):
    """Columns of the CSV, in random order."""
    generator = numpy.random.default_rng(seed)
    users = numpy.flatnonzero(affinity.events["buy"] + affinity.events["collect"])
    found = []
    for start in range(0, len(users), USERS_AT_A_TIME):
        chosen = users[start : start + USERS_AT_A_TIME]
        found += block_rows(affinity, chosen, n_items, generator)
    columns = {name: numpy.concatenate([part[name] for part in found]) for name in found[0]}
    order = generator.permutation(len(columns["item"]))
    return finish({name: values[order] for name, values in columns.items()}, affinity)


def finish(columns, affinity):
    """Adds how often the item and the user were seen, less the event in question."""
    user, item = columns.pop("user"), columns.pop("item")
    for behaviour, label in (("buy", "purchase"), ("collect", "favorite")):
        asked = (columns[f"label.{label}"] == 1).astype(int)
        columns[f"offer.item_{behaviour}s"] = affinity.counts[behaviour][item].astype(int) - asked
        columns[f"ctx.user_{behaviour}s"] = affinity.events[behaviour][user].astype(int) - asked
    columns["rate"] = numpy.round(columns["rate"], 7)
    for fact in FACTS:
        columns[f"pair.{fact}"] = numpy.round(columns[f"pair.{fact}"].astype(float), 4)
    return columns
