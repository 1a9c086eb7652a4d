"""Which code is changed and which tests must notice, room by room, and the mutants that nothing can notice."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.rooms import ROOT, imported

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Checked:
    """A room's code (files or folders under the root) and its tests."""

    name: str
    code: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self, root: Path) -> list[str]:
        """The room's Python files, as paths under the root."""
        return [file for place in self.code for file in _python(root, place) if not file.endswith("__init__.py")]

    def tests_for(self, root: Path, file: str, seconds: Mapping[str, float]) -> list[str]:
        """The room's test files: first those that import the changed file, and of either kind the shortest first."""
        module = ".".join(Path(file).with_suffix("").parts)
        every = [test for place in self.tests for test in _python(root, place) if Path(test).name.startswith("test_")]
        return sorted(
            dict.fromkeys(every), key=lambda test: (module not in imported(root / test), seconds.get(test, 0.0))
        )


@dataclass(frozen=True)
class Equivalent:
    """A mutant that does the same as the program: where, what, and why."""

    file: str
    before: str
    after: str
    why: str


def checked_rooms() -> list[Checked]:
    """The rooms of `rooms.toml`."""
    table = tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))
    return [Checked(name, tuple(room["code"]), tuple(room["tests"])) for name, room in table.items()]


def equivalents() -> list[Equivalent]:
    """The mutants of `equivalent.toml`."""
    table = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))
    return [Equivalent(**row) for row in table["mutant"]]


def _python(root: Path, place: str) -> list[str]:
    path = root / place
    found = [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [str(each.relative_to(root)) for each in found if "migrations" not in each.parts]


__all__ = ["ROOT", "Checked", "Equivalent", "checked_rooms", "equivalents"]
