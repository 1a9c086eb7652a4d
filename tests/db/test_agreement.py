"""Agreement between tracks: only what both have labelled, words as either side cuts them."""

import json

import pytest

from db.__main__ import main
from db.agreement import agreement_of, beginnings
from db.annotations import StaleRevision, save, save_first
from db.character_spans import Mark
from db.engine import Store
from mner_core.types import InputError


def label(store: Store, post: int, track: str, *places: tuple[int, int, str]) -> None:
    marks = [Mark(start=start, end=end, label=name) for start, end, name in places]
    save(store, post, track, base=0, marks=marks, author=track)


@pytest.fixture
def labelled(store: Store, ids: list[int]) -> Store:
    """Anna has labelled three posts, Ben two of them: one alike, one otherwise and with a word cut in two."""
    label(store, ids[0], "anna", (3, 8, "LOC"))
    label(store, ids[0], "ben", (3, 8, "LOC"))
    label(store, ids[4], "anna", (0, 5, "PER"), (13, 19, "ORG"))
    label(store, ids[4], "ben", (0, 5, "PER"), (13, 16, "ORG"))
    label(store, ids[3], "anna")
    return store


def test_two_people_on_the_posts_that_both_have_labelled(labelled: Store) -> None:
    found = agreement_of(labelled, "set", "anna", "ben")
    assert (found.posts, found.words) == (2, 3 + 4)  # Google is two words to Ben
    assert found.spans.f1 == pytest.approx(100 * 2 / 3)
    (only,) = found.disagreements
    assert (only.post, only.kind, only.text) == ("unlabelled", "boundary", "Google")


def test_a_person_against_the_gold_and_the_gold_against_itself(labelled: Store) -> None:
    assert agreement_of(labelled, "set", "anna", "original").posts == 2
    same = agreement_of(labelled, "set", "original", "current")
    assert (same.spans.f1, same.kappa, same.disagreements) == (100.0, 1.0, ())


def test_nothing_in_common_is_said(labelled: Store) -> None:
    with pytest.raises(InputError, match="No post of set is labelled in both 'anna' and 'carl'"):
        agreement_of(labelled, "set", "anna", "carl")
    with pytest.raises(InputError, match="No post of set"):
        agreement_of(labelled, "set", "anna", "ben", split="valid")


def test_the_command_answers_in_json(
    labelled: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(labelled.home.root))
    assert main(["agreement", "--dataset", "set", "--first", "anna", "--second", "ben", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["posts"], len(answer["disagreements"])) == (2, 1)
    assert answer["began"] == {"first": {"unknown": 3}, "second": {"unknown": 2}}
    assert main(["agreement", "--dataset", "set", "--first", "anna", "--second", "carl"]) == 2


def test_what_tracks_began_with_is_counted(labelled: Store, ids: list[int]) -> None:
    for post, began in ((ids[1], ""), (ids[2], ""), (ids[5], "gold")):
        save_first(labelled, post, "anna", began, marks=[], author="anna")
    save(labelled, ids[5], "anna", base=1, marks=[], author="anna")
    assert beginnings(labelled, "set", "anna") == {"empty": 2, "gold": 1, "unknown": 3}
    assert beginnings(labelled, "set", "original") == beginnings(labelled, "set", "gold") == {}
    assert beginnings(labelled, "set", "nobody") == {}
    with pytest.raises(StaleRevision):
        save_first(labelled, ids[5], "anna", "", marks=[], author="anna")
