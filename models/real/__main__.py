"""python3 -m real census|tmall|cards|audit: run by `./dev real`."""
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


def main(words=None):
    """0 done (or the data is absent, which is said), 1 failed with the reason."""
    parser = argparse.ArgumentParser(prog="python3 -m real", description=__doc__)
    parser.add_argument("program", choices=list(PROGRAMS) + list(CHOOSING) + ["all"])
    chosen = parser.parse_args(words).program
    try:
        for name, program in {**PROGRAMS, **CHOOSING}.items():
            if chosen == name or (chosen == "all" and name in PROGRAMS):
                program()
    except (
        CommandError,
        EngineError,
        LibraryError,
        TrainingStopped,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        print(f"real {chosen}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
