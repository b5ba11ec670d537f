"""HMDA 2018: what the audit measures of three models beside what a study published of two."""
import os

from train.page import Page

STUDY = (
    "Gill, Hall, Montgomery and Schmidt, A Responsible Machine Learning Workflow with Focus on "
    "Interpretable Models, Post-hoc Explanation, and Discrimination Testing, Information 11(3), 137 (2020)"
)
# The cutoff of the study's own script (high-priced from a risk of 0.20).
STUDY_CUTOFF = 0.20
# The study's test rows, which are not in the data here; favorable rate, AIR and SMD
# from the authors' published table of results (a rate is AIR * difference / (1 - AIR)).
PUBLISHED = [
    ("monotone boosting", "black", 0.6354, 0.7761, 0.6285),
    ("explainable network", "black", 0.6181, 0.7432, 0.6205),
    ("monotone boosting", "female", 0.7439, 0.9483, 0.0840),
    ("explainable network", "female", 0.7780, 0.9552, 0.1053),
]
COMPARED = (("race", "black"), ("sex", "female"), ("ethnicity", "hispanic"))


def group_of(report, attribute, name):
    groups = next(one for one in report["attributes"] if one["attribute"] == attribute)["groups"]
    return next(one for one in groups if one["group"] == name)


def compare(models):
    """`models`: name to {"auc", "report"}. The study, every row measured and published, and for each published
    figure of a model measured here whether the measured interval holds it."""
    rows = []
    for model, measured in models.items():
        for attribute, name in COMPARED:
            found = group_of(measured["report"], attribute, name)
            rows.append({"model": model, "source": "measured", "auc": measured["auc"], "group": name,
                         "rate": found["rate"], "air": found["air"], "air_interval": found["air_interval"],
                         "smd": found["score_smd"], "smd_interval": found["score_smd_interval"],
                         "four_fifths": found["four_fifths"]})  # fmt: skip
    for model, name, rate, air, smd in PUBLISHED:
        row = {"model": model, "source": "published", "group": name, "rate": rate, "air": air, "smd": smd}
        for own in rows:
            if (own["model"], own["group"], own["source"]) != (model, name, "measured"):
                continue
            for figure in ("air", "smd"):
                low, high = own[figure + "_interval"]
                row[f"is_{figure}_within_measured"] = low <= row[figure] <= high
        rows.append(row)
    return {"study": STUDY, "cutoff": STUDY_CUTOFF, "rows": rows}


NAMES = ["group", "model", "source", "rate", "AIR [95%]", "SMD [95%]", "four-fifths"]


def cells(row):
    def figure(name):
        if name + "_interval" not in row:
            return f"{row[name]:.3f}"
        low, high = row[name + "_interval"]
        return f"{row[name]:.3f} [{low:.3f}, {high:.3f}]"

    model = row["model"] + (f" (AUC {row['auc']:.4f})" if "auc" in row else "")
    return [row["group"], model, row["source"], f"{row['rate']:.4f}", figure("air"), figure("smd"),
            row.get("four_fifths", "")]  # fmt: skip


def table(comparison):
    """By group, published figures below the measured ones."""
    order = [name for _, name in COMPARED]
    return [cells(row) for row in sorted(comparison["rows"], key=lambda row: order.index(row["group"]))]


def write_page(folder, comparison):
    page = Page("HMDA 2018: adverse impact of high-priced loans, measured and published")
    page.paragraph(
        f"Published: {comparison['study']}. Measured: models of this program on a part of its training rows held out "
        f"by hash, as its test rows are not there. Selected: risk under {comparison['cutoff']:.2f}. AIR: a group's "
        "rate over that of white, male or non-Hispanic applicants; SMD: standardized mean difference of the risk."
    )
    page.table(NAMES, table(comparison))
    page.write(os.path.join(folder, "hmda_published.html"))
