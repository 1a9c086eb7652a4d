"""Which tests run which line, and how long each takes: those that run a changed line are asked first."""

import ast
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import Phase, settings

Lines = Mapping[str, Mapping[int, Sequence[str]]]
"""File under the root -> line -> the tests that run it."""


@dataclass(frozen=True)
class Reach:
    """What the tests of a room do without a change: the seconds of each, and the lines that they run.

    What a test runs in a process of its own is not seen.
    """

    seconds: Mapping[str, float]
    lines: Lines

    def near(self, file: str, source: str, line: int) -> list[str]:
        """The tests that run what stands at a line of the file, the shortest first.

        Where no test does (the line is run when the file is imported), those that run anything of the file.
        """
        lines = self.lines.get(file, {})
        tests = {test for each in statement_lines(source, line) for test in lines.get(each, ())}
        tests = tests or {test for tests in lines.values() for test in tests}
        return sorted(tests, key=lambda test: (self.seconds.get(test, 0.0), test))

    def seconds_by_file(self) -> dict[str, float]:
        """How long the tests of each file take together."""
        seconds: defaultdict[str, float] = defaultdict(float)
        for test, taken in self.seconds.items():
            seconds[test.split("::")[0]] += taken
        return seconds


def statement_lines(source: str, line: int) -> range:
    """The lines of the innermost statement at a line: of an `if` or a loop its head, of a function all that it does.

    (Defaults in a function's head are evaluated at import, and matter where the function runs.)
    """
    lines = range(1, len(source.splitlines()) + 1)
    for statement in _statements(ast.parse(source)):
        if not statement.lineno <= line <= (statement.end_lineno or line):
            continue
        first, last = statement.lineno, statement.end_lineno or line
        body = getattr(statement, "body", None)
        if isinstance(statement, ast.FunctionDef) and body:
            first = body[0].lineno
        elif body and line < body[0].lineno:
            last = max(first, body[0].lineno - 1)
        lines = range(first, last + 1)
    return lines


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, the outer before the inner."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


class Recorder:
    """A plugin of pytest that writes down which test runs which line of the files, and in how many seconds.

    What a fixture of several tests runs counts as run by each of them, not only by the first.
    """

    def __init__(self, folder: Path, files: Sequence[str], result: Path) -> None:
        self._folder, self._files, self._result = folder, files, result
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._users: defaultdict[str, set[str]] = defaultdict(set)
        """Shared fixture -> the tests that use it."""
        self._running = ""
        include = [str(folder / file) for file in files]
        self._coverage = Coverage(data_file=None, config_file=False, include=include, messages=False)
        self._coverage.start()

    def _switch(self, running: str) -> str:
        """What runs from here on; returns what ran until now."""
        before, self._running = self._running, running
        self._coverage.switch_context(running)
        return before

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Notes who uses the shared fixtures."""
        for item in items:
            info = getattr(item, "_fixtureinfo", None)
            for fixtures in info.name2fixturedefs.values() if info else ():
                for fixture in fixtures:
                    self._users[_name(fixture)].add(item.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """From here on every line is run by this test."""
        self._switch(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
        """What is run here is run by all that use the fixture."""
        if fixturedef.scope == "function":
            return (yield)
        before = self._switch(_name(fixturedef))
        try:
            return (yield)
        finally:
            self._switch(before)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds what setting up, running and clearing away took."""
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Writes the result."""
        self._coverage.stop()
        data = self._coverage.get_data()
        lines = {
            file: {
                line: sorted({test for each in filter(None, ran) for test in self._users.get(each, {each})})
                for line, ran in data.contexts_by_lineno(str(self._folder / file)).items()
            }
            for file in self._files
        }
        self._result.write_text(json.dumps({"seconds": self._seconds, "lines": lines}), encoding="utf-8")


def _name(fixture: pytest.FixtureDef[object]) -> str:
    return f"fixture {fixture.baseid} {fixture.argname}"


def read(result: Path) -> Reach:
    """What a `Recorder` has written."""
    found = json.loads(result.read_text(encoding="utf-8"))
    lines = {file: {int(line): tests for line, tests in by.items()} for file, by in found["lines"].items()}
    return Reach(found["seconds"], lines)


class Chooser:
    """A plugin of pytest that runs the tests of one order, and gives each a time to end."""

    def __init__(
        self, order: Sequence[str], without: Sequence[str], limits: Mapping[str, float], longest: float
    ) -> None:
        """
        Args:
            order: what is run, in this order; where it is empty, all that is collected.
            without: what is not run.
            limits: test -> seconds after which it counts as one that never ends.
            longest: the limit of a test that has none of its own.
        """
        self._rank = {test: number for number, test in enumerate(order)}
        self._without = {*without}
        self._limits, self._longest = limits, longest

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """A property that has failed is not tried on ever smaller samples."""
        settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutants")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Chooses, orders and limits."""
        chosen = [item for item in items if item.nodeid not in self._without]
        if self._rank:
            chosen = [item for item in chosen if item.nodeid in self._rank]
            chosen.sort(key=lambda item: self._rank[item.nodeid])
        for item in chosen:
            item.add_marker(pytest.mark.timeout(self._limits.get(item.nodeid, self._longest)), append=False)
        items[:] = chosen
