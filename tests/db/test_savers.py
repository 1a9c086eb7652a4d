"""Many processes save at once, some are killed: what was acknowledged is stored, and no stale save passes.

MNER_SAVERS_SECONDS says how long (60 for the real check); MNER_SAVERS how many processes.
"""

import json
import os
import sqlite3
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from db.annotations import Revision, history
from db.engine import Store, open_store
from db.imports import import_examples
from mner_core.home import Home
from tests.db.samples import ROOT, sample_post
from tests.db.saver import POSTS

SECONDS = float(os.environ.get("MNER_SAVERS_SECONDS", "6"))
SAVERS = int(os.environ.get("MNER_SAVERS", "20"))


@pytest.fixture
def contested(home: Home) -> Store:
    store = open_store(home)
    import_examples(store, "set", [sample_post(str(number), "a post", ()) for number in range(POSTS)])
    return store


def start(home: Home, name: str, seconds: float, printed: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.db.saver", str(home.root), str(seconds), name]
    with printed.open("wb") as out:
        return subprocess.Popen(command, cwd=ROOT, stdout=out)


def read(printed: Path) -> list[dict[str, int]]:
    return [json.loads(line) for line in printed.read_text().splitlines() if line.endswith("}")]


def stored(store: Store) -> dict[int, Revision]:
    """All revisions by id, after checking that each follows the one that its author saw."""
    found: dict[int, Revision] = {}
    for post in range(1, POSTS + 1):
        revisions = history(store, post, "gold")
        assert [each.number for each in revisions] == list(range(1, len(revisions) + 1))
        for before, after in pairwise(revisions):
            assert after.run == str(before.id), "a save passed although another came between"
        found |= {each.id: each for each in revisions}
    return found


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 3 + 120)
def test_twenty_processes_save_at_once(contested: Store, tmp_path: Path) -> None:
    files = {f"saver-{number}": tmp_path / f"{number}" for number in range(SAVERS)}
    savers = [start(contested.home, name, SECONDS, file) for name, file in files.items()]
    assert [saver.wait(timeout=SECONDS * 2 + 100) for saver in savers] == [0] * SAVERS
    lines = [(name, line) for name, file in files.items() for line in read(file)]
    acknowledged = {line["id"]: (name, line["post"], line["number"]) for name, line in lines if not line["refused"]}
    refused = [line for _, line in lines if line["refused"]]
    revisions = stored(contested)
    kept = {each.id: (each.author, each.post, each.number) for each in revisions.values() if not each.imported}
    lost, on_purpose = acknowledged.keys() - kept.keys(), sum(line["on_purpose"] for line in refused)
    sys.stdout.write(
        f"\n{SAVERS} processes, {SECONDS:.0f} s: {len(acknowledged)} saves acknowledged, {len(lost)} lost, "
        f"{len(refused)} refused, {on_purpose} of them stale on purpose\n"
    )
    assert kept == acknowledged
    assert len(acknowledged) > SAVERS
    assert all(line["rightly"] for line in refused)
    assert any(line["on_purpose"] for line in refused)
    contested.close()


@pytest.mark.slow
def test_killed_while_writing(contested: Store, tmp_path: Path) -> None:
    acknowledged: dict[int, tuple[str, int, int]] = {}
    for turn in range(3):
        files = {f"saver-{turn}-{number}": tmp_path / f"{turn}-{number}" for number in range(3)}
        savers = [start(contested.home, name, 60, file) for name, file in files.items()]
        while not all(file.stat().st_size > 200 for file in files.values()):
            time.sleep(0.05)
        for saver in savers:
            saver.kill()
            saver.wait()
        for name, file in files.items():
            acknowledged |= {
                line["id"]: (name, line["post"], line["number"]) for line in read(file) if not line["refused"]
            }
        with sqlite3.connect(contested.home.store) as connection:
            assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    kept = {each.id: (each.author, each.post, each.number) for each in stored(contested).values()}
    assert acknowledged
    assert acknowledged.items() <= kept.items()
    contested.close()
