"""What training owes its seed and its dev posts: order, parameters, the epoch that is kept, no lesson from dev.

Each test was seen red with the fault planted that it names.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from mner_core.batches.batcher import Batcher
from mner_core.catalog.systems import SYSTEMS
from mner_core.data.tokenize import tokenize
from mner_core.home import Home
from mner_core.run_record import read_record
from mner_core.training import fit
from mner_core.training import train as training
from mner_core.training.fit import Epoch
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest, prediction_record, train
from mner_core.types import Example, Span

Make = Callable[..., TrainingRequest]
State = dict[str, Tensor]


class Stopped(Exception):  # noqa: N818
    pass


def first_parameters(request: TrainingRequest, home: Home, out: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """The parameters with which the training begins."""
    found: State = {}

    def stop(model: torch.nn.Module, *_: Any) -> Iterator[Epoch]:
        found.update({name: value.clone() for name, value in model.state_dict().items()})
        raise Stopped
        yield

    with monkeypatch.context() as patched:
        patched.setattr(training, "fit", stop)
        with pytest.raises(Stopped):
            train(request, out, home)
    return found


@pytest.fixture
def lessons(monkeypatch: pytest.MonkeyPatch) -> list[list[Example]]:
    """The posts of every batch from which a gradient was taken, in order."""
    taught: list[list[Example]] = []
    last: list[Example] = []
    make_batch, set_rates = Batcher.batch, fit.set_rates

    def batch(self: Batcher, examples: Sequence[Example]) -> Any:
        last[:] = examples
        return make_batch(self, examples)

    def step(*arguments: Any) -> None:  # called once for each step of the optimiser
        taught.append(list(last))
        set_rates(*arguments)

    monkeypatch.setattr(Batcher, "batch", batch)
    monkeypatch.setattr(fit, "set_rates", step)
    return taught


def order(taught: Sequence[Sequence[Example]]) -> list[list[str]]:
    return [[post.id for post in batch] for batch in taught]


def same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_the_seed_decides_every_drawn_parameter(
    name: str, request_for: Make, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault: `build_model` or the encoder is drawn from no seed, or from a fixed one."""
    states = []
    for number, seed in enumerate((1, 1, 2)):
        torch.manual_seed(number)  # whatever was drawn before
        states.append(first_parameters(request_for(name, seed), home, tmp_path / f"run{number}", monkeypatch))
    assert same(states[0], states[1])
    drawn = [part for part, value in states[0].items() if value.is_floating_point() and value.unique().numel() > 2]
    assert len(drawn) > 5
    alike = [part for part in drawn if torch.equal(states[0][part], states[2][part])]
    assert alike == [], "two seeds begin with the same numbers"


def test_the_seed_decides_the_order_of_posts(
    request_for: Make, home: Home, tmp_path: Path, lessons: list[list[Example]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault: `length_buckets` gets no seed, or the same one for every seed or epoch."""
    seen = {}
    for folder, seed in (("a", 1), ("b", 1), ("c", 2), ("d", 3)):
        lessons.clear()
        train(request_for("bert-crf", seed, batch=4), tmp_path / folder, home)
        seen[folder] = order(lessons)
    half = len(seen["a"]) // 2
    assert seen["a"] == seen["b"]
    for one, other in (("a", "c"), ("a", "d"), ("c", "d")):
        assert seen[one][:half] != seen[other][:half], "two seeds read the posts in one order"
    assert seen["a"][:half] != seen["a"][half:], "two epochs read the posts in one order"


def test_order_and_parameters_are_decided_apart(
    request_for: Make, home: Home, tmp_path: Path, lessons: list[list[Example]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one order and other parameters, and the other way round, other weights come out: both have a say."""
    buckets, build = fit.length_buckets, training.build_model
    plain = tmp_path / "plain"
    train(request_for("bert-crf", 1, epochs=1, batch=4), plain, home)
    usual = order(lessons)
    for fixed in ("order", "parameters"):
        lessons.clear()
        with monkeypatch.context() as patched:
            if fixed == "order":
                patched.setattr(
                    fit, "length_buckets", lambda lengths, size, seed=None: buckets(lengths, size, seed and 1001)
                )
            else:
                patched.setattr(training, "build_model", lambda plan, encoder, seed: build(plan, encoder, 1))
            train(request_for("bert-crf", 2, epochs=1, batch=4), tmp_path / fixed, home)
        assert (order(lessons) == usual) == (fixed == "order")
        weights = [load_file(folder / "weights.safetensors") for folder in (plain, tmp_path / fixed)]
        assert not same(*weights)


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_only_training_posts_teach(
    name: str, request_for: Make, home: Home, tmp_path: Path, lessons: list[list[Example]]
) -> None:
    """Fault: training on valid as well. Each training post teaches once an epoch, and no other post ever."""
    request = request_for(name, 1)
    train(request, tmp_path / "run", home)
    taught = [post for batch in lessons for post in batch]
    expected = sorted(post.id for post in request.train if post.tokens)
    assert {post.split for post in taught} == {"train"}
    half = len(taught) // 2
    assert sorted(post.id for post in taught[:half]) == sorted(post.id for post in taught[half:]) == expected
    record = read_record(tmp_path / "run")
    assert len(record.trained_posts) == len(request.train)


@pytest.mark.parametrize(
    ("name", "dev"),
    [
        *(("bert-crf", dev) for dev in ("other labels", "none of them", "other posts", "letters of their own")),
        ("rgcn", "other posts"),
        ("rgcn", "letters of their own"),
    ],
)
def test_dev_has_no_say_in_the_weights_of_an_epoch(
    name: str, dev: str, request_for: Make, home: Home, tmp_path: Path
) -> None:
    """With a single epoch there is nothing to pick, so that dev cannot matter at all: bit for bit.

    Nor has it a say in the pool `train` of neighbours, or in the means of the pictures.
    """
    request = request_for(name, 1, epochs=1)
    changed = {
        "other labels": [post.with_spans([Span(0, 1, "LOC")]) for post in request.dev],
        "none of them": [post.with_spans([]) for post in request.dev],
        "other posts": list(request.others),
        "letters of their own": [told(post, "ѫѯ 漢") for post in request.dev],
    }[dev]
    train(request, tmp_path / "one", home)
    train(replace(request, dev=changed, others=request.dev), tmp_path / "other", home)
    one, other = (sorted(each.name for each in (tmp_path / run).glob("*.safetensors")) for run in ("one", "other"))
    assert one == other
    assert "weights.safetensors" in one
    for file in one:
        assert same(*(load_file(tmp_path / run / file) for run in ("one", "other"))), file


@pytest.mark.parametrize("name", ["bert-crf", "rgcn"])
def test_the_vocabulary_is_of_the_training_posts_alone(
    name: str, request_for: Make, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiny profile's hashed pieces lack no letter, so what the encoder is asked to know is looked at."""
    asked: list[Sequence[Example]] = []

    def stop(slot: str, posts: Sequence[Example], start: Path | None) -> None:
        asked.append(posts)
        raise Stopped

    monkeypatch.setattr(training, "encoder_for", stop)
    request = request_for(name, 1)
    with pytest.raises(Stopped):
        train(request, tmp_path / "run", home)
    assert [list(posts) for posts in asked] == [list(request.train)]


def told(post: Example, text: str) -> Example:
    """The post with another text and nothing marked in it."""
    return replace(post, text=text, tokens=tokenize(text), spans=(), tags=None, subsets={})


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ((10.0, 50.0, 30.0), 2),
        ((50.0, 30.0, 40.0), 1),
        ((10.0, 50.0, 50.0), 2),
        ((0.0, 0.0, 0.0), 1),
        ((1.0, 2.0, 3.0), 3),
    ],
)
def test_the_best_epoch_on_dev_is_kept_and_predicts(
    scores: Sequence[float], best: int, request_for: Make, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault: the last epoch kept instead of the best, or any but the first of equally good ones."""
    measure, told = fit.measure_epoch, iter(scores)
    monkeypatch.setattr(fit, "measure_epoch", lambda *arguments: {**measure(*arguments), "f1": next(told)})
    after: list[State] = []

    def remember(_: Epoch) -> None:
        after.append(load_file(tmp_path / ".run.unfinished" / "checkpoint" / "model.safetensors"))

    request = request_for("bert-crf", 1, epochs=3)
    record = train(request, tmp_path / "run", home, on_epoch=remember)
    kept = load_file(tmp_path / "run" / "weights.safetensors")
    assert [same(kept, state) for state in after] == [number == best for number in (1, 2, 3)]
    assert record.best_epoch == read_record(tmp_path / "run").best_epoch == best
    said = load(tmp_path / "run", home).predict_posts(request.dev)
    lines = (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()
    assert lines == [dumped(example, prediction) for example, prediction in zip(request.dev, said, strict=True)]


def dumped(example: Example, prediction: Any) -> str:
    import json

    return json.dumps(prediction_record(example, prediction), ensure_ascii=False)


def test_the_record_has_the_score_of_the_epoch_that_was_kept(request_for: Make, home: Home, tmp_path: Path) -> None:
    record = train(request_for("bert-crf", 3, epochs=4, encoder_rate=1e-3), tmp_path / "run", home)
    figures = [epoch["dev"]["f1"] for epoch in record.epochs]
    assert record.dev["f1"] == max(figures) == figures[record.best_epoch - 1]
    assert record.best_epoch == figures.index(max(figures)) + 1
