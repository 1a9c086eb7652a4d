"""Posts come in once, whole, with their gold; what differs later is said and not done."""

import gc
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from db import gold, posts
from db.annotations import history, save
from db.change_token import change_token
from db.character_spans import Mark
from db.engine import Store
from db.exchange import import_folder
from db.images import image_path, keep_image
from db.import_posts import BATCH
from db.imports import About, import_examples
from db.tables import Datasets, Posts
from mner_core.check import check
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.data.lines import Defect
from mner_core.data.posts import read_file
from mner_core.data.tokenize import entity_at, split_tokens, tokenize
from mner_core.home import Home
from mner_core.types import Example, InputError, Span, Token
from tests.db.counted_anew import (
    gold_sums_anew,
    gold_sums_kept,
    names_anew,
    names_kept,
    newest_anew,
    newest_kept,
)
from tests.db.samples import LABELS, ended, python, sample_post, sample_posts


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


@pytest.mark.parametrize(
    ("text", "part", "other"),
    [
        ("see #NewYork now", "NewYork", None),
        ("서울에서 만난", "서울", None),
        ("post-Katrina", "Katrina", None),
        ("in New York", "New York", [(0, 2), (3, 11)]),
    ],
)
def test_the_same_text_in_other_words_is_the_same_post(
    store: Store, text: str, part: str, other: list[tuple[int, int]] | None
) -> None:
    """Earlier versions cut words where gold ends: their stores keep those words when the file comes again."""
    start, words = text.index(part), tokenize(text)
    cut = split_tokens(words, start, start + len(part))
    if other:
        cut = tuple(Token(text[begin:end], begin, end) for begin, end in other)
    old, new = (
        Example(id="p", text=text, tokens=tokens, spans=(entity_at(tokens, start, start + len(part), "LOC"),))
        for tokens in (cut, words)
    )
    import_examples(store, "set", [old])
    report = import_examples(store, "set", [replace(new, subsets={"all": frozenset(new.spans or ())})])
    assert (report.added, report.updated, report.unchanged, report.defects) == (0, 0, 1, ())
    assert gold.examples(store, "set") == [old]
    import_examples(store, "raw", [replace(old, spans=None)])
    report = import_examples(store, "raw", [replace(new, subsets={"all": frozenset(new.spans or ())})])
    assert (report.updated, report.defects) == (1, ())
    (found,) = gold.examples(store, "raw")
    assert (found.tokens, found.spans, found.subsets) == (old.tokens, old.spans, {"all": frozenset(old.spans or ())})


def test_words_that_lack_an_entity_are_said(store: Store) -> None:
    text = "in Paris"
    import_examples(store, "set", [Example(id="p", text=text, tokens=(Token("in", 0, 2),), spans=None)])
    report = import_examples(
        store, "set", [Example(id="p", text=text, tokens=tokenize(text), spans=(Span(1, 2, "A"),))]
    )
    assert [defect.kind for defect in report.defects] == ["changed-post"]
    assert gold.examples(store, "set")[0].spans is None


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


def many(number: int, label: str = "PER") -> list[Example]:
    return [sample_post(f"p{place}", f"Ann {place}", (Span(0, 1, label),)) for place in range(number)]


class Killed(BaseException):
    """What a kill is to the code that it meets."""


def killed_after(posts: int) -> Callable[[int, int], None]:
    def progress(done: int, _total: int) -> None:
        if done >= posts:
            raise Killed

    return progress


@pytest.mark.parametrize("number", [1, BATCH, BATCH + 1, 3 * BATCH + 7])
def test_an_import_of_any_size_keeps_the_order_of_its_posts(store: Store, number: int) -> None:
    heard: list[tuple[int, int]] = []
    report = import_examples(store, "set", many(number), progress=lambda done, total: heard.append((done, total)))
    assert (report.added, report.defects) == (number, ())
    assert gold.examples(store, "set", "original") == many(number)
    assert heard == [(done, number) for done in range(0, number, BATCH)]


def test_the_store_can_be_written_between_the_batches_of_an_import(store: Store, ids: list[int]) -> None:
    saved: list[int] = []

    def progress(done: int, _total: int) -> None:
        base = 1 + done // BATCH
        saved.append(save(store, ids[1], "gold", base=base, marks=[], author="anna").number)

    import_examples(store, "other", many(3 * BATCH), progress=progress)
    assert saved == [2, 3, 4]


def test_a_new_set_is_seen_by_nobody_before_it_is_whole(store: Store) -> None:
    def progress(done: int, _total: int) -> None:
        assert posts.datasets(store) == []
        with pytest.raises(InputError, match="no data set 'set'; there are: none yet"):
            gold.examples(store, "set")
        with pytest.raises(InputError, match="no data set 'set'; there are: none yet"):
            change_token(store, "set")

    import_examples(store, "set", many(2 * BATCH), progress=progress)
    assert [each.posts for each in posts.datasets(store)] == [2 * BATCH]
    before = change_token(store, "set")
    import_examples(store, "set", many(2 * BATCH + 1))
    assert change_token(store, "set") != before


def test_posts_that_come_into_a_set_that_is_there_move_the_token_as_they_come(store: Store) -> None:
    import_examples(store, "set", many(1))
    seen = []
    import_examples(store, "set", many(2 * BATCH), progress=lambda done, total: seen.append(change_token(store, "set")))
    assert len({*seen, change_token(store, "set")}) == 3


@pytest.mark.parametrize("at", [0, BATCH, 2 * BATCH])
def test_a_killed_import_is_completed_by_importing_again(store: Store, at: int) -> None:
    wanted = [*many(3 * BATCH), sample_post("p1", "Bob twice", ())]
    with pytest.raises(Killed):
        import_examples(store, "set", wanted, progress=killed_after(at))
    assert posts.datasets(store) == []
    report = import_examples(store, "set", wanted)
    assert (report.added, [defect.kind for defect in report.defects]) == (3 * BATCH, ["duplicate-id"])
    assert gold.examples(store, "set", "original") == wanted[:-1]
    assert all(len(history(store, post)) == 1 for post in posts.post_ids(store, "set").values())


def test_what_a_killed_import_left_does_not_mix_with_other_posts(store: Store) -> None:
    """Somebody stops the import of the wrong file and brings the right one: the same name, the same ids."""
    with pytest.raises(Killed):
        import_examples(store, "set", many(2 * BATCH, "ORG"), About(licence="wrong"), progress=killed_after(BATCH))
    right = many(BATCH // 2, "PER")
    report = import_examples(store, "set", right)
    assert (report.added, report.defects) == (len(right), ())
    assert gold.examples(store, "set", "original") == right
    assert (posts.dataset(store, "set").labels, posts.dataset(store, "set").licence) == (("PER",), "")


def test_what_a_killed_import_left_is_thrown_away_by_the_next_of_any_name(store: Store, ids: list[int]) -> None:
    with pytest.raises(Killed):
        import_examples(store, "stopped", many(3 * BATCH), progress=killed_after(2 * BATCH))
    import_examples(store, "other", many(5))
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Posts)) == len(ids) + 5
        assert session.scalars(select(Datasets.name).order_by(Datasets.id)).all() == ["set", "other"]


def test_posts_that_a_killed_import_brought_into_a_set_that_was_there_stay_once(store: Store, ids: list[int]) -> None:
    more = many(3 * BATCH)
    with pytest.raises(Killed):
        import_examples(store, "set", more, progress=killed_after(BATCH))
    assert posts.dataset(store, "set").posts == len(ids) + BATCH
    report = import_examples(store, "set", more)
    assert (report.added, report.unchanged) == (2 * BATCH, BATCH)
    assert gold.examples(store, "set", "original")[len(ids) :] == more


IMPORTER = """
import sys
from pathlib import Path
from db.engine import open_store
from db.imports import import_examples
from mner_core.home import Home
from tests.db.samples import sample_post
posts = [sample_post(f"p{number}", f"post {number}", ()) for number in range(int(sys.argv[2]))]
report = import_examples(open_store(Home(Path(sys.argv[1]))), "set", posts)
print(report.added, report.unchanged)
"""


def test_two_imports_of_the_same_posts_at_once_bring_them_once(store: Store, home: Home) -> None:
    both = [python(IMPORTER, str(home.root), "450") for _ in range(2)]
    assert sorted(ended(each) for each in both) == ["0 450\n", "450 0\n"]
    assert posts.dataset(store, "set").posts == 450


def test_a_folder_is_read_once(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.txt").write_text("IMGID:1\nAnn\tI-PER\n\nIMGID:2\n\u200b\tO\n")
    read: list[str] = []

    def counted(path: Path, *more: Any) -> Any:
        read.append(path.name)
        return read_file(path, *more)

    monkeypatch.setattr("mner_core.data.dataset.read_file", counted)
    report = import_folder(store, tmp_path, "set")
    assert read == ["train.txt"]
    assert report.defects == check(tmp_path).defects
    assert {"orphan-inside", "invisible-token"} <= {defect.kind for defect in report.defects}


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


def test_a_picture_is_read_and_copied_once_however_many_posts_show_it(
    store: Store, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In several batches, too; one that is not there is asked for again, one that is here by another name is not."""
    for name, colour in (("a.png", "red"), ("b.png", "blue"), ("c.png", "red")):
        Image.new("RGB", (4, 4), colour).save(tmp_path / name)
    names = ["a.png", "b.png", "c.png", "a.png", "gone.png"]
    pictured = [
        replace(each, image=tmp_path / names[place % 5], image_name=names[place % 5])
        for place, each in enumerate(many(2 * BATCH))
    ]
    read: list[str] = []
    before = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path.name), before(path))[1])
    import_examples(store, "set", pictured)
    assert Counter(read) == {"a.png": 2, "b.png": 2, "c.png": 2}, "once to keep it, and once to see whether it opens"
    assert len(list(home.images.iterdir())) == 2
    kept = posts.posts(store, "set")
    assert [each.image_sha256 is None for each in kept] == [each.image_name == "gone.png" for each in pictured]
    assert [row.example.image and row.example.image.read_bytes() for row in kept[:3]] == [
        before(tmp_path / name) for name in names[:3]
    ]


def test_the_posts_that_were_read_are_not_collected_over_and_over(store: Store) -> None:
    """Nothing is left so behind an import, neither where it was killed."""
    seen: list[int] = []
    import_examples(store, "set", many(2), progress=lambda *_: seen.append(gc.get_freeze_count()))
    assert seen[0] > 0
    assert gc.get_freeze_count() == 0
    with pytest.raises(Killed):
        import_examples(store, "other", many(2 * BATCH), progress=killed_after(BATCH))
    assert gc.get_freeze_count() == 0


def test_new_posts_and_old_ones_that_get_gold_come_in_one_batch(store: Store) -> None:
    """The sums of the gold and the training names say what counting anew says."""
    raw = [replace(each, spans=None) for each in sample_posts()[:2]]
    import_examples(store, "set", raw, About(labels=LABELS))
    import_examples(store, "set", sample_posts(), About(labels=LABELS))
    assert gold_sums_kept(store) == gold_sums_anew(store) != {}
    assert names_kept(store) == names_anew(store) != {}
    assert newest_kept(store) == newest_anew(store) != set()


def test_a_picture_that_cannot_be_read(home: Home, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot read the picture none\.png"):
        keep_image(home, tmp_path / "none.png")
    assert image_path(home, "ab") == home.images / "ab"
