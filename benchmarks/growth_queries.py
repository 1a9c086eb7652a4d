"""What a drawn screen costs the web process, without a browser: questions to the store, their time, processor time.

    python -m benchmarks.growth_queries FOLDER...

Each folder is one that `benchmarks.big_store` built; a copy of it is opened. A screen is drawn twice, and then several
times more: printed are the statements of one of these, the shortest time that the database took for them, and the least
processor time of the whole script, in milliseconds. Least and not mean, because a busy machine only ever adds.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Engine, event
from streamlit.testing.v1 import AppTest

from benchmarks.growth_steps import filters, middle_post, screens
from benchmarks.serving import ROOT
from db.engine import open_store
from mner_core.home import Home

TIMES = 3
Costs = tuple[int, float, float]
"""Statements, milliseconds in the database, milliseconds of the processor."""


def main() -> None:
    """Measures the stores one after another and prints a table."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.growth_queries", description="What a screen asks.")
    options.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    columns = {each.resolve().name: measure(each) for each in options.parse_args().folders}
    names = next(iter(columns.values()))
    print(f"| | {' | '.join(columns)} |", "| --- |" + " --- |" * len(columns), sep="\n")
    for name in names:
        cells = ("{}, {:.0f}, {:.0f}".format(*column[name]) for column in columns.values())
        print(f"| {name} | {' | '.join(cells)} |")


def measure(folder: Path) -> dict[str, Costs]:
    """The costs of every screen and filter on a copy of a store."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        home = Home(Path(scratch) / "home")
        shutil.copytree(folder / "home", home.root)
        os.environ |= {"MNER_HOME": str(home.root), "MNER_DEMO": "0", "MNER_USER": "bench"}
        with closing(open_store(home)) as store:
            addresses = screens(middle_post(store)) | filters(store)
        return {name: _drawn(address) for name, address in addresses.items()}


def _drawn(address: str) -> Costs:
    screen, asked = urlsplit(address).path, parse_qsl(urlsplit(address).query)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
    app.run()
    for name, value in asked:
        app.query_params[name] = value
    app.switch_page(f"pages/{screen}/view.py").run()
    app.run()
    found = []
    for _ in range(TIMES):
        with _heard() as statements:
            begun = time.process_time()
            app.run()
            processor = time.process_time() - begun
        assert not app.exception, app.exception
        found.append((len(statements), 1000 * sum(statements), 1000 * processor))
    return found[-1][0], min(each[1] for each in found), min(each[2] for each in found)


@contextmanager
def _heard() -> Iterator[list[float]]:
    """The seconds of each statement that any store runs within the block."""
    seconds: list[float] = []

    def before(connection: Any, *_: Any) -> None:
        connection.info["begun"] = time.perf_counter()

    def after(connection: Any, *_: Any) -> None:
        seconds.append(time.perf_counter() - connection.info["begun"])

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    yield seconds
    event.remove(Engine, "before_cursor_execute", before)
    event.remove(Engine, "after_cursor_execute", after)


if __name__ == "__main__":
    main()
