"""Posts come in once, whole, with their gold; what differs later is said and not done."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from db import gold, posts
from db.annotations import history, save
from db.character_spans import Mark
from db.engine import Store
from db.images import image_path, keep_image
from db.imports import About, import_examples
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.data.lines import Defect
from mner_core.home import Home
from mner_core.types import InputError, Span
from tests.db.samples import LABELS, sample_post, sample_posts


def test_posts_come_back_as_they_were(store: Store) -> None:
    report = import_examples(store, "set", sample_posts(), About(licence="CC0", credits="us"))
    assert (report.added, report.updated, report.unchanged, report.defects) == (6, 0, 0, ())
    assert gold.examples(store, "set", "original") == sample_posts()
    assert gold.examples(store, "set", "current") == sample_posts()
    assert gold.fingerprint(store, "set") == gold_fingerprint(each for each in sample_posts() if each.spans is not None)
    (about,) = posts.datasets(store)
    assert (about.name, about.licence, about.credits, about.labels) == ("set", "CC0", "us", LABELS)
    assert (about.posts, about.splits) == (6, {"train": 5, "valid": 1})
    assert [each.example.id for each in posts.posts(store, "set", "valid")] == ["valid"]
    assert len(posts.posts(store, "set", offset=1, limit=2)) == 2


def test_the_same_import_again_changes_nothing(store: Store, ids: list[int]) -> None:
    report = import_examples(store, "set", sample_posts())
    assert (report.added, report.updated, report.unchanged, report.defects) == (0, 0, 6, ())
    assert list(posts.post_ids(store, "set").values()) == ids
    assert all(len(history(store, post)) <= 1 for post in ids)


def test_captions_and_objects_may_come_later_and_posts_be_added(store: Store, ids: list[int]) -> None:
    later = [replace(sample_posts()[1], caption="a man"), sample_post("new", "Hello Rome", (Span(1, 2, "LOC"),))]
    report = import_examples(store, "set", later)
    assert (report.added, report.updated, report.unchanged) == (1, 1, 0)
    assert posts.post(store, ids[1]).example.caption == "a man"
    assert posts.posts(store, "set")[-1].example.id == "new"


def test_changed_text_and_changed_gold_are_reported_and_left(store: Store, ids: list[int]) -> None:
    before = gold.examples(store, "set")
    changed = [
        sample_post("nothing", "a name here: Rome", ()),
        sample_posts()[5].with_spans([]),
        sample_post("twice", "one", ()),
        sample_post("twice", "two", ()),
        sample_post("half", "half a pair \ud83d", ()),
        sample_post("overlapping", "in New York", (Span(1, 3, "LOC"), Span(2, 3, "PER"))),
    ]
    report = import_examples(store, "set", changed, defects=[Defect("bad-line", "train.txt", 7, "Broken.")])
    kinds = [defect.kind for defect in report.defects]
    assert kinds == ["bad-line", "changed-post", "changed-gold", "duplicate-id", "bad-text", "bad-gold"]
    assert gold.examples(store, "set")[:6] == before
    assert [each.spans for each in gold.examples(store, "set")[6:]] == [(), None]
    assert posts.defects(store, "set") == list(report.defects)


def test_gold_that_comes_later_is_the_original(store: Store) -> None:
    import_examples(store, "set", [sample_posts()[1].with_spans(None)], About(labels=LABELS))
    report = import_examples(store, "set", [sample_posts()[1]])
    assert report.updated == 1
    assert gold.examples(store, "set", "original") == [sample_posts()[1]]


def test_gold_that_comes_after_a_person_is_refused(store: Store) -> None:
    import_examples(store, "set", [sample_posts()[1].with_spans(None)], About(labels=LABELS))
    (post,) = posts.post_ids(store, "set").values()
    save(store, post, "gold", base=0, marks=[Mark(start=6, end=18, label="PER")], author="anna")
    report = import_examples(store, "set", [sample_posts()[1]])
    assert [defect.kind for defect in report.defects] == ["changed-gold"]
    assert gold.examples(store, "set", "original")[0].spans is None


def test_an_import_that_fails_leaves_nothing(store: Store) -> None:
    broken = replace(sample_posts()[0], caption=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        import_examples(store, "set", [*sample_posts()[1:], broken])
    assert posts.datasets(store) == []


def test_labels_grow_and_never_shrink(store: Store, ids: list[int]) -> None:
    assert posts.add_labels(store, "set", ["EVENT", "PER"]) == (*LABELS, "EVENT")
    with pytest.raises(InputError, match="needs a name"):
        posts.add_labels(store, "set", [" "])
    with pytest.raises(InputError, match="no data set 'other'"):
        posts.add_labels(store, "other", ["X"])


def test_unknown_things_are_named(store: Store, ids: list[int]) -> None:
    with pytest.raises(InputError, match="no data set 'other'; there are: set"):
        posts.dataset(store, "other")
    with pytest.raises(InputError, match="no data set 'other'; there are: set"):
        gold.examples(store, "other")
    with pytest.raises(InputError, match="no post number 999"):
        posts.post(store, 999)
    with pytest.raises(InputError, match="needs a name"):
        import_examples(store, " ", [])


def test_pictures_are_kept_once_by_their_sha256(store: Store, home: Home, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (4, 4), "red").save(tmp_path / name)
    (tmp_path / "broken.jpg").write_bytes(b"")
    pictured = [
        replace(sample_posts()[place], image=tmp_path / name, image_name=name)
        for place, name in enumerate(["a.png", "b.png", "broken.jpg", "missing.jpg"])
    ]
    import_examples(store, "set", pictured)
    first, second, broken, missing = posts.posts(store, "set")
    sha256 = hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    assert first.image_sha256 == second.image_sha256 == sha256
    assert first.example.image == home.images / sha256
    assert broken.example.image is not None
    assert broken.example.image.read_bytes() == b""
    assert (missing.example.image, missing.example.image_name) == (None, "missing.jpg")
    assert len(list(home.images.iterdir())) == 2


def test_a_picture_that_cannot_be_read(home: Home, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot read the picture none\.png"):
        keep_image(home, tmp_path / "none.png")
    assert image_path(home, "ab") == home.images / "ab"
