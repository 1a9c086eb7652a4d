"""`python -m db delete`, `bring-back` and `rename`: what they answer and say."""

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from db.deleted_names import THINGS, WORDS
from db.deletion import KEPT, KEPT_DAYS, Loss, bring_back, delete, what_is_lost
from db.engine import open_store
from db.renaming import rename
from mner_core.home import Home

Command = Callable[[argparse.Namespace, Home], dict[str, Any]]


def take_thing_commands(add: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    """Adds the commands; `add` makes one by name, what it does and about."""
    away = add("delete", _delete, f"Hides a data set or a run, which can be brought back for {KEPT_DAYS} days.")
    away.add_argument("--dry-run", action="store_true", help="say what would be lost, and change nothing")
    back = add("bring-back", _bring_back, "Brings back what was deleted, the last one of that name.")
    other = add("rename", _rename, "Gives a data set or a run another name.")
    for command, names in ((away, ("name",)), (back, ("name",)), (other, ("old", "new"))):
        command.add_argument("thing", choices=THINGS, metavar="dataset|run")
        for name in names:
            command.add_argument(name, metavar=name.upper())


def _delete(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    with closing(open_store(home)) as store:
        if options.dry_run:
            found = what_is_lost(store, options.thing, options.name)
            return {**found.to_json(), "deleted": False, "says": _would_lose(found)}
        found = delete(store, options.thing, options.name)
        until = time.strftime("%Y-%m-%d", time.localtime(store.now() + KEPT))
        says = f"Deleted. Until {until}, `python -m db bring-back {found.thing} {found.name}` brings it back."
        return {**found.to_json(), "deleted": True, "says": says}


def _bring_back(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    with closing(open_store(home)) as store:
        return bring_back(store, options.thing, options.name).to_json()


def _rename(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    with closing(open_store(home)) as store:
        rename(store, options.thing, options.old, options.new)
        found = what_is_lost(store, options.thing, options.new).to_json()
    return {**found, "says": f"Renamed. Addresses and notes that say {options.old!r} lead to it no more."}


def _would_lose(found: Loss) -> str:
    """What a person is told before, in one sentence."""
    if found.jobs:
        return f"Nothing can be deleted now: {len(found.jobs)} jobs need the {WORDS[found.thing]}."
    return f"It could be brought back for {KEPT_DAYS} days."
