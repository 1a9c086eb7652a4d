"""What a cell of a table asks of its training: its own seed, train to learn from, valid to pick the epoch, no more."""

from dataclasses import replace

import pytest

from mner_core.experiment.experiment_data import ExperimentData
from mner_core.experiment.run_cache import Cell, cell, taught
from mner_core.experiment.suite import Row, Size
from mner_core.types import Example, Span
from tests.fakes import post

POSTS = {
    split: [replace(post(each, ["Ann", "in", "Rome"]), spans=(Span(0, 1, "PER"),), split=split) for each in range(4)]
    for split in ("train", "valid", "test")
}
DATA = ExperimentData(name="set", splits=POSTS)
SIZE = Size(profile="tiny", epochs=1)
ROW = Row(name="one", model="bert-crf")


def splits(posts: object) -> list[str]:
    assert isinstance(posts, list | tuple)
    return [each.split for each in posts]


@pytest.mark.parametrize("seed", [0, 1, 9])
def test_a_cell_has_its_seed_and_each_split_its_part(seed: int) -> None:
    request = cell(ROW, DATA, SIZE, seed).request
    assert request.seed == seed
    assert splits(request.train) == ["train"] * 4
    assert splits(request.dev) == ["valid"] * 4
    assert splits(request.others) == ["test"] * 4


def changed(part: str, posts: list[Example]) -> Cell:
    return cell(ROW, replace(DATA, splits={**POSTS, part: posts}), SIZE, 0)


def test_every_seed_setting_and_post_makes_another_cell_and_the_rows_name_none() -> None:
    relabelled = [POSTS["train"][0].with_spans([Span(2, 3, "PER")]), *POSTS["train"][1:]]
    cells = [
        cell(ROW, DATA, SIZE, 0),
        cell(ROW, DATA, SIZE, 1),
        cell(replace(ROW, set={"dropout": 0.2}), DATA, SIZE, 0),
        cell(replace(ROW, model="umgf"), DATA, SIZE, 0),
        cell(ROW, DATA, replace(SIZE, epochs=2), 0),
        *(changed(part, POSTS[part][1:]) for part in POSTS),
        changed("train", relabelled),
    ]
    assert len({each.key for each in cells}) == len(cells)
    assert cell(replace(ROW, name="another name"), DATA, SIZE, 0).key == cells[0].key
    assert taught(cells[0], relabelled).key == cells[-1].key


def test_what_a_cell_says_is_kept_by_the_posts_it_is_asked_about() -> None:
    one = cell(ROW, DATA, SIZE, 0)
    asked = [POSTS["test"], POSTS["test"][::-1], POSTS["test"][1:]]
    other_words = [replace(each, text="Bo in Rome", tokens=post(0, ["Bo", "in", "Rome"]).tokens) for each in asked[0]]
    captioned = [replace(each, caption="a dog") for each in asked[0]]
    names = [one.reading(posts) for posts in (*asked, other_words, captioned)]
    assert len(set(names)) == len(names)
    assert one.reading(list(POSTS["test"])) == names[0]
