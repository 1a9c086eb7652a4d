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

from tests.mutants.draw import draw
from tests.mutants.report import Report
from tests.mutants.rooms import ROOT, Checked, checked_rooms, equivalents
from tests.mutants.run import Copy, Judge, Outcome, RedTestsError, reach_of_green_tests


def main(arguments: list[str] | None = None) -> int:
    """Draws, runs and prints; the exit status."""
    options = _options(arguments)
    deadline = time.monotonic() + 60 * options.minutes
    rooms = [room for room in checked_rooms() if not options.rooms or room.name in options.rooms]
    rooms.sort(key=lambda room: len(room.files(ROOT)), reverse=True)  # the large ones at first: cores end together
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        run = _Run(Path(folder), deadline, options.n, options.seed)
        report = Report(run.outcomes(pool, rooms))
    print(report.table())
    return 0 if report.holds() else 1


class _Run:
    """All rooms' mutants, judged by several threads, each with a copy of the tree."""

    def __init__(self, folder: Path, deadline: float, number: int, seed: int) -> None:
        self._folder, self._deadline, self._number, self._seed = folder, deadline, number, seed
        self._own = threading.local()
        self._printing = threading.Lock()
        self._known = {(each.file, each.before, each.after) for each in equivalents()}

    def outcomes(self, pool: ThreadPoolExecutor, rooms: list[Checked]) -> list[Outcome]:
        """What became of every mutant: first by the tests that run the changed line, survivors by the room's others."""
        pairs = [pair for found in pool.map(self._drawn, rooms) for pair in found]
        return list(pool.map(self._by_others, pool.map(self._by_near, pairs)))

    @property
    def _copy(self) -> Copy:
        if not hasattr(self._own, "copy"):
            self._own.copy = Copy(ROOT, Path(tempfile.mkdtemp(dir=self._folder)))
        copy: Copy = self._own.copy
        return copy

    def _drawn(self, room: Checked) -> list["_Pair"]:
        root = self._copy.folder
        drawn = draw(room.name, root, room.files(root), self._number, self._seed)
        try:
            judge = Judge(room, reach_of_green_tests(self._copy, room), self._deadline)
        except RedTestsError as error:
            self._print(str(error))
            return [(None, Outcome(mutant, "not run")) for mutant in drawn]
        alike = {mutant for mutant in drawn if (mutant.file, mutant.before, mutant.after) in self._known}
        return [(judge, Outcome(mutant, "equivalent" if mutant in alike else "")) for mutant in drawn]

    def _by_near(self, pair: "_Pair") -> "_Pair":
        judge, outcome = pair
        if judge and not outcome.said:
            outcome = judge.by_near(self._copy, outcome.mutant)
        if outcome.said != "survived":
            self._print(Report.line(outcome))
        return judge, outcome

    def _by_others(self, pair: "_Pair") -> Outcome:
        judge, outcome = pair
        if judge and outcome.said == "survived":
            outcome = judge.by_others(self._copy, outcome)
            self._print(Report.line(outcome))
        return outcome

    def _print(self, text: str) -> None:
        with self._printing:
            print(text, flush=True)


_Pair = tuple[Judge | None, Outcome]
"""Who judges (None where the room's tests are red), and what is known so far."""


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn")
    parser.add_argument("--n", type=int, default=12, help="mutants a room")
    parser.add_argument("--minutes", type=float, default=35, help="when to end; what is not run by then is named")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time, each in a copy of the tree")
    parser.add_argument("--rooms", nargs="*", help="only these rooms of tests/mutants/rooms.toml")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
