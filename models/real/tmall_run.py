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
from .tmall_measure import TOP, HeldOut, popular_lists
from .tmall_data import read_interactions, text_ids, training_rows

HEADS = ["purchase", "favorite"]


def tmall_config(heads, rate, name):
    """Embeddings by hash for users, by row for items; gates that tell users apart."""
    fields = [
        {
            "name": "user",
            "side": "context",
            "type": "string",
            "output": "embedding",
            "dim": 16,
            "transforms": [{"op": "hash", "buckets": 40000, "seed": 1}],
        },
        {
            "name": "offer_id",
            "side": "candidate",
            "type": "string",
            "output": "embedding",
            "dim": 16,
            "transforms": [{"op": "vocabulary"}],
        },
    ]
    return check_config(
        {
            "name": name,
            "version": "1",
            "fields": fields,
            "heads": [
                {
                    "name": head,
                    "kind": "probability",
                    "tower": [16],
                    "negative_sampling_rate": rate,
                    "sampling_handled": "correct",
                    "calibrator": {"kind": "identity"},
                }
                for head in heads
            ],
            "graph": {"kind": "mmoe", "experts": 8, "layers": [32]},
            "split": {"holdout": 0.02, "seed": 3},
            "training": {
                "epochs": 4,
                "batch": 8192,
                "learning_rate": 0.01,
                "weight_decay": 0.05,
                "dropout": 0.1,
                "averaging": 0.99,
                "seed": 1,
                "calibration_rows": 5000,
            },
        }
    )


def policy(head):
    """Ranks by one head; an item that the user already has is not eligible."""
    return {
        "format": 1,
        "name": f"tmall-{head}",
        "version": "1",
        "facts": {
            "ctx.owned": {"type": "list(string)", "default": []},
            "offer.item": {"type": "string"},
        },
        "rules": [
            {
                "id": "not_owned",
                "expr": "!(offer.item in ctx.owned)",
                "code": "OWNED",
                "text": "Already bought or collected",
            }
        ],
        "terms": [{"id": head, "kind": "bonus", "unit": "USD", "expr": f"p.{head} * 1000.0"}],
        "placement": {},
    }


def served_lists(held_out, bundle, folder):
    """The bundle's first ten per user over the whole catalog."""
    path = os.path.join(folder, "requests.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for user in held_out.users:
            owned = [f"i{item}" for item in sorted(held_out.owned[user])]
            file.write(
                json.dumps(
                    {
                        "request_id": f"u{user}",
                        "time": "2026-11-21T00:00:00Z",
                        "seed": 0,
                        "limit": TOP,
                        "context": {"user": f"u{user}", "owned": owned},
                    }
                )
                + "\n"
            )
    answers = command.rank_lines(path, bundle=bundle)
    return [[int(entry["offer"][1:]) for entry in answer["ranked"]] for answer in answers]


def train_model(heads, data, folder, library):
    """Trains on the rows of `folder`/rows.csv.gz; returns the model folder and the run."""
    name = "-".join(["tmall"] + heads)
    rate = data["rate"]
    out = os.path.join(folder, name)
    run = execute(tmall_config(heads, rate, name), [data["rows"]], [], out, library)
    return out, run


def measure_model(heads, model, data, folder):
    """Figures by head of one model, ranked by its own head."""
    figures = {}
    for head in heads:
        path = os.path.join(folder, f"policy-{head}.json")
        write_json(path, policy(head))
        bundle = os.path.join(folder, f"{os.path.basename(model)}-{head}.guardrank")
        command.pack(model, path, data["catalog"], bundle)
        figures[head] = data["held_out"][head].measure(
            served_lists(data["held_out"][head], bundle, folder)
        )
    return figures


def prepare(path, folder):
    """Rows, catalog and held-out events on disk and in memory."""
    pairs = read_interactions(path)
    columns, rate = training_rows(pairs)
    rows = {
        "ctx.user": text_ids("u", columns["ctx.user"]),
        "offer": text_ids("i", columns["offer"]),
        "label.purchase": columns["label.purchase"],
        "label.favorite": columns["label.favorite"],
    }
    items = text_ids("i", range(1, pairs.n_items + 1))
    data = {
        "rows": os.path.join(folder, "rows.csv.gz"),
        "rate": rate,
        "pairs": pairs,
        "catalog": os.path.join(folder, "catalog.csv"),
        "n_rows": len(items),
        "held_out": {
            "purchase": HeldOut(pairs.buy_held_out, pairs.buy, 1),
            "favorite": HeldOut(pairs.collect_held_out, pairs.collect, 2),
        },
    }
    write_csv(data["rows"], rows)
    write_csv(data["catalog"], {"offer": items, "offer.item": items})
    return data


def run():
    """Prints the table, writes build/real/tmall; returns 0."""
    path = data_path("tmall_favorite_buy", "interactions.csv.gz")
    if path is None:
        return 0
    folder = result_folder("tmall")
    library = Library()
    data = prepare(path, folder)
    methods = {
        "popularity": {
            "purchase": data["held_out"]["purchase"].measure(
                popular_lists(data["held_out"]["purchase"], data["pairs"].buy)
            ),
            "favorite": data["held_out"]["favorite"].measure(
                popular_lists(data["held_out"]["favorite"], data["pairs"].collect)
            ),
        }
    }
    for title, heads in (
        ("purchase alone", ["purchase"]),
        ("favorite alone", ["favorite"]),
        ("both (MMoE)", HEADS),
    ):
        model, _ = train_model(heads, data, folder, library)
        methods[title] = measure_model(heads, model, data, folder)
    result = {
        "items": data["pairs"].n_items,
        "methods": methods,
        "negative_rate": data["rate"],
        "users": {head: len(data["held_out"][head].users) for head in HEADS},
    }
    write_json(os.path.join(folder, "tmall.json"), result)
    write_page(os.path.join(folder, "tmall.html"), result)
    print(note(result))
    print_table(NAMES, table_rows(result))
    return 0


NAMES = [
    "method",
    "purchase HR@10",
    "s.e.",
    "purchase NDCG@10",
    "s.e.",
    "favorite HR@10",
    "s.e.",
    "favorite NDCG@10",
    "s.e.",
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
                if head in figures:
                    cells += [f"{figures[head][part]:.4f}", f"{figures[head][part + '_se']:.4f}"]
                else:
                    cells += ["", ""]
        rows.append(cells)
    return rows


def write_page(path, result):
    page = Page("Tmall: favorite and purchase, ranked")
    page.paragraph(note(result))
    page.table(NAMES, table_rows(result))
    for head in HEADS:
        drawing, axes = plots()
        found = [
            (method, figures[head])
            for method, figures in result["methods"].items()
            if head in figures
        ]
        axes.bar(
            [method for method, _ in found],
            [f["ndcg"] for _, f in found],
            yerr=[2 * f["ndcg_se"] for _, f in found],
        )
        axes.set_ylabel("NDCG@10, two standard errors")
        page.image(f"{head}: NDCG@10", figure(drawing))
    page.write(path)
