"""Where exported labels come from: which revisions count, and what was there before a run suggested something."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mner_core.data.label_history import LabelRevision, before, read_history, suggesting
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, InputError, Span

MARK = {"start": 0, "end": 3, "label": "PER"}
ANN = (Span(0, 3, "PER"),)


def line(number: int, **more: Any) -> dict[str, Any]:
    usual = {"post": "a", "split": "train", "track": "gold", "status": "submitted", "run": None, "marks": [MARK]}
    return {**usual, "number": number, **more}


def written(folder: Path, *lines: Any, about: str | None = None) -> Path:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    (folder / "history.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")
    if about is not None:
        (folder / "dataset.json").write_text(about, encoding="utf-8")
    return folder


def post(name: str = "a", split: str = "train") -> Example:
    return Example(id=name, text="Ann sat", tokens=tokenize("Ann sat"), split=split)


def test_revisions_are_read_by_post_in_their_order(tmp_path: Path) -> None:
    lines = [
        line(2, run="r1", status="draft", marks=[]),
        line(1),
        line(1, split="test"),
        line(3, post="b", marks=[MARK]),
    ]
    found = read_history(written(tmp_path, *lines[:2], "", *lines[2:]))
    assert found == {
        ("train", "a"): [LabelRevision(1, "submitted", None, ANN), LabelRevision(2, "draft", "r1", ())],
        ("test", "a"): [LabelRevision(1, "submitted", None, ANN)],
        ("train", "b"): [LabelRevision(3, "submitted", None, ANN)],
    }


def test_the_history_lies_beside_a_file_or_in_the_folder(tmp_path: Path) -> None:
    assert read_history(tmp_path) == {}
    assert read_history(tmp_path / "train.jsonl") == {}
    written(tmp_path, line(1))
    (tmp_path / "train.jsonl").touch()
    assert [*read_history(tmp_path / "train.jsonl")] == [*read_history(tmp_path)] == [("train", "a")]


@pytest.mark.parametrize(
    ("about", "track"),
    [
        (None, "gold"), ("{}", "gold"), ('{"gold": "current"}', "gold"), ('{"gold": "ann"}', "ann"),
        ('{"gold": "original"}', "original"), ("[]", "gold"), ("no json", "gold"),
    ],
)  # fmt: skip
def test_only_the_exported_track_counts(tmp_path: Path, about: str | None, track: str) -> None:
    lines = [line(number, post=name, track=name) for number, name in enumerate(("gold", "ann", "original"))]
    assert [name for _, name in read_history(written(tmp_path, *lines, about=about))] == [track]


@pytest.mark.parametrize(
    "bad",
    ["no json", "[]", "7", *({**line(1), "marks": value} for value in (None, [{"start": 0}], [{**MARK, "end": 0}]))],
)
def test_a_line_that_is_no_revision_is_named(tmp_path: Path, bad: Any) -> None:
    with pytest.raises(InputError, match=r"^history\.jsonl line 3 is no revision as `db export` writes it: "):
        read_history(written(tmp_path, line(1), "", bad))


def test_the_runs_that_suggested_labels_of_posts() -> None:
    history = {
        ("train", "a"): [LabelRevision(1, "draft", "r1", ()), LabelRevision(2, "submitted", "r2", ())],
        ("train", "b"): [LabelRevision(1, "submitted", None, ())],
        ("test", "a"): [LabelRevision(1, "submitted", "r3", ())],
    }
    assert suggesting(history, [post(), post("b"), post("c")]) == {"r1", "r2"}
    assert suggesting(history, [post("b")]) == set()


BOB = (Span(4, 7, "PER"),)


@pytest.mark.parametrize(
    ("revisions", "goes_back", "earlier"),
    [
        ([], False, None),
        ([(1, "submitted", None, ANN)], False, None),
        ([(1, "submitted", "other", ANN)], False, None),
        ([(1, "submitted", "run", ANN)], True, None),
        ([(1, "draft", "run", ANN)], False, None),
        ([(1, "submitted", None, BOB), (2, "draft", "run", ANN)], False, None),
        ([(1, "submitted", None, BOB), (2, "submitted", "run", ANN)], True, BOB),
        ([(1, "draft", "run", BOB), (2, "submitted", None, ANN)], True, None),
        ([(1, "submitted", None, BOB), (2, "draft", "run", ANN), (3, "submitted", None, ANN)], True, BOB),
        ([(1, "skipped", None, BOB), (2, "submitted", "run", ANN)], True, None),
        ([(1, "submitted", None, ANN), (2, "submitted", None, BOB), (3, "submitted", "run", ANN)], True, BOB),
        ([(1, "submitted", None, ANN), (2, "draft", None, BOB), (3, "submitted", "run", ())], True, ANN),
    ],
)
def test_what_a_post_said_before_a_run_suggested_something(
    revisions: Sequence[tuple[int, str, str | None, tuple[Span, ...]]],
    goes_back: bool,
    earlier: tuple[Span, ...] | None,
) -> None:
    history = {("train", "a"): [LabelRevision(*each) for each in revisions]}
    assert before(history, post(), {"run", "another"}) == (goes_back, earlier)
    assert before(history, post(split="test"), {"run"}) == (False, None)
