"""The serving child's steps, one question at a time, with answers that cost nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from db.connection import StoreError
from db.engine import Store
from db.requests import result, submit
from mner_core.types import InputError
from worker import serving as module
from worker.serving import Serving
from worker.settings import WorkerSettings


def serving(store: Store, **answers: Any) -> Serving:
    one = Serving(store, "test", WorkerSettings())
    one.answers.kinds.update(answers)
    return one


def asking(error: Exception) -> Any:
    def refuse(payload: Mapping[str, Any]) -> dict[str, Any]:
        raise error

    return refuse


def test_the_oldest_question_is_answered_first_and_none_is_left(store: Store) -> None:
    one = serving(store, predict=lambda payload: {"said": payload["text"] + "!"})
    numbers = [submit(store, "predict", {"text": text}) for text in ("one", "two")]
    assert one.step()
    assert [result(store, number).state for number in numbers] == ["answered", "waiting"]
    assert result(store, numbers[0]).response == {"said": "one!"}
    assert one.step()
    assert result(store, numbers[1]).response == {"said": "two!"}
    assert not one.step()


def test_each_kind_has_its_own_answer_and_others_are_left_for_others(store: Store) -> None:
    one = serving(store, predict=lambda payload: {"by": 1}, counterfactual=lambda payload: {"by": 2})
    numbers = [submit(store, kind, {}) for kind in ("counterfactual", "riddle", "predict")]
    assert [one.step(), one.step(), one.step()] == [True, True, False]
    assert [result(store, number).response for number in numbers] == [{"by": 2}, None, {"by": 1}]
    assert result(store, numbers[1]).state == "waiting"


@pytest.mark.parametrize("error", [InputError("There is no run 'x'."), StoreError("The store is full.")])
def test_what_cannot_be_answered_is_refused_in_a_sentence_of_its_own(
    store: Store, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    number = submit(store, "predict", {})
    assert serving(store, predict=asking(error)).step()
    assert (result(store, number).state, result(store, number).error) == ("failed", str(error))
    assert capsys.readouterr().err == "", "it is nobody's mistake"


@pytest.mark.parametrize("error", [KeyError("secret"), ZeroDivisionError("secret"), OSError("secret")])
def test_any_other_error_is_our_mistake_and_the_log_has_the_rest(
    store: Store, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    number = submit(store, "predict", {})
    assert serving(store, predict=asking(error)).step()
    name = type(error).__name__
    assert result(store, number).error == f"The program made a mistake ({name}): the worker's log says where."
    assert "secret" in capsys.readouterr().err


class Shelf:
    """A model cache that notes what is asked of it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[str] = []

    def get(self, name: str) -> "Shelf":
        self.asked.append(name)
        if self.error:
            raise self.error
        return self

    def predict(self, text: str) -> None:
        self.asked.append(text)


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize(
    ("names", "asked"), [([], []), (["a"], ["a", "Warming up"]), (["a", "b", "c"], ["c", "Warming up"])]
)
def test_the_newest_run_is_loaded_beforehand(
    store: Store, monkeypatch: pytest.MonkeyPatch, names: list[str], asked: list[str]
) -> None:
    one, shelf = serving(store), Shelf()
    monkeypatch.setattr(module, "runs", lambda store: [Named(name) for name in names])
    monkeypatch.setattr(one, "model_cache", shelf)
    one.warm_up()
    assert shelf.asked == asked


@pytest.mark.parametrize("error", [InputError("The run is damaged."), StoreError("The store is full.")])
def test_a_run_that_does_not_load_keeps_nobody_from_asking(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    one = serving(store)
    monkeypatch.setattr(module, "runs", lambda store: [Named("a")])
    monkeypatch.setattr(one, "model_cache", Shelf(error))
    one.warm_up()
    assert capsys.readouterr().out == f"Not warmed up: {error}\n"


def test_the_settings_are_the_limits(store: Store) -> None:
    one = Serving(store, "test", WorkerSettings(serving_bytes=123, evidence_bytes=456))
    assert (one.model_cache.limit, one.answers.cache.limit) == (123, 456)
    assert one.answers.cache.folder == store.home.root / "evidence"


class EndedError(BaseException):
    """The loop of the serving child ends only with its process."""


def test_the_loop_rests_while_nobody_asks_and_longer_while_the_store_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps: list[Any] = [True, False, StoreError("The store is full."), True, EndedError()]
    rests: list[float] = []
    parents: list[int] = []
    warmed: list[str] = []

    def step(self: Serving) -> bool:
        found = steps.pop(0)
        if isinstance(found, BaseException):
            raise found
        return bool(found)

    monkeypatch.setenv("MNER_HOME", str(store.home.root))
    monkeypatch.setattr(Serving, "step", step)
    monkeypatch.setattr(Serving, "warm_up", lambda self: warmed.append(self.owner))
    monkeypatch.setattr(module.time, "sleep", rests.append)
    monkeypatch.setattr(module.parent_death, "die_with", parents.append)
    with pytest.raises(EndedError):
        module.main(["me-serving", "77"])
    assert rests == [module.TICK, 1.0]
    assert (parents, warmed) == ([77], ["me-serving"])
    assert capsys.readouterr().out == "The store is full.\n"
