"""python3 -m real tmall: favorite and purchase in one model, against popularity and single tasks.

Ranking is full: a user's held-out item among all items the user has not bought (or collected), by the
packed int8 bundle, whose policy drops what the user already has."""
import json
import os

from simulate.write import write_csv
from train import command
from train.config import check_config
from train.library import Library
from train.page import Page, figure, plots
from train.run import execute

from .setting import data_path, print_table, result_folder, write_json
from .tmall_data import Histories, read_interactions, text_ids, training_rows
from .tmall_measure import TOP, HeldOut, favorites_first, group, popular_lists

HEADS = ["purchase", "favorite"]


def tmall_config(heads, rate, name):
    """A user is the items of the history; gates tell users apart, experts items."""
    item = {"type": "string", "output": "embedding", "dim": 16}
    vocabulary = {"transforms": [{"op": "vocabulary"}]}
    fields = [
        {
            "name": "history",
            "side": "context",
            **item,
            "type": "string[]",
            "pool": "mean",
            **vocabulary,
        },
        {"name": "offer_id", "side": "candidate", **item, **vocabulary},
    ]
    head = {
        "kind": "probability",
        "tower": [16],
        "negative_sampling_rate": rate,
        "sampling_handled": "correct",
        "calibrator": {"kind": "identity"},
    }
    training = {
        "epochs": 3,
        "batch": 4096,
        "learning_rate": 0.005,
        "weight_decay": 0.05,
        "dropout": 0.1,
        "averaging": 0.99,
        "seed": 1,
        "missing_share": 0.001,
        "unknown_share": 0.001,
        "calibration_rows": 5000,
    }
    return check_config(
        {
            "name": name,
            "version": "1",
            "fields": fields,
            "heads": [{"name": name, **head} for name in heads],
            "graph": {"kind": "mmoe", "experts": 8, "layers": [24]},
            "split": {"holdout": 0.02, "seed": 3},
            "training": training,
        }
    )


def policy(head, favorite_rate=0.0):
    """Ranks by one head; an item that the user already has is not eligible. `favorite_rate`: the
    share of collected items that are bought, added for the user's own favorites."""
    return {
        "format": 1,
        "name": f"tmall-{head}",
        "version": "1",
        "facts": {
            "ctx.owned": {"type": "list(string)", "default": []},
            "ctx.favorites": {"type": "list(string)", "default": []},
            "offer.item": {"type": "string"},
        },
        "parameters": {"favorite_rate": {"value": favorite_rate, "min": 0.0, "max": 1.0}},
        "rules": [
            {
                "id": "not_owned",
                "expr": "!(offer.item in ctx.owned)",
                "code": "OWNED",
                "text": "Already bought or collected",
            }
        ],
        "terms": [
            {"id": head, "kind": "bonus", "unit": "USD", "expr": f"p.{head} * 1000.0"},
            {
                "id": "own_favorite",
                "kind": "bonus",
                "unit": "USD",
                "expr": "offer.item in ctx.favorites ? param.favorite_rate * 1000.0 : 0.0",
            },
        ],
        "placement": {},
    }


class Experiment:
    """Rows, catalog, held-out events and models of one run, in a folder."""

    def __init__(self, path, folder, library):
        self.folder, self.library = folder, library
        self.pairs = read_interactions(path)
        self.histories = Histories(self.pairs)
        self.favorites = group(self.pairs.collect)
        rows, self.rate = training_rows(self.pairs, self.histories)
        self.rows = os.path.join(folder, "rows.csv.gz")
        self.catalog = os.path.join(folder, "catalog.csv")
        items = text_ids("i", range(1, self.pairs.n_items + 1))
        write_csv(self.rows, rows)
        write_csv(self.catalog, {"offer": items, "offer.item": items})
        self.held_out = {
            "purchase": HeldOut(self.pairs.buy_held_out, self.pairs.buy, 1),
            "favorite": HeldOut(self.pairs.collect_held_out, self.pairs.collect, 2),
        }

    def favorite_rate(self):
        """Share of the collected pairs that are bought, in the training pairs."""
        both = self.pairs.collect.merge(self.pairs.buy)
        return len(both) / len(self.pairs.collect)

    def popularity(self):
        """Figures of the most frequent items, plain and with the user's favorites first."""
        purchase, favorite = self.held_out["purchase"], self.held_out["favorite"]
        bought = popular_lists(purchase, self.pairs.buy)
        collected = popular_lists(favorite, self.pairs.collect)
        first = favorites_first(purchase, self.favorites, bought)
        return {
            "popularity": {
                "purchase": purchase.measure(bought),
                "favorite": favorite.measure(collected),
            },
            "own favorites, then popularity": {"purchase": purchase.measure(first)},
        }

    def train(self, heads):
        """Trains on the rows; returns the model's folder."""
        name = "-".join(["tmall"] + heads)
        out = os.path.join(self.folder, name)
        execute(tmall_config(heads, self.rate, name), [self.rows], [], out, self.library)
        return out

    def measure(self, model, head, favorite_rate=0.0):
        """Figures of a model ranked by one of its heads."""
        source = os.path.join(self.folder, "policy.json")
        bundle = os.path.join(self.folder, "tmall.guardrank")
        write_json(source, policy(head, favorite_rate))
        command.pack(model, source, self.catalog, bundle)
        held_out = self.held_out[head]
        return held_out.measure(self.served(held_out, bundle, favorite_rate > 0))

    def served(self, held_out, bundle, with_favorites):
        """The bundle's first ten per user over the whole catalog."""
        path = os.path.join(self.folder, "requests.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for user in held_out.users:
                file.write(json.dumps(self.request(user, held_out, with_favorites)) + "\n")
        answers = command.rank_lines(path, bundle=bundle)
        return [[int(entry["offer"][1:]) for entry in answer["ranked"]] for answer in answers]

    def request(self, user, held_out, with_favorites):
        context = {
            "history": [f"i{item}" for item in self.histories.items.get(user, [])],
            "owned": [f"i{item}" for item in sorted(held_out.owned[user])],
        }
        if with_favorites:
            own = sorted(self.favorites.get(user, set()))
            context["favorites"] = [f"i{item}" for item in own]
        return {
            "request_id": f"u{user}",
            "time": "2026-11-21T00:00:00Z",
            "seed": 0,
            "limit": TOP,
            "context": context,
        }


def run():
    """Prints the table, writes build/real/tmall; returns 0."""
    path = data_path("tmall_favorite_buy", "interactions.csv.gz")
    if path is None:
        return 0
    folder = result_folder("tmall")
    experiment = Experiment(path, folder, Library())
    methods = experiment.popularity()
    for title, heads in (
        ("purchase alone", ["purchase"]),
        ("favorite alone", ["favorite"]),
        ("both (MMoE)", HEADS),
    ):
        model = experiment.train(heads)
        methods[title] = {head: experiment.measure(model, head) for head in heads}
    methods["both, own favorites as a term"] = {
        "purchase": experiment.measure(model, "purchase", experiment.favorite_rate())
    }
    result = {
        "items": experiment.pairs.n_items,
        "methods": methods,
        "negative_rate": experiment.rate,
        "favorite_rate": experiment.favorite_rate(),
        "users": {head: len(experiment.held_out[head].users) for head in HEADS},
    }
    write_json(os.path.join(folder, "tmall.json"), result)
    write_page(os.path.join(folder, "tmall.html"), result)
    print(note(result))
    print_table(NAMES, table_rows(result))
    return 0


NAMES = ["method"] + [
    cell
    for head in HEADS
    for figure_name in ("HR@10", "NDCG@10")
    for cell in (f"{head} {figure_name}", "s.e.")
]


def note(result):
    return (
        f"Tmall: full ranking over {result['items']} items less those the user has; held-out last "
        f"purchases of {result['users']['purchase']} users, one held-out favorite of "
        f"{result['users']['favorite']} users; models served in int8"
    )


def table_rows(result):
    rows = []
    for method, figures in result["methods"].items():
        cells = [method]
        for head in HEADS:
            for part in ("hr", "ndcg"):
                found = figures.get(head)
                cells += [f"{found[part]:.4f}", f"{found[part + '_se']:.4f}"] if found else ["", ""]
        rows.append(cells)
    return rows


def write_page(path, result):
    page = Page("Tmall: favorite and purchase, ranked")
    page.paragraph(note(result))
    page.table(NAMES, table_rows(result))
    for head in HEADS:
        drawing, axes = plots()
        found = [(m, f[head]) for m, f in result["methods"].items() if head in f]
        errors = [2 * figures["ndcg_se"] for _, figures in found]
        names = [method for method, _ in found]
        axes.barh(names, [figures["ndcg"] for _, figures in found], xerr=errors)
        axes.set_xlabel("NDCG@10, two standard errors")
        page.image(f"{head}: NDCG@10", figure(drawing))
    page.write(path)
