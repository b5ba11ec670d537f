"""python3 -m real tmall: favorite and purchase in one model, against popularity, item neighbours
and single tasks.

Ranking is full: a user's held-out item among all items the user has not bought (or collected), by
the packed int8 bundle, whose policy drops what the user already has."""
import os
from concurrent.futures import ProcessPoolExecutor

import numpy
import pandas

from simulate.write import write_csv
from train import command
from train.library import Library
from train.run import execute

from .engine import CatalogRanker
from .setting import data_path, print_table, result_folder, write_json
from .tmall_affinity import Affinity
from .tmall_data import read_interactions, text_ids
from .tmall_measure import TOP, HeldOut, paired_bootstrap
from .tmall_model import policy, tmall_config
from .tmall_report import NAMES, PAIRED_NAMES, note, paired_rows, table_rows, write_page
from .tmall_rivals import USERS_AT_A_TIME, rival_lists
from .tmall_rows import training_rows

HEADS = {"purchase": "buy", "favorite": "collect"}
MODELS = {
    "both (PLE)": ["purchase", "favorite"],
    "purchase alone": ["purchase"],
    "favorite alone": ["favorite"],
}
USERS_MEASURED = 3000
WORKERS = 2


class Experiment:
    """Affinities, rows, catalog and held-out events of one stage, in a folder."""

    def __init__(self, path, folder, stage, users=USERS_MEASURED):
        self.folder = folder
        self.pairs = read_interactions(path, stage)
        self.affinity = Affinity(self.pairs)
        self.rows = os.path.join(folder, "rows.csv")
        self.catalog = os.path.join(folder, "catalog.csv")
        self.items = text_ids("i", range(1, self.pairs.n_items + 1))
        rows = training_rows(self.affinity, self.pairs.n_items)
        self.rate = float(rows["rate"].mean())
        rows_frame(rows).to_csv(self.rows, index=False)
        counts = {name: c[1:].astype(int) for name, c in self.affinity.counts.items()}
        write_csv(
            self.catalog,
            {
                "offer": self.items,
                "offer.item": self.items,
                "offer.item_buys": counts["buy"],
                "offer.item_collects": counts["collect"],
            },
        )
        pairs = self.pairs
        self.held_out = {
            "purchase": HeldOut(pairs.buy_held_out, pairs.buy, users, 1),
            "favorite": HeldOut(pairs.collect_held_out, pairs.collect, users, 2),
        }

    def model(self, heads):
        """Head to Outcome of the model trained on `heads`."""
        folder = self.train(heads)
        return {head: self.measure(folder, head) for head in heads}

    def rivals(self):
        """Method to {head: Outcome} of what needs no learning."""
        out = {}
        for head, behaviour in HEADS.items():
            held_out = self.held_out[head]
            for name, lists in rival_lists(self.affinity, held_out, behaviour).items():
                out.setdefault(name, {})[head] = held_out.measure(lists)
        return out

    def train(self, heads):
        """Trains on the rows; returns the model's folder."""
        name = "-".join(["tmall"] + heads)
        out = os.path.join(self.folder, name)
        execute(tmall_config(heads, self.rate, name), [self.rows], [], out, Library())
        return out

    def measure(self, model, head):
        """The Outcome of a model's int8 bundle ranked by one of its heads."""
        bundle = os.path.join(self.folder, f"{os.path.basename(model)}-{head}.guardrank")
        source = bundle.replace(".guardrank", ".policy.json")
        write_json(source, policy(head))
        command.pack(model, source, self.catalog, bundle)
        held_out = self.held_out[head]
        return held_out.measure(self.served(held_out, bundle))

    def served(self, held_out, bundle):
        """The bundle's first ten per user over the whole catalog."""
        lists = []
        with CatalogRanker(bundle, self.items, TOP) as ranker:
            for start in range(0, len(held_out.users), USERS_AT_A_TIME):
                users = held_out.users[start : start + USERS_AT_A_TIME]
                pairs = self.pair_facts(users)
                for place, user in enumerate(users.tolist()):
                    self.set_context(ranker, user, held_out.owned[user])
                    found = ranker.rank({name: v[place, 1:] for name, v in pairs.items()})
                    lists.append([candidate + 1 for candidate in found])
        return lists

    def pair_facts(self, users):
        done = self.affinity.done
        return {
            **self.affinity.block(users),
            "is_favorite": done["collect"][users].toarray(),
            "is_bought": done["buy"][users].toarray(),
        }

    def set_context(self, ranker, user, owned):
        for behaviour in HEADS.values():
            ranker.set_number(f"user_{behaviour}s", self.affinity.events[behaviour][user])
        ranker.set_texts("owned", [f"i{item}" for item in sorted(owned)])


def rows_frame(rows):
    """Training rows as a frame for the CSV: labels whole or empty."""
    frame = pandas.DataFrame(rows)
    for name in ("label.purchase", "label.favorite"):
        frame[name] = numpy.where(frame[name].isna(), None, frame[name].map({0.0: "0", 1.0: "1"}))
    return frame


def compare(outcomes):
    """Head to method to the paired difference: the two-task model less that method."""
    both = outcomes["both (PLE)"]
    return {
        head: {
            name: paired_bootstrap(both[head], found[head])
            for name, found in outcomes.items()
            if head in found and found is not both
        }
        for head in HEADS
    }


def run(stage="test"):
    """Prints the tables, writes build/real/tmall; returns 0."""
    path = data_path("tmall_favorite_buy", "interactions.csv.gz")
    if path is None:
        return 0
    folder = result_folder("tmall" if stage == "test" else f"tmall_{stage}")
    experiment = Experiment(path, folder, stage)
    outcomes = experiment.rivals()
    with ProcessPoolExecutor(WORKERS) as workers:  # a training uses one core
        found = workers.map(experiment.model, MODELS.values())
        outcomes.update(zip(MODELS, found))
    result = {
        "stage": stage,
        "items": experiment.pairs.n_items,
        "mean_rate": experiment.rate,
        "users": {head: len(experiment.held_out[head].users) for head in HEADS},
        "methods": {
            name: {head: outcome.summary() for head, outcome in found.items()}
            for name, found in outcomes.items()
        },
        "paired": compare(outcomes),
    }
    write_json(os.path.join(folder, "tmall.json"), result)
    write_page(os.path.join(folder, "tmall.html"), result)
    print(note(result))
    print_table(NAMES, table_rows(result))
    print("\nNDCG@10 of both (PLE) less that of another, paired bootstrap over users")
    print_table(PAIRED_NAMES, paired_rows(result))
    return 0


def select():
    """The same on the selection stage: what settings are chosen by."""
    return run("selection")
