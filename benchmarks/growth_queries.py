"""What a drawn screen costs the web process, without a browser: questions to the store, and time of the processor.

    python -m benchmarks.growth_queries FOLDER...

Each folder is one that `benchmarks.big_store` built; a copy of it is opened. A screen is drawn for the first time, with
all that is then asked for the first time, and some times again: printed are the statements, the milliseconds of the
processor within the database, and those of the whole script, first / again. Of drawing again it is the least: a busy
machine only ever adds. What the store's program would compute is said to be waited for, because it does not run.
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

TIMES = 5
Costs = tuple[int, float, float]
"""Statements, milliseconds of the processor in the database and in all."""


def main() -> None:
    """Measures the stores one after another and prints a table."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.growth_queries", description="What a screen asks.")
    options.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    columns = {each.resolve().name: measure(each) for each in options.parse_args().folders}
    names = next(iter(columns.values()))
    print(f"| | {' | '.join(columns)} |", "| --- |" + " --- |" * len(columns), sep="\n")
    for name in names:
        cells = (
            "{}, {:.0f}, {:.0f} / {}, {:.0f}, {:.0f}".format(*first, *again)
            for first, again in (column[name] for column in columns.values())
        )
        print(f"| {name} | {' | '.join(cells)} |")


def measure(folder: Path) -> dict[str, tuple[Costs, Costs]]:
    """The costs of every screen and filter on a copy of a store, drawn for the first time and again."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        home = Home(Path(scratch) / "home")
        shutil.copytree(folder / "home", home.root)
        os.environ |= {"MNER_HOME": str(home.root), "MNER_DEMO": "0", "MNER_USER": "bench"}
        with closing(open_store(home)) as store:
            addresses = screens(middle_post(store)) | filters(store)
        return {name: _drawn(address) for name, address in addresses.items()}


def _drawn(address: str) -> tuple[Costs, Costs]:
    screen, asked = urlsplit(address).path, parse_qsl(urlsplit(address).query)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
    app.run()
    for name, value in asked:
        app.query_params[name] = value
    app.switch_page(f"pages/{screen}/view.py")
    first, _, *again = (_costs(app) for _ in range(2 + TIMES))
    return first, min(again, key=lambda costs: costs[2])


def _costs(app: AppTest) -> Costs:
    with _heard() as statements:
        begun = time.process_time()
        app.run()
        processor = time.process_time() - begun
    assert not app.exception, app.exception
    return len(statements), 1000 * sum(statements), 1000 * processor


@contextmanager
def _heard() -> Iterator[list[float]]:
    """The processor's seconds of each statement that any store runs within the block."""
    seconds: list[float] = []

    def before(connection: Any, *_: Any) -> None:
        connection.info["begun"] = time.thread_time()

    def after(connection: Any, *_: Any) -> None:
        seconds.append(time.thread_time() - connection.info["begun"])

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    yield seconds
    event.remove(Engine, "before_cursor_execute", before)
    event.remove(Engine, "after_cursor_execute", after)


if __name__ == "__main__":
    main()
