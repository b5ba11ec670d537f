"""python3 -m real [census|tmall|cards|audit ...]: run by `./dev real`; without a name, all of them."""
import argparse
import sys

from train.command import CommandError
from train.library import LibraryError
from train.watch import TrainingStopped

from . import audit_run, cards_run, census_run, tmall_run
from .engine import EngineError

PROGRAMS = {
    "census": census_run.run,
    "tmall": tmall_run.run,
    "cards": cards_run.run,
    "audit": audit_run.run,
}
# What settings were chosen by; not part of "all".
CHOOSING = {"census-selection": census_run.select, "tmall-selection": tmall_run.select}


def run_program(name):
    """True where it is done (or its data is absent, which is said); else the reason is printed."""
    try:
        {**PROGRAMS, **CHOOSING}[name]()
        return True
    except (
        CommandError,
        EngineError,
        LibraryError,
        TrainingStopped,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        print(f"real {name}: {error}", file=sys.stderr)
        return False


def main(words=None):
    """0 all done, 1 one of them failed: the others run nevertheless."""
    names = list(PROGRAMS) + list(CHOOSING) + ["all"]
    parser = argparse.ArgumentParser(prog="python3 -m real", description=__doc__)
    parser.add_argument("program", nargs="*", metavar="NAME", help=", ".join(names) + " (default)")
    wanted = parser.parse_args(words).program or ["all"]
    for name in wanted:
        if name not in names:
            parser.error(f"no program {name!r}; there are {', '.join(names)}")
    chosen = [name for word in wanted for name in (PROGRAMS if word == "all" else [word])]
    return 0 if all([run_program(name) for name in dict.fromkeys(chosen)]) else 1


if __name__ == "__main__":
    sys.exit(main())
