"""The room's tests on each mutant, in copies of the tree: nothing is changed in place."""

import re
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.draw import Mutant
from tests.mutants.fork import run_pytest
from tests.mutants.rooms import Checked

PATIENCE = 3.0
"""How many times longer than without a change the tests may take before a mutant counts as one that never ends."""
QUICK = "not browser and not slow"
"""Which of a room's tests judge: those that start whole processes for half a minute each would cost more than all."""
SHORTEST = 60.0
"""Seconds that every run gets, however fast the tests are: the machine may be busy."""


class RedTestsError(Exception):
    """The room's tests fail without a change, so that they can say nothing about mutants."""


@dataclass(frozen=True)
class Outcome:
    """What the room's tests said of a mutant: caught, caught (time), survived, or not run, and in how many seconds."""

    mutant: Mutant
    said: str
    seconds: float = 0.0
    by: str = ""
    """The test that failed, where one did."""

    @property
    def caught(self) -> bool:
        """Whether a test failed or did not end."""
        return self.said.startswith("caught")


class Copy:
    """A copy of the program's tree, in which one file at a time is changed."""

    def __init__(self, root: Path, folder: Path) -> None:
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
        for name in names:
            if name and (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        self.folder = folder

    @contextmanager
    def changed(self, mutant: Mutant) -> Iterator[None]:
        """The tree with the mutant in it."""
        path = self.folder / mutant.file
        kept = path.read_bytes()
        try:
            path.write_text(mutant.source, encoding="utf-8")
            yield
        finally:
            path.write_bytes(kept)

    def test(self, tests: list[str], limit: float | None) -> tuple[int | None, str]:
        """Exit status of pytest (None: did not end within `limit` seconds) and what it printed."""
        options = ["-x", "-p", "no:cacheprovider", "-m", QUICK, "--tb=no", "--hypothesis-seed=0"]
        return run_pytest(self.folder, [*options, *tests], limit)


def seconds_of_green_tests(copy: Copy, room: Checked) -> dict[str, float]:
    """How long each of the room's test files takes without a change; those under a hundredth are left out.

    Raises:
        RedTestsError: They fail.
    """
    status, printed = copy.test([*room.tests, "--durations=0"], None)
    if status != 0:
        raise RedTestsError(f"The tests of {room.name} fail without a mutant (status {status}):\n{printed}")
    seconds: defaultdict[str, float] = defaultdict(float)
    for taken, file in re.findall(r"^(\d+\.\d+)s (?:setup|call|teardown) +(\S+?\.py)::", printed, re.MULTILINE):
        seconds[file] += float(taken)
    return dict(seconds)


def judge(copy: Copy, room: Checked, mutant: Mutant, limit: float, known: Mapping[str, float] | None = None) -> Outcome:
    """What the room's tests say of the mutant; the first that fails ends them.

    Args:
        copy: where the mutant is planted.
        room: whose tests are asked.
        mutant: what is changed.
        limit: seconds after which the tests end.
        known: how long each test file takes: short ones are asked first.
    """
    start = time.monotonic()
    with copy.changed(mutant):
        status, printed = copy.test(room.tests_for(copy.folder, mutant.file, known or {}), limit)
    seconds = time.monotonic() - start
    if status is None:
        return Outcome(mutant, "caught (time)", seconds)
    if status == 0:
        return Outcome(mutant, "survived", seconds)
    failed = [line.split(" ")[1] for line in printed.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return Outcome(mutant, "caught", seconds, failed[0] if failed else "")


def room_outcomes(
    copy: Copy, room: Checked, mutants: list[Mutant], deadline: float, say: Callable[[Outcome], None]
) -> list[Outcome]:
    """Every mutant of a room judged, in order; those for which no time is left are not run."""
    known = seconds_of_green_tests(copy, room)
    limit = max(SHORTEST, PATIENCE * sum(known.values()))
    outcomes: list[Outcome] = []
    for mutant in mutants:
        left = deadline - time.monotonic()
        outcome = judge(copy, room, mutant, min(limit, left), known) if left > 0 else Outcome(mutant, "not run")
        if outcome.said == "caught (time)" and left < limit:
            outcome = Outcome(mutant, "not run")
        say(outcome)
        outcomes.append(outcome)
    return outcomes
