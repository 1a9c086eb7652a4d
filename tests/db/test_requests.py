"""A question has one taker, one answer and an end."""

import pytest

from db.engine import Store
from db.requests import answer, clean_up, give_back, refuse, result, submit, take
from mner_core.types import InputError
from tests.db.conftest import Clock


def test_a_question_and_its_answer(store: Store) -> None:
    number = submit(store, "predict", {"text": "hello"})
    assert result(store, number).state == "waiting"
    assert not result(store, number).is_final
    taken = take(store, "child")
    assert taken is not None
    assert (taken.id, taken.kind, taken.payload) == (number, "predict", {"text": "hello"})
    assert take(store, "other") is None
    assert result(store, number).state == "taken"
    assert answer(store, number, "child", {"spans": []})
    found = result(store, number)
    assert (found.state, found.response, found.is_final) == ("answered", {"spans": []}, True)


def test_the_oldest_of_the_kinds_first(store: Store) -> None:
    numbers = [submit(store, kind, {}) for kind in ("predict", "evidence", "predict")]
    evidence = take(store, "child", ["evidence"])
    assert evidence is not None
    assert evidence.id == numbers[1]
    assert take(store, "child", ["counterfactual"]) is None
    first = take(store, "child")
    assert first is not None
    assert first.id == numbers[0]


def test_what_cannot_be_answered_says_why(store: Store) -> None:
    number = submit(store, "predict", {})
    take(store, "child")
    assert refuse(store, number, "child", "The run is gone.")
    assert (result(store, number).state, result(store, number).error) == ("failed", "The run is gone.")


def test_nobody_answers_after_the_deadline(store: Store, clock: Clock) -> None:
    late, never = submit(store, "predict", {}, seconds=5), submit(store, "predict", {}, seconds=5)
    take(store, "child")
    clock.time += 5
    assert take(store, "child") is None
    assert answer(store, late, "child", {}) is False
    for number, sentence in ((late, "this machine is busy"), (never, "is a worker running")):
        assert result(store, number).state == "expired"
        assert sentence in result(store, number).error


def test_only_the_taker_answers_and_once(store: Store) -> None:
    number = submit(store, "predict", {})
    take(store, "child")
    assert answer(store, number, "other", {}) is False
    assert answer(store, number, "child", {"first": 1}) is True
    assert answer(store, number, "child", {"second": 2}) is False
    assert result(store, number).response == {"first": 1}


def test_a_dead_child_gives_its_questions_back(store: Store) -> None:
    number = submit(store, "predict", {})
    take(store, "dead")
    assert give_back(store, "dead") == 1
    again = take(store, "child")
    assert again is not None
    assert again.id == number
    assert answer(store, number, "dead", {}) is False


def test_old_questions_are_forgotten_and_numbers_never_come_again(store: Store, clock: Clock) -> None:
    old = submit(store, "predict", {}, seconds=1)
    clock.time += 700
    assert clean_up(store) == 1
    with pytest.raises(InputError, match="ask again"):
        result(store, old)
    assert submit(store, "predict", {}) > old
    assert clean_up(store) == 0
