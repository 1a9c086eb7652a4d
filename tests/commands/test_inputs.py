"""The post that a command names, where ids are of one split alone."""

from dataclasses import replace

import pytest

from mner_core.commands.inputs import post_named
from mner_core.types import InputError
from tests.fakes import post

ONE = replace(post(0, ["Kim"]), id="0", split="train")
POSTS = [ONE, replace(ONE, split="valid"), replace(ONE, id="1", split="valid"), replace(ONE, id="2", split="")]


@pytest.mark.parametrize(("name", "place"), [("train/0", 0), ("valid/0", 1), ("1", 2), ("valid/1", 2), ("2", 3)])
def test_a_post_is_found_by_its_id_and_by_its_split(name: str, place: int) -> None:
    assert post_named(POSTS, name, "Set") is POSTS[place]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("0", "Several splits of Set have a post '0'; name train/0 or valid/0."),
        ("3", "There is no post '3' in Set."),
        ("test/0", "There is no post 'test/0' in Set."),
    ],
)
def test_no_post_is_chosen_where_none_or_several_have_the_name(name: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        post_named(POSTS, name, "Set")
    assert str(refused.value) == sentence
