"""Runs the simulation of the tiers and writes tests/bench/RESULTS_TIERS.md with its plots.

`./dev bench tiers` calls it; the arguments after that are handed on.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
POLICIES = ["s3_fifo_cost", "s3_fifo", "gdsf", "lfu", "lru"]
BUDGETS = [1, 5, 20]
TIERS = [(1, 5), (1, 20), (5, 20)]
SPEEDS = [1, 10, 100, 1000]
SWEEP = [0.5, 1, 2, 5, 10, 20, 35, 50, 75, 100]
SWEEP_DISKS = [50, 100]
OTHERS = {"flatter: zipf 0.7": ["--zipf", "0.7"], "steeper: zipf 1.1": ["--zipf", "1.1"],
          "half of the ranks move daily": ["--moved-per-day", "0.5"]}
# s3_fifo_cost's tuning: what it is by default, and around that.
TUNINGS = {"first_percent": ("2", {"1": ["--first-percent", "1"], "5": ["--first-percent", "5"],
                                   "10": ["--first-percent", "10"]}),
           "half_life_uses": ("the slots", {"a quarter of the slots": ["--half-life", "{quarter}"],
                                            "four times the slots": ["--half-life", "{four}"]}),
           "compared": ("256", {"16": ["--compared", "16"], "64": ["--compared", "64"],
                                "1,024": ["--compared", "1024"]})}
SEEDS = [1, 2, 3]
RATIOS = ["object_hit_ratio", "byte_hit_ratio", "cost_hit_ratio"]


class Bench:
    """Runs tiers_bench; answers are kept by what was asked."""

    def __init__(self, command: str, days: int, requests: int, models: int, seed: int):
        self.command = [command, "--days", str(days), "--requests-per-day", str(requests),
                        "--models", str(models), "--seed", str(seed)]

    def run(self, runs: list[str], *flags: str) -> tuple[dict, dict]:
        output = subprocess.run([*self.command, *flags, *runs], stdout=subprocess.PIPE, text=True, check=True).stdout
        workload, *lines = [json.loads(line) for line in output.splitlines()]
        return workload, dict(zip(runs, lines, strict=True))


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def waits(line: dict) -> list[str]:
    return [f"{line[name]:.1f}" for name in ("mean_ms", "p50_ms", "p90_ms", "p99_ms")]


def memory_text(found: dict) -> str:
    rows = []
    for budget in BUDGETS:
        for policy in POLICIES:
            line = found[f"{policy}:{budget}"]
            rows.append([f"{budget}%", policy, *(percent(line[ratio]) for ratio in RATIOS), *waits(line),
                         f"{line['fetched_gb']:,.0f}"])
        best = found[f"optimum:{budget}"]
        rows.append([f"{budget}%", "at most, knowing the future (PFOO)", *(percent(best[ratio]) for ratio in RATIOS)]
                    + [""] * 5)
        rows.append([f"{budget}%", "at least, knowing the future (packed)",
                     *(percent(best["packed_" + ratio]) for ratio in RATIOS)] + [""] * 5)
    return table(["memory", "policy", "hits", "of bytes", "of fetch time", "mean ms", "p50 ms", "p90 ms", "p99 ms",
                  "fetched GB"], rows)


def tiers_text(found: dict) -> str:
    rows = []
    for memory, disk in TIERS:
        for policy in POLICIES:
            line = found[f"{policy}:{memory}:{disk}"]
            rows.append([f"{memory}% + {disk}%", policy, percent(line["hits"] / line["requests"]),
                         percent(line["disk_loads"] / line["requests"]), percent(line["fetches"] / line["requests"]),
                         *waits(line), f"{line['fetched_gb']:,.0f}", f"{line['disk_read_gb']:,.0f}"])
    return table(["memory + disk", "policy", "from memory", "from disk", "fetched", "mean ms", "p50 ms", "p90 ms",
                  "p99 ms", "fetched GB", "read GB"], rows)


def coalescing_text(found: dict) -> str:
    rows = []
    for speed in SPEEDS:
        line = found[f"s3_fifo_cost:5:0:{speed}"]
        missed = line["requests"] - line["hits"]
        rows.append([f"{speed}", f"{line['requests']:,}", f"{missed:,}", f"{line['fetches']:,}",
                     percent(line["coalesced"] / missed), f"{line['not_kept']:,}", f"{line['mean_ms']:.1f}"])
    return table(["times as fast", "requests", "not in memory", "fetches", "joined another's", "not kept", "mean ms"],
                 rows)


def others_text(found: dict[str, dict]) -> str:
    names = [*POLICIES, "optimum"]
    rows = [[title, *(percent(lines[f"{name}:5"]["cost_hit_ratio"]) for name in names)]
            for title, lines in found.items()]
    return table(["traffic", *POLICIES, "at most"], rows)


def tuning_text(default: dict, found: dict) -> str:
    def row(name: str, value: str, line: dict) -> list[str]:
        return [name, value, percent(line["cost_hit_ratio"]), f"{line['mean_ms']:.1f}", f"{line['p99_ms']:.1f}"]
    rows = [row("as recommended", "", default)]
    rows += [row(name, value, line) for (name, value), line in found.items()]
    return table(["tuning", "instead", "of fetch time", "mean ms", "p99 ms"], rows)


def seeds_text(found: dict[int, dict]) -> str:
    policies = ["s3_fifo_cost", "s3_fifo", "lru"]
    rows = [[str(seed), f"{budget}%", *(f"{lines[f'{policy}:{budget}'][figure]:.1f}"
                                        for figure in ("mean_ms", "p99_ms") for policy in policies)]
            for seed, lines in found.items() for budget in BUDGETS]
    titles = [f"{policy}: {figure}" for figure in ("mean ms", "p99 ms") for policy in policies]
    return table(["seed", "memory", *titles], rows)


def tune(bench: Bench, models: int) -> dict:
    """What each other choice gives at 5% memory."""
    slots = {"quarter": str(models // 2), "four": str(models * 8)}   # of two slots a model
    found = {}
    for name, (_, others) in TUNINGS.items():
        for value, flags in others.items():
            flags = [flag.format(**slots) for flag in flags]
            found[name, value] = bench.run(["s3_fifo_cost:5"], *flags)[1]["s3_fifo_cost:5"]
    return found


def capacity_text(found: dict, total_gb: float, prices: tuple[float, float]) -> str:
    rows = []
    for budget in SWEEP:
        alone, lru, *both = (found[name] for name in capacity_runs(budget))
        cost = budget / 100 * total_gb * prices[0]
        rows.append([f"{budget}%", f"{budget / 100 * total_gb:.2f}", f"{cost:.2f}", f"{lru['mean_ms']:.1f}",
                     f"{lru['p99_ms']:.0f}", f"{alone['mean_ms']:.1f}", f"{alone['p99_ms']:.0f}",
                     *(cell for disk, line in zip(SWEEP_DISKS, both, strict=True) for cell in (
                         f"{cost + disk / 100 * total_gb * prices[1]:.2f}", f"{line['mean_ms']:.1f}",
                         f"{line['p99_ms']:.0f}"))])
    return table(["memory", "GB", "cost a month", "lru: mean ms", "p99", "s3_fifo_cost: mean ms", "p99",
                  *(name for disk in SWEEP_DISKS for name in (f"with disk {disk}%: cost", "mean ms", "p99"))], rows)


def capacity_runs(budget: float) -> list[str]:
    return [f"s3_fifo_cost:{budget:g}", f"lru:{budget:g}",
            *(f"s3_fifo_cost:{budget:g}:{disk}" for disk in SWEEP_DISKS)]


def plot(draw, name: str, folder: pathlib.Path) -> None:
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    pyplot.rcParams.update({"svg.hashsalt": "guardrank", "svg.fonttype": "none", "font.size": 9,
                            "axes.grid": True, "grid.alpha": 0.3})
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4))
    draw(axes)
    figure.tight_layout()
    figure.savefig(folder / name, metadata={"Date": None})
    pyplot.close(figure)


def draw_policies(found: dict):
    def draw(axes) -> None:
        for policy in POLICIES:
            lines = [found[f"{policy}:{budget}"] for budget in BUDGETS]
            axes[0].plot(BUDGETS, [100 * line["cost_hit_ratio"] for line in lines], marker="o", label=policy)
            axes[1].plot(BUDGETS, [line["mean_ms"] for line in lines], marker="o", label=policy)
        best = [found[f"optimum:{budget}"] for budget in BUDGETS]
        axes[0].fill_between(BUDGETS, [100 * line["packed_cost_hit_ratio"] for line in best],
                             [100 * line["cost_hit_ratio"] for line in best], color="grey", alpha=0.4,
                             label="knowing the future")
        for each, label in zip(axes, ("hits, % of fetch time saved", "mean time to rank, ms"), strict=True):
            each.set(xscale="log", xlabel="memory, % of all bytes", ylabel=label, xticks=BUDGETS,
                     xticklabels=BUDGETS)
            each.minorticks_off()
        axes[0].legend(fontsize=7)
    return draw


def draw_capacity(found: dict, total_gb: float, prices: tuple[float, float]):
    def draw(axes) -> None:
        labels = ["s3_fifo_cost", "lru", *(f"s3_fifo_cost, disk {disk}%" for disk in SWEEP_DISKS)]
        for index, label in enumerate(labels):
            lines = [found[capacity_runs(budget)[index]] for budget in SWEEP]
            costs = [line["memory_percent"] / 100 * total_gb * prices[0]
                     + line["disk_percent"] / 100 * total_gb * prices[1] for line in lines]
            axes[0].plot(costs, [line["p99_ms"] for line in lines], marker="o", label=label)
            axes[1].plot(costs, [line["mean_ms"] for line in lines], marker="o", label=label)
        for each, label in zip(axes, ("p99 time to rank, ms", "mean time to rank, ms"), strict=True):
            each.set(xlabel="memory and disk, cost a month", ylabel=label, xscale="log", yscale="log")
        axes[0].legend(fontsize=7)
    return draw


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench tiers", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--bench", required=True, help="the program tiers_bench")
    parser.add_argument("--days", type=int, default=5, help="simulated; the first warms up (%(default)s)")
    parser.add_argument("--requests-per-day", type=int, default=400_000, help="on average (%(default)s)")
    parser.add_argument("--models", type=int, default=5000, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn (%(default)s)")
    parser.add_argument("--memory-price", type=float, default=3, help="of a GB-month of memory (%(default)s)")
    parser.add_argument("--disk-price", type=float, default=0.1, help="of a GB-month of disk (%(default)s)")
    parser.add_argument("--short", action="store_true", help="300 models, 2 days of 20,000: to try the script")
    parser.add_argument("--no-plots", action="store_true", help="the tables alone")
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "RESULTS_TIERS.md", help="%(default)s")
    return parser.parse_args()


def say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"tiers: {text}", file=sys.stderr)


def main() -> None:
    given = arguments()
    size = (2, 20_000, 300) if given.short else (given.days, given.requests_per_day, given.models)
    bench = Bench(given.bench, *size, given.seed)
    prices = (given.memory_price, given.disk_price)
    names = [*POLICIES, "optimum"]
    say("policies and tiers")
    runs = [f"{name}:{budget}" for budget in BUDGETS for name in names]
    runs += [f"{policy}:{memory}:{disk}" for memory, disk in TIERS for policy in POLICIES]
    runs += [f"s3_fifo_cost:5:0:{speed}" for speed in SPEEDS]
    workload, found = bench.run(runs)
    say("capacity")
    _, capacity = bench.run([run for budget in SWEEP for run in capacity_runs(budget)])
    others = {}
    for title, flags in OTHERS.items():
        say(title)
        _, others[title] = bench.run([f"{name}:5" for name in names], *flags)
    say("tuning")
    tuned = tune(bench, size[2])
    say("seeds")
    draws = [f"{policy}:{budget}" for budget in BUDGETS for policy in ("s3_fifo_cost", "s3_fifo", "lru")]
    seeds = {seed: Bench(given.bench, *size, seed).run(draws)[1] for seed in SEEDS}
    total = workload["total_gb"]
    text = (HERE / "results_template.md").read_text()
    parts = {"models": f"{workload['models']:,}", "total": f"{total:.1f}", "requests": f"{workload['counted']:,}",
             "seed": given.seed, "zipf": workload["zipf"], "moved": percent(workload["moved_per_day"]),
             "days": workload["days"], "per_day": f"{workload['requests_per_day']:,}",
             "memory_table": memory_text(found), "tiers_table": tiers_text(found),
             "tuning_table": tuning_text(found["s3_fifo_cost:5"], tuned), "seeds_table": seeds_text(seeds),
             "coalescing_table": coalescing_text(found), "others_table": others_text(others),
             "capacity_table": capacity_text(capacity, total, prices),
             "memory_price": given.memory_price, "disk_price": given.disk_price,
             "gain": summary(found),
             "rates": ", ".join(f"{speed * workload['requests_per_day'] / 86400:,.0f}" for speed in SPEEDS)}
    given.out.write_text(text.format(**parts))
    if given.no_plots:
        return
    folder = given.out.parent / "tiers"
    os.makedirs(folder, exist_ok=True)
    plot(draw_policies(found), "policies.svg", folder)
    plot(draw_capacity(capacity, total, prices), "capacity.svg", folder)


def summary(found: dict) -> str:
    """Of what the clairvoyant bound saves, how much each policy does: a sentence."""
    said = []
    for budget in BUDGETS:
        best = found[f"optimum:{budget}"]["cost_hit_ratio"]
        shares = {policy: found[f"{policy}:{budget}"]["cost_hit_ratio"] / best for policy in POLICIES}
        said.append(f"at {budget}% memory " + ", ".join(f"{policy} {100 * share:.0f}%"
                                                        for policy, share in shares.items()))
    return "; ".join(said)


if __name__ == "__main__":
    main()
