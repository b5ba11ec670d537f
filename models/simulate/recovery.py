"""Probabilities as served against the simulator's truth, on rows that no training saw."""
import numpy

from train.metrics import auc, expected_calibration_error, reliability


def served_columns(heads, answers):
    """Head name to float64 [n] of conditional probabilities (amounts for value heads)."""
    columns = {head["name"]: numpy.empty(len(answers)) for head in heads}
    for row, answer in enumerate(answers):
        if len(answer.get("ranked", [])) != 1:
            raise ValueError(f"row {row}: wanted one ranked offer, found {answer}")
        outcomes = answer["ranked"][0]["heads"]
        for name, column in columns.items():
            outcome = outcomes[name]
            column[row] = outcome["value" if "value" in outcome else "probability"]
    return columns


def compare_with_truth(heads, table, answers):
    """Figures per head, and per surface: mean served and true, ECE against truth and labels."""
    served = served_columns(heads, answers)
    surface = table.frame["ctx.surface"].to_numpy()
    out = {"heads": {}, "surfaces": {}}
    for head in heads:
        name = head["name"]
        truth, values = table.numbers(f"truth.{name}"), served[name]
        label = table.numbers(f"label.{name}")
        inside = ~numpy.isnan(label)
        out["heads"][name] = head_figures(head, truth, values, label, inside)
        if head["kind"] == "probability":
            out["surfaces"][name] = {
                where: (
                    int((surface == where).sum()),
                    float(truth[surface == where].mean()),
                    float(values[surface == where].mean()),
                )
                for where in sorted(set(surface))
            }
    return out


def head_figures(head, truth, values, label, inside):
    """Truth is known for every row; `inside` is the head's population (upstream event seen).

    A conditional head is fitted and judged there. True probabilities stand in for labels, so the
    figures carry no label noise."""
    figures = {
        "rows": int(inside.sum()),
        "mean_true": float(truth[inside].mean()),
        "mean_served": float(values[inside].mean()),
    }
    if head["kind"] != "probability":
        figures["mean_seen"] = float(label[inside].mean())
        return figures
    figures.update(
        {
            "base_rate": float(label[inside].mean()),
            "ece": expected_calibration_error(truth[inside], values[inside]),
            "mean_gap": float(numpy.abs(truth[inside] - values[inside]).mean()),
            "auc": auc(label[inside], values[inside]),
            "best_auc": auc(label[inside], truth[inside]),
            "reliability": reliability(truth[inside], values[inside], 10),
        }
    )
    return figures


def write_recovery(path, built):
    """REPORT.md: tables only, no machine, no time, so that the same build gives the same bytes."""
    lines = [
        "# Reference bundles: what they recover of the known truth",
        "",
        "Written by `models/reference/build.sh`. Fresh rows (seed 3, all impressions, none of them "
        "in training) are served in int8 after packing; `true` is the simulator's probability "
        "behind each row. ECE: 15 bins of equal mass, served against true. Conditional heads are "
        "measured on their population (apply among clicks, approve among applications).",
        "",
    ]
    for entry in built:
        lines += market_lines(entry)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines).rstrip() + "\n")


def market_lines(entry):
    name, run, recovery = entry["market"].name, entry["run"], entry["recovery"]
    rows = run.report["rows"]
    lines = [
        f"## {name}.guardrank",
        "",
        f"{entry['bytes']:,} bytes; {run.report['parameters']:,} parameters; trained on "
        f"{rows['train']:,} rows sampled from {entry['market'].train_rows:,} impressions "
        f"(negatives kept at {entry['market'].negative_rate}), calibrated on "
        f"{rows['holdout']:,} unsampled rows.",
        "",
        "| head | rows | base rate | mean true | mean served | ECE | mean gap | AUC "
        "| AUC of the truth |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for head, figures in recovery["heads"].items():
        if "auc" in figures:
            lines.append(
                f"| {head} | {figures['rows']:,} | {figures['base_rate']:.5f} | "
                f"{figures['mean_true']:.5f} | {figures['mean_served']:.5f} | "
                f"{figures['ece']:.5f} | {figures['mean_gap']:.5f} | "
                f"{figures['auc']:.4f} | {figures['best_auc']:.4f} |"
            )
        else:
            lines.append(
                f"| {head} (USD) | {figures['rows']:,} | {figures['mean_seen']:,.0f} seen | "
                f"{figures['mean_true']:,.0f} | {figures['mean_served']:,.0f} | | | | |"
            )
    lines += [
        "",
        "By surface: rows, mean true and mean served over all impressions.",
        "",
        "| head | surface | rows | mean true | mean served |",
        "|---|---|---|---|---|",
    ]
    trained = set(run.vocabulary_of("surface"))
    for head, surfaces in recovery["surfaces"].items():
        for surface, (count, true, served) in surfaces.items():
            mark = "" if surface in trained else " (never in training)"
            lines.append(f"| {head} | {surface}{mark} | {count:,} | {true:.5f} | {served:.5f} |")
    return lines + [""]
