"""Suites: the tables that `experiment` makes, as data: one TOML file a table, in `suites/` or wherever a person says.

    title, paper        what a reader is told
    kind                scores | transfer | counts | curve | mechanisms
    columns             full (each type's F1, then P, R, F1) | prf | types (each type's F1, then F1)
    splits              the splits that are scored, such as ["test"] or ["valid", "test"]
    reference           the row that all others are compared with
    pictured            true: only posts whose picture opens (Twitter-2017C)
    [labels]            renamed labels, such as OTHER = "MISC"
    [scenes]            knobs of the drawn posts, where no data are given
    share               of a curve: how many of the training spans are made wrong, 0..1
    [full] [quick]      profile, epochs (0: the system's own), seeds, posts, set = {setting = value} for all rows
    [[rows]]            name, model, variant, set = {setting = value}; without a model the row is only quoted
    [rows.printed]      what the paper prints, by data set: numbers in the order of the columns, nan where it has none
    [rows.deviation]    the deviations it prints

A row of `mechanisms` has no printed numbers. It names what it lacks on the other side, a `variant` or another system
(`against`), and `knobs = {knob = share}` of the scenes, the first of which is the part of them that is scored, unless
`scored` names a part of that part; `times = 2` draws twice as many posts as the size says.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from mner_core.types import InputError

USUAL_TYPES = ("PER", "LOC", "ORG", "MISC")
"""The types of the papers' tables, in their order."""
FOLDER = Path(__file__).parent / "suites"

Kind: TypeAlias = Literal["scores", "transfer", "counts", "curve", "mechanisms"]
Columns: TypeAlias = Literal["full", "prf", "types"]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large an experiment is.

    Args:
        profile: the extractors and the text encoder.
        epochs: passes over the training posts; 0 takes the system's own number.
        seeds: how many training runs a cell has.
        posts: size of scenes that are drawn on the fly; in the quick form also the most training posts of given data,
            half as many of the other splits. 0: all there are.
        set: settings of every system that suit the profile, such as an encoder's rate; void where another profile is
            asked for, and a row's own settings come first.
    """

    profile: str = "compact"
    epochs: int = 0
    seeds: int = 5
    posts: int = 600
    set: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table: a system with a variant and settings, what the paper prints of it, or both.

    In `mechanisms` a system beside itself without something: as the variant, or another system `against` it, on drawn
    posts with these `knobs`, `times` as many as the size says; `scored` is a subset of them such as `pairs-colour`, and
    the first knob's own by default.
    """

    name: str
    model: str = ""
    variant: str = ""
    set: Mapping[str, Any] = field(default_factory=dict)
    printed: Mapping[str, list[float]] = field(default_factory=dict)
    deviation: Mapping[str, list[float]] = field(default_factory=dict)
    against: str = ""
    knobs: Mapping[str, float] = field(default_factory=dict)
    times: int = 1
    scored: str = ""

    @property
    def knob(self) -> str:
        """The knob that the row is about: the first."""
        return next(iter(self.knobs), "")

    @property
    def slice(self) -> str:
        """The subset of drawn posts that is scored."""
        return self.scored or self.knob


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A table to be made."""

    name: str
    title: str
    paper: str = ""
    kind: Kind = "scores"
    columns: Columns = "full"
    splits: tuple[str, ...] = ("test",)
    reference: str = ""
    pictured: bool = False
    notes: tuple[str, ...] = ()
    share: float = 0.2
    labels: Mapping[str, str] = field(default_factory=dict)
    scenes: Mapping[str, float] = field(default_factory=dict)
    full: Size = field(default_factory=Size)
    quick: Size = field(default_factory=Size)
    rows: tuple[Row, ...] = ()


def suite_names() -> list[str]:
    """The suites that come with the program."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def read_suite(name: str) -> Suite:
    """A suite by its name, or from a TOML file of one's own.

    Raises:
        InputError: there is none, or the file does not say what a suite must.
    """
    file = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not file.is_file():
        raise InputError(f"There is no suite {name!r}; there are: {', '.join(suite_names())}.")
    try:
        record = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file.name} is no suite: {error}.") from None
    lines = record.pop("rows", [])
    if not isinstance(lines, list):
        raise InputError(f"{file.name} is no suite: its rows must be [[rows]].")
    rows = tuple(_made(Row, row, file) for row in lines)
    sizes = {part: _made(Size, record.pop(part, {}), file) for part in ("full", "quick")}
    suite = _made(Suite, {"name": file.stem, **record, **sizes, "rows": rows}, file)
    _check(suite, file)
    return suite


def _made(kind: Any, record: Any, file: Path) -> Any:
    known = {item.name for item in fields(kind)}
    unknown = sorted(set(record) - known) if isinstance(record, dict) else ["?"]
    if unknown:
        raise InputError(
            f"{file.name}: {kind.__name__.lower()} has no {unknown[0]!r}; it has: {', '.join(sorted(known))}."
        )
    hints = get_type_hints(kind)
    what = f"{kind.__name__.lower()} {record.get('name', '')!r}" if kind is Row else kind.__name__.lower()
    for name, value in record.items():
        if not _fits(value, hints[name]):
            raise InputError(f"{file.name}: {name} of the {what} must be {_called(hints[name])}, got {value!r}.")
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in record.items()})
    except TypeError:
        raise InputError(f"{file.name}: a {kind.__name__.lower()} lacks its name or title.") from None


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of the file is of the kind that a field says; a TOML list stands for a tuple."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return isinstance(value, str)  # which text, `_check` says
    if origin is Mapping:
        return isinstance(value, dict) and all(_fits(each, parts[1]) for each in value.values())
    if origin in {tuple, list}:
        return isinstance(value, list | tuple) and all(_fits(each, parts[0]) for each in value)
    if hint in {int, float}:
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return isinstance(value, hint)


def _called(hint: Any) -> str:
    """A field's kind as a person calls it."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {tuple, list}:
        return f"a list, each {_called(parts[0])}"
    if origin is Mapping:
        return f"a table {{ name = value }}, each value {_called(parts[1])}"
    words = {int: "a whole number", float: "a number", bool: "true or false", Any: "anything"}
    return words.get(hint, "a text")


def _check(suite: Suite, file: Path) -> None:
    for value, allowed, what in ((suite.kind, get_args(Kind), "kind"), (suite.columns, get_args(Columns), "columns")):
        if value not in allowed:
            raise InputError(f"{file.name}: {what} is one of {', '.join(allowed)}, got {value!r}.")
    names = [row.name for row in suite.rows]
    if suite.reference and suite.reference not in names:
        raise InputError(f"{file.name}: the reference {suite.reference!r} is none of the rows: {', '.join(names)}.")
    if len(set(names)) < len(names):
        raise InputError(f"{file.name}: two rows have the same name.")
    _check_size(suite.full, f"{file.name}: ", " of [full]")
    _check_size(suite.quick, f"{file.name}: ", " of [quick]")
    if suite.kind == "curve" and len(suite.rows) != 1:
        raise InputError(f"{file.name}: a curve has one row, the system that is trained.")
    for row in suite.rows:
        if suite.kind == "mechanisms" and (not row.knobs or bool(row.variant) == bool(row.against)):
            raise InputError(f"{file.name}: {row.name} needs knobs, and either a variant or a system against it.")
        if row.times < 1:
            raise InputError(f"{file.name}: {row.name} draws a whole number of times the posts, got {row.times!r}.")
        for data, numbers in row.printed.items():
            if suite.columns != "full" and len(numbers) != expected_numbers(suite):
                raise InputError(
                    f"{file.name}: {row.name} prints {len(numbers)} numbers for {data}, the columns ask for "
                    f"{expected_numbers(suite)}."
                )


def _check_size(size: Size, where: str, part: str) -> None:
    for name, number, least in (("seeds", size.seeds, 1), ("posts", size.posts, 0), ("epochs", size.epochs, 0)):
        if number < least:
            raise InputError(f"{where}{name}{part} must be at least {least}, got {number}.")


def expected_numbers(suite: Suite) -> int:
    """How many numbers a paper prints in a row for one data set with four types."""
    return {"full": 7, "prf": 3, "types": 5}[suite.columns] * len(suite.splits)
