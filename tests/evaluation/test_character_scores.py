"""Entities that begin or end inside a word count, and are right by their very characters only, whichever way scored."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mner_core.data.dataset import read_dataset
from mner_core.data.posts import read_posts, write_posts
from mner_core.evaluation.errors import align
from mner_core.evaluation.prediction_files import score_files
from mner_core.evaluation.protocols import score
from mner_core.evaluation.slices import score_slices
from mner_core.tags import encode
from mner_core.training.train import prediction_record
from mner_core.types import Example, InputError, Prediction, Span

SETS: dict[str, list[tuple[str, list[tuple[str, str]]]]] = {
    "Thai": [
        ("สมชายไปกรุงเทพ", [("สมชาย", "PER"), ("กรุงเทพ", "LOC")]),
        ("เที่ยวเชียงใหม่กับสมหญิง", [("เชียงใหม่", "LOC"), ("สมหญิง", "PER")]),
    ],
    "Korean particles": [
        ("서울에서 김철수는 만났다", [("서울", "LOC"), ("김철수", "PER")]),
        ("부산 좋다", [("부산", "LOC")]),
    ],
    "Hebrew prefixes": [("דנה גרה בירושלים", [("דנה", "PER"), ("ירושלים", "LOC")]), ("לתל אביב", [("תל אביב", "LOC")])],
    "hashtags": [
        ("#NewYorkMets beat the Bostonians", [("NewYork", "LOC"), ("Mets", "ORG"), ("Boston", "LOC")]),
        ("Mets won", [("Mets", "ORG")]),
    ],
}


def write(file: Path, posts: Sequence[tuple[str, list[tuple[str, str]]]], labelled: bool) -> Path:
    """JSON lines without tokens."""
    records: list[dict[str, Any]] = []
    for text, parts in posts:
        places = [(text.index(part), text.index(part) + len(part), label) for part, label in parts]
        spans = [{"start": start, "end": end, "label": label} for start, end, label in places]
        records.append({"text": text, "spans": spans if labelled else None})
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return file


def words_with_capitals_or_first(post: Example) -> Prediction:
    """A model of words: all it knows of a post are its words."""
    spans = [Span(0, 1, "LOC")]
    spans += [Span(place, place + 1, "PER") for place, word in enumerate(post.words) if place and len(word) > 2]
    return Prediction(spans=tuple(spans), confidences=(1.0,) * len(spans), confidence_source="crf")


@pytest.mark.parametrize("name", SETS)
def test_evaluating_equals_predicting_raw_posts_and_scoring_the_file(tmp_path: Path, name: str) -> None:
    gold = read_dataset(write(tmp_path / "test.jsonl", SETS[name], labelled=True)).posts
    raw = read_dataset(write(tmp_path / "raw.jsonl", SETS[name], labelled=False)).posts
    assert [post.words for post in gold] == [post.words for post in raw]
    evaluated = score(gold, [words_with_capitals_or_first(post).spans for post in gold])
    records = [prediction_record(post, words_with_capitals_or_first(post)) for post in raw]
    (tmp_path / "pred.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    scored, _ = score_files(tmp_path / "test.jsonl", tmp_path / "pred.jsonl")
    assert evaluated == scored
    assert evaluated.support == sum(len(parts) for _, parts in SETS[name])


@pytest.mark.parametrize("name", ["Korean particles", "Hebrew prefixes", "hashtags"])
def test_the_very_characters_are_right_and_nothing_else(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "test.jsonl", SETS[name], labelled=True)
    assert score_files(file, file)[0].f1 == 100.0
    gold, _ = read_posts(file)
    inside = sum(bool(span.chars) for post in gold for span in post.spans or ())
    whole = [[Span(span.start, span.end, span.label) for span in post.spans or ()] for post in gold]
    found = score(gold, whole)
    assert inside > 0
    assert found.recall == pytest.approx(100 * (found.support - inside) / found.support)
    write_posts(gold, tmp_path / "again.jsonl")
    assert score_files(file, tmp_path / "again.jsonl")[0].f1 == 100.0


def test_predictions_in_other_words_are_compared_by_characters(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(
        '{"text": "#NewYork, ok", '
        '"spans": [{"start": 1, "end": 8, "label": "LOC"}, {"start": 10, "end": 12, "label": "X"}]}'
    )
    (tmp_path / "pred.jsonl").write_text(
        '{"text": "#NewYork, ok", "tokens": [[0, 1], [1, 8], [8, 9], [10, 12]], '
        '"spans": [{"start": 1, "end": 8, "label": "LOC"}, {"start": 8, "end": 12, "label": "X"}]}'
    )
    found, _ = score_files(tmp_path / "gold.jsonl", tmp_path / "pred.jsonl")
    assert (found.precision, found.recall, found.support) == (50.0, 50.0, 2)


def test_mistakes_and_slices_know_them(tmp_path: Path) -> None:
    gold, _ = read_posts(write(tmp_path / "test.jsonl", SETS["hashtags"], labelled=True))
    outcomes = align(gold[0].spans or (), [Span(0, 1, "LOC"), Span(3, 4, "PER")])
    assert [outcome.kind for outcome in outcomes] == ["boundary", "missed", "boundary and type"]
    assert not Span(0, 1, "A", (1, 4)).overlaps(Span(0, 1, "B", (4, 8)))
    found = score_slices(gold, [[Span(0, 1, "LOC")], [Span(0, 1, "ORG")]], train=gold)
    assert (found["hashtag"].support if "hashtag" in found else 0) == 0  # "NewYork" has no sign inside
    assert (found["seen"].support, found["seen"].micro.recall) == (4, 25.0)


@pytest.mark.parametrize("protocol", ["umt", "umgf"])
def test_what_tags_cannot_say_is_refused(tmp_path: Path, protocol: str) -> None:
    file = write(tmp_path / "test.jsonl", SETS["hashtags"], labelled=True)
    with pytest.raises(InputError, match="begins or ends inside a word, which no tag can say"):
        score_files(file, file, protocol)
    with pytest.raises(InputError, match="begins or ends inside a word"):
        write_posts(read_posts(file)[0], tmp_path / "out.txt")
    assert not (tmp_path / "out.txt").exists()
    with pytest.raises(InputError, match=r"0\.\.1 LOC begins or ends inside a word"):
        encode([Span(0, 1, "LOC", (0, 2))], 3)
