"""Tables and the page of the Census program."""
from train.page import Page
from train.report import reliability_plot

from .setting import print_table

NAMES = [
    "head",
    "test rows",
    "AUC boosting",
    "AUC float",
    "AUC int8",
    "int8 loss",
    "int8 - boosting [95%]",
    "s.e.",
    "worst error |z|<6",
    "ECE",
]
OVER_NAMES = ["head", "int8 - boosting by split", "mean", "error of mean", "bootstrap s.e. of one"]


def split_rows_of(result):
    rows = []
    for head, f in result["heads"].items():
        paired = f["int8_against_boosting"]
        rows.append(
            [
                head,
                f["rows"],
                f"{f['auc_boosting']:.5f}",
                f"{f['auc_float']:.5f}",
                f"{f['auc_int8']:.5f}",
                f"{f['int8_loss']:+.5f}",
                f"{paired['difference']:+.5f} [{paired['low']:+.5f}, {paired['high']:+.5f}]",
                f"{paired['standard_error']:.5f}",
                f"{f['worst_logit_error_near']:.3f}",
                f"{f['ece_int8']:.4f}",
            ]
        )
    return rows


def over_rows(result):
    return [
        [
            head,
            " ".join(f"{gap:+.5f}" for gap in f["differences"]),
            f"{f['mean']:+.5f}",
            f"{f['error_of_mean']:.5f}",
            f"{f['bootstrap_error_of_one']:.5f}",
        ]
        for head, f in result["over_splits"].items()
    ]


def split_note(result):
    return (
        f"Census-Income, split by hash with seed {result['split']['seed']}: "
        f"{result['rows']['train']} training rows; training took {result['seconds']:.0f} s"
    )


def print_split(result):
    print(split_note(result))
    print_table(NAMES, split_rows_of(result))


def print_over_splits(result):
    print("\nOver the splits")
    print_table(OVER_NAMES, over_rows(result))


def write_page(path, result):
    page = Page("Census-Income: two tasks, float and int8, against gradient boosting")
    page.paragraph(
        "Held-out rows are 30% by a hash of the row number; network and boosting learn from the "
        "same training rows. Paired bootstrap, 1000 draws of the held-out rows."
    )
    page.table(OVER_NAMES, over_rows(result))
    for split in result["splits"]:
        page.paragraph(split_note(split))
        page.table(NAMES, split_rows_of(split))
        for head, figures in split["heads"].items():
            page.image(
                f"Reliability of {head}, served in int8", reliability_plot(figures["reliability"])
            )
    page.write(path)
