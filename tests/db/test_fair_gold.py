"""Comparisons on a gold that none of the compared runs wrote."""

from pathlib import Path

import pytest
from sqlalchemy import select

from db.annotations import save
from db.change_token import newest_revision
from db.character_spans import Mark, from_json
from db.engine import Store
from db.evaluations import evaluate, judged
from db.exchange import export_folder
from db.fair_gold import Suggested, of_their_setting, suggested, suggesting_runs
from db.gold import counts_as
from db.imports import About, import_examples
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.runs import add_run
from db.tables import Revisions
from mner_core.data.dataset import read_dataset
from mner_core.data.label_history import before, read_history, suggesting
from mner_core.types import InputError, Span
from tests.db.samples import sample_post
from tests.db.test_runs import write_run

POSTS = 4


def mark(label: str) -> Mark:
    return Mark(start=0, end=3, label=label)


@pytest.fixture
def numbers(store: Store) -> list[int]:
    """Posts that begin with Ann, a PER by their own gold; the run `loc` says LOC of all, `per` says PER."""
    posts = [sample_post(f"p{each}", f"Ann in Rome {each}", (Span(0, 1, "PER"),), "test") for each in range(POSTS)]
    import_examples(store, "set", posts, About(labels=("LOC", "PER")))
    numbers = list(post_ids(store, "set").values())
    for name, label, seed in (("loc", "LOC", 0), ("per", "PER", 0), ("loc again", "LOC", 1)):
        model = "rgcn" if label == "LOC" else "bert-crf"
        add_run(store, write_run(store.home, name, model=model, seed=seed))
        said = PredictedMark(start=0, end=3, label=label, confidence=0.9)
        record(store, name, [PostPrediction(post=number, marks=(said,)) for number in numbers])
    return numbers


def accept(store: Store, number: int, label: str, run: str | None, base: int = 1, status: str = "submitted") -> None:
    save(store, number, "gold", base=base, marks=[mark(label)], author="ann", run=run, status=status)  # type: ignore[arg-type]


def f1(store: Store, run: str, fair_to: tuple[str, ...] = (), gold: str = "current") -> float:
    return evaluate(store, [run], "set", "test", gold, fair_to=fair_to)[0].score.f1


def test_what_a_run_suggested_does_not_speak_for_it(store: Store, numbers: list[int]) -> None:
    for number in numbers[:3]:
        accept(store, number, "LOC", "loc")
    assert (f1(store, "loc"), f1(store, "per")) == (75.0, 25.0), "the labels as they are follow the run"
    both = of_their_setting(store, ["loc", "per"])
    assert (f1(store, "loc", both), f1(store, "per", both)) == (0.0, 100.0)
    assert suggested(store, "set", "test", "current", both) == Suggested(labelled=4, posts=3, left_out=0)
    assert suggested(store, "set", "test", "original", both).posts == 0
    assert suggesting_runs(store, "set", "test", "current") == {"loc": 3}
    assert suggesting_runs(store, "set", None, "original") == {}


def test_a_person_without_a_suggestion_counts_and_so_does_what_was_there_before(
    store: Store, numbers: list[int]
) -> None:
    accept(store, numbers[0], "LOC", None)
    accept(store, numbers[1], "LOC", None)
    accept(store, numbers[1], "PER", "per", base=2)
    both = ("loc", "per")
    assert [each.gold for each in judged(store, "loc", "set", "test", fair_to=both)][:2] == [(Span(0, 3, "LOC"),)] * 2
    assert suggested(store, "set", "test", "current", both) == Suggested(labelled=4, posts=1, left_out=0)


def test_what_was_built_on_a_suggestion_goes_back_to_it(store: Store, numbers: list[int]) -> None:
    accept(store, numbers[0], "LOC", "loc")
    accept(store, numbers[0], "LOC", None, base=2)
    assert f1(store, "per", ("loc",)) == 100.0
    assert suggested(store, "set", "test", "current", ("loc",)).posts == 1


def test_a_draft_is_no_label_but_what_follows_it_began_there(store: Store, numbers: list[int]) -> None:
    accept(store, numbers[0], "LOC", "loc", status="draft")
    assert suggested(store, "set", "test", "current", ("loc",)).posts == 0
    assert f1(store, "per", ("loc",)) == 100.0
    accept(store, numbers[0], "LOC", None, base=2)
    assert suggested(store, "set", "test", "current", ("loc",)).posts == 1
    assert f1(store, "per", ("loc",)) == 100.0


def test_other_seeds_of_the_setting_count_as_the_run(store: Store, numbers: list[int]) -> None:
    accept(store, numbers[0], "LOC", "loc")
    assert of_their_setting(store, ["loc again", "per"]) == ("loc again", "per", "loc")
    assert of_their_setting(store, ["per"]) == ("per",)
    assert of_their_setting(store, ["gone"]) == ("gone",)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({"seed": 7}, True),
        ({"variant": "w/o gate"}, False),
        ({"profile": "paper"}, False),
        ({"settings": {"epochs": 9}}, False),
        ({"model": "umgf"}, False),
    ],
)
def test_whatever_else_than_the_seed_makes_another_setting(
    store: Store, numbers: list[int], other: dict[str, object], is_same: bool
) -> None:
    add_run(store, write_run(store.home, "another", **{"model": "rgcn", **other}))
    assert ("another" in of_their_setting(store, ["loc"])) == is_same
    assert ("loc" in of_their_setting(store, ["another"])) == is_same


@pytest.mark.parametrize("asked", ["current", "bob"])
def test_a_suggestion_on_another_track_takes_nothing_back(store: Store, numbers: list[int], asked: str) -> None:
    track, other = ("gold", "bob") if asked == "current" else ("bob", "gold")
    base = {"gold": 1, "bob": 0}
    save(store, numbers[0], other, base=base[other], marks=[mark("LOC")], author="ann", run="loc")
    save(store, numbers[0], track, base=base[track], marks=[mark("PER")], author="bob")
    for fair_to in ((), ("loc",)):
        [first, *_] = judged(store, "loc", "set", "test", asked, fair_to)
        assert (first.gold_post.post, first.gold) == (numbers[0], (Span(0, 3, "PER"),))


@pytest.mark.parametrize("suggested_in", ["the revision that left it out", "the one before"])
def test_a_post_that_was_left_out_has_no_labels_to_go_back_to_a_run(
    store: Store, numbers: list[int], suggested_in: str
) -> None:
    if suggested_in == "the one before":
        accept(store, numbers[0], "LOC", "loc")
        accept(store, numbers[0], "LOC", None, base=2, status="discarded")
    else:
        accept(store, numbers[0], "LOC", "loc", status="discarded")
    assert suggesting_runs(store, "set", "test", "current") == {}
    assert suggested(store, "set", "test", "current", ("loc",)) == Suggested(labelled=3, posts=0, left_out=0)


def test_as_of_a_revision_what_came_later_neither_counts_nor_takes_anything_back(
    store: Store, numbers: list[int]
) -> None:
    """A list of mistakes stays what it was when it was made, whatever is corrected or suggested meanwhile."""

    def counting(until: int | None) -> list[str]:
        with store.read() as session:
            wanted = select(Revisions.marks).where(counts_as("current", ("loc",), until)).order_by(Revisions.post_id)
            return [from_json(marks)[0].label for marks in session.scalars(wanted)]

    moments = [newest_revision(store)]
    for place, (label, run) in enumerate([("LOC", None), ("LOC", "loc"), ("LOC", "per")]):
        accept(store, numbers[place], label, run)
        moments.append(newest_revision(store))
    accept(store, numbers[0], "PER", None, base=2)
    assert counting(moments[0]) == ["PER", "PER", "PER", "PER"]
    assert counting(moments[1]) == ["LOC", "PER", "PER", "PER"]
    assert counting(moments[2]) == ["LOC", "PER", "PER", "PER"], "what the run suggested is taken back"
    assert counting(moments[3]) == ["LOC", "PER", "LOC", "PER"]
    assert counting(None) == ["PER", "PER", "LOC", "PER"]


def test_a_post_without_labels_before_is_left_out(store: Store, numbers: list[int]) -> None:
    import_examples(store, "raw", [sample_post(f"r{each}", f"Ann {each}", None, "test") for each in range(2)])
    import_examples(store, "raw", [], About(labels=("LOC", "PER")))
    raw = list(post_ids(store, "raw").values())
    for run in ("loc", "per"):
        record(store, run, [PostPrediction(post=number, marks=()) for number in raw])
    accept(store, raw[0], "LOC", "loc", base=0)
    with pytest.raises(InputError, match="No post of raw, test has labels that these runs did not suggest"):
        evaluate(store, ["per"], "raw", "test", fair_to=("loc", "per"))
    accept(store, raw[1], "PER", None, base=0)
    [found] = evaluate(store, ["per"], "raw", "test", fair_to=("loc",))
    assert (found.posts, found.score.support) == (1, 1)
    assert suggested(store, "raw", "test", "current", ("loc",)) == Suggested(labelled=2, posts=1, left_out=1)


def test_a_persons_track_is_asked_for_itself(store: Store, numbers: list[int]) -> None:
    save(store, numbers[0], "bob", base=0, marks=[mark("LOC")], author="bob", run="loc")
    assert suggesting_runs(store, "set", "test", "bob") == {"loc": 1}
    assert suggesting_runs(store, "set", "test", "current") == {}


def test_an_export_says_where_its_labels_come_from(store: Store, numbers: list[int], tmp_path: Path) -> None:
    accept(store, numbers[0], "LOC", "loc")
    accept(store, numbers[1], "LOC", None)
    accept(store, numbers[2], "LOC", "loc", status="draft")
    save(store, numbers[3], "bob", base=0, marks=[mark("LOC")], author="bob", run="per")
    for gold, runs in (("current", {"loc"}), ("original", set()), ("bob", {"per"})):
        export_folder(store, tmp_path / gold, "set", gold)
        posts, history = (
            read_dataset(tmp_path / gold / "test.jsonl").posts,
            read_history(tmp_path / gold / "test.jsonl"),
        )
        assert suggesting(history, posts) == runs, gold
        if gold == "current":
            said = [before(history, post, {"loc", "per"}) for post in posts]
            assert said == [(True, (Span(0, 3, "PER"),)), *[(False, None)] * 3], "a draft is no label"
    assert read_history(tmp_path / "nowhere.jsonl") == {}


@pytest.mark.parametrize(
    "line", ["{", '{"post": "p0"}', '{"number": 1, "status": "submitted", "run": null, "marks": 3}']
)
def test_a_history_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "history.jsonl").write_text(f"{line}\n")
    with pytest.raises(InputError, match=r"history\.jsonl line 1"):
        read_history(tmp_path / "test.jsonl")
