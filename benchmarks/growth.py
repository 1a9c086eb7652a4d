"""What grows with the number of posts: every screen in Chromium, the web process' memory, the commands.

    python -m benchmarks.growth FOLDER...

Each folder is one that `benchmarks.big_store` built; it is copied, and the copy is brought up to date, counted and then
measured with the real web process and worker on it. A row is a screen or an action, a column a store. Times are
milliseconds over those of an empty Streamlit page, median / 95th percentile; `*` marks what misses the limit.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.big_store import SET
from benchmarks.growth_steps import SESSIONS, Figures, after_sessions, measured
from benchmarks.screen_times import Watch
from benchmarks.serving import ROOT, running, serving, until
from db.engine import Store, open_store
from db.jobs import ACTIVE, jobs
from db.text_search import waiting_texts
from db.uncounted import waiting_posts
from mner_core.home import Home

MEMORY_LIMIT = 350
"""Megabytes of the web process after 200 reruns in ten sessions."""
LIMITS = {"rerun": (200, 400), "load": (1000, 1500), "save": (150, 200)}
"""Milliseconds over an empty page, median and 95th percentile, at every size."""
_QUIET = 3600
"""Seconds that counting and figures may take before anything is measured."""


def main() -> None:
    """Measures the stores one after another, prints the table and says it as JSON, too, where that is asked for."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="What grows with the posts.")
    options.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    options.add_argument("--rows", default="", help="only the rows whose name has this in it; no commands")
    options.add_argument("--json", type=Path, metavar="FILE", help="where the figures are kept, too")
    chosen = options.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("Chromium is missing: apt-get install --no-install-recommends chromium")
    columns = {each.resolve().name: measure(each, chromium, chosen.rows) for each in chosen.folders}
    if chosen.json:
        chosen.json.write_text(json.dumps(columns, indent=1))
    print("\n".join(table(columns)))


def measure(folder: Path, chromium: str, rows: str = "") -> Figures:
    """The figures of one store, by row: kind of limit, median and 95th percentile, or one figure."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        home = Home(Path(scratch) / "home")
        shutil.copytree(folder / "home", home.root)
        nothing = Path(__file__).with_name("empty_page.py")
        with closing(open_store(home)) as store, running(home) as web, serving(nothing, home) as (empty, _):
            _until_quiet(store)
            found = _in_chromium(store, web, empty, chromium, rows)
        return found if rows else found | _commands(home, Path(scratch))


def _in_chromium(store: Store, web: tuple[str, int], empty: str, chromium: str, rows: str) -> Figures:
    address, process = web
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        watch = Watch(browser, address, empty)
        found = measured(watch, store, rows, lambda: _until_quiet(store))
        if not rows:
            used = after_sessions(watch, store, process)
            found[f"Web process after 200 reruns in {SESSIONS} sessions"] = ["memory", used]
        browser.close()
    return found


def table(columns: Mapping[str, Mapping[str, Sequence[float | str]]]) -> list[str]:
    """Markdown: a row a thing that is waited for, a column a store, the limit behind."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [f"| | {' | '.join(columns)} | limit |", "| --- |" + " --- |" * (len(columns) + 1)]
    for name in names:
        kind = next(str(column[name][0]) for column in columns.values() if name in column)
        cells = [_said(column[name]) if name in column else "" for column in columns.values()]
        lines.append(f"| {name} | {' | '.join(cells)} | {_limit(kind)} |")
    return lines


def _said(figures: Sequence[float | str]) -> str:
    kind, *values = figures
    numbers = [float(value) for value in values]
    if kind == "memory":
        return f"{numbers[0]:.0f} MB{' *' * (numbers[0] > MEMORY_LIMIT)}"
    if kind == "command":
        return f"{numbers[0]:.1f} s"
    limit = LIMITS[str(kind)]
    is_over = any(number > most for number, most in zip(numbers, limit, strict=True))
    return f"{numbers[0]:.0f} / {numbers[1]:.0f}{' *' * is_over}"


def _limit(kind: str) -> str:
    if kind in LIMITS:
        return "{} / {}".format(*LIMITS[kind])
    return f"{MEMORY_LIMIT} MB" if kind == "memory" else ""


def _until_quiet(store: Store) -> None:
    """Nothing is counted any more, and no figure is computed."""
    until(lambda: not (jobs(store, ACTIVE) or waiting_posts(store) or waiting_texts(store)), _QUIET)


def _commands(home: Home, scratch: Path) -> Figures:
    """Seconds of the commands that go through a data set, the store's program not running; a bare start beside them."""
    every = {
        "db --help": ("--help",),
        "db migrate, up to date": ("migrate",),
        "db agreement, imported and corrected": (
            "agreement", "--dataset", SET, "--first", "original", "--second", "current"
        ),
        "db export": ("export", str(scratch / "exported"), "--dataset", SET),
        "db import, nothing new": ("import", str(scratch / "exported"), "--name", SET),
        "db rename dataset": ("rename", "dataset", SET, "Renamed set"),
        "db delete dataset": ("delete", "dataset", "Renamed set"),
        "db bring-back dataset": ("bring-back", "dataset", "Renamed set"),
        "db backup": ("backup", str(scratch / "backup")),
    }  # fmt: skip
    return {name: ["command", _seconds(home, arguments)] for name, arguments in every.items()}


def _seconds(home: Home, arguments: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "db", *arguments],
        cwd=ROOT, env={**os.environ, "MNER_HOME": str(home.root)}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
