"""Every post of train judged by a model that has not seen it: predictions, their list, and what is refused."""

import pytest

from db.annotations import newest, save
from db.character_spans import Mark
from db.engine import Store
from db.evaluations import Judged
from db.held_out_results import judged_held_out, newest_held_out
from db.job_leases import finish
from db.jobs import Job, enqueue, job
from db.posts import post, posts
from tests.worker.test_training import in_this_process
from worker.jobs import label_errors


def put(store: Store, **more: object) -> Job:
    asked = {"dataset": "scenes", "gold": "current", "split": "train", "model": "bert-crf", "profile": "tiny"}
    return enqueue(store, "cross-validate", {**asked, **more}, author="anna")


def wrong(found: list[Judged]) -> set[int]:
    return {each.gold_post.post for each in found if set(each.gold) != {mark.span for mark in each.prediction.marks}}


def test_each_post_is_judged_and_a_correction_changes_the_list(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_errors, "FOLDS", 2)
    monkeypatch.setattr(label_errors, "enough_epochs", lambda posts, folds, batch: 2)
    queued = put(filled)
    assert newest_held_out(filled, "scenes") is None
    said = in_this_process(filled, monkeypatch, queued)
    assert said.result is not None, said.error
    finish(filled, job(filled, queued.id), said.result)
    found = newest_held_out(filled, "scenes")
    assert found is not None
    train = posts(filled, "scenes", "train")
    assert set(found.said) == {each.id for each in train}
    assert (said.result["posts"], found.name) == (len(train), "cross-validated bert-crf")
    before = judged_held_out(filled, "scenes", found)
    assert len(wrong(before)) == said.result["mistakes"] > 0
    for each in before:
        text = post(filled, each.gold_post.post).example.text
        assert all(0 <= mark.start < mark.end <= len(text) for mark in each.prediction.marks)
        assert all(0 <= mark.confidence <= 1 for mark in each.prediction.marks)
    first = next(each for each in before if each.gold_post.post in wrong(before))
    marks = [Mark(start=mark.start, end=mark.end, label=mark.label) for mark in first.prediction.marks]
    there = newest(filled, first.gold_post.post)
    assert there is not None
    save(filled, there.post, "gold", base=1, marks=marks, author="anna", run=found.name)
    assert wrong(before) - wrong(judged_held_out(filled, "scenes", found)) == {there.post}
    for file in (filled.home.root / "held-out-predictions").iterdir():
        file.unlink()
    assert newest_held_out(filled, "scenes") is None


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"dataset": "nowhere"}, "no data set 'nowhere'"),
        ({"split": "dev"}, "No post of the split dev in scenes is labelled"),
        ({"model": "oracle"}, "no model 'oracle'"),
    ],
)
def test_what_cannot_be_judged_is_a_sentence(
    filled: Store, monkeypatch: pytest.MonkeyPatch, payload: dict[str, object], sentence: str
) -> None:
    said = in_this_process(filled, monkeypatch, put(filled, **payload))
    assert said.result is None
    assert sentence in (said.error or "")
