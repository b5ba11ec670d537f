"""The same decisions everywhere: random models, policies, catalogs and requests, one digest.

Draws cases by seed, has every host rank them with nothing, some or all of the catalog kept, and compares
the SHA-256 of the decisions (logits, probabilities, micros, order, exclusions and records are all in
their JSON) with those of the first host's portable kernel. Prints the seeds that differ; exits 1.
See README.md beside it for the hosts.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = "portable"
NOT_THERE = 77       # what a host answers that lacks the kernel
BLOCK = 100          # seeds per file
# What of the catalog is kept.
WAYS = ("nothing kept", "codes kept", "some sums kept", "codes and some sums kept", "all kept")


@dataclass
class Host:
    name: str
    command: list[str]
    count: int                                     # seeds that it ranks
    done: int = 0
    seconds: float = 0
    may_be_absent: bool = False                    # a kernel that the host may lack or get wrong
    is_absent: bool = False
    different: list[str] = field(default_factory=list)


def run(command: list[str]) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as failure:
        sys.exit(f"sweep: {failure}")


def native_hosts(named: str, count: int) -> list[Host]:
    """NAME=PROGRAM [ARGUMENT..]: a host per kernel that the program can run."""
    name, command = named.split("=", 1)
    answer = run(command.split() + ["--kernels"])
    if answer.returncode != 0:
        sys.exit(f"sweep: {name}: {answer.stderr.strip() or 'does not run'}")
    kernels = sorted(answer.stdout.split(), key=lambda kernel: kernel != REFERENCE)
    return [Host(f"{name} {kernel}", command.split() + ["{file}", kernel], count)
            for kernel in kernels]


def wasm_hosts(name: str, count: int) -> list[Host]:
    # Newer ones run relaxed SIMD without being told to, and do not know the flag.
    flag = "--experimental-wasm-relaxed-simd"
    knows_flag = name == "node" and flag in run(["node", "--v8-options"]).stdout
    flags = [flag] if knows_flag else []
    return [Host(f"{name} {kernel}", ["node", *(flags if kernel != "simd128" else []),
                                      str(HERE / f"{name}.mjs"), "{file}", kernel], count,
                 may_be_absent=kernel != "simd128" and name == "node")
            for kernel in ("simd128", "relaxed_dot", "relaxed_pairs")]


def replay(host: Host, path: pathlib.Path, n_seeds: int) -> list[list[str]]:
    """Lines of seed and three digests; empty when the host has no such kernel."""
    started = time.monotonic()
    answer = run([str(path) if part == "{file}" else part for part in host.command])
    host.seconds += time.monotonic() - started
    if answer.returncode == NOT_THERE:
        host.is_absent = True
        return []
    lines = [line.split() for line in answer.stdout.splitlines()]
    if answer.returncode != 0 or len(lines) != n_seeds:
        last = f"after seed {lines[-1][0]}" if lines else "at the first seed"
        sys.exit(f"sweep: {host.name} stopped {last}: {answer.stderr.strip()}")
    return lines


def compare(host: Host, lines: list[list[str]], wanted: dict[str, str]) -> None:
    for seed, *digests in lines:
        host.done += 1
        host.different += [f"seed {seed}, {way}"
                           for way, digest in zip(WAYS, digests, strict=True)
                           if digest != wanted[seed]]


def sweep_block(arguments, hosts: list[Host], first: int, done: int, path: pathlib.Path) -> dict:
    """Draws one file of cases and ranks it on every host that still has seeds to do."""
    n_seeds = min(BLOCK, arguments.count - done)
    drawn = run([arguments.draw, str(path), str(first), str(n_seeds)])
    if drawn.returncode != 0:
        sys.exit(f"sweep: {drawn.stderr.strip()}")
    lines = replay(hosts[0], path, n_seeds)
    wanted = {seed: cold for seed, cold, *_ in lines}
    compare(hosts[0], lines, wanted)
    others = [host for host in hosts[1:] if host.count > done and not host.is_absent]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for host, found in zip(others, pool.map(lambda host: replay(host, path, n_seeds), others)):
            compare(host, found, wanted)
    return json.loads(drawn.stdout)


def report(hosts: list[Host], totals: dict) -> int:
    print("sweep: " + ", ".join(f"{number} {name}" for name, number in totals.items()))
    for host in hosts:
        state = "not on this machine" if host.is_absent else \
            f"{host.done} models, {len(host.different)} differences, {host.seconds:.1f} s"
        print(f"  {host.name:28} {state}")
        for line in host.different[:10]:
            print(f"    {line}")
    return 1 if any(host.different or (host.is_absent and not host.may_be_absent) for host in hosts) else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", required=True, help="the program sweep_draw")
    parser.add_argument("--native", action="append", default=[], metavar="NAME=PROGRAM", required=True,
                        help="a build's sweep_replay; the first one's portable kernel is the reference")
    parser.add_argument("--slow", action="append", default=[], metavar="NAME=PROGRAM",
                        help="the same, for an emulator in front: --few seeds")
    parser.add_argument("--wasm", action="append", default=[], choices=("node", "chromium"))
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--count", type=int, default=3000, help="seeds for native hosts")
    parser.add_argument("--few", type=int, default=300, help="seeds for the others")
    parser.add_argument("--jobs", type=int, default=2, help="hosts at a time")
    parser.add_argument("--folder", help="where files of cases stand meanwhile")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    hosts = [host for named in arguments.native for host in native_hosts(named, arguments.count)]
    hosts += [host for named in arguments.slow for host in native_hosts(named, arguments.few)]
    hosts += [host for name in arguments.wasm for host in wasm_hosts(name, arguments.few)]
    totals: dict = {}
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="sweep-") as folder:
        for done in range(0, arguments.count, BLOCK):
            drawn = sweep_block(arguments, hosts, arguments.first + done, done,
                                pathlib.Path(folder) / "cases.bin")
            totals = {name: totals.get(name, 0) + number for name, number in drawn.items()}
            if arguments.count > BLOCK and (done + BLOCK) % (10 * BLOCK) == 0:
                print(f"sweep: {done + BLOCK} of {arguments.count} models", flush=True)
    return report(hosts, totals)


if __name__ == "__main__":
    sys.exit(main())
