"""Revisions: append-only, numbered, never on a stale base; what counts as gold follows from them."""

import pytest

from db import gold
from db.annotations import Revision, StaleRevision, diff, history, newest, revert, save
from db.character_spans import Mark
from db.engine import Store
from db.revision_states import done_posts
from db.worklists import progress, tracks
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.types import InputError, Span
from tests.db.conftest import Clock
from tests.db.samples import sample_posts

PARIS = Mark(start=3, end=8, label="LOC")


def save_gold(store: Store, post: int, base: int, *marks: Mark, **more: str) -> Revision:
    return save(store, post, "gold", base=base, marks=marks, author="anna", **more)  # type: ignore[arg-type]


def test_a_save_is_read_back(store: Store, ids: list[int], clock: Clock) -> None:
    clock.time += 5
    saved = save_gold(store, ids[0], 1, PARIS, run="first-run")
    assert (saved.number, saved.author, saved.status, saved.run) == (2, "anna", "submitted", "first-run")
    assert (saved.created, saved.imported) == (clock.time, False)
    assert saved.spans == (Span(1, 2, "LOC"),)
    assert newest(store, ids[0]) == saved
    imported, last = history(store, ids[0])
    assert (imported.number, imported.imported, imported.marks[0].id, last) == (1, True, "g0", saved)


def test_a_stale_save_is_refused_with_both_versions(store: Store, ids: list[int]) -> None:
    theirs = save_gold(store, ids[0], 1, PARIS)
    with pytest.raises(
        StaleRevision, match="You started from revision 1, and there is revision 2 by anna now"
    ) as error:
        save_gold(store, ids[0], 1, Mark(start=9, end=14, label="ORG"))
    assert error.value.theirs == theirs
    assert [(mark.start, mark.label) for mark in error.value.mine] == [(9, "ORG")]
    assert history(store, ids[0], "gold")[-1] == theirs


@pytest.mark.parametrize("base", [0, 2, 7, -1])
def test_a_base_that_is_not_the_newest_is_stale(store: Store, ids: list[int], base: int) -> None:
    with pytest.raises(StaleRevision):
        save_gold(store, ids[0], base, PARIS)


def test_a_base_where_nothing_is_yet(store: Store, ids: list[int]) -> None:
    with pytest.raises(StaleRevision, match="there is no revision now") as error:
        save_gold(store, ids[4], 1)
    assert error.value.theirs is None


def test_tracks_do_not_meet(store: Store, ids: list[int]) -> None:
    first = save(store, ids[0], "anna", base=0, marks=[PARIS], author="anna")
    other = save(store, ids[0], "ben", base=0, marks=[], author="ben")
    assert (first.number, other.number) == (1, 1)
    assert tracks(store, "set") == ["anna", "ben", "gold"]
    assert gold.examples(store, "set", "anna")[0].spans == (Span(1, 2, "LOC"),)
    assert gold.examples(store, "set", "ben")[0].spans == ()
    assert gold.examples(store, "set", "ben")[1].spans is None
    assert gold.examples(store, "set", "current") == sample_posts()


def test_a_mark_inside_a_word_leaves_the_words_as_they_are(store: Store, ids: list[int]) -> None:
    text = sample_posts()[1].text
    start = text.index("Warriors")
    saved = save_gold(store, ids[1], 1, Mark(start=start, end=len(text), label="ORG"))
    assert [token.text for token in saved.tokens] == list(sample_posts()[1].words)
    assert saved.spans[-1].chars == (start, len(text))
    current = gold.examples(store, "set")[1]
    assert [current.span_text(span) for span in current.spans or ()] == ["Warriors"]
    assert gold.examples(store, "set", "original")[1] == sample_posts()[1]
    assert current.words == sample_posts()[1].words


def test_only_what_is_submitted_counts(store: Store, ids: list[int]) -> None:
    save_gold(store, ids[0], 1, status="draft")
    assert gold.examples(store, "set") == sample_posts()
    save_gold(store, ids[0], 2, Mark(start=9, end=14, label="ORG"))
    save_gold(store, ids[0], 3, status="draft")
    assert gold.examples(store, "set")[0].spans == (Span(2, 3, "ORG"),)
    save_gold(store, ids[0], 4, status="discarded")
    assert gold.examples(store, "set") == sample_posts()[1:]
    assert gold.examples(store, "set", "original") == sample_posts()


def test_a_corrected_post_keeps_no_tags_of_the_file(store: Store, ids: list[int]) -> None:
    original = gold.fingerprint(store, "set", "original")
    assert original == gold.fingerprint(store, "set")
    save_gold(store, ids[0], 1, PARIS)
    current = gold.examples(store, "set")
    assert (current[0].tags, current[0].subsets) == (None, {})
    assert gold.fingerprint(store, "set") == gold_fingerprint(each for each in current if each.spans is not None)
    assert gold.fingerprint(store, "set") != original == gold.fingerprint(store, "set", "original")
    assert gold.fingerprint(store, "set", split="valid") == gold.fingerprint(store, "set", "original", "valid")


def test_going_back_is_a_new_revision(store: Store, ids: list[int]) -> None:
    save_gold(store, ids[0], 1, Mark(start=9, end=14, label="ORG"))
    back = revert(store, ids[0], "gold", to=1, base=2, author="ben")
    assert (back.number, back.author, back.imported) == (3, "ben", False)
    assert back.marks == history(store, ids[0])[0].marks
    assert revert(store, ids[0], "gold", to=0, base=3, author="ben").marks == ()
    with pytest.raises(StaleRevision):
        revert(store, ids[0], "gold", to=1, base=3, author="ben")
    with pytest.raises(InputError, match="no revision 9"):
        revert(store, ids[0], "gold", to=9, base=4, author="ben")


def test_what_changed_between_two_revisions(store: Store, ids: list[int]) -> None:
    first = save_gold(store, ids[5], 1, Mark(start=0, end=6, label="ORG"), Mark(start=10, end=16, label="LOC"))
    google, berlin = first.marks
    moved = Mark(start=7, end=16, label="PER", id=berlin.id)
    second = save_gold(store, ids[5], 2, moved)
    found = diff(first, second)
    assert (found.added, found.removed, found.changed) == ((), (google,), ((berlin, moved),))
    renamed = save_gold(store, ids[5], 3, Mark(start=7, end=16, label="PER"))
    assert diff(second, renamed) == diff(first, first)
    assert diff(None, first).added == first.marks
    assert diff(first, None).removed == first.marks


def test_progress_says_what_waits(store: Store, ids: list[int]) -> None:
    save_gold(store, ids[0], 1, PARIS)
    save_gold(store, ids[1], 1, status="draft")
    save_gold(store, ids[2], 1, status="discarded")
    nothing = dict.fromkeys(("unlabelled", "imported", "corrected", "draft", "submitted", "discarded"), 0)
    assert progress(store, "set") == {
        "unlabelled": 1, "imported": 2, "corrected": 1, "draft": 1, "submitted": 3, "discarded": 1,
    }  # fmt: skip
    assert progress(store, "set", split="valid") == {**nothing, "imported": 1, "submitted": 1}
    assert progress(store, "set", track="ben") == {**nothing, "unlabelled": 6}
    assert done_posts(store, ids, "gold") == {ids[0], ids[2]}
    save_gold(store, ids[0], 2, status="draft")
    save_gold(store, ids[1], 2, PARIS)
    save_gold(store, ids[2], 2, status="draft")
    assert progress(store, "set") == {
        "unlabelled": 1, "imported": 2, "corrected": 1, "draft": 2, "submitted": 3, "discarded": 0,
    }  # fmt: skip
    assert done_posts(store, ids, "gold") == {ids[1]}
    with pytest.raises(InputError, match="no data set 'none'"):
        progress(store, "none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"post": 999}, "no post number 999"),
        ({"track": " "}, "needs a track"),
        ({"author": ""}, "needs a track and an author"),
        ({"track": "original"}, "names a gold"),
        ({"status": "done"}, "no status 'done'"),
        ({"marks": [Mark(start=3, end=8, label="CITY")]}, "has a label"),
    ],
)
def test_what_cannot_be_saved(store: Store, ids: list[int], change: dict[str, object], message: str) -> None:
    asked = {"post": ids[0], "track": "gold", "base": 1, "marks": [PARIS], "author": "anna", **change}
    with pytest.raises(InputError, match=message):
        save(store, **asked)  # type: ignore[arg-type]
    assert len(history(store, ids[0])) == 1
