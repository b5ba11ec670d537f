"""Fails on an include or link that goes against the house's arrows.

bindings -> capi -> core, wasm -> capi -> core, capi/tools -> models/{pack,lint} -> core. Within core a stage
uses base, artifact, frame, expr and itself; only decision, record and engine know the stages.
Usage: arrows.py [ROOT]. Prints every wrong arrow, exits 1 if there is one. `--self-test` plants wrong
arrows in a copy and expects them to be found.
"""
import pathlib
import re
import shutil
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
FOUNDATION = {"base", "artifact", "frame", "expr"}
STAGES = {"eligibility", "retrieve", "feature", "model", "calibration", "value", "placement"}
# Room of core -> rooms of core that it may include, besides itself.
CORE = {
    "base": set(),
    "frame": {"base", "artifact"},
    "artifact": {"base", "frame"},
    "expr": {"base", "frame"},
    **{stage: FOUNDATION for stage in STAGES},
    "route": FOUNDATION,
    "store": {"base", "artifact"},
    "decision": FOUNDATION | STAGES,
    "record": FOUNDATION | STAGES | {"decision"},
    "engine": FOUNDATION | STAGES | {"decision", "record", "route", "store"},
}
# Top-level part -> parts that it may include.
PARTS = {
    "core": {"core", "models/schema"},
    "capi/tools": {"capi/tools", "capi", "models/pack", "models/lint", "models/audit", "models/plan",
                   "models/publish", "core"},
    "capi/fetch": {"capi/fetch", "capi", "core"},
    "capi": {"capi", "core"},
    "models/pack": {"models/pack", "models/schema", "core"},
    "models/lint": {"models/lint", "models/pack", "core"},
    "models/audit": {"models/audit", "models/plan", "models/page", "models/pack", "core"},
    "models/plan": {"models/plan", "models/page", "models/pack", "core"},
    "models/publish": {"models/publish", "models/pack", "core"},
    "models/page": {"models/page", "core"},
    "bindings": {"bindings", "capi", "capi/tools", "capi/fetch"},
    "wasm": {"wasm", "capi"},
    "examples": {"examples", "capi"},
}
# Headers of the C and C++ libraries that core may use: no I/O, threads, clocks, locale or heap.
CORE_SYSTEM = {
    "algorithm", "array", "bit", "compare", "concepts", "cstddef", "cstdint", "cstring",
    "initializer_list", "limits", "new", "span", "string_view", "type_traits", "utility", "tuple",
}


def part_of(path: str) -> str | None:
    return next((part for part in sorted(PARTS, key=len, reverse=True)
                 if path == part or path.startswith(part + "/")), None)


def target_part(include: str) -> str | None:
    if include in ("guardrank.h", "guardrank_arrow.h", "guardrank_store.h", "guardrank.hpp"):
        return "capi"
    if include == "guardrank_tools.h":
        return "capi/tools"
    if include == "guardrank_fetch.h":
        return "capi/fetch"
    return part_of(include)


KERNELS = ("core/model/kernels/", "core/base/kernels/", "core/expr/kernels/")


def core_problem(source: str, quote: str, include: str) -> str | None:
    room = source.split("/")[1]
    if "/" not in source[len("core/"):]:
        return None
    if include.startswith("core/"):
        target = include.split("/")[1]
        if target != room and target not in CORE.get(room, set()):
            return f"core/{room} may not use core/{target}"
    elif quote == "<" and include not in CORE_SYSTEM:
        is_intrinsics = source.startswith((*KERNELS, "core/base/"))
        intrinsics = ("immintrin.h", "xmmintrin.h", "arm_neon.h", "wasm_simd128.h", "arm_acle.h")
        if not (is_intrinsics and include in intrinsics) and include != "flatbuffers/flatbuffers.h":
            return f"core may not use <{include}>"
    return None


def kernel_problem(source: str, include: str) -> str | None:
    kernels = source.rpartition("/")[0] + "/"
    # Portable kernels are built with no instruction set's flags.
    if kernels not in KERNELS or source.endswith("portable.cc"):
        return None
    allowed = ("immintrin.h", "arm_neon.h", "wasm_simd128.h", "cstdint", "cstddef")
    if include in allowed or include.startswith(kernels):
        return None
    return f"a kernel file includes intrinsics only, not {include}"


def problems(root: pathlib.Path) -> list[str]:
    found = []
    for path in sorted(root.rglob("*")):
        source = path.relative_to(root).as_posix()
        part = part_of(source)
        if part is None or path.suffix not in (".h", ".cc", ".c", ".cpp", ".hpp"):
            continue
        if "node_modules/" in source or source.startswith("build/"):
            continue
        for quote, include in INCLUDE.findall(path.read_text()):
            target = target_part(include)
            wrong = None
            if target is not None and target not in PARTS[part]:
                wrong = f"{part} may not use {target}"
            elif part == "core":
                wrong = core_problem(source, quote, include) or kernel_problem(source, include)
            if wrong:
                found.append(f"{source}: {include}: {wrong}")
    return found


def link_problems(root: pathlib.Path) -> list[str]:
    """Link lines: core links nothing of the project, capi only core."""
    found = []
    allowed = {"core/CMakeLists.txt": {"guardrank_core", "guardrank_core_compile",
                                       "guardrank_compile", "guardrank_schema"}}
    for name, names in allowed.items():
        file = root / name
        if not file.exists():
            continue
        for line in re.findall(r"target_link_libraries\(([^)]*)\)", file.read_text()):
            for word in line.split()[1:]:
                if word not in names | {"PUBLIC", "PRIVATE", "INTERFACE"}:
                    found.append(f"{name}: links {word}")
    return found


WRONG = {
    "core/value/wrong.cc": '#include "core/placement/placement.h"\n',
    "core/base/wrong.cc": "#include <cstdio>\n",
    "core/model/kernels/wrong.cc": '#include "core/base/math.h"\n',
    "core/base/kernels/wrong.cc": '#include "core/base/hash.h"\n',
    "core/expr/kernels/wrong.cc": '#include "core/expr/machine.h"\n',
    "core/frame/wrong.h": '#include "guardrank.h"\n',
    "bindings/shell/wrong.cc": '#include "core/base/status.h"\n',
    "wasm/wrong.cc": '#include "core/base/status.h"\n',
    "models/pack/wrong.cc": '#include "guardrank_tools.h"\n',
}


def self_test() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in WRONG.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found = problems(pathlib.Path(folder))
        missed = [name for name in WRONG if not any(line.startswith(name) for line in found)]
        shutil.rmtree(folder + "/core")
    for name in missed:
        print(f"arrows: a planted wrong arrow was not found: {name}")
    return 1 if missed else 0


def main() -> int:
    if "--self-test" in sys.argv:
        return self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                        pathlib.Path(__file__).resolve().parents[2])
    found = problems(root) + link_problems(root)
    for line in found:
        print(f"arrows: {line}")
    print(f"arrows: {len(found)} wrong")
    return 1 if found else self_test()


if __name__ == "__main__":
    sys.exit(main())
