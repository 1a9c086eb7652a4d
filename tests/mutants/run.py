"""The room's tests on each mutant, in copies of the tree: nothing is changed in place."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from tests.mutants.draw import Mutant
from tests.mutants.fork import run_pytest
from tests.mutants.reach import Chooser, Reach, Recorder, read
from tests.mutants.rooms import Checked

PATIENCE = 5.0
"""How many times longer than without a change tests may take before a mutant counts as one that never ends."""
QUICK = "not browser and not slow"
"""Which of a room's tests judge: those that start whole processes for half a minute each would cost more than all."""
SHORTEST = 60.0
"""Seconds that every test gets at least, however fast it is: the machine may be busy."""


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
        compiled = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash", str(folder)]
        subprocess.run(
            [sys.executable, *compiled], check=True
        )  # the content decides whether what is compiled still holds
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

    def test(
        self, tests: Sequence[str], limit: float | None, plugin: Callable[[], object] | None = None
    ) -> tuple[int | None, str]:
        """Exit status of pytest (None: did not end within `limit` seconds) and what it printed."""
        options = ["-x", "-p", "no:cacheprovider", "-m", QUICK, "--tb=no", "--hypothesis-seed=0"]
        return run_pytest(self.folder, [*options, *tests], limit, plugin)


def reach_of_green_tests(copy: Copy, room: Checked) -> Reach:
    """Which of the room's tests runs which line without a change, and in how many seconds.

    Raises:
        RedTestsError: They fail.
    """
    result = copy.folder.parent / f"{copy.folder.name}.json"
    recorder = partial(Recorder, copy.folder, room.files(copy.folder), result)
    status, printed = copy.test(room.tests, None, recorder)
    if status != 0:
        raise RedTestsError(f"The tests of {room.name} fail without a mutant (status {status}):\n{printed}")
    return read(result)


@dataclass(frozen=True)
class Judge:
    """Asks the room's tests about a mutant; the first that fails ends them.

    Attributes:
        room: whose tests are asked.
        reach: which line they run without a change.
        deadline: when to end, by `time.monotonic`.
    """

    room: Checked
    reach: Reach
    deadline: float

    def by_near(self, copy: Copy, mutant: Mutant) -> Outcome:
        """What the tests say that run the changed line: caught, survived, or not run where no time is left."""
        source = (copy.folder / mutant.file).read_text(encoding="utf-8")
        near = self.reach.near(mutant.file, source, mutant.line)
        files = list(dict.fromkeys(test.split("::")[0] for test in near))
        return self._ask(copy, mutant, files, near, ()) if near else Outcome(mutant, "survived")

    def by_others(self, copy: Copy, survivor: Outcome) -> Outcome:
        """What the room's other tests say of a survivor; the same survivor where no time is left."""
        mutant = survivor.mutant
        source = (copy.folder / mutant.file).read_text(encoding="utf-8")
        near = self.reach.near(mutant.file, source, mutant.line)
        files = self.room.tests_for(copy.folder, mutant.file, self.reach.seconds_by_file())
        outcome = self._ask(copy, mutant, files, (), near)
        if outcome.said == "not run":
            return replace(survivor, by="only the tests that run the line were asked: no time was left for the others")
        return replace(outcome, seconds=survivor.seconds + outcome.seconds)

    def _ask(
        self, copy: Copy, mutant: Mutant, files: Sequence[str], only: Sequence[str], without: Sequence[str]
    ) -> Outcome:
        start = time.monotonic()
        left = self.deadline - start
        if left <= 0:
            return Outcome(mutant, "not run")
        by_file = self.reach.seconds_by_file()  # a fixture of the whole file may be made for any of its tests
        taken = self.reach.seconds.items()
        limits = {test: SHORTEST + by_file[test.split("::")[0]] + PATIENCE * seconds for test, seconds in taken}
        limit = 2 * SHORTEST + PATIENCE * sum(self.reach.seconds.values())  # a test that hangs is ended before
        chooser = partial(Chooser, only, without, limits, SHORTEST)
        with copy.changed(mutant):
            status, printed = copy.test(files, min(limit, left), chooser)
        seconds = time.monotonic() - start
        if status is None:
            return Outcome(mutant, "caught (time)" if limit <= left else "not run", seconds)
        if status in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            return Outcome(mutant, "survived", seconds)
        failed = [line for line in printed.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        said = "caught (time)" if failed and "Failed: Timeout" in failed[0] else "caught"
        return Outcome(mutant, said, seconds, failed[0].split(" ")[1] if failed else "")
