"""`evaluate --against` where labels go back to a suggestion of a compared run."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mner_core.commands.fair_comparison import Side, compare_fairly
from mner_core.commands.text_forms import text_of
from mner_core.data.dataset import read_dataset
from mner_core.home import Home
from mner_core.run_record import read_record
from mner_core.types import Example, InputError, Span
from tests.db.test_runs import write_run

POSTS = 6


def revision(post: int, number: int, label: str | None, run: str | None = None, **more: Any) -> dict[str, Any]:
    marks = [] if label is None else [{"start": 0, "end": 3, "label": label}]
    told = {"track": "gold", "status": "submitted", **more}
    return {"post": f"p{post}", "split": "test", "number": number, "run": run, "marks": marks, **told}


def write_data(folder: Path, history: Sequence[dict[str, Any]]) -> Path:
    """Posts that begin with Ann, labelled LOC, with a history beside them."""
    lines = [
        {"id": f"p{each}", "text": f"Ann in Rome {each}", "spans": [{"start": 0, "end": 3, "label": "LOC"}]}
        for each in range(POSTS)
    ]
    (folder / "test.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
    return folder / "test.jsonl"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def side(home: Home, name: str, label: str, posts: Sequence[Example], **more: Any) -> Side:
    """A run that says `label` of the first word of every post."""
    folder = write_run(home, name, **more)
    return [(folder, read_record(folder), [[Span(0, 1, label)] for _ in posts])]


def compared(home: Home, data: Path, protocol: str = "entity", **ours: Any) -> dict[str, Any]:
    """The run `loc` against the run `per`."""
    posts = read_dataset(data).posts
    mine = side(home, "loc", "LOC", posts, model="rgcn", **ours)
    return compare_fairly(data, posts, mine, side(home, "per", "PER", posts), protocol)


def all_from(run: str | None) -> list[dict[str, Any]]:
    """Every post came in as PER and was made LOC, beside the suggestions of a run."""
    return [each for post in range(POSTS) for each in (revision(post, 1, "PER"), revision(post, 2, "LOC", run))]


@pytest.mark.parametrize("protocol", ["entity", "entity-strict", "umt", "umgf"])
def test_a_run_is_not_better_on_labels_that_it_wrote(home: Home, tmp_path: Path, protocol: str) -> None:
    found = compared(home, write_data(tmp_path, all_from("loc")), protocol)
    assert (found["suggested"], found["left_out"], found["posts"]) == (6, 0, 6)
    assert (found["ours"]["mean"], found["theirs"]["mean"]) == (0.0, 100.0)
    assert found["as_labelled"] == {"ours": 100.0, "theirs": 0.0}
    said = text_of("evaluate", {"f1": 100.0, "against": {"runs": ["per"], **found}})
    assert "posts whose labels a compared run suggested: 6" in said
    assert "-100.00 F1" in said


@pytest.mark.parametrize(("suggested_by", "counts"), [("loc", True), ("loc.zip", False), ("lo", False)])
def test_an_exported_run_is_known_by_the_name_it_had(
    home: Home, tmp_path: Path, suggested_by: str, counts: bool
) -> None:
    data = write_data(tmp_path, all_from(suggested_by))
    posts = read_dataset(data).posts
    [(folder, record, spans)] = side(home, "loc", "LOC", posts, model="rgcn")
    shutil.rmtree(folder)  # the file is all that is left of it
    packed: Side = [(folder.with_name("loc.zip"), record, spans)]
    found = compare_fairly(data, posts, packed, side(home, "per", "PER", posts), "entity")
    assert found["suggested"] == (6 if counts else 0)


@pytest.mark.parametrize("side_of", ["ours", "theirs"])
def test_neither_side_is_measured_on_what_it_suggested(home: Home, tmp_path: Path, side_of: str) -> None:
    data = write_data(tmp_path, all_from("loc"))
    posts = read_dataset(data).posts
    loc, per = side(home, "loc", "LOC", posts, model="rgcn"), side(home, "per", "PER", posts)
    found = compare_fairly(data, posts, *((loc, per) if side_of == "ours" else (per, loc)), "entity")
    assert found["suggested"] == 6
    assert found["difference"] == (-100.0 if side_of == "ours" else 100.0)


@pytest.mark.parametrize("run", [None, "elsewhere"])
def test_labels_that_neither_suggested_stay_as_they_are(home: Home, tmp_path: Path, run: str | None) -> None:
    found = compared(home, write_data(tmp_path, all_from(run)))
    assert (found["suggested"], found["ours"]["mean"], found["theirs"]["mean"]) == (0, 100.0, 0.0)
    assert "as_labelled" not in found
    assert "suggested" not in text_of("evaluate", {"f1": 100.0, "against": {"runs": ["per"], **found}})


def test_another_seed_of_the_setting_counts_as_the_run(home: Home, tmp_path: Path) -> None:
    data = write_data(tmp_path, all_from("loc 1"))
    write_run(home, "loc 1", model="rgcn", seed=1)
    assert compared(home, data, seed=2)["suggested"] == 6
    write_run(home, "loc 1", model="rgcn", settings={"epochs": 9})
    assert compared(home, data, seed=2)["suggested"] == 0


def test_without_labels_before_a_post_is_left_out(home: Home, tmp_path: Path) -> None:
    history = [revision(post, 1, "LOC", "loc") for post in range(3)] + all_from("loc")[6:]
    found = compared(home, write_data(tmp_path, history))
    assert (found["suggested"], found["left_out"], found["posts"]) == (6, 3, 3)
    for protocol in ("umt", "umgf"):
        assert compared(home, write_data(tmp_path, history), protocol) == {**found, "protocol": protocol}
    with pytest.raises(InputError, match="Only 1 posts have labels that the compared runs did not suggest"):
        compared(home, write_data(tmp_path, [revision(post, 1, "LOC", "loc") for post in range(POSTS - 1)]))


def test_without_a_history_nothing_changes(home: Home, tmp_path: Path) -> None:
    data = write_data(tmp_path, [])
    (tmp_path / "history.jsonl").unlink()
    assert compared(home, data)["suggested"] == 0
