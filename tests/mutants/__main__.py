"""`make mutants SEED=s N=12`: faults planted by a seed, and whether the rooms' tests notice them.

Exit status 0 when at least 85 % were caught and at most 5 % are named as equivalent, 1 otherwise.
"""

import argparse
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.draw import Mutant, draw
from tests.mutants.report import Report
from tests.mutants.rooms import ROOT, checked_rooms, equivalents
from tests.mutants.run import Copy, Outcome, RedTestsError, room_outcomes


def main(arguments: list[str] | None = None) -> int:
    """Draws, runs and prints; the exit status."""
    options = _options(arguments)
    deadline = time.monotonic() + 60 * options.minutes
    rooms = [room for room in checked_rooms() if not options.rooms or room.name in options.rooms]
    known = {(each.file, each.before, each.after) for each in equivalents()}
    report = Report()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        copies = threading.local()
        print_one = threading.Lock()

        def say(outcome: Outcome) -> None:
            with print_one:
                print(report.line(outcome), flush=True)

        def of_room(number: int) -> list[Outcome]:
            if not hasattr(copies, "mine"):
                copies.mine = Copy(ROOT, Path(tempfile.mkdtemp(dir=folder)))
            room = rooms[number]
            drawn = draw(room.name, ROOT, room.files(ROOT), options.n, options.seed)
            alike = [Outcome(mutant, "equivalent") for mutant in drawn if _key(mutant) in known]
            for outcome in alike:
                say(outcome)
            left = [mutant for mutant in drawn if _key(mutant) not in known]
            try:
                return alike + room_outcomes(copies.mine, room, left, deadline, say)
            except RedTestsError as error:
                print(error, file=sys.stderr, flush=True)
                return alike + [Outcome(mutant, "not run") for mutant in left]

        for outcomes in pool.map(of_room, range(len(rooms))):
            report.add(outcomes)
    print(report.table())
    return 0 if report.holds() else 1


def _key(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.file, mutant.before, mutant.after


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn")
    parser.add_argument("--n", type=int, default=12, help="mutants a room")
    parser.add_argument("--minutes", type=float, default=35, help="when to end; what is not run by then is named")
    parser.add_argument("--jobs", type=int, default=2, help="rooms at a time, each in a copy of the tree")
    parser.add_argument("--rooms", nargs="*", help="only these rooms of tests/mutants/rooms.toml")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
