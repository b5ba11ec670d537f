"""Instructions that one scoring of the network takes, against committed figures: a guard against slow creep.

valgrind counts what runs inside score_encoded, so that neither the machine nor its load matters; it
knows no AVX-512, so the kernels up to AVX2 stand for the others, which share their loops. Usage:
instructions.py NETWORK_BENCH [--write], --write making today's counts the figures (for a reviewed
change). Fails when a count is over its figure by more than the tolerance, and when it is under by
as much: a better figure is to be written down.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

FIGURES = pathlib.Path(__file__).with_name("instructions.json")
TOLERANCE = 0.02
RUNS = {
    "avx2 S 1": ["--kernel", "avx2", "--rows", "1", "S"],
    "avx2 S 100": ["--kernel", "avx2", "--rows", "100", "S"],
    "avx2 S 100 kept": ["--kernel", "avx2", "--rows", "100", "--kept", "100", "S"],
    # With what grows faster than the rows, this is more than a hundred times the one above.
    "avx2 S 10000 kept": ["--kernel", "avx2", "--rows", "10000", "--kept", "100", "S"],
    "ssse3 S 100": ["--kernel", "ssse3", "--rows", "100", "S"],
}


def count(bench: str, arguments: list[str]) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               "--toggle-collect=guardrank::score_encoded*", bench, "--once", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or found is None or int(found[1]) == 0:
        sys.exit(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
    return int(found[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    counts = {name: count(arguments.bench, run) for name, run in RUNS.items()}
    if arguments.write:
        FIGURES.write_text(json.dumps(counts, indent=2) + "\n")
        return 0
    figures = json.loads(FIGURES.read_text())
    n_off = 0
    for name, found in counts.items():
        change = found / figures[name] - 1
        is_off = abs(change) > TOLERANCE
        n_off += is_off
        print(f"{name:18} {found:>12,} {change:+7.2%}{'  off' if is_off else ''}")
    return 1 if n_off else 0


if __name__ == "__main__":
    sys.exit(main())
