"""Runs the network's benchmark, its peers and whole requests by rounds and writes tests/bench/RESULTS.md.

Plots go to tests/bench/plots.
"""
import argparse
import math
import os
import pathlib
import re
import sys

from measure import CURVE, HERE, KERNELS, KEPT, MANY, ROWS, calmest, calmest_rows, host_round, process_round, size_round

# Of one offer: two bytes for each output of the first layers, experts' and gates'.
SUMS_BYTES = {"S": 2 * (4 * 64 + 3 * 4), "M": 2 * (8 * 128 + 5 * 8), "L": 2 * (16 * 256 + 6 * 16)}
GOALS = {"S": (6, 14), "M": (3.1, 8), "L": (2.4, 4.2)}


def machine() -> str:
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    return f"{model[1] if model else 'unknown processor'}, {info.count('processor	:')} processors, load {load}"


def table(header: list, rows: list) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def number(us: float) -> str:
    return f"{us:.1f}" if us < 100 else f"{us:,.0f}"


def whole_text(found: dict, best: str) -> str:
    """Whole requests through the C interface, loading, and how both grow."""
    whole = {(keeping, int(n)): (median, p99, peak, least, flat)
             for keeping, least, median, p99, n, peak, flat in found["rank"]}
    counts = sorted({n for _, n in whole})
    rows = [[keeping, *(f"{number(whole[keeping, n][0])} ({number(whole[keeping, n][1])})" for n in counts),
             f"{whole[keeping, counts[-1]][2]:,.0f} KB"] for keeping in dict.fromkeys(k for k, _ in whole)]
    text = ("Whole requests, median (99th percentile) in us, without a record. Each has another context, unless it "
            "says otherwise; the candidates' facts are the catalog's, or sent as columns, which is timed too:\n\n")
    text += table(
        ["through the C interface, N =", *map(str, counts), "session, peak"], rows)
    rest = 1 - found["stateless"][best, 1000][0] / whole["stateless", 1000][3]
    grew = [keeping for (keeping, _), row in whole.items() if row[4] != "flat"]
    sent = 1 - found["stateless"][best, 1000][0] / whole["stateless, candidates' facts sent as columns", 1000][3]
    text += (f"\nOf a stateless request of 1000, {max(rest, 0):.0%} is outside the network (least of each; goal 20%), "
             f"of one that sends its facts {max(sent, 0):.0%}. "
             f"Memory once warm: {'flat' if not grew else 'grew for ' + ', '.join(grew)}.\n\n")
    times = "; ".join(f"{name} {median / 1000:.2f}" for name, _, median, _, _ in found["load"])
    return text + (f"Bundle to download: {found['load'][0][4] / 1e6:.1f} MB. From its bytes in memory to the first "
                   f"ranking of ten, ms: {times}.\n")


def growth_text(found: dict, best: str) -> str:
    text = f"At N={MANY:,}, per candidate against N=1000: "
    parts = []
    for name in ("stateless", "sums kept"):
        many = found["many, " + name]
        each = {n: many[best, n][0] / n for n in (1000, MANY)}
        memory = f"{many[best, MANY][2]:,} KB of working memory besides the logits, {many[best, 1000][2]:,} KB at 1000"
        parts.append(f"{name} {each[MANY] / each[1000]:.2f} times as much "
                     f"({many[best, MANY][0] / 1000:,.1f} ms, {memory})")
    return text + "; ".join(parts) + ".\n"


def curve_text(size: str, found: dict, best: str) -> str:
    """Sums in the caches, and beyond them."""
    curve = [found[f"curve {offers}"][best, 1000] for offers in CURVE]
    return ("Sums kept of more and more offers, of which a request of 1000 takes some at random "
            f"({SUMS_BYTES[size]:,} bytes each):\n\n"
            + table(["offers", *(f"{offers:,}" for offers in CURVE)],
                    [["MB", *(f"{offers * SUMS_BYTES[size] / 1e6:,.1f}" for offers in CURVE)],
                     ["us", *(number(us) for us, *_ in curve)],
                     ["of the limit", *(f"{share:.1f}%" for _, share, _ in curve)]]))


def process_text(found: dict) -> str:
    rows = []
    for variant in dict.fromkeys(variant for variant, _ in found):
        loaded, median, p99, memory, size = found[variant, 1000]
        _, many, _, many_memory, _ = found[variant, MANY]
        rows.append([variant, f"{loaded:.1f}", f"{size / 1e6:.1f}", f"{number(median)} ({number(p99)})",
                     f"{memory / 1024:,.1f}", f"{many / 1000:,.0f}", f"{many_memory / 1024:,.0f}"])
    return ("Each in a process of its own, by the clock, once: from the file to the first ranking, median (99th "
            "percentile), and the most memory beyond what the process had before. Ours does whole requests, of a "
            f"catalog of 1000 and of {MANY:,} offers in its bundle; the others the network alone, from inputs that are "
            "ready.\n\n"
            + table(["", "first ranking, ms", "file, MB", "N=1000, us", "MB", f"N={MANY:,}, ms", "MB"], rows))


def runtime_text(python: str) -> str:
    """What each needs on disk besides a model."""
    site = pathlib.Path(python).parent.parent / "lib"
    libraries = {"libguardrank.so": HERE.parent.parent / "build/release/capi/libguardrank.so",
                 "libonnxruntime.so": next(iter(sorted(site.rglob("libonnxruntime.so.*"))), None),
                 "libtorch_cpu.so": next(iter(sorted(pathlib.Path("/usr/lib").rglob("libtorch_cpu.so*"))), None)}
    sizes = "; ".join(f"`{name}` {path.stat().st_size / 1e6:.1f} MB" for name, path in libraries.items() if path)
    return f"## Libraries\n\nOn disk: {sizes}.\n"


def load_text(build: pathlib.Path, folder: pathlib.Path, n_rounds: int) -> str:
    """The bundle of some 50 MB, where there is one."""
    bundle = folder / "large.guardrank"
    if not bundle.exists():
        return ""
    loads = calmest_rows([host_round(build, "load", bundle) for _ in range(n_rounds)])
    rows = [[name, f"{least / 1000:.2f}", f"{median / 1000:.2f}", f"{p99 / 1000:.2f}"]
            for name, least, median, p99, _ in loads]
    return (f"## A bundle of {loads[0][4] / 1e6:.0f} MB\n\nFrom its bytes in memory, which are lent, to the "
            "first ranking of ten (goal: ready under 5 ms).\n\n"
            + table(["ms of processor time", "least", "median", "p99"], rows))


def scale_text(build: pathlib.Path, bundle: pathlib.Path) -> str:
    cores = set(range(os.cpu_count() or 1))
    if len(cores) < 2 or not bundle.exists():
        return ""
    (sessions, processes), = host_round(build, "scale", bundle, cores)
    return (f"## Two cores\n\nTwo sessions in one process reach {float(processes) / float(sessions):.1%} of what two "
            "processes do (size M, N=1000, stateless apart from what is kept by default, wall clock; goal 95%).\n")


def plot(size: str, series: dict) -> str:
    """Microseconds per candidate over N, both on logarithmic scales, as an SVG; series: name to {N: us}."""
    width, height, left, bottom, top = 640, 320, 60, 40, 20
    values = [us / n for points in series.values() for n, us in points.items()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    last = math.log10(max(n for points in series.values() for n in points))
    x = lambda n: left + (width - left - 190) * math.log10(n) / last
    y = lambda v: height - bottom - (height - bottom - top) * (math.log10(v) - low) / (high - low)
    colours = ["#1b6ca8", "#35a07a", "#c2571a", "#8a8a8a"]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
           'font-size="11">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<text x="{left}" y="14">Size {size}: us per candidate over candidates per request</text>']
    for power in range(low, high + 1):
        at = y(10.0 ** power)
        out.append(f'<line x1="{left}" x2="{width - 190}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0 ** power:g}</text>')
    for n in sorted({n for points in series.values() for n in points}):
        out.append(f'<text x="{x(n):.1f}" y="{height - bottom + 16}" text-anchor="middle">{n}</text>')
    for (name, points), colour in zip(series.items(), colours):
        line = " ".join(f"{x(n):.1f},{y(us / n):.1f}" for n, us in sorted(points.items()))
        end = max(points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
                   f'<text x="{x(end) + 6:.1f}" y="{y(points[end] / end) + 4:.1f}" fill="{colour}">{name}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def size_rows(found: dict) -> list:
    rows = []
    for name in KEPT:
        times = found[name]
        for kernel in dict.fromkeys(kernel for kernel, _ in times):
            cells = [number(times[kernel, n][0]) if (kernel, n) in times else "" for n in ROWS]
            share = times[kernel, 1000][1]
            rows.append([f"guardrank {kernel}, {name}", *cells, f"{share:.1f}%" if share else ""])
    peers = found["peers"]
    for variant in dict.fromkeys(variant for variant, _ in peers):
        cells = [number(peers[variant, n][0]) for n in ROWS]
        rows.append([variant, *cells, f"error {peers[variant, 1000][1]:.3f}"])
    return rows


def size_text(size: str, found: dict) -> str:
    split, kept, peers = found["stateless"], found["sums kept, 1000 offers"], found["peers"]
    best = next(kernel for kernel in KERNELS if (kernel, 1000) in split)
    graph = [v for v, _ in peers if v.startswith("ONNX Runtime") and "int8" in v and "once" not in v]
    int8 = {n: min(peers[v, n][0] for v in graph) for n in ROWS}
    ratios = ", ".join(f"{int8[n] / split[best, n][0]:.1f} / {int8[n] / kept[best, n][0]:.1f} at N={n}" for n in ROWS)
    fp32 = peers["ONNX Runtime, typical, fp32", 1000][0]
    goal = GOALS[size]
    plots = HERE / "plots"
    plots.mkdir(exist_ok=True)
    (plots / f"{size}.svg").write_text(plot(size, {
        f"guardrank {best}": {n: split[best, n][0] for n in ROWS},
        "the same, sums kept": {n: kept[best, n][0] for n in ROWS},
        "ONNX Runtime int8": int8,
        "ONNX Runtime fp32": {n: peers["ONNX Runtime, typical, fp32", n][0] for n in ROWS}}))
    header = ["us per request, N =", *map(str, ROWS), "limit at 1000"]
    return (f"## Size {size}\n\n![size {size}](plots/{size}.svg)\n\n" + table(header, size_rows(found))
            + f"\nRatio of ONNX Runtime's best int8 full graph to {best}, stateless / sums kept: {ratios} "
            f"(goal at 1000: {goal[0]} / {goal[1]}). Of the fp32 typical export at 1000: "
            f"{fp32 / split[best, 1000][0]:.1f} / {fp32 / kept[best, 1000][0]:.1f}.\n\n"
            + growth_text(found, best) + "\n" + curve_text(size, found, best) + "\n" + whole_text(found, best) + "\n"
            + process_text(found["process"]))


def measure(sizes: list, build: pathlib.Path, python: str, folder: pathlib.Path, n_rounds: int) -> dict:
    """By size, every round of all sizes after the last."""
    rounds = {size: [] for size in sizes}
    for k in range(n_rounds):
        for size in sizes:
            print(f"round {k + 1} of {n_rounds}, size {size}", file=sys.stderr, flush=True)
            rounds[size].append(size_round(size, build, python, folder / size))
    result = {size: calmest(found) for size, found in rounds.items()}
    for size in sizes:
        print(f"processes, size {size}", file=sys.stderr, flush=True)
        result[size]["process"] = process_round(build, python, folder / size)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help="a build folder with network_bench and host_bench")
    parser.add_argument("python", help="a Python with onnx, onnxruntime and numpy")
    parser.add_argument("folder", type=pathlib.Path, help="what make_bundle.py wrote, by size, and bundles of it")
    parser.add_argument("sizes", nargs="*", default=["S", "M", "L"])
    parser.add_argument("--rounds", type=int, default=3, help="times that everything is run (3)")
    given = parser.parse_args()
    before = machine()
    found = measure(given.sizes, given.build, given.python, given.folder, given.rounds)
    parts = [size_text(size, found[size]) for size in given.sizes]
    parts += [text for text in (runtime_text(given.python), load_text(given.build, given.folder, given.rounds),
                                scale_text(given.build, given.folder / "M.guardrank")) if text]
    (HERE / "RESULTS.md").write_text(
        f"# Results\n\nWritten by `tests/bench/results.py` (`./dev bench`). {before}. Rounds of all of it, one "
        f"after the other, of which a figure is the least: {given.rounds}. One thread, from encoded "
        "fields to logits, processor time, the least of many runs. \"Limit\" is the share of the multiply-accumulates "
        "that the same core does from registers alone with the kernel's own instructions, measured in the same rounds. "
        "ONNX Runtime and PyTorch read the same inputs (codes and dense floats), with weights of the same shapes; "
        "\"error\" is its worst logit error against float64. Whole requests through the C interface "
        "follow each table.\n\n" + "\n".join(parts))


if __name__ == "__main__":
    main()
