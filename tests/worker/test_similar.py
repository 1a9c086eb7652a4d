"""Similar posts by the worker: the index is built once, kept under what it follows from, and answers questions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from db.engine import Store
from db.gc import collect
from db.imports import import_examples
from db.job_leases import finish
from db.jobs import Job, enqueue, job
from db.posts import Post, post, posts
from db.predictions import PostPrediction, record
from db.runs import add_run
from db.similar_indexes import compared_posts, similar_indexes
from db.similar_results import newest_like_mistakes, read_like_mistakes
from db.splits import move_posts
from db.tables import Posts
from mner_core.catalog.profiles import profile
from mner_core.features.store import FeatureStore
from mner_core.retrieval.likeness import KINDS, By
from mner_core.retrieval.similar import PostVectors
from mner_core.types import InputError
from tests.db.test_runs import write_run
from tests.worker.test_training import in_this_process
from worker import similar_posts
from worker.evidence_cache import EvidenceCache
from worker.model_cache import ModelCache
from worker.request_handlers import RequestHandlers
from worker.similar_posts import LONGEST, compare

TINY = profile("tiny")


def handlers(store: Store, tmp_path: Path) -> RequestHandlers:
    return RequestHandlers(store, ModelCache(store, 1 << 30), EvidenceCache(tmp_path / "evidence", 1 << 20))


def ask(answers: RequestHandlers, by: str, **more: Any) -> dict[str, Any]:
    return answers.kinds["similar"]({"dataset": "scenes", "by": by, "profile": "tiny", "k": 10, "split": None, **more})


def built(store: Store, *kinds: By) -> None:
    for by in kinds:
        compare(store, "scenes", by, TINY, lambda what, done, total: None)


def one_by_one(store: Store, by: By, asked: Post) -> dict[int, float]:
    """The cosines of all other posts with this one, written out."""
    others = posts(store, "scenes")
    rows = PostVectors(by, FeatureStore(TINY, store.home), TINY.slots["text"]).of([each.example for each in others])
    length = np.linalg.norm(rows.astype(np.float64), axis=1)
    own = [each.id for each in others].index(asked.id)
    return {
        each.id: float(rows[place].astype(np.float64) @ rows[own] / length[place] / length[own])
        for place, each in enumerate(others)
        if length[place] > 0 and place != own
    }


@pytest.mark.parametrize("by", KINDS)
def test_a_post_is_answered_from_an_index_that_is_built_once(
    by: By, filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = handlers(filled, tmp_path)
    asked = next(each for each in posts(filled, "scenes", "valid") if each.image_sha256)
    assert ask(answers, by, post=asked.id) == {"by": by, "is_built": False}
    queued = enqueue(filled, "similar", {"dataset": "scenes", "by": by, "profile": "tiny"}, author="anna")
    done = in_this_process(filled, monkeypatch, queued)
    assert done.result is not None, done.error
    expected = one_by_one(filled, by, asked)
    assert done.result == {"dataset": "scenes", "by": by, "posts": 60, "compared": len(expected) + 1}
    monkeypatch.setattr(PostVectors, "of", None)  # the post's own vector is in the index: no net is asked
    said = ask(answers, by, post=asked.id)
    assert said["compared"] == len(expected)
    found = {each["post"]: each["score"] for each in said["neighbours"]}
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert found == pytest.approx({number: expected[number] for number in found}, abs=2e-6)
    assert len(found) == 10
    assert min(found.values()) >= max(score for number, score in expected.items() if number not in found) - 2e-6
    numbers = {each.id for each in posts(filled, "scenes", "train")}
    of_train = ask(answers, by, post=asked.id, split="train", k=1000)["neighbours"]
    assert {each["post"] for each in of_train} == numbers & expected.keys()
    assert len(ask(answers, by, post=asked.id, k=10**9)["neighbours"]) == min(LONGEST, len(expected))


def test_a_sentence_and_a_picture_are_questions_too(filled: Store, tmp_path: Path) -> None:
    built(filled, "text", "grid")
    answers, asked = handlers(filled, tmp_path), next(each for each in posts(filled, "scenes") if each.image_sha256)
    by_text = ask(answers, "text", text=asked.example.text)["neighbours"][0]
    assert (post(filled, by_text["post"]).example.text, by_text["score"]) == (asked.example.text, 1.0)
    by_picture = ask(answers, "grid", text="anything", image=asked.image_sha256)["neighbours"][0]
    assert (post(filled, by_picture["post"]).image_sha256, by_picture["score"]) == (asked.image_sha256, 1.0)
    said = ask(answers, "grid", text="a sentence alone")
    assert said == {"by": "grid", "problem": "There is nothing to compare by grid: it has no picture that opens."}


def test_a_post_without_a_picture_is_told_so(filled: Store, tmp_path: Path) -> None:
    built(filled, "objects", "grid")
    bare = next(each for each in posts(filled, "scenes") if each.image_sha256 is None)
    for by in ("objects", "grid"):
        assert ask(handlers(filled, tmp_path), by, post=bare.id)["problem"].startswith("There is nothing to compare by")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"by": "colour"}, "cannot be compared by 'colour'; choose one of objects, grid, caption, text"),
        ({"by": None}, "cannot be compared by None"),
        ({"dataset": "nowhere"}, "no data set 'nowhere'"),
        ({"profile": "huge"}, "no profile 'huge'"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    change: Mapping[str, Any], sentence: str, filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the question and by the job alike."""
    asked = {"dataset": "scenes", "by": "text", "profile": "tiny", **change}
    with pytest.raises(InputError, match=sentence):
        handlers(filled, tmp_path).kinds["similar"]({**asked, "post": 1, "split": None})
    said = in_this_process(filled, monkeypatch, enqueue(filled, "similar", asked, author="anna"))
    assert sentence in (said.error or "")


def change_in_store(store: Store, what: str) -> None:
    """Something about one post is otherwise."""
    number = next(each.id for each in posts(store, "scenes") if each.image_sha256)
    with store.write() as session:
        row = session.get_one(Posts, number)
        if what == "text":
            row.text += "!"
        elif what == "picture":
            row.image_sha256 = "0" * 64
        elif what == "objects":
            row.objects = [["dog", [0, 0, 1, 1], 0.5]]
        elif what == "caption":
            row.caption = "a dog"


@pytest.mark.parametrize(
    ("what", "touches"),
    [
        ("text", {"text", "objects", "caption"}),
        ("picture", {"grid", "objects", "caption"}),
        ("objects", {"objects", "caption"}),
        ("caption", {"caption"}),
        ("split", set()),
        ("one more", set(KINDS)),
    ],
)
def test_the_key_follows_from_what_is_compared_and_from_nothing_else(
    what: str, touches: set[str], filled: Store, tmp_path: Path
) -> None:
    before = {by: compared_posts(filled, "scenes", by) for by in KINDS}
    if what == "split":
        move_posts(filled, "scenes", {posts(filled, "scenes", "valid")[0].id: "train"})
    elif what == "one more":
        import_examples(filled, "scenes", [more(tmp_path)])
    else:
        change_in_store(filled, what)
    after = {by: compared_posts(filled, "scenes", by) for by in KINDS}
    assert {by for by in KINDS if before[by].digest != after[by].digest} == touches
    assert (before["text"].splits != after["text"].splits) == (what in ("split", "one more"))


def more(tmp_path: Path) -> Any:
    from dataclasses import replace

    from tests.retrieval.test_similar_index import post as example

    picture = tmp_path / "more.png"
    Image.new("RGB", (40, 40), "red").save(picture)
    return replace(example("more", "Ann in Rome", picture), split="train")


def test_posts_that_came_later_are_said_to_be_missing_and_gc_takes_the_old_index(filled: Store, tmp_path: Path) -> None:
    answers = handlers(filled, tmp_path)
    built(filled, "text")
    [old] = similar_indexes(filled.home)
    asked = {"post": posts(filled, "scenes")[0].id}
    assert "neighbours" in ask(answers, "text", **asked)
    assert collect(filled, apply=True).freed["similar-posts"] == 0
    import_examples(filled, "scenes", [more(tmp_path)])
    assert ask(answers, "text", **asked) == {"by": "text", "is_built": False}
    built(filled, "text")
    assert len(similar_indexes(filled.home)) == 2
    assert ask(answers, "text", **asked)["compared"] == 60
    size = sum(file.stat().st_size for file in old.iterdir())
    assert collect(filled, apply=False).freed["similar-posts"] == size
    assert collect(filled, apply=True).freed["similar-posts"] == size
    assert not old.exists()
    assert "neighbours" in ask(handlers(filled, tmp_path), "text", **asked)


@pytest.mark.parametrize("why", ["code", "set", "note"])
def test_gc_takes_what_nothing_follows_from(why: str, filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    built(filled, "text", "grid")
    if why == "code":
        monkeypatch.setattr("db.similar_indexes.code_digest", lambda *modules: "other code")
    elif why == "set":
        from db.deletion import delete

        delete(filled, "dataset", "scenes")
        assert collect(filled, apply=False).freed["similar-posts"] == 0, "it can be brought back"
        collect(filled, apply=True, at_once=True)
    else:
        for folder in similar_indexes(filled.home):
            (folder / "about.json").write_text("{}")
    collect(filled, apply=True, at_once=True)
    assert similar_indexes(filled.home) == []


def test_two_at_once_build_one_and_a_damaged_one_is_built_again(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(filled, "text")
    [folder] = similar_indexes(filled.home)
    first = (folder / "vectors.npy").read_bytes()
    monkeypatch.setattr(similar_posts, "post_vectors", None)
    built(filled, "text")  # nothing is computed
    monkeypatch.undo()
    (folder / "vectors.npy").write_bytes(first[:500])
    asked = {"post": posts(filled, "scenes")[0].id}
    assert ask(handlers(filled, tmp_path), "text", **asked) == {"by": "text", "is_built": False}
    built(filled, "text")
    assert (folder / "vectors.npy").read_bytes() == first
    assert [each.name for each in (filled.home.root / "similar").iterdir()] == [folder.name]


def mistaken(store: Store, *ids: str) -> None:
    """A run that finds nothing in valid: it is wrong in every post with an entity there."""
    add_run(store, write_run(store.home, "blind", data={"name": "scenes", "fingerprint": "d", "gold": "g"}))
    record(store, "blind", [PostPrediction(post=each.id, marks=()) for each in posts(store, "scenes", "valid")])


def put(store: Store, **more: Any) -> Job:
    asked = {
        "dataset": "scenes", "by": "text", "profile": "tiny", "in": "train", "run": "blind", "gold": "current",
        "split": "valid", "compare": None, "fair_to": [], "filter": {},
    }  # fmt: skip
    return enqueue(store, "similar-mistakes", {**asked, **more}, author="anna")


def test_posts_of_train_like_the_mistakes_are_listed_the_likest_first(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistaken(filled)
    queued = put(filled, filter={"kind": "missed", "type": "PER"})
    assert newest_like_mistakes(filled, "scenes") is None
    said = in_this_process(filled, monkeypatch, queued)
    assert said.result is not None, said.error
    finish(filled, job(filled, queued.id), said.result)
    made = newest_like_mistakes(filled, "scenes")
    assert made is not None
    found = read_like_mistakes(filled.home, made.id)
    wrong = [each for each in posts(filled, "scenes", "valid") if has_person(filled, each)]
    assert said.result["mistaken"] == len(wrong) > 0
    train = {each.id for each in posts(filled, "scenes", "train")}
    assert {each.post for each in found} == train
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    for each in (found[0], found[-1]):
        cosines = {one.id: one_by_one(filled, "text", one)[each.post] for one in wrong}
        assert cosines[each.like] == pytest.approx(max(cosines.values()), abs=2e-6)
        assert each.score == pytest.approx(max(cosines.values()), abs=2e-6)


def has_person(store: Store, each: Post) -> bool:
    from db.gold import gold_posts

    [gold] = [one for one in gold_posts(store, each.dataset, "current", "valid") if one.post == each.id]
    return any(span.label == "PER" for span in gold.example.spans or ())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"filter": {"type": "NOBODY"}}, "No mistake matches the filter any more"),
        ({"run": "gone"}, "no run 'gone'"),
        ({"dataset": "nowhere"}, "no data set 'nowhere'"),
        ({"in": "dev"}, "No other post of the split dev has anything to compare by text"),
        ({"by": "smell"}, "cannot be compared by 'smell'"),
    ],
)
def test_what_cannot_be_listed_is_a_sentence(
    change: Mapping[str, Any], sentence: str, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistaken(filled)
    said = in_this_process(filled, monkeypatch, put(filled, **change))
    assert sentence in (said.error or "")
    assert not (filled.home.root / "similar-mistakes").exists()
