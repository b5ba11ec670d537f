"""python3 -m real census|tmall|cards: run by `./dev real`."""
import argparse
import sys

from train.command import CommandError
from train.library import LibraryError
from train.watch import TrainingStopped

from . import cards_run, census_run, tmall_run

PROGRAMS = {"census": census_run.run, "tmall": tmall_run.run, "cards": cards_run.run}


def main(words=None):
    """0 done (or the data is absent, which is said), 1 failed with the reason."""
    parser = argparse.ArgumentParser(prog="python3 -m real", description=__doc__)
    parser.add_argument("program", choices=list(PROGRAMS) + ["all"])
    chosen = parser.parse_args(words).program
    try:
        for name, program in PROGRAMS.items():
            if chosen in (name, "all"):
                program()
    except (CommandError, LibraryError, TrainingStopped, EOFError, OSError, ValueError) as error:
        print(f"real {chosen}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
