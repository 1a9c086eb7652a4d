"""The room's tests on each mutant, in copies of the tree: nothing is changed in place."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.draw import Mutant
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
        """Exit status of pytest (None: did not end within `limit` seconds) and what it printed.

        The tests get a process group of their own, so that what they started ends with them. Compiled files are not
        kept: two changes of a file within a second have one date.
        """
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        options = ["-x", "-p", "no:cacheprovider", "-m", QUICK, "--tb=no", "--hypothesis-seed=0"]
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                printed, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return None, ""
        return process.returncode, printed


def seconds_of_green_tests(copy: Copy, room: Checked) -> float:
    """How long the room's tests take without a change.

    Raises:
        RedTestsError: They fail.
    """
    start = time.monotonic()
    status, printed = copy.test([*room.tests], None)
    if status != 0:
        raise RedTestsError(f"The tests of {room.name} fail without a mutant (status {status}):\n{printed}")
    return time.monotonic() - start


def judge(copy: Copy, room: Checked, mutant: Mutant, limit: float) -> Outcome:
    """What the room's tests say of the mutant; the first that fails ends them."""
    start = time.monotonic()
    with copy.changed(mutant):
        status, printed = copy.test(room.tests_for(copy.folder, mutant.file), limit)
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
    limit = max(SHORTEST, PATIENCE * seconds_of_green_tests(copy, room))
    outcomes: list[Outcome] = []
    for mutant in mutants:
        left = deadline - time.monotonic()
        outcome = judge(copy, room, mutant, min(limit, left)) if left > 0 else Outcome(mutant, "not run")
        if outcome.said == "caught (time)" and left < limit:
            outcome = Outcome(mutant, "not run")
        say(outcome)
        outcomes.append(outcome)
    return outcomes
