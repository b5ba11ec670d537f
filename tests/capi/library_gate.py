"""What the built library may need, export and contain.

library_gate.py symbols LIBRARY.so    exports are capi/symbols.txt and nothing else
library_gate.py needed LIBRARY.so     libc alone, and the soname that the ABI version gives
library_gate.py objects LIBRARY.a     nothing throws, aborts, prints, or calls operator new or libm
library_gate.py versions              VERSION, header and engine state one version
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = (ROOT / "capi/include/guardrank.h").read_text()
DECLARATIONS = HEADER + "".join((ROOT / "capi/include" / name).read_text()
                                 for name in ("guardrank_store.h", "guardrank_arrow.h"))
# Of libc, what core and the shims may call: memory from the host's default, and bytes moved about.
ALLOWED = {"aligned_alloc", "free", "memchr", "memcmp", "memcpy", "memmove", "memset", "bcmp", "strlen", "strncmp",
           "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail",
           "__cpu_model", "__cpu_features2"}   # libgcc's own, linked into what uses it


def output(*command: object) -> list[str]:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout.splitlines()


def symbols(library: str) -> list[str]:
    exported = {line.split()[-1].split("@")[0] for line in output("nm", "-D", "--defined-only", library)}
    exported = {name for name in exported if not name.startswith("GUARDRANK_")}
    listed = set(re.findall(r"^gr_\w+$", (ROOT / "capi/symbols.txt").read_text(), re.M))
    declared = set(re.findall(r"^GR_API [^;]*?\b(gr_\w+)\(", DECLARATIONS, re.M))
    return ([f"{name}: exported, not listed" for name in exported - listed] +
            [f"{name}: listed, not exported" for name in listed - exported] +
            [f"{name}: listed, not declared" for name in listed - declared] +
            [f"{name}: declared, not listed" for name in declared - listed])


def needed(library: str) -> list[str]:
    lines = "\n".join(output("readelf", "-d", library))
    found = set(re.findall(r"\(NEEDED\).*\[(.*)\]", lines))
    soname = re.findall(r"\(SONAME\).*\[(.*)\]", lines)
    abi = re.search(r"GR_ABI_VERSION (\d+)", HEADER).group(1)
    wanted = [f"libguardrank.so.{abi}"]
    return ([f"needs {name}" for name in found if not name.startswith(("libc.so", "ld-linux"))] +
            ([] if soname == wanted else [f"soname {soname}, wanted {wanted}"]))


def objects(archive: str) -> list[str]:
    defined, undefined = set(), []
    member = ""
    for line in output("nm", archive):
        if line.endswith(":"):
            member = line[:-1]
            continue
        words = line.split()
        if len(words) == 2 and words[0] in ("U", "w"):
            undefined.append((member, words[1]))
        elif len(words) == 3:
            defined.add(words[2])
    return [f"{member}: calls {name}" for member, name in undefined if name not in defined | ALLOWED]


def versions() -> list[str]:
    stated = {"VERSION": (ROOT / "VERSION").read_text().strip(),
              "capi/include/guardrank.h": re.search(r'GR_VERSION "(.*)"', HEADER).group(1),
              "core/decision/version.h": re.search(
                  r'engine_version = "(.*)"', (ROOT / "core/decision/version.h").read_text()).group(1)}
    return [] if len(set(stated.values())) == 1 else [f"{where}: {version}" for where, version in stated.items()]


def main() -> None:
    gates = {"symbols": symbols, "needed": needed, "objects": objects, "versions": versions}
    problems = gates[sys.argv[1]](*sys.argv[2:])
    print(*problems, f"{sys.argv[1]}: {len(problems)} problems", sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
