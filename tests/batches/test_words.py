"""What a model sees of a word's spelling, and of a class's name."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mner_core.batches.tensors import MAX_CHARACTERS, NUM_CHARACTERS, NUM_CLASSES, NUM_SHAPES, Batch, _to
from mner_core.batches.words import character_ids, word_shape
from tests.fakes import make_batcher, make_model, random_posts, settings_of


@pytest.mark.parametrize(
    ("word", "seen"),
    [
        ("rio", []),
        ("Rio", ["capital first"]),
        ("R", ["capital first", "all capitals"]),
        ("RIO", ["capital first", "all capitals", "capital inside"]),
        ("iPhone", ["capital inside"]),
        ("4TH", ["all capitals", "capital inside", "digit"]),
        ("a4", ["digit"]),
        ("2016", ["digit"]),
        ("#rio", ["hashtag"]),
        ("@RIO", ["all capitals", "capital inside", "user"]),
        ("a@b#c", []),
        ("http://x", ["link"]),
        ("HTTPS:", ["capital first", "all capitals", "capital inside", "link"]),
        ("www.x", ["link"]),
        ("!!", ["marks"]),
        ("$", ["marks"]),
        ("$5", ["digit"]),
        ("☀", ["marks"]),
        ("#", ["hashtag", "marks"]),
        ("!a", []),
    ],
)
def test_the_shape_of_a_word(word: str, seen: list[str]) -> None:
    names = ["capital first", "all capitals", "capital inside", "digit", "hashtag", "user", "link", "marks"]
    assert [name for name, value in zip(names, word_shape(word), strict=True) if value] == seen


def test_latin_characters_have_a_row_each_and_others_never_theirs() -> None:
    own = [row for code in range(591) for row in character_ids(chr(code))]
    assert own == [*range(1, 592)]
    others = {character_ids(chr(code))[0] for code in range(591, 60_000) if not 0xD800 <= code < 0xE000}
    assert others == {*range(592, NUM_CHARACTERS)}, "every other row is used, and none of those before"


@given(st.text(max_size=60))
def test_a_word_keeps_its_first_characters(word: str) -> None:
    assert [*character_ids(word)] == [row for character in word[:MAX_CHARACTERS] for row in character_ids(character)]


@dataclass(frozen=True)
class Foreign:
    """Something of another module that a part of a batch may hold."""

    tensor: torch.Tensor


@pytest.mark.parametrize("part", [Foreign(torch.zeros(1)), Foreign, Batch, "words", None, (torch.zeros(1),)])
def test_what_is_no_tensor_and_no_part_of_a_batch_stays_what_it_is(part: object) -> None:
    assert _to(part, "meta") is part


def test_the_tables_of_a_model_are_as_high_as_those_of_runs_on_disk() -> None:
    """Weights that were written before must fit: these heights are a file format."""
    assert (NUM_SHAPES, NUM_CHARACTERS, NUM_CLASSES) == (8, 1024, 16_384)
    model = make_model("bert-crf", settings_of("bert-crf"))
    assert NUM_CHARACTERS in {parameter.shape[0] for parameter in model.parameters() if parameter.ndim == 2}


@pytest.mark.parametrize("name", ["rgcn", "umgf", "iaik", "gei"])
def test_a_batch_on_another_device_has_every_tensor_there_and_all_else_as_it_was(name: str) -> None:
    batch = make_batcher(name, settings_of(name)).labelled(random_posts(5))
    moved = batch.to("meta")
    tensors, others = _parts(moved)
    ours, theirs = _parts(batch)
    assert [tensor.shape for tensor in tensors] == [tensor.shape for tensor in ours]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert len(others) == len(theirs)
    assert all(one is other for one, other in zip(others, theirs, strict=True))
    assert moved.examples is batch.examples


def _parts(part: Any) -> tuple[list[torch.Tensor], list[Any]]:
    """The tensors of a dataclass of a batch, however deep, and what else stands in it."""
    if isinstance(part, torch.Tensor):
        return [part], []
    if is_dataclass(part) and type(part).__module__ == "mner_core.batches.tensors":
        found = [_parts(getattr(part, field.name)) for field in fields(part)]
        return [each for tensors, _ in found for each in tensors], [each for _, others in found for each in others]
    return [], [part]
