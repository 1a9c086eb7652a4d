"""Figures are kept under what they follow from; totals say what scoring says, on any small store."""

import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import figures
from db.annotations import newest, save
from db.character_spans import Mark
from db.deleted_names import Thing
from db.deletion import bring_back, delete
from db.engine import Store, open_store
from db.evaluations import Evaluation, evaluate
from db.figure_kinds import compute
from db.figures import Question, ask_again, figure, forget, keep, state_of, superseded, want
from db.gold import CURRENT, ORIGINAL, fingerprint
from db.imports import About, import_examples
from db.job_leases import claim, fail, finish
from db.jobs import jobs
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import cells, figures_of
from db.posts import datasets, post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.run_totals import measured
from db.runs import add_run, runs
from mner_core.data.tokenize import tokenize
from mner_core.evaluation.scoring import from_counts
from mner_core.home import Home
from mner_core.run_record import BROUGHT
from mner_core.types import InputError, Span
from tests.db.samples import LABELS, sample_post
from tests.db.test_runs import write_run

TEXTS = ("Ann met Bob in #Rome-Ann", "\U0001f468\u200d\U0001f469 Ann", "", "no name", "زار محمد القاهرة")
TRACKS = ("gold", "ben")
RUN_LABELS = (*LABELS, "ATHLETE")


def entities(text: str, chance: random.Random) -> list[tuple[int, int, str]]:
    """Marks that do not overlap, now and then from the middle of a word to the middle of another."""
    found, place = [], 0
    for word in tokenize(text):
        cut = chance.choice((0, 0, 1)) if word.end - word.start > 2 else 0
        if word.start >= place and chance.random() < 0.5:
            found.append((word.start + cut, word.end, chance.choice(LABELS)))
            place = word.end
    return found


def fill(store: Store, chance: random.Random) -> None:
    """Posts of two splits, some labelled, some corrected beside a run's suggestions; trained and brought runs."""
    posts = []
    for number, text in enumerate(TEXTS * 2):
        words = tokenize(text)
        spans = tuple(Span(at, at + 1, chance.choice(LABELS)) for at in range(len(words)) if chance.random() < 0.4)
        split = "valid" if number % 3 else "test"
        posts.append(sample_post(f"p{number}", text, spans if chance.random() < 0.8 else None, split=split))
    import_examples(store, "set", posts, About(labels=LABELS))
    numbers = {number: posts[int(name[1:])].text for (_, name), number in post_ids(store, "set").items()}
    for run in ("first", "second", "theirs"):
        model = BROUGHT if run == "theirs" else "bert-crf"
        add_run(store, write_run(store.home, run, model=model, weights=f"sha {run}"))
        leaves_out = 0.5 if model == BROUGHT else chance.choice((0, 0, 0.2))
        read = [number for number in numbers if chance.random() >= leaves_out]
        record(store, run, [PostPrediction(post=number, marks=_says(numbers[number], chance)) for number in read])
    for number, text in numbers.items():
        for track in TRACKS:
            if chance.random() < 0.4:
                base = there.number if (there := newest(store, number, track)) else 0
                marks = [Mark(start=start, end=end, label=label) for start, end, label in entities(text, chance)]
                status = chance.choice(("submitted", "submitted", "draft", "discarded"))
                run_of = chance.choice((None, "first", "second"))
                save(store, number, track, base=base, marks=marks, author="ann", status=status, run=run_of)


def _says(text: str, chance: random.Random) -> tuple[PredictedMark, ...]:
    return tuple(
        PredictedMark(start=start, end=end, label=chance.choice(RUN_LABELS), confidence=chance.random())
        for start, end, _ in entities(text, chance)
    )


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store, random.Random(7))
    return store


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_totals_cells_and_comparisons_are_what_scoring_says(chance: random.Random) -> None:
    with TemporaryDirectory() as folder:
        store = open_store(Home(Path(folder)))
        fill(store, chance)
        for gold in (CURRENT, ORIGINAL, "ben"):
            for split in ("valid", "test", None):
                assert_measured(store, gold, split)
            assert_compared(store, gold, "valid")
        store.close()


def assert_measured(store: Store, gold: str, split: str | None) -> None:
    found = measured(store, "set", split, gold)
    assert found is not None
    assert list(found) == [run.name for run in runs(store)]
    for run, score in found.items():
        wanted = scored(store, run, split, gold)
        if isinstance(wanted, str) or isinstance(score, str):
            assert score == wanted
            continue
        sha256 = wanted.score.gold_sha256
        assert from_counts(score.by_type, protocol="entity", gold_sha256=sha256) == wanted.score
        assert (score.figures, score.posts) == (wanted.score.micro, wanted.posts)
        every = cells(store, MistakesOf(run=run, dataset="set", split=split, gold=gold), CaseFilter())
        assert figures_of(every or []) == wanted.score.micro
        asked = Question(kind="fingerprint", dataset="set", split=split, golds=(gold,), runs=(run,))
        assert compute(store, asked) == {"sha256": sha256}


def scored(store: Store, run: str, split: str | None, gold: str) -> Evaluation | str:
    try:
        return evaluate(store, [run], "set", split, gold)[0]
    except InputError as error:
        return str(error)


def assert_compared(store: Store, gold: str, split: str | None) -> None:
    pair = ("first", "theirs")
    found = compute(store, Question(kind="comparison", dataset="set", split=split, golds=(gold,), runs=pair))
    if "problem" in found:
        return
    fair_to = (*pair, "second") if found["fair"]["posts"] else ()
    before, after = evaluate(store, pair, "set", split, gold, fair_to=fair_to)
    assert (found["before"], found["after"]) == (before.score.to_json(), after.score.to_json())
    assert found["posts"] == after.posts
    of = MistakesOf(run="theirs", dataset="set", split=split, gold=gold, compare="first", fair_to=fair_to)
    every = cells(store, of, CaseFilter()) or []
    assert figures_of(every) == after.score.micro
    for change, number in found["changes"].items():
        assert number == sum(cell.number for cell in every if cell.change == change)


ASKED = Question(kind="comparison", dataset="set", split="valid", runs=("first", "second"))


def answer(store: Store, asked: Question) -> None:
    keep(store, asked, state_of(store, asked), {"a": 1})


def a_save(store: Store, split: str = "valid", run: str | None = None) -> None:
    number = next(number for (of, _), number in post_ids(store, "set").items() if of == split)
    there = newest(store, number, "gold")
    save(store, number, "gold", base=there.number if there else 0, marks=[], author="ann", run=run)


def says_more(store: Store, run: str) -> None:
    number = next(number for (of, _), number in post_ids(store, "set").items() if of == "valid")
    record(store, run, [PostPrediction(post=number, marks=())])


CHANGES: dict[str, tuple[Callable[[Store], object], bool]] = {
    "a save": (a_save, False),
    "what one of the runs says": (lambda store: says_more(store, "second"), False),
    "another run of their setting": (lambda store: add_run(store, write_run(store.home, "third")), False),
    "a run of another setting": (lambda store: add_run(store, write_run(store.home, "x", profile="paper")), True),
    "a save in another split": (lambda store: a_save(store, "test"), True),
    "what another run says": (lambda store: says_more(store, "theirs"), True),
    "nothing": (lambda store: None, True),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_answer_is_current_until_what_it_follows_from_changes(filled: Store, what: str) -> None:
    assert figure(filled, ASKED) is None
    answer(filled, ASKED)
    change, stays = CHANGES[what]
    change(filled)
    found = figure(filled, ASKED)
    assert found is not None
    assert (found.value, found.is_current) == ({"a": 1}, stays)
    assert superseded(filled) == ([] if stays else [ASKED.key])


def test_other_code_makes_an_answer_old(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(filled, ASKED)
    monkeypatch.setattr(figures, "code_digest", lambda name: f"another {name}")
    found = figure(filled, ASKED)
    assert found is not None
    assert not found.is_current


@pytest.mark.parametrize("split", ["valid", "train"])
def test_what_is_inside_a_run_follows_from_valid_and_from_what_it_learned(filled: Store, split: str) -> None:
    import_examples(filled, "set", [sample_post("t", "Ann", (Span(0, 1, "PER"),), split="train")])
    asked = Question(kind="inside", dataset="set", split="test", runs=("first",))
    answer(filled, asked)
    a_save(filled, split)
    assert superseded(filled) == [asked.key]


def test_answers_to_what_is_gone_are_superseded_and_can_be_forgotten(filled: Store) -> None:
    gone = Question(kind="fingerprint", dataset="set", runs=("nobody",))
    answer(filled, gone)
    answer(filled, ASKED)
    assert superseded(filled) == [gone.key]
    a_save(filled)
    assert sorted(superseded(filled)) == sorted([gone.key, ASKED.key])
    forget(filled, superseded(filled))
    assert figure(filled, ASKED) is None
    assert [each.name for each in datasets(filled)] == ["set"]


def test_one_job_answers_who_ever_asks(filled: Store) -> None:
    first = want(filled, ASKED, "ann")
    assert want(filled, ASKED, "ben").id == first.id
    other = want(filled, Question(kind="fingerprint", dataset="set"), "ann")
    assert [job.id for job in jobs(filled)] == [other.id, first.id]
    taken = claim(filled, "w", "light", ("figure",))
    assert taken is not None
    assert want(filled, ASKED, "ann").id == taken.id
    fail(filled, taken, "It cannot be done.")
    assert want(filled, ASKED, "ann").status == "failed", "it is not tried again and again"
    again = ask_again(filled, ASKED, "ann")
    assert again.id != first.id
    taken = claim(filled, "w", "light", ("figure",))
    assert taken is not None
    fail(filled, taken, "It cannot be done.")
    finish_all(filled)
    a_save(filled)
    assert want(filled, ASKED, "ann").status == "queued", "other labels may be compared"


@pytest.mark.parametrize(("thing", "name"), [("dataset", "set"), ("run", "second")])
def test_a_figure_that_is_waited_for_keeps_nobody_from_deleting(filled: Store, thing: Thing, name: str) -> None:
    answer(filled, ASKED)
    job = want(filled, ASKED, "ann")
    delete(filled, thing, name)
    assert superseded(filled) == [ASKED.key]
    taken = claim(filled, "w", "light", ("figure",))
    assert taken is not None
    assert taken.id == job.id
    asked = Question.of(taken.payload["question"])
    if thing == "dataset":
        with pytest.raises(InputError, match="no data set"):
            state_of(filled, asked)
    bring_back(filled, thing, name)
    assert want(filled, ASKED, "ann").id == job.id
    answer(filled, ASKED)
    assert superseded(filled) == []


def finish_all(store: Store) -> None:
    while job := claim(store, "w", "light", ("figure",)):
        finish(store, job, {})


def test_a_frozen_store_is_of_one_state(filled: Store) -> None:
    with filled.frozen() as still:
        before = fingerprint(still, "set"), state_of(still, ASKED)
        for number in post_ids(filled, "set").values():
            there = newest(filled, number, "gold")
            save(filled, number, "gold", base=there.number if there else 0, marks=[], author="ann")
        assert (fingerprint(still, "set"), state_of(still, ASKED)) == before
    assert fingerprint(filled, "set") != before[0]
    assert state_of(filled, ASKED) != before[1]
