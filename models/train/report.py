"""The run's report: report.json, and one HTML page with its plots inside it."""
import json
import os

from .metrics import figure_text
from .page import Page, figure, plots


def write_report(folder, report, heads):
    """report.json and report.html in `folder`."""
    with open(os.path.join(folder, "report.json"), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1, allow_nan=False)
        file.write("\n")
    page = Page(f"{report['name']} {report['version']}: training report")
    page.paragraph(
        "Holdout figures are after the sampling correction, before the calibrator, which "
        "the packer fits on the holdout's logits."
    )
    for warning in report["warnings"]:
        page.paragraph(f"Warning: {warning}.")
    page.table(
        ["head", "rows", "positives", "base rate", "mean p", "AUC", "PR-AUC", "log loss", "ECE"],
        [head_row(name, figures) for name, figures in report["heads"].items()],
    )
    page.image("Loss per epoch and head", loss_plot(report["history"], heads))
    for name, figures in report["heads"].items():
        page.image(f"Reliability of {name}", reliability_plot(figures["reliability"]))
    if report["gates"]:
        page.image("Mean gate shares", gate_plot(report["gates"]))
    page.table(
        ["gate", "mean entropy", "expert shares"],
        [
            [
                gate["gate"],
                f"{gate['entropy']:.3f}",
                ", ".join(
                    f"{name} {share:.3f}" for name, share in zip(gate["experts"], gate["shares"])
                ),
            ]
            for gate in report["gates"]
        ],
    )
    page.code("Manifest", json.dumps(report["manifest"], indent=1, sort_keys=True))
    page.write(os.path.join(folder, "report.html"))


def head_row(name, figures):
    return [
        name,
        figures["rows"],
        figures["positives"],
        f"{figures['base_rate']:.5f}",
        f"{figures['mean_probability']:.5f}",
        figure_text(figures["auc"], 4),
        figure_text(figures["pr_auc"], 4),
        f"{figures['log_loss']:.5f}",
        f"{figures['ece']:.5f}",
    ]


def loss_plot(history, heads):
    """Loss relative to the first epoch's: heads differ in scale."""
    drawing, axes = plots()
    epochs = range(1, len(history["losses"]) + 1)
    for number, name in enumerate(heads):
        values = [losses[number] for losses in history["losses"]]
        axes.plot(
            epochs, [value / max(values[0], 1e-12) for value in values], marker="o", label=name
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss / first epoch's")
    axes.legend()
    return figure(drawing)


def reliability_plot(bins):
    drawing, axes = plots(4.2, 4.2)
    predicted = [entry[0] for entry in bins]
    seen = [entry[1] for entry in bins]
    top = max(predicted + seen) * 1.05
    axes.plot([0, top], [0, top], color="#999999", linewidth=1)
    axes.plot(predicted, seen, marker="o")
    axes.set_xlabel("mean predicted probability (equal-mass bins)")
    axes.set_ylabel("observed rate")
    return figure(drawing)


def gate_plot(gates):
    drawing, axes = plots()
    names = []
    for gate in gates:
        names += [name for name in gate["experts"] if name not in names]
    for row, gate in enumerate(gates):
        left = 0.0
        for name, share in zip(gate["experts"], gate["shares"]):
            axes.barh(row, share, left=left, color=f"C{names.index(name) % 10}")
            left += share
    axes.set_yticks(range(len(gates)))
    axes.set_yticklabels([gate["gate"] for gate in gates])
    axes.set_xlabel("share of the mixture, by expert")
    return figure(drawing)
