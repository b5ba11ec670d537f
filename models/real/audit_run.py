"""python3 -m real audit: `guardrank audit` on real lending data, and the steering audit on the real cards."""
import json
import os
import shutil
import zlib

import numpy
import pandas

from simulate.applicants import draw_applicants
from simulate.write import write_csv
from train import command
from train.metrics import auc

from . import audit_published
from .audit_published import STUDY_CUTOFF
from .cards_catalog import SNAPSHOT_DATE, catalog_columns, read_cards
from .cards_run import plain, simulator_model
from .setting import data_path, print_table, result_folder, write_json

N_APPLICANTS = 300


def run():
    """Prints the figures, writes pages and reports to build/real/audit; returns 0."""
    folder = result_folder("audit")
    results = {}
    for name, program in (
        ("hmda", hmda),
        ("loanapp", loanapp),
        ("taiwan", taiwan),
        ("steering", steering),
    ):
        found = program(folder)
        if found is not None:
            results[name] = found
    write_json(os.path.join(folder, "audit.json"), results)
    return 0


def audit(folder, name, words):
    """Runs the command; the page and the report stay in the folder. Returns the report."""
    words = ["audit"] + words + ["--html", os.path.join(folder, name + ".html"), "--json"]
    text = command.run_command(words)
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
        file.write(text)
    return json.loads(text)


def read(*parts):
    path = data_path(*parts)
    return None if path is None else pandas.read_csv(path, low_memory=False)


def is_held_out(ids):
    """30% of rows, by a hash of their id."""
    return numpy.array([zlib.crc32(f"audit-{row}".encode()) % 10 < 3 for row in ids])


def write(folder, name, frame):
    path = os.path.join(folder, name + ".csv")
    frame.to_csv(path, index=False)
    return path


def interval(group, name):
    value = group.get(name)
    if value is None:
        return "-"
    low, high = group[name + "_interval"]
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def show_groups(report):
    rows = []
    for attribute in report["attributes"]:
        for group in attribute["groups"]:
            rows.append(
                [
                    f"{attribute['attribute']} {group['group']}",
                    group["rows"],
                    f"{group['rate']:.4f}" if "rate" in group else "-",
                    interval(group, "air"),
                    interval(group, "score_smd"),
                    group.get("four_fifths", "-"),
                ]
            )
    print_table(["group", "rows", "rate", "AIR [95%]", "SMD [95%]", "four-fifths"], rows)


def show_alternatives(report):
    found = report["alternatives"]
    full = found["full_model"]
    rows = [["full model", f"{full['auc_test']:.4f}", "", f"{full['air_test']:.4f}", ""]]
    for one in found["best"] + found["unconfirmed"]:
        changed = [f"{name} x {weight:g}" for name, weight in one["weights"].items()]
        confirmed = one["is_beyond_chance"] and one["is_within_loss"]
        name = one["kind"] + (": " if confirmed else " (unconfirmed): ")
        name += ", ".join(["no " + dropped for dropped in one["dropped"]] + changed)
        changes = [
            f"{one[part]:+.4f} [{one[part + '_interval'][0]:+.4f}, {one[part + '_interval'][1]:+.4f}]"
            for part in ("auc_change", "air_change")
        ]
        rows.append(
            [name[:90], f"{one['auc_test']:.4f}", changes[0], f"{one['air_test']:.4f}", changes[1]]
        )
    print(
        f"{found['tried']} alternatives, at most {found['max_loss']} of AUC lost, "
        f"{found['select_rate']:.3f} selected; {found['rows']['test']} unseen rows"
    )
    print_table(["model", "AUC", "change [95%]", "worst AIR", "change [95%]"], rows)


HMDA_FEATURES = [
    "loan_amount", "property_value", "income", "intro_rate_period", "no_intro_rate_period",
    "loan_to_value", "debt_to_income_ratio", "term_360", "conforming",
]  # fmt: skip
# A higher debt ratio or loan to value may only raise the risk, a higher income or property value lower it.
HMDA_SIGNS = [0, -1, -1, 0, 0, 1, 1, 0, 0]
DEBT_BANDS = {"<20%": 15, "20%-<30%": 25, "30%-<36%": 33, "50%-60%": 55, ">60%": 65}


def first_of(frame, columns):
    """The name of the first column that is 1; blank where none is."""
    out = numpy.full(len(frame), "", dtype=object)
    for column in reversed(columns):
        out[frame[column].to_numpy() == 1] = column
    return out


def hmda_frame():
    frame = read("hmda2018_pricing", "hmda_train.csv.gz")
    if frame is None:
        return None
    band = frame["debt_to_income_ratio"].astype(str)
    frame["debt_to_income_ratio"] = pandas.to_numeric(
        band.map(DEBT_BANDS).fillna(band), errors="coerce"
    )
    frame["race"] = first_of(frame, ["black", "asian", "white", "amind", "hipac"])
    frame["sex"] = first_of(frame, ["female", "male"])
    frame["ethnicity"] = first_of(frame, ["hispanic", "non_hispanic"])
    return frame


def hmda_models(matrix, labels, train):
    """Name to risk of being high-priced, over all rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    shared = {"random_state": 1, "early_stopping": True, "max_iter": 400, "learning_rate": 0.05,
              "max_leaf_nodes": 15}  # fmt: skip
    models = {
        "monotone boosting": HistGradientBoostingClassifier(monotonic_cst=HMDA_SIGNS, **shared),
        "boosting": HistGradientBoostingClassifier(**shared),
        "logistic": make_pipeline(
            SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression(max_iter=500)
        ),
    }
    return {
        name: model.fit(matrix[train], labels[train]).predict_proba(matrix)[:, 1]
        for name, model in models.items()
    }


def hmda(folder):
    """Three models of a high price against the published two, then alternatives."""
    frame = hmda_frame()
    if frame is None:
        return None
    test = is_held_out(frame["row_id"])
    labels = frame["high_priced"].to_numpy()
    risks = hmda_models(frame[HMDA_FEATURES].to_numpy(dtype=float), labels, ~test)
    groups = write(folder, "hmda_groups", frame.loc[test, ["row_id", "race", "sex", "ethnicity"]])
    by_group = ["--groups", groups, "--key", "row_id", "--group", "race", "--group", "sex", "--group",
                "ethnicity", "--reference", "race=white", "--reference", "sex=male", "--reference",
                "ethnicity=non_hispanic"]  # fmt: skip
    print(
        f"HMDA 2018: {int(test.sum())} held-out loans (30% by hash); selected: risk under {STUDY_CUTOFF}"
    )
    out = {}
    for name, risk in risks.items():
        scored = pandas.DataFrame({"row_id": frame["row_id"][test], "risk": risk[test]})
        path = write(folder, "hmda_" + name.replace(" ", "_"), scored)
        report = audit(folder, "hmda_" + name.replace(" ", "_"),
                       ["--population", path, "--score", "risk", "--threshold", str(STUDY_CUTOFF),
                        "--low-is-favorable"] + by_group)  # fmt: skip
        out[name] = {"auc": auc(labels[test], risk[test]), "report": report}
    comparison = audit_published.compare(out)
    print_table(audit_published.NAMES, audit_published.table(comparison))
    audit_published.write_page(folder, comparison)
    selected = float((risks["monotone boosting"][test] < STUDY_CUTOFF).mean())
    features = write(folder, "hmda_rows", frame[["row_id", "high_priced"] + HMDA_FEATURES])
    everyone = write(folder, "hmda_everyone", frame[["row_id", "race"]])
    report = audit(folder, "hmda_alternatives",
                   ["--population", features, "--outcome", "high_priced=0", "--groups", everyone, "--key",
                    "row_id", "--group", "race", "--reference", "white", "--features",
                    ",".join(HMDA_FEATURES), "--max-loss", "0.01", "--select-rate", f"{selected:.4f}",
                    "--search", "200", "--draws", "300"])  # fmt: skip
    show_alternatives(report)
    return {**out, "published": comparison, "alternatives": report}


LOANAPP_FEATURES = ["hrat", "obrat", "loanprc", "unem", "self", "dep", "pubrec", "chist", "mortlat1", "mortlat2",
                    "appinc", "loanamt", "cosign"]  # fmt: skip
MISSING_CODES = {666, 999, 999999.4}


def loanapp(folder):
    """Approval by race and sex as it happened, and alternatives to a model of it."""
    frame = read("loanapp_boston_fed", "loanapp.csv.gz")
    if frame is None:
        return None
    frame["race"] = first_of(
        frame.rename(columns={"hispan": "hispanic"}), ["black", "hispanic", "white"]
    )
    frame["sex"] = frame["male"].map({1: "male", 0: "female"}).fillna("")
    features = frame[LOANAPP_FEATURES].mask(frame[LOANAPP_FEATURES].isin(MISSING_CODES))
    features.insert(0, "row_id", frame["row_id"])
    features["approve"] = frame["approve"]
    rows = write(folder, "loanapp_rows", features)
    groups = write(folder, "loanapp_groups", frame[["row_id", "race", "sex"]])
    report = audit(folder, "loanapp",
                   ["--population", rows, "--outcome", "approve", "--groups", groups, "--key", "row_id",
                    "--group", "race", "--group", "sex", "--reference", "race=white", "--reference",
                    "sex=male", "--features", ",".join(LOANAPP_FEATURES), "--max-loss", "0.02",
                    "--draws", "500"])  # fmt: skip
    print(f"\nBoston Fed mortgage applications: {report['rows']}")
    show_groups(report)
    show_alternatives(report)
    return report


TAIWAN_PROTECTED = ["SEX", "AGE", "MARRIAGE"]


def taiwan(folder):
    """Repayment by sex and age as it happened, a boosted score of it, and alternatives."""
    frame = read("taiwan_card_default_uci", "card_default.csv.gz")
    if frame is None:
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier

    label = "default.payment.next.month"
    names = [name for name in frame.columns if name not in TAIWAN_PROTECTED + ["ID", label]]
    test = is_held_out(frame["ID"])
    model = HistGradientBoostingClassifier(random_state=1, max_leaf_nodes=15, learning_rate=0.05)
    model.fit(frame.loc[~test, names], frame.loc[~test, label])
    frame["risk"] = model.predict_proba(frame[names])[:, 1]
    frame["sex"] = frame["SEX"].map({1: "male", 2: "female"})
    frame["age"] = pandas.cut(
        frame["AGE"], [0, 25, 40, 200], labels=["to 25", "26 to 40", "over 40"]
    )
    groups = write(folder, "taiwan_groups", frame[["ID", "sex", "age"]])
    by_group = ["--groups", groups, "--key", "ID", "--group", "sex", "--group", "age"]
    scored = write(folder, "taiwan_scored", frame.loc[test, ["ID", "risk"]])
    report = audit(folder, "taiwan_score",
                   ["--population", scored, "--score", "risk", "--low-is-favorable", "--threshold", "0.25"]
                   + by_group)  # fmt: skip
    score = auc(frame.loc[test, label].to_numpy(), frame.loc[test, "risk"].to_numpy())
    print(
        f"\nTaiwan cards: {int(test.sum())} held-out clients, selected: risk under 0.25, AUC {score:.4f}"
    )
    show_groups(report)
    rows = write(folder, "taiwan_rows", frame[["ID", label] + names])
    alternatives = audit(folder, "taiwan_alternatives",
                         ["--population", rows, "--outcome", label + "=0", "--features", ",".join(names),
                          "--max-loss", "0.01", "--search", "200", "--draws", "300"] + by_group)  # fmt: skip
    show_alternatives(alternatives)
    return {"score": report, "alternatives": alternatives}


def simulated_payouts(columns, seed=20261122):
    """USD per approval: a level per issuer times a factor per card, both log-normal."""
    generator = numpy.random.default_rng(seed)
    issuers = {
        issuer: generator.lognormal(0, 0.4) for issuer in sorted(set(columns["offer.issuer"]))
    }
    factors = generator.lognormal(0, 0.5, len(columns["offer"]))
    return numpy.array(
        [
            round(120 * issuers[issuer] * factor, 2)
            for issuer, factor in zip(columns["offer.issuer"], factors)
        ],
        dtype=object,
    )


def steering(folder):
    """The real cards with simulated payouts, ranked for simulated applicants as they are and with payouts equal."""
    path = data_path("card_offers_us", f"offers_{SNAPSHOT_DATE}.json.gz")
    if path is None:
        return None
    if shutil.which(os.environ.get(command.ENVIRONMENT_VARIABLE, "guardrank")) is None:
        raise FileNotFoundError("no guardrank command")
    columns = catalog_columns(read_cards(path))
    columns["offer.cpa"] = simulated_payouts(columns)
    catalog = os.path.join(folder, "cards_catalog.csv")
    write_csv(catalog, columns)
    bundle = os.path.join(folder, "cards.guardrank")
    here = os.path.dirname(os.path.abspath(__file__))
    command.pack(simulator_model(folder), os.path.join(here, "cards_policy.yaml"), catalog, bundle)
    facts, _ = draw_applicants(numpy.random.default_rng(20261122), N_APPLICANTS)
    requests, groups = os.path.join(folder, "cards_requests.jsonl"), []
    with open(requests, "w", encoding="utf-8") as file:
        for row in range(N_APPLICANTS):
            context = {
                name: plain(values[row])
                for name, values in facts.items()
                if values[row] is not None
            }
            if isinstance(context.get("interests"), str):
                context["interests"] = context["interests"].split("|")
            file.write(json.dumps({"request_id": f"applicant-{row}", "seed": row, "limit": 10,
                                   "time": f"{SNAPSHOT_DATE}T12:00:00Z", "context": context}) + "\n")  # fmt: skip
            groups.append(
                (f"applicant-{row}", "62 and over" if context["age"] >= 62 else "under 62")
            )
    who = write(
        folder, "cards_groups", pandas.DataFrame(groups, columns=["request_id", "age_group"])
    )
    report = audit(folder, "cards",
                   ["--bundle", bundle, "--requests", requests, "--groups", who, "--group", "age_group",
                    "--by", "offer.issuer", "--draws", "300"])  # fmt: skip
    found = report["steering"]
    print(
        f"\nSteering on {len(columns['offer'])} real cards, simulated payouts, {found['requests']} applicants, "
          f"{found['requests_shown']} of them shown offers: "
        f"{found['requests_with_another_first']} get another first offer, tau {found['kendall_tau']:.3f}, "
        f"mean distance {found['mean_displacement']:.2f} positions"
    )
    print_table(["issuer", "exposure", "payouts equal", "change"],
                [[one["value"], f"{one['exposure_share']:.4f}", f"{one['exposure_share_equal']:.4f}",
                  f"{one['change']:+.4f} [{one['change_interval'][0]:+.4f}, {one['change_interval'][1]:+.4f}]"]
                 for one in found["by"]["values"]])  # fmt: skip
    print_table(["offers moved the most", "lift", "position", "payouts equal"],
                [[one["offer"], f"{one['mean_lift']:+.2f}", f"{one['mean_position']:.2f}",
                  f"{one['mean_position_equal']:.2f}"] for one in found["offers"][:8]])  # fmt: skip
    return report
