"""Runs the network's benchmark and its peers in one go and writes tests/bench/RESULTS.md.

Usage: results.py NETWORK_BENCH PEERS_PYTHON FOLDER [SIZE...]; FOLDER holds what make_bundle.py wrote,
by size; PEERS_PYTHON is a Python with onnx, onnxruntime and numpy.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROWS = [1, 10, 100, 1000, 5000]
GOALS = {"S": (6, 14), "M": (3.1, 8), "L": (2.4, 4.2)}


def machine() -> str:
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    return f"{model[1] if model else 'unknown processor'}, {info.count('processor	:')} processors, load {load}"


def guardrank_times(bench: str, size: str, arguments: list[str]) -> dict:
    """By kernel and rows: (microseconds, share of the limit, limit in G/s)."""
    output = subprocess.run([bench, size, *arguments], capture_output=True, text=True, check=True).stdout
    times = {}
    for line in output.splitlines():
        found = re.match(r"(\w+) +\w +(\d+) rows +([\d.]+) us(?: +([\d.]+)% of (\d+))?", line)
        times[found[1], int(found[2])] = (float(found[3]), found[4], found[5])
    return times


def peer_times(python: str, folder: pathlib.Path) -> dict:
    command = [python, str(HERE / "peers.py"), str(folder), *map(str, ROWS)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in output.splitlines()]
    return {(variant, int(n)): (float(us), float(error)) for variant, n, us, error in rows}


def table(header: list, rows: list) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def number(us: float) -> str:
    return f"{us:.1f}" if us < 100 else f"{us:,.0f}"


def size_text(size: str, bench: str, python: str, folder: pathlib.Path) -> str:
    kernels = ["avx512_vnni", "avx_vnni", "avx2", "ssse3"]
    chosen = [argument for kernel in kernels for argument in ("--kernel", kernel)]
    split = guardrank_times(bench, size, chosen)
    kept = guardrank_times(bench, size, [*chosen, "--kept", "1000"])
    far = guardrank_times(bench, size, [*chosen, "--kept", "200000", "--rows", "1000"])
    peers = peer_times(python, folder)
    rows = []
    for name, times in (("stateless", split), ("sums kept, 1000 offers", kept),
                        ("sums kept, 200,000 offers", far)):
        for kernel in dict.fromkeys(kernel for kernel, _ in times):
            cells = [number(times[kernel, n][0]) if (kernel, n) in times else "" for n in ROWS]
            share = times[kernel, 1000][1]
            rows.append([f"guardrank {kernel}, {name}", *cells, f"{share}%" if share else ""])
    for variant in dict.fromkeys(variant for variant, _ in peers):
        cells = [number(peers[variant, n][0]) for n in ROWS]
        rows.append([f"ONNX Runtime, {variant}", *cells, f"error {peers[variant, 1000][1]:.3f}"])
    best = next(kernel for kernel in kernels if (kernel, 1000) in split)
    graph = [v for v, _ in peers if "int8" in v and "once" not in v]
    int8 = {n: min(peers[v, n][0] for v in graph) for n in ROWS}
    ratios = ", ".join(f"{int8[n] / split[best, n][0]:.1f} / {int8[n] / kept[best, n][0]:.1f} at N={n}" for n in ROWS)
    fp32 = peers["typical, fp32", 1000][0]
    goal = GOALS[size]
    return (f"## Size {size}\n\n" + table(["us per request, N =", *map(str, ROWS), "limit at 1000"], rows)
            + f"\nRatio of ONNX Runtime's best int8 full graph to {best}, stateless / sums kept: {ratios} "
            f"(goal at 1000: {goal[0]} / {goal[1]}). Of the fp32 typical export at 1000: "
            f"{fp32 / split[best, 1000][0]:.1f} / {fp32 / kept[best, 1000][0]:.1f}.\n")


def main() -> None:
    bench, python, folder = sys.argv[1:4]
    sizes = sys.argv[4:] or ["S", "M", "L"]
    parts = [size_text(size, bench, python, pathlib.Path(folder, size)) for size in sizes]
    (HERE / "RESULTS.md").write_text(
        "# Results\n\nWritten by `tests/bench/results.py` (`./dev bench`). " + machine() + ". One thread, from encoded "
        "fields to logits, processor time, the least of many runs. \"Limit\" is the share of the multiply-accumulates "
        "that the same core does from registers alone with the kernel's own instructions, measured in the same run. "
        "ONNX Runtime reads the same inputs (codes and dense floats) and multiplies with weights of the same shapes; "
        "\"error\" is its worst logit error against float64.\n\n" + "\n".join(parts))


if __name__ == "__main__":
    main()
