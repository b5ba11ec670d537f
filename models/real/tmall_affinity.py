"""What other users say of a (user, item) pair: co-occurrence with the user's own items.

For target behaviour T (buy or collect) and history behaviour H, with C[j, i] the users who did H
on item j and T on item i (j other than i), n the users of an item by behaviour, and the user's H_u:

    affinity(u, i) = SCALE * sum over j in H_u of n_H(j)^-DAMPING C[j, i] n_T(i)^-DAMPING

Only *other* users count: where (u, i) is itself in T, the user's own part is taken off C and n_T. A
training row about an event therefore sees exactly what a ranking before that event would have seen
(leave one out); for a held-out event nothing is to be taken off."""
import numpy
from scipy import sparse

DAMPING = 0.3  # between counting (0) and cosine (0.5); the long tail needs some
SCALE = 5.0  # one common user is then about one
PARTS = (
    # fact of the pair, history, target
    ("buys_of_buyers", "buy", "buy"),
    ("buys_of_collectors", "collect", "buy"),
    ("collects_of_collectors", "collect", "collect"),
    ("collects_of_buyers", "buy", "collect"),
)


def incidence(pairs, n_users, n_items):
    """float32 CSR [users + 1, items + 1] of ones; numbers start at 1."""
    ones = numpy.ones(len(pairs), numpy.float32)
    shape = (n_users + 1, n_items + 1)
    return sparse.csr_matrix((ones, (pairs.user.to_numpy(), pairs.item.to_numpy())), shape)


class Affinity:
    """Co-occurrences of the training pairs, and affinities of blocks of users to all items."""

    def __init__(self, data):
        self.done = {
            "buy": incidence(data.buy, data.last_user, data.n_items),
            "collect": incidence(data.collect, data.last_user, data.n_items),
        }
        self.counts = {name: numpy.asarray(m.sum(0)).ravel() for name, m in self.done.items()}
        self.events = {name: numpy.asarray(m.sum(1)).ravel() for name, m in self.done.items()}
        self.weights = {n: numpy.maximum(c, 1) ** -DAMPING for n, c in self.counts.items()}
        self.together = {}
        for fact, history, target in PARTS:
            found = (self.done[history].T @ self.done[target]).tocsr()
            found = found - sparse.diags(found.diagonal())
            self.together[fact] = (sparse.diags(self.weights[history]) @ found).tocsr()

    def block(self, users):
        """Fact to float32 [users, items + 1]."""
        return {part[0]: self.one(users, *part) for part in PARTS}

    def one(self, users, fact, history, target):
        weighted = self.done[history][users]
        total = (weighted @ self.together[fact]).toarray()
        rows, items = self.done[target][users].nonzero()
        weights = self.weights[history]
        own = weighted.multiply(weights[None, :]).tocsr()
        mine = numpy.asarray(own[rows, items]).ravel()
        total[rows, items] -= numpy.asarray(own.sum(1)).ravel()[rows] - mine
        total *= self.weights[target][None, :]
        others = numpy.maximum(self.counts[target][items] - 1, 1) ** -DAMPING
        total[rows, items] *= others / self.weights[target][items]
        return (SCALE * numpy.maximum(total, 0)).astype(numpy.float32)
