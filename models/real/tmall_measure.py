"""What a ranking of Tmall items is measured on: held-out events, hit rate and NDCG at 10."""
import numpy

TOP = 10
USERS_MEASURED = 3000


class HeldOut:
    """What one behaviour is measured on: users, what they own, what was held out."""

    def __init__(self, held, owned, seed):
        wanted = held[held.user.isin(owned.user.unique())]
        users = numpy.sort(wanted.user.unique())
        generator = numpy.random.default_rng(seed)
        self.users = numpy.sort(generator.choice(users, min(USERS_MEASURED, len(users)), False))
        chosen = set(self.users.tolist())
        self.relevant = group(wanted[wanted.user.isin(chosen)])
        self.owned = group(owned[owned.user.isin(chosen)])

    def measure(self, lists):
        """{"hr", "ndcg"} at 10 and their standard errors; `lists`: item numbers by user's place."""
        hits, gains = numpy.zeros(len(self.users)), numpy.zeros(len(self.users))
        for place, (user, items) in enumerate(zip(self.users, lists)):
            wanted = self.relevant[user]
            found = [
                1.0 / numpy.log2(slot + 2) for slot, item in enumerate(items) if item in wanted
            ]
            ideal = sum(1.0 / numpy.log2(slot + 2) for slot in range(min(len(wanted), TOP)))
            hits[place], gains[place] = float(bool(found)), sum(found) / ideal
        root = numpy.sqrt(len(hits))
        return {
            "hr": float(hits.mean()),
            "hr_se": float(hits.std() / root),
            "ndcg": float(gains.mean()),
            "ndcg_se": float(gains.std() / root),
        }


def group(frame):
    """User to set of items."""
    return {user: set(items) for user, items in frame.groupby("user").item}


def popular_lists(held_out, frame):
    """Most frequent items that the user does not own."""
    counts = frame.groupby("item").size()
    order = numpy.lexsort((counts.index.to_numpy(), -counts.to_numpy()))
    top = counts.index.to_numpy()[order[: TOP + 200]]
    return [
        [item for item in top if item not in held_out.owned[user]][:TOP] for user in held_out.users
    ]


def favorites_first(held_out, favorites, lists):
    """The user's own favorites that are not owned yet, in the order of `lists`, then the rest."""
    out = []
    for user, items in zip(held_out.users, lists):
        first = sorted(favorites.get(user, set()) - held_out.owned[user])
        out.append((first + [item for item in items if item not in first])[:TOP])
    return out
