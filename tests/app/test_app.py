"""The frame: what the web process loads, the selection in the address, the quiet line."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from db.engine import Store
from db.imports import import_examples
from db.jobs import enqueue
from db.renaming import rename
from db.workers import beat
from mner_core.home import Home
from pages.shared import selection
from pages.shared.number_format import counted, data_size, duration
from pages.shared.selection import Selection, resolve
from pages.shared.status import active_jobs, is_waiting, job_sentence
from pages.shared.text import plain
from tests.app.filled import ROOT, SET, examples, open_app, settled, shown

HEAVY = ("torch", "transformers", "faiss", "torchvision", "accelerate", "captum")

LOADS = """
import importlib, pathlib, resource, sys
from streamlit.testing.v1 import AppTest
for file in sorted(pathlib.Path("pages").rglob("*.py")):
    if file.name not in ("__init__.py", "view.py"):
        importlib.import_module(".".join(file.with_suffix("").parts))
app = AppTest.from_file("app.py", default_timeout=120).run()
for screen in ("overview", "errors", "post", "annotate", "runs", "data"):
    app.switch_page(f"pages/{screen}/view.py").run()
    assert not app.exception, (screen, app.exception)
print(sorted(set(sys.argv[1:]) & set(sys.modules)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_the_web_process_loads_nothing_heavy(store: Store) -> None:
    """All modules and all screens of a fresh interpreter, with posts and runs to draw."""
    done = subprocess.run([sys.executable, "-c", LOADS, *HEAVY], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded, megabytes = done.stdout.splitlines()[-2:]
    print(f"the web process with all screens drawn once: {megabytes} MB")  # noqa: T201
    assert loaded == "[]"


@pytest.mark.parametrize("screen", ["overview", "errors", "post", "annotate", "runs", "data"])
def test_every_screen_opens_on_an_empty_home(home: Path, screen: str) -> None:
    app = open_app(screen)
    assert app.title, "a screen has a title"
    assert shown(app).strip()


def test_the_address_without_a_name_opens_the_overview(store: Store) -> None:
    app = open_app("overview")
    assert app.title[0].value == SET
    assert app.query_params["dataset"] == SET


def test_a_name_that_cannot_be_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNER_USER", "gold")
    assert "has a meaning of its own" in shown(open_app("overview"))


def test_a_store_that_cannot_be_opened_is_a_sentence(home: Path) -> None:
    home.mkdir()
    (home / "mner.db").write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    assert "no database" in shown(open_app("overview"))


def choice(store: Store, **said: str) -> Selection:
    return resolve(store, said)


def test_nothing_there_selects_nothing(home: Path) -> None:
    from db.engine import open_store

    empty = open_store(Home(home))
    assert choice(empty, dataset="x", run="y", post="z", gold="w", compare="v") == Selection(
        dataset=None, split=None, gold="current", run=None, compare=None, post=None, post_id=None
    )


def test_what_is_there_is_taken_and_the_rest_falls_back(store: Store) -> None:
    found = choice(store, dataset=SET, split="train", gold="original", run="first", compare="second", post="trained")
    assert found.parameters() == {
        "dataset": SET, "split": "train", "gold": "original", "run": "first", "compare": "second", "post": "trained",
    }  # fmt: skip
    assert found.post_id is not None
    lost = choice(store, dataset="gone", split="nowhere", gold="nobody", run="lost", compare="lost", post="none")
    assert lost.parameters() == {"dataset": SET, "split": "valid", "gold": "current", "run": "second"}


def test_a_post_takes_the_selection_to_its_split(store: Store) -> None:
    found = choice(store, dataset=SET, split="valid", post="trained")
    assert (found.split, found.post) == ("train", "trained")
    assert choice(store, dataset=SET, split="all", post="trained").split is None


def test_a_run_is_not_compared_with_itself(store: Store) -> None:
    assert choice(store, run="first", compare="first").compare is None


def test_a_run_brings_its_data_set_along(store: Store, tmp_path: Path) -> None:
    import_examples(store, "Newer set", [each for each in examples(tmp_path) if each.id == "bare"])
    assert choice(store, run="first").dataset == SET
    assert choice(store).dataset == SET, "the set that somebody trained on last"
    assert choice(store, dataset="Newer set").run == "second", "no run was trained on it, so the newest of all"


def test_another_data_set_forgets_what_belonged_to_the_old_one(store: Store, tmp_path: Path) -> None:
    import_examples(store, "Newer set", [each for each in examples(tmp_path) if each.id == "bare"])
    app = open_app("overview", run="first", compare="second", split="train")
    app.selectbox(key="pick dataset").set_value("Newer set").run()
    assert not app.exception
    assert app.query_params["dataset"] == "Newer set"
    assert app.query_params["split"] == "valid"
    assert "compare" not in app.query_params


def test_the_selection_follows_from_screen_to_screen(store: Store) -> None:
    app = open_app("overview", dataset=SET, run="first", split="train")
    app.query_params.clear()
    app.switch_page("pages/errors/view.py").run()
    assert (app.query_params["run"], app.query_params["split"]) == ("first", "train")
    app.switch_page("pages/data/view.py").run()
    assert "run" not in app.query_params


def test_the_line_says_what_the_worker_does(store: Store) -> None:
    assert "No worker is running" in shown(settled(open_app("overview"), store))
    beat(store, "w", "cpu")
    assert not is_waiting(store)
    assert "Worker ready" in shown(open_app("overview"))
    enqueue(store, "train", {"dataset": SET, "name": "third"}, author="ann")
    assert is_waiting(store)
    text = shown(open_app("overview"))
    assert "1 waiting" in text
    assert f"Training third on {SET}: waiting" in text
    assert [job_sentence(job) for job in active_jobs(store)] == [f"Training third on {SET}: waiting"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_words_for_numbers_and_text_for_markdown() -> None:
    assert (counted(1, "post"), counted(1204, "post")) == ("1 post", "1,204 posts")
    assert plain("![x](http://e) <b> *a_b*") == "\\!\\[x\\]\\(http\\:\u2060\\/\\/e\\) \\<b\\> \\*a\\_b\\*"


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (1, "1 byte"), (850, "850 bytes"), (12_345, "12 kB"), (1_499, "1 kB"), (999_600, "1.0 MB"),
        (3_440_000, "3.4 MB"),
    ],
)  # fmt: skip
def test_a_small_file_is_not_said_to_have_no_size(size: int, said: str) -> None:
    assert data_size(size) == said


@pytest.mark.parametrize("name", ["overview", "errors", "post", "annotate", "runs", "data"])
def test_what_is_looked_at_is_resolved_once_however_many_links_a_screen_has(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    app = open_app(name, dataset=SET, run="second", split="valid")
    asked = []

    def resolved(opened: Store, said: Mapping[str, str]) -> Selection:
        asked.append(dict(said))
        return resolve(opened, said)

    monkeypatch.setattr(selection, "resolve", resolved)
    app.run()
    assert not app.exception
    assert len(asked) == 1, asked


def test_a_link_leads_to_what_is_there_after_a_run_was_renamed(store: Store) -> None:
    app = open_app("post", dataset=SET, run="second", split="valid", post="bare")
    rename(store, "run", "second", "third")
    app.run()
    [back] = [link for link in app.main if link.type == "page_link" and link.label == "Errors"]
    assert parse_qs(back.proto.query_string)["run"] == ["third"]
