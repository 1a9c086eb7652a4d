"""Answers as people read them in a terminal: a line a field, records as tables with headed columns, never too many."""

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN = 20
"""Rows of a table that a person is shown; --json has all of them."""
WIDE = 100
"""A line of fields that is longer becomes a line a field."""


def as_text(answer: Mapping[str, Any], indent: str = "") -> str:
    """An answer for a person, whatever it holds."""
    return "\n".join(line for name, value in answer.items() for line in _field(name, value, indent))


def table(rows: Sequence[Mapping[str, Any]], indent: str = "") -> list[str]:
    """Records as lines under a line of heads; columns that nobody fills are left out, numbers stand to the right."""
    heads = [
        name for name in dict.fromkeys(name for row in rows for name in row) if any(_is_there(r, name) for r in rows)
    ]
    shown = [[_cell(row.get(head)) for head in heads] for row in rows[:SHOWN]]
    numbers = [all(isinstance(row.get(head), int | float | None) for row in rows[:SHOWN]) for head in heads]
    widths = [max(len(head), *(len(cells[place]) for cells in shown)) for place, head in enumerate(heads)]
    lines = [
        indent
        + "  ".join(
            f"{cell:{'>' if right else '<'}{width}}" for cell, right, width in zip(cells, numbers, widths, strict=True)
        ).rstrip()
        for cells in [heads, *shown]
    ]
    return (
        lines if len(rows) <= SHOWN else [*lines, f"{indent}... and {len(rows) - SHOWN} more; --json has all of them."]
    )


def _field(name: str, value: Any, indent: str) -> list[str]:
    inner = indent + "  "
    if isinstance(value, str) and "\n" in value:
        return [f"{indent}{name}:", value]
    if isinstance(value, Mapping):
        return _mapping(name, value, indent)
    if isinstance(value, list | tuple) and value:
        if all(isinstance(each, Mapping) for each in value):
            return [f"{indent}{name}: {len(value)}", *table(value, inner)]
        if len(value) > SHOWN or sum(len(_cell(each)) for each in value) > WIDE:
            more = [f"{inner}... and {len(value) - SHOWN} more; --json has all of them."] if len(value) > SHOWN else []
            return [f"{indent}{name}: {len(value)}", *(inner + _cell(each) for each in value[:SHOWN]), *more]
    return [f"{indent}{name}: {_cell(value)}"]


def _mapping(name: str, value: Mapping[str, Any], indent: str) -> list[str]:
    inner, parts = indent + "  ", list(value.values())
    if value.keys() == {"names", "matrix"}:
        rows = [
            {"": f"gold {label}", **dict(zip(value["names"], row, strict=True))}
            for label, row in zip(value["names"], value["matrix"], strict=True)
        ]
        return [f"{indent}{name} (columns: predicted):", *table(rows, inner)]
    if len(parts) > 1 and all(isinstance(part, Mapping) and part and not _is_deep(part) for part in parts):
        return [f"{indent}{name}:", *table([{"": each, **part} for each, part in value.items()], inner)]
    if _is_deep(value) or len(line := f"{indent}{name}: {_cell(value)}") > WIDE:
        return [f"{indent}{name}:", as_text(value, inner)]
    return [line]


def _is_deep(value: Mapping[str, Any]) -> bool:
    """Whether a field holds further fields or records, so that one line cannot hold it."""
    return any(
        (isinstance(part, Mapping) and not _is_span(part))
        or (isinstance(part, list | tuple) and any(isinstance(each, Mapping | list | tuple) for each in part))
        for part in value.values()
    )


def _is_there(row: Mapping[str, Any], name: str) -> bool:
    return row.get(name) is not None and row[name] not in ((), [], {}, "")


def _is_span(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"start", "end", "label"}


def _cell(value: Any) -> str:
    """One value in a line of its own kind: no brackets of a programming language, two digits behind the point."""
    if value is None or value in ((), [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    if _is_span(value):
        return f"{value['label']} {value['start']}..{value['end']}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return "".join(letter if letter.isprintable() else " " for letter in str(value))
