"""The types of entities that a data set knows: names with colour, key, description and examples, as dataset.json has
them: `{"types": [{"name", "colour", "key", "description", "examples"}]}`; only `name` is needed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mner_core.data.lines import Report
from mner_core.types import InputError

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityType:
    """A type of entities. `colour` is "#rrggbb", `key` the letter or digit that marks it; both empty where the program
    shall choose. `description` says what belongs to it, `examples` are names of that type.
    """

    name: str
    colour: str = ""
    key: str = ""
    description: str = ""
    examples: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As dataset.json has it."""
        return {**asdict(self), "examples": list(self.examples)}


def checked(types: Iterable[EntityType]) -> tuple[EntityType, ...]:
    """The types, where they can stand beside each other in one data set.

    Raises:
        InputError: a name is empty, is there twice or begins or ends with a space, a colour is none, or a key is no
            letter or digit or belongs to two types.
    """
    found = tuple(types)
    for place, each in enumerate(found):
        if problem := _problem(each, found[:place]):
            raise InputError(problem)
    return found


def read_types(value: Any, report: Report) -> tuple[EntityType, ...]:
    """The types of a dataset.json; what cannot be used is reported as `bad-type` and costs as little as possible."""
    if value is None:
        return ()
    if not isinstance(value, list):
        report("bad-type", 'types: expected a list such as [{"name": "PER"}]; no type is taken from it.')
        return ()
    found: list[EntityType] = []
    for place, record in enumerate(value, 1):
        if each := _read_type(record, place, report):
            _take(each, found, f"types, number {place}", report)
    return tuple(found)


def renamed(types: Iterable[EntityType], mapping: Mapping[str, str]) -> tuple[EntityType, ...]:
    """The types under the names that a label mapping gives them; of two that become one, the first stays."""
    found: dict[str, EntityType] = {}
    for each in types:
        name = mapping.get(each.name, each.name)
        found.setdefault(name, replace(each, name=name))
    return tuple(found.values())


def merged(
    base: Iterable[EntityType], theirs: Iterable[EntityType], mine: Iterable[EntityType]
) -> tuple[EntityType, ...]:
    """Two people's changes of the types `base`, together: where both changed a type, as `mine` has it.

    In the order of `mine`, then what only `theirs` has. The types may still be unable to stand beside each other.
    """
    before, other = ({each.name: each for each in types} for types in (base, theirs))
    named = {each.name: each for each in mine}
    found = {name: each if each != before.get(name) else other.get(name) for name, each in named.items()}
    found |= {name: each for name, each in other.items() if name not in named and each != before.get(name)}
    return tuple(each for each in found.values() if each)


def _read_type(record: Any, place: int, report: Report) -> EntityType | None:
    if isinstance(record, str):
        record = {"name": record}
    if not isinstance(record, dict) or not isinstance(record.get("name"), str):
        report("bad-type", f'types, number {place}: expected an object with a "name"; it is left out.')
        return None
    said: dict[str, Any] = {"name": record["name"].strip()}
    for field in ("colour", "key", "description"):
        if isinstance(value := record.get(field) or "", str):
            said[field] = value.strip()
        else:
            report("bad-type", f"types, number {place}, {field}: expected a text; it is left out.")
    examples = record.get("examples") or []
    if isinstance(examples, list) and all(isinstance(each, str) for each in examples):
        said["examples"] = tuple(each.strip() for each in examples if each.strip())
    else:
        report("bad-type", f"types, number {place}, examples: expected a list of texts; they are left out.")
    return EntityType(**said)


def _take(each: EntityType, found: list[EntityType], where: str, report: Report) -> None:
    """Adds the type, without its colour or key where that is what is wrong with it."""
    wishes: tuple[tuple[str, ...], ...] = ((), ("colour",), ("key",), ("colour", "key"))
    for left in wishes:
        attempt = replace(each, **dict.fromkeys(left, ""))  # type: ignore[arg-type]
        if not _problem(attempt, found):
            if left:
                report("bad-type", f"{where}: {_problem(each, found)} {' and '.join(left)} left out.")
            found.append(attempt)
            return
    report("bad-type", f"{where}: {_problem(each, found)} The type is left out.")


def _problem(each: EntityType, others: Iterable[EntityType]) -> str:
    """What is wrong with a type beside others, in a sentence; empty where nothing is."""
    if not each.name or each.name != each.name.strip() or not each.name.isprintable():
        return "A type needs a name of visible characters." if not each.name else f"{each.name!r} is no type's name."
    if each.colour and not _COLOUR.fullmatch(each.colour):
        return f"The colour of {each.name} is {each.colour!r}; write it as #rrggbb."
    if each.key and not (len(each.key) == 1 and each.key.isalnum()):
        return f"The key of {each.name} is {each.key!r}; it takes one letter or digit."
    for other in others:
        if other.name == each.name:
            return f"The type {each.name} is there twice."
        if each.key and other.key.lower() == each.key.lower():
            return f"The key {each.key} belongs to {other.name} and to {each.name}: give each its own."
    return ""
