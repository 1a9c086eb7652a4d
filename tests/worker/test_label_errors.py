"""Labels that look wrong, looked for by the worker in a stored data set."""

import pytest

from db.annotations import newest, save
from db.character_spans import Mark
from db.engine import Store
from db.job_leases import finish
from db.jobs import Job, enqueue, job
from db.label_error_results import newest_ranking, read_ranking
from db.posts import post, posts
from tests.worker.test_training import in_this_process
from worker.jobs import label_errors


def put(store: Store, **more: object) -> Job:
    asked = {"dataset": "scenes", "gold": "current", "split": "train", "model": "bert-crf", "profile": "tiny"}
    return enqueue(store, "suspicious", {**asked, **more}, author="anna")


def test_wrong_labels_are_kept_with_places_in_the_text(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled = next(each for each in posts(filled, "scenes", "train"))
    there = newest(filled, spoiled.id)
    assert there is not None
    first = spoiled.example.tokens[0]
    wrong = Mark(start=first.start, end=first.end, label="ORG")
    others = [mark for mark in there.marks if mark.start >= first.end]
    save(filled, spoiled.id, "gold", base=1, marks=[wrong, *others], author="anna")
    monkeypatch.setattr(label_errors, "FOLDS", 2)
    monkeypatch.setattr(label_errors, "enough_epochs", lambda posts, folds, batch: 1)
    queued = put(filled)
    assert newest_ranking(filled, "scenes") is None
    said = in_this_process(filled, monkeypatch, queued)
    assert said.result is not None, said.error
    assert said.progress is not None
    assert said.progress[0] == 1.0
    finish(filled, job(filled, queued.id), said.result)
    ranking = newest_ranking(filled, "scenes")
    assert ranking is not None
    found = read_ranking(filled.home, ranking.id)
    assert len(found) == said.result["kept"] == said.result["labels"] > 20
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert all(post(filled, each.post).example.text[each.start : each.end] == each.text for each in found)
    assert {each.split for each in found} == {"train"}
    assert (spoiled.id, wrong.start, wrong.end, "ORG") in {
        (each.post, each.start, each.end, each.label) for each in found
    }, "the corrected gold was looked at"
    assert all(each.detail.endswith(".") for each in found)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"dataset": "nowhere"}, "no data set 'nowhere'"),
        ({"split": "dev"}, "No post of the split dev in scenes is labelled"),
        ({"model": "oracle"}, "no model 'oracle'"),
        ({"profile": "huge"}, "no profile 'huge'"),
    ],
)
def test_what_cannot_be_looked_for_is_a_sentence(
    filled: Store, monkeypatch: pytest.MonkeyPatch, payload: dict[str, object], sentence: str
) -> None:
    said = in_this_process(filled, monkeypatch, put(filled, **payload))
    assert said.result is None
    assert sentence in (said.error or "")
