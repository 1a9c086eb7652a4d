"""`python -m db gc`: what it answers and says."""

import argparse
from collections.abc import Callable
from contextlib import closing
from typing import Any

from db.deletion import KEPT_DAYS
from db.engine import open_store
from db.gc import Collected, collect
from mner_core.home import Home

Command = Callable[[argparse.Namespace, Home], dict[str, Any]]


def take_gc_command(add: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    """Adds the command; `add` makes one by name, what it does and about."""
    take = add("gc", _gc, "Says what could be freed of all that piles up, and frees it with --apply.")
    take.add_argument("--apply", action="store_true", help="free it")
    take.add_argument("--deleted", action="store_true", help=f"deleted things now, not only after {KEPT_DAYS} days")


def _gc(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    with closing(open_store(home)) as store:
        found = collect(store, apply=options.apply, at_once=options.deleted)
    if options.json:
        return {"applied": found.is_applied, "freed": found.freed, "left": list(found.left)}
    return _for_people(found)


def _for_people(found: Collected) -> dict[str, Any]:
    """The kinds of which there is something, with the sum."""
    some = {kind: _size(number) for kind, number in found.freed.items() if number}
    total = sum(found.freed.values())
    said = {True: "freed", False: "could be freed"}[found.is_applied]
    answer: dict[str, Any] = {said: _size(total), **some}
    if found.left:
        answer["left"] = list(found.left)
    if total and not found.is_applied:
        answer["says"] = "Nothing was changed: `python -m db gc --apply` frees it."
    return answer


def _size(number: int) -> str:
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1000:,.0f} kB" if number < 999_500 else f"{number / 1e6:,.1f} MB"
