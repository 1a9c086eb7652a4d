import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from mner_core.data.corrupt import corrupt
from mner_core.data.dataset import read_dataset
from mner_core.experiment import run_cache
from mner_core.experiment.experiment_data import Held, data_sets
from mner_core.experiment.learning_curve import CHECKS, ORDERS, put_right
from mner_core.experiment.runner import Order, Result, experiment
from mner_core.experiment.suite import read_suite
from mner_core.experiment.svg_chart import HEIGHT, WIDTH, curve_svg
from mner_core.home import Home
from mner_core.scenes.write import write_scenes
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example, InputError, Span, Token

SIZE: dict[str, Any] = {"epochs": 1, "seeds": 2, "posts": 60}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path, list[TrainingRequest]]:
    """The quick curve in a small size, its folder, and what was trained for its points."""
    folder = tmp_path_factory.mktemp("curve")
    trained: list[TrainingRequest] = []

    def watched(request: TrainingRequest, *rest: Any) -> None:
        trained.append(request)
        train(request, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_cache, "train", watched)
        order = Order(suite="learning-curve", quick=True, out=folder / "out", **SIZE)
        return experiment(order, Home(folder / "home")), folder, trained


def _wrong(posts: list[Example], clean: list[Example]) -> int:
    return sum(len(set(one.spans or ()) - set(other.spans or ())) for one, other in zip(posts, clean, strict=True))


def test_undoing_every_change_gives_the_clean_labels_and_undoing_some_fewer_wrong_ones(tmp_path: Path) -> None:
    write_scenes(tmp_path / "posts", 100, 3)
    clean = list(read_dataset(tmp_path / "posts").split("train"))
    wrong, changes = corrupt(clean, 0.4, seed=5)
    assert [post.spans for post in put_right(wrong, changes)] == [post.spans for post in clean]
    half = put_right(wrong, changes[::2])
    assert 0 < _wrong(half, clean) < _wrong(wrong, clean)
    assert put_right(wrong, []) == wrong


def test_both_orders_begin_with_the_same_wrong_labels_and_only_labels_change(
    made: tuple[Result, Path, list[TrainingRequest]],
) -> None:
    result, _, trained = made
    records = result.grid.records()
    assert [record["order"] for record in records] == [ORDERS[0]] * len(CHECKS) + [ORDERS[1]] * len(CHECKS) + [
        ORDERS[2]
    ]
    first, by_chance, whole = records[: len(CHECKS)], records[len(CHECKS) : -1], records[-1]
    assert (first[0]["f1"], first[0]["corrected"]) == (by_chance[0]["f1"], 0.0)
    assert [each["checked"] for each in first] == [each["checked"] for each in by_chance]
    for line in (first, by_chance):
        corrected = [each["corrected"] for each in line]
        assert corrected == sorted(corrected)
        assert corrected[-1] > 0
    assert whole["corrected"] == 100.0
    assert all(each["low"] <= each["f1"] <= each["high"] for each in records)
    assert len(trained) == len({(one.seed, tuple(post.spans for post in one.train)) for one in trained})
    texts = {tuple(post.text for post in one.train) for one in trained}
    assert len(texts) == 1
    assert {tuple(post.spans for post in one.dev) for one in trained} == {
        tuple(post.spans for post in trained[0].dev)
    }, "nobody touched the labels that pick the epoch"


def test_a_second_call_trains_nothing(made: tuple[Result, Path, list[TrainingRequest]]) -> None:
    result, folder, trained = made
    before = len(trained)
    again = experiment(Order(suite="learning-curve", quick=True, out=folder / "out", **SIZE), Home(folder / "home"))
    assert len(trained) == before
    assert [file.read_text() for file in again.files] == [file.read_text() for file in result.files]
    assert [file.suffix for file in again.files] == [".md", ".csv", ".tex", ".svg"]


def test_a_curve_takes_one_data_set_with_its_own_labels(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_scenes(tmp_path / name, 40, 1)
    both = [str(tmp_path / "one"), str(tmp_path / "two")]
    order = Order(suite="learning-curve", quick=True, data=both, out=tmp_path / "out", **SIZE)
    with pytest.raises(InputError, match="takes one data set, got 2"):
        experiment(order, Home(tmp_path / "home"))


def _record(order: str, checked: float, f1: float, half: float | None = 2.0) -> dict[str, Any]:
    around = {"low": None, "high": None} if half is None else {"low": f1 - half, "high": f1 + half}
    return {"order": order, "checked": checked, "f1": f1, **around, "seeds": 1 if half is None else 3, "posts": 90}


RECORDS = [
    *(_record("suspicious", checked, f1) for checked, f1 in ((0, 50.0), (40, 61.0), (80, 68.0))),
    *(_record("random", checked, f1) for checked, f1 in ((0, 50.0), (40, 53.0), (80, 56.0))),
    _record("all put right", 400, 69.0),
]


def _points(picture: ElementTree.Element, kind: str) -> list[list[tuple[float, float]]]:
    """The corners of all shapes of this kind."""
    found = []
    for shape in picture.iter(SVG + kind):
        numbers = [float(number) for number in re.findall(r"[\d.]+", shape.get("points", ""))]
        found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def test_the_picture_draws_each_order_with_its_interval() -> None:
    picture = ElementTree.fromstring(curve_svg("F1 & <more>", RECORDS))
    assert picture.find(SVG + "title").text == "F1 & <more>"  # type: ignore[union-attr]
    first, by_chance = _points(picture, "polyline")
    assert first[0] == by_chance[0]
    assert all(one[1] < other[1] for one, other in zip(first[1:], by_chance[1:], strict=True)), "higher F1 lies higher"
    assert [len(band) for band in _points(picture, "polygon")] == [6, 6]
    for shapes in (_points(picture, "polyline"), _points(picture, "polygon")):
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for points in shapes for x, y in points)
    (whole,) = (path for path in picture.iter(SVG + "path") if path.get("class") == "whole")
    assert float(re.findall(r"[\d.]+", whole.get("d", ""))[1]) < first[-1][1]
    labels = [float(text.get("y", "")) for text in picture.iter(SVG + "text") if text.get("class") == "label"]
    assert len(labels) == 3
    assert min(b - a for a, b in pairwise(labels)) >= 15, "no name lies on another"


def test_the_picture_has_no_ground_of_its_own_and_other_letters_on_dark_pages() -> None:
    text = curve_svg("x", RECORDS)
    assert "prefers-color-scheme: dark" in text
    assert ElementTree.fromstring(text).find(SVG + "rect") is None


def test_the_picture_of_one_seed_has_no_band() -> None:
    records = [{**each, "low": None, "high": None, "seeds": 1} for each in RECORDS]
    picture = ElementTree.fromstring(curve_svg("x", records))
    assert _points(picture, "polygon") == []
    assert len(_points(picture, "polyline")) == 2
    assert "one seed" in "".join(picture.itertext())


def test_the_picture_stands_where_nothing_was_learnt() -> None:
    records = [{**each, "f1": 0.0, "low": 0.0, "high": 0.0} for each in RECORDS]
    for points in _points(ElementTree.fromstring(curve_svg("x", records)), "polyline"):
        assert all(0 <= y <= HEIGHT for _, y in points)


@pytest.mark.parametrize("name", ["learning-curve", "learning-curve-text"])
def test_drawn_posts_of_a_curve_have_no_pattern_that_gives_wrong_labels_away(name: str, tmp_path: Path) -> None:
    suite = read_suite(name)
    (data,) = data_sets(suite, replace(suite.quick, posts=120), [], tmp_path, quick=True)
    labels: dict[str, list[str]] = {}
    for post in data.splits["train"]:
        for span in post.subsets.get("ambiguous", ()):
            labels.setdefault(post.text, []).append(span.label)
    assert any(len(set(four)) < 4 for four in labels.values())


@pytest.mark.parametrize(("name", "kept"), [("data", 409), ("main-rgcn", 240), ("main-gei", 240)])
def test_a_table_of_counts_counts_every_post_in_its_quick_form(name: str, kept: int, tmp_path: Path) -> None:
    suite = read_suite(name)
    posts = [
        Example(id=f"{split}{place}", text="Ann", tokens=(Token("Ann", 0, 3),), spans=(Span(0, 1, "PER"),), split=split)
        for split, number in (("train", 409), ("valid", 2))
        for place in range(number)
    ]
    (data,) = data_sets(suite, replace(suite.quick, posts=240), [], tmp_path, True, {"mine": Held(posts, None)})
    assert len(data.splits["train"]) == kept
