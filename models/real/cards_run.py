"""python3 -m real cards: the real catalog of card offers, ranked for simulated applicants."""
import collections
import json
import os

import numpy

from simulate.applicants import draw_applicants
from simulate.reference import MARKETS, simulate_market
from simulate.write import write_csv
from train import command
from train.config import read_config
from train.library import Library
from train.page import Page, figure, plots
from train.run import execute

from .cards_catalog import POINT_CENTS, SNAPSHOT_DATE, catalog_columns, read_cards
from .setting import data_path, print_table, result_folder, write_json

N_APPLICANTS = 6
SHOWN = 5


def run():
    """Prints a top-5 table per applicant, writes build/real/cards; returns 0."""
    path = data_path("card_offers_us", f"offers_{SNAPSHOT_DATE}.json.gz")
    if path is None:
        return 0
    folder = result_folder("cards")
    here = os.path.dirname(os.path.abspath(__file__))
    catalog = os.path.join(folder, "catalog.csv")
    columns = catalog_columns(read_cards(path))
    write_csv(catalog, columns)
    bundle = os.path.join(folder, "real_cards.guardrank")
    command.pack(simulator_model(folder), os.path.join(here, "cards_policy.yaml"), catalog, bundle)
    contexts = applicants()
    requests = os.path.join(folder, "requests.jsonl")
    write_requests(requests, contexts)
    answers = command.rank_lines(requests, bundle=bundle)
    names = dict(zip(columns["offer"], columns["offer.name"]))
    tables = [top_rows(answer, names) for answer in answers]
    write_json(
        os.path.join(folder, "cards.json"),
        {"snapshot": SNAPSHOT_DATE, "offers": len(names), "contexts": contexts, "answers": answers},
    )
    write_page(os.path.join(folder, "cards.html"), contexts, answers, tables)
    print(f"{len(names)} real cards of {SNAPSHOT_DATE}, for {len(contexts)} simulated applicants")
    for context, answer, rows in zip(contexts, answers, tables):
        print(f"\n{describe(context)}\n{stages(answer)}")
        if rows:
            print_table(NAMES, rows)
        else:
            print(f"no offer: {reasons(answer)}")
    return 0


def simulator_model(folder):
    """The cards model of models/reference: of an earlier build if there, else trained now."""
    here = os.path.dirname(os.path.abspath(__file__))
    built = os.path.join(here, "..", "..", "build", "reference", "cards", "model")
    for model in (built, os.path.join(folder, "model")):
        if os.path.exists(os.path.join(model, "model.json")):
            return model
    market = next(market for market in MARKETS if market.name == "cards")
    paths = simulate_market(market, folder)
    config = read_config(os.path.join(here, "..", "reference", "cards", "train.json"))
    model = os.path.join(folder, "model")
    execute(config, [paths["train"]], [paths["holdout"]], model, Library())
    return model


def plain(value):
    """A numpy value as JSON has it."""
    return value.item() if isinstance(value, numpy.generic) else value


def applicants(seed=20261121):
    """Contexts of the simulator's applicants, spread over credit bands."""
    facts, _ = draw_applicants(numpy.random.default_rng(seed), 400)
    chosen = []
    for rank in (4, 3, 4, 3, 4, 1):
        chosen.append(
            next(
                row for row in range(400) if facts["credit_rank"][row] == rank and row not in chosen
            )
        )
    contexts = []
    for number, row in enumerate(chosen[:N_APPLICANTS]):
        context = {
            name: plain(values[row]) for name, values in facts.items() if values[row] is not None
        }
        if isinstance(context.get("interests"), str):
            context["interests"] = context["interests"].split("|")
        context["wants_business"] = number == 2
        contexts.append(context)
    return contexts


def write_requests(path, contexts):
    with open(path, "w", encoding="utf-8") as file:
        for number, context in enumerate(contexts):
            file.write(
                json.dumps(
                    {
                        "request_id": f"applicant-{number + 1}",
                        "seed": number,
                        "limit": SHOWN,
                        "explain": True,
                        "time": f"{SNAPSHOT_DATE}T12:00:00Z",
                        "context": context,
                    }
                )
                + "\n"
            )


NAMES = [
    "card",
    "p(click)",
    "p(apply)",
    "p(approve)",
    "spend USD",
    "revenue",
    "rejection",
    "long term",
    "score USD",
]


def top_rows(answer, names):
    """Cells of the ranked offers."""
    rows = []
    for entry in answer["ranked"]:
        heads = entry["heads"]
        terms = {term["id"]: term["micros"] / 1e6 for term in entry["terms"]}
        rows.append(
            [names[entry["offer"]]]
            + [f"{heads[name]['probability']:.3f}" for name in ("click", "apply", "approve")]
            + [f"{heads['spend']['value']:,.0f}"]
            + [f"{terms[name]:.4f}" for name in ("revenue", "rejection_risk", "long_term_value")]
            + [f"{entry['score_micros'] / 1e6:.4f}"]
        )
    return rows


def describe(context):
    """One line about an applicant."""
    income = f"{context['income']:,.0f} USD" if "income" in context else "income not given"
    return (
        f"{context['age']} years, {income}, {context['state']}, credit {context['credit_band']}, "
        f"interests {', '.join(context.get('interests', [])) or 'none'}"
        + (", for a business" if context["wants_business"] else "")
    )


def stages(answer):
    figures = answer["stages"]
    return ", ".join(f"{name} {value}" for name, value in figures.items())


def reasons(answer):
    """How often each reason excluded an offer: "CREDIT 140, BUSINESS 24"."""
    codes = collections.Counter(
        reason["code"] for entry in answer["excluded"] for reason in entry["reasons"]
    )
    return ", ".join(f"{code} {count}" for code, count in codes.most_common())


def write_page(path, contexts, answers, tables):
    page = Page(f"Real US card offers of {SNAPSHOT_DATE} for simulated applicants")
    page.paragraph(
        "The model is the simulator's; what the snapshot lacks is assumed: credit standard and "
        "payout by annual fee; points valued in US cents: "
        + ", ".join(f"{name} {cents:g}" for name, cents in POINT_CENTS.items())
        + ", others 1.2."
    )
    for context, answer, rows in zip(contexts, answers, tables):
        page.heading(describe(context))
        page.paragraph(f"{stages(answer)}. Excluded: {reasons(answer)}")
        page.table(NAMES, rows)
    drawing, axes = plots()
    for number, answer in enumerate(answers):
        scores = [entry["score_micros"] / 1e6 for entry in answer["ranked"]]
        axes.plot(range(1, len(scores) + 1), scores, marker="o", label=f"applicant {number + 1}")
    axes.set_xlabel("position")
    axes.set_ylabel("score, USD per impression")
    axes.legend()
    page.image("Score by position", figure(drawing))
    page.write(path)
