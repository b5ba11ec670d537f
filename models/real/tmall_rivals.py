"""What the models must beat on Tmall, without learning: popularity, the user's own other events,
and item neighbours (the affinities that the models get as facts, added up)."""
import numpy

from .tmall_measure import TOP

USERS_AT_A_TIME = 250
OTHER = {"buy": "collect", "collect": "buy"}


def first_items(scores, owned):
    """Items of the TOP highest scores that are not owned; ties by the lower number."""
    scores[list(owned)] = -numpy.inf
    scores[0] = -numpy.inf
    least = -numpy.partition(-scores, TOP - 1)[TOP - 1]
    best = numpy.flatnonzero(scores >= least)
    return best[numpy.lexsort((best, -scores[best]))][:TOP].tolist()


def rival_lists(affinity, held_out, behaviour):
    """Method to lists, by the place of the measured user."""
    counts = affinity.counts[behaviour]
    popular = counts / (1.0 + counts.max())  # in [0, 1): breaks ties of what comes before it
    parts = [f"{behaviour}s_of_{who}" for who in ("buyers", "collectors")]
    lists = {name: [] for name in RIVALS}
    for start in range(0, len(held_out.users), USERS_AT_A_TIME):
        users = held_out.users[start : start + USERS_AT_A_TIME]
        block = affinity.block(users)
        others = affinity.done[OTHER[behaviour]][users].toarray()
        near = block[parts[0]].astype(float) + block[parts[1]] + 1e-3 * popular
        for place, user in enumerate(users.tolist()):
            owned = held_out.owned[user]
            for name, scores in zip(
                RIVALS,
                (
                    popular.copy(),
                    others[place] + popular,
                    near[place].copy(),
                    1e6 * others[place] + near[place],
                ),
            ):
                lists[name].append(first_items(scores, owned))
    return lists


RIVALS = [
    "popularity",
    "own other events, then popularity",
    "item neighbours",
    "own other events, then neighbours",
]
