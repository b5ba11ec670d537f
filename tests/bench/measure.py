"""Runs the benchmarks and their peers by rounds and keeps the calmest of each figure.

A machine that others share may run at half its speed for minutes. What is compared is therefore run in
rounds, all of it in each, and a figure is the least that any round gave: of every engine alike.
"""
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
TORCH_PYTHON = "/usr/bin/python3"
ROWS = [1, 10, 100, 1000, 5000]
MANY = 100_000
KERNELS = ["avx512_vnni", "avx_vnni", "avx2", "ssse3"]
# Offers whose sums are kept: a table that the caches hold, and one that they do not.
CURVE = [1000, 5000, 20_000, 50_000, 100_000, 200_000]
KEPT = {"stateless": None, "sums kept, 1000 offers": 1000, "sums kept, 200,000 offers": 200_000}


def run(command: list, cores: set | None = None) -> list:
    """Lines of output; on the processors `cores`, where not on this one's."""
    pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True,
                          preexec_fn=pin).stdout.splitlines()


def network_round(bench: pathlib.Path, size: str, arguments: list) -> dict:
    """By kernel and rows: (microseconds, products per second at best or None, share of them or None, KB)."""
    times = {}
    for line in run([bench, size, *arguments]):
        found = re.match(r"(\w+) +\w +(\d+) rows +([\d.]+) us(?: +([\d.]+)% of (\d+) G/s)? +(\d+) KB", line)
        if found is None:
            raise ValueError(f"{bench} {size}: not understood: {line!r}")
        kernel, rows, us, share, peak, kilobytes = found.groups()
        times[kernel, int(rows)] = (float(us), peak and float(peak), share and float(share), int(kilobytes))
    return times


def calmest_network(rounds: list) -> dict:
    """By kernel and rows: (least microseconds, share of the best rate of any round or None, KB)."""
    result = {}
    for key in rounds[0]:
        found = [times[key] for times in rounds]
        us = min(time for time, *_ in found)
        share = None
        if found[0][1] is not None:
            products = found[0][0] * found[0][1] * found[0][2]
            share = products / us / max(peak for _, peak, *_ in found)
        result[key] = (us, share, found[0][3])
    return result


def peers_round(python: str, folder: pathlib.Path) -> dict:
    """By engine's variant and rows: (microseconds, worst error of a logit). PyTorch is Debian's, in Debian's Python."""
    lines = [f"ONNX Runtime, {line}" for line in run([python, HERE / "peers.py", folder, *ROWS])]
    lines += run([TORCH_PYTHON, HERE / "peers_torch.py", folder, *ROWS])
    rows = [line.split("\t") for line in lines]
    return {(variant, int(n)): (float(us), float(error)) for variant, n, us, error in rows}


def process_round(build: pathlib.Path, python: str, folder: pathlib.Path) -> dict:
    """By engine and rows: (ms to the first ranking, median us, 99th percentile, KB, bytes of the file), each in a
    process of its own. Ours ranks whole requests of all offers of a bundle: folder's, and "folder" + "100k"'s."""
    bench, found = build / "tests/bench/process_bench", {}
    for n, name in ((1000, folder.name), (MANY, folder.name + "100k")):
        bundle = folder.with_name(name + ".guardrank")
        for variant, sums in (("by default", []), ("sums kept", [1 << 32])):
            (line,) = run([bench, bundle, folder.with_name(name) / "request.json", *sums])
            found["guardrank, whole requests, " + variant, n] = [float(cell) for cell in line.split("\t")]
    lines = [f"ONNX Runtime, {line}" for line in run([python, HERE / "peers.py", folder, 1000, MANY, "--process"])]
    lines += run([TORCH_PYTHON, HERE / "peers_torch.py", folder, 1000, MANY, "--process"])
    for variant, n, *cells in (line.split("\t") for line in lines):
        found[variant, int(n)] = [float(cell) for cell in cells]
    return found


def host_round(build: pathlib.Path, what: str, bundle: pathlib.Path, cores: set | None = None) -> list:
    """Rows of host_bench."""
    request = bundle.with_suffix("") / "request.json"
    return [line.split("\t")[1:] for line in run([build / "tests/bench/host_bench", what, bundle, request], cores)]


def calmest_rows(rounds: list) -> list:
    """The least of each column of numbers over the rounds; other columns as the first round has them."""
    def least(cells: tuple) -> object:
        try:
            return min(float(cell) for cell in cells)
        except ValueError:
            return next((cell for cell in cells if cell != "flat"), cells[0])
    return [[least(cells) for cells in zip(*rows)] for rows in zip(*rounds)]


def size_round(size: str, build: pathlib.Path, python: str, folder: pathlib.Path) -> dict:
    """Everything that is measured of one size, once."""
    bench, bundle = build / "tests/speed/network_bench", folder.with_name(size + ".guardrank")
    chosen = [argument for kernel in KERNELS for argument in ("--kernel", kernel)]
    found = {"peers": peers_round(python, folder), "rank": host_round(build, "rank", bundle),
             "load": host_round(build, "load", bundle)}
    for name, offers in KEPT.items():
        kept = ["--kept", offers] if offers else []
        rows = ["--rows", 1000] if offers == 200_000 else []
        found[name] = network_round(bench, size, [*chosen, *kept, *rows])
    best = next(kernel for kernel in KERNELS if (kernel, 1000) in found["stateless"])
    for name, kept in (("many, stateless", []), ("many, sums kept", ["--kept", 1000])):
        found[name] = network_round(bench, size, ["--kernel", best, "--rows", 1000, "--rows", MANY, *kept])
    for offers in CURVE:
        found[f"curve {offers}"] = network_round(bench, size, ["--kernel", best, "--rows", 1000, "--kept", offers])
    return found


def calmest(rounds: list) -> dict:
    """The rounds of a size as one."""
    result = {}
    for name in rounds[0]:
        found = [measured[name] for measured in rounds]
        if name == "peers":
            result[name] = {key: (min(times[key][0] for times in found), found[0][key][1]) for key in found[0]}
        elif name in ("rank", "load"):
            result[name] = calmest_rows(found)
        else:
            result[name] = calmest_network(found)
    return result
