"""Mutants of a room's code, drawn by a seed: the places from the code, the changes from cosmic-ray's operators."""

import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider
from parso.python.tree import Function
from parso.tree import NodeOrLeaf

Position = tuple[int, int]

LEFT_OUT = ("RemoveDecorator", "VariableReplacer", "VariableInserter")
"""Operators that are not used: a class without @dataclass fails in every test and a function without @cache in none;
the other two put in numbers by chance, not by the seed."""
DULL = {"name", "newline", "string", "fstring_string", "fstring_start", "fstring_end", "endmarker", "error_leaf"}
"""Kinds of leaves that no operator changes: not asking spares most of the time."""


@dataclass(frozen=True)
class Mutant:
    """One change of one place: the file under the root, its line, and that line before and after."""

    room: str
    file: str
    line: int
    before: str
    after: str
    source: str
    """The whole file after the change."""


@dataclass(frozen=True)
class _Change:
    """An operator's change of a place: its number among those that the operator could make in the file."""

    operator: str
    occurrence: int


Place = tuple[str, Position, Position]
"""A file under the root, and where in it something stands: (line, column) of its begin and its end."""


def draw(room: str, root: Path, files: list[str], number: int, seed: int) -> list[Mutant]:
    """`number` mutants at different places of the files, all that there are where these are fewer.

    Places are equally likely, and so are the changes of a place, however many the operators know for it. The same code,
    number and seed give the same mutants.
    """
    chance = random.Random(f"{seed} {room}")
    by_place: dict[Place, list[_Change]] = {}
    for file in sorted(files):
        for begin, end, change in _changes((root / file).read_text(encoding="utf-8")):
            by_place.setdefault((file, begin, end), []).append(change)
    places = sorted(by_place)
    chance.shuffle(places)
    drawn: list[Mutant] = []
    for place in places:
        if len(drawn) == number:
            break
        changes = by_place[place]
        made = (_make(room, root, place, change) for change in chance.sample(changes, len(changes)))
        drawn.extend([mutant for mutant in made if mutant is not None][:1])
    return drawn


@cache
def _operators() -> dict[str, Operator]:
    known = OperatorProvider()
    return {name: known[name]() for name in sorted(known) if name not in LEFT_OUT and not _of_another_kind(name)}


def _of_another_kind(name: str) -> bool:
    """Whether the operator writes a comparison of one kind (equality, order, identity) for one of another.

    Labels and tags are compared for equality: an order of these, and `is` for small numbers, is mostly the same.
    """
    if not name.startswith("ReplaceComparisonOperator_"):
        return False
    kinds = ({"Eq", "NotEq"}, {"Lt", "LtE", "Gt", "GtE"}, {"Is", "IsNot"})
    return not any({*name.split("_")[1:]} <= kind for kind in kinds)


def _changes(source: str) -> Iterator[tuple[Position, Position, _Change]]:
    counts = dict.fromkeys(_operators(), 0)
    for node in ast_nodes(get_ast(source)):
        if node.type in DULL:
            continue
        for name, operator in _operators().items():
            for begin, end in operator.mutation_positions(node):
                if not _is_checked_otherwise(node) and (name != "ExceptionReplacer" or _is_name(node, begin, end)):
                    yield begin, end, _Change(name, counts[name])
                counts[name] += 1


def _is_name(node: NodeOrLeaf, begin: Position, end: Position) -> bool:
    """Whether a plain name stands there: of `except subprocess.TimeoutExpired` cosmic-ray would change the dot."""
    leaf = node.get_first_leaf()
    while leaf is not None and leaf.start_pos < begin:
        leaf = leaf.get_next_leaf()
    return leaf is not None and leaf.type == "name" and leaf.end_pos == end


def _is_checked_otherwise(node: NodeOrLeaf) -> bool:
    """Whether the place is of an annotation, a decorator or an assertion, or the star before what is passed by name.

    Types, what `@dataclass(frozen=True, slots=True)` forbids and how arguments may be passed are checked by mypy: in a
    run they fail at import or nowhere, whatever the tests are. `assert` and `zip(..., strict=True)` say what is so in
    any case.
    """
    if node.type == "operator" and node.parent and node.parent.type == "parameters":
        return True
    if node.type == "assert_stmt" or (node.parent and node.parent.get_code(include_prefix=False) == "strict=True"):
        return True
    while (parent := node.parent) is not None:
        if parent.type in {"decorator", "assert_stmt"}:
            return True
        if isinstance(parent, Function) and node is parent.annotation:
            return True
        if (parent.type, parent.children.index(node)) in {("tfpdef", 2), ("annassign", 1)}:
            return True
        node = parent
    return False


def _make(room: str, root: Path, place: Place, change: _Change) -> Mutant | None:
    """The mutant; None where the change is none, or no Python."""
    file, (line, _), _ = place
    source = (root / file).read_text(encoding="utf-8")
    changed = mutate_code(source, _operators()[change.operator], change.occurrence)
    if changed is None or changed == source or not _compiles(changed):
        return None
    before, after = source.splitlines(), changed.splitlines()
    at = next((number for number, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), line - 1)
    return Mutant(room, file, at + 1, before[at].strip(), after[at].strip(), changed)


def _compiles(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compile(source, "mutant", "exec")
        except (SyntaxError, SyntaxWarning):
            return False
    return True
