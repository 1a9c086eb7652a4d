"""Types as dataset.json declares them: taken as they are; what is wrong with one costs as little as possible."""

import json
from pathlib import Path
from typing import Any

import pytest

from mner_core.data.dataset import read_dataset
from mner_core.data.entity_types import EntityType, checked, merged, read_types, renamed
from mner_core.types import InputError

FULL = {"name": "PER", "colour": "#aa3355", "key": "p", "description": "people", "examples": ["Ann", "Bob"]}
PERSON = EntityType(name="PER", colour="#aa3355", key="p", description="people", examples=("Ann", "Bob"))


def read(value: Any) -> tuple[tuple[EntityType, ...], list[str]]:
    said: list[str] = []
    return read_types(value, lambda kind, detail: said.append(f"{kind}: {detail}")), said


def test_a_type_is_read_as_it_is_written() -> None:
    assert read([FULL, {"name": "LOC"}]) == ((PERSON, EntityType(name="LOC")), [])
    assert PERSON.to_json() == FULL
    assert read(None) == ((), [])
    assert read(["PER", "LOC"])[0] == (EntityType(name="PER"), EntityType(name="LOC")), "names alone are types, too"


@pytest.mark.parametrize(
    ("record", "left", "why"),
    [
        ({"name": "A", "colour": "red"}, EntityType(name="A"), "colour of A is 'red'; write it as #rrggbb"),
        ({"name": "A", "key": "ab"}, EntityType(name="A"), "key of A is 'ab'"),
        ({"name": "A", "key": " - "}, EntityType(name="A"), "key of A is '-'"),
        ({"name": "A", "key": "P"}, EntityType(name="A"), "key P belongs to PER and to A"),
        ({"name": "A", "colour": "x", "key": "p"}, EntityType(name="A"), "colour and key left out"),
        ({"name": "A", "description": 7}, EntityType(name="A"), "description: expected a text"),
        ({"name": "A", "examples": "Ann"}, EntityType(name="A"), "examples: expected a list of texts"),
        ({"name": "PER"}, None, "The type PER is there twice"),
        ({"name": " "}, None, "needs a name"),
        ({"name": "a\u0000b"}, None, "no type's name"),
        ({"title": "A"}, None, 'expected an object with a "name"'),
        (7, None, 'expected an object with a "name"'),
    ],
)
def test_what_is_wrong_with_a_type_costs_only_itself(record: Any, left: EntityType | None, why: str) -> None:
    found, said = read([FULL, record])
    assert found == ((PERSON,) if left is None else (PERSON, left))
    assert len(said) == 1
    assert said[0].startswith("bad-type: types, number 2")
    assert why in said[0]


def test_what_is_no_list_of_types() -> None:
    assert read({"PER": 1})[0] == ()
    assert "expected a list" in read({"PER": 1})[1][0]


@pytest.mark.parametrize(
    ("types", "why"),
    [
        ([EntityType(name="")], "needs a name"),
        ([EntityType(name="A"), EntityType(name="A")], "there twice"),
        ([EntityType(name="A", key="1"), EntityType(name="B", key="1")], "belongs to A and to B"),
        ([EntityType(name="A", colour="#12345")], "#rrggbb"),
        ([EntityType(name="A", key="!")], "one letter or digit"),
    ],
)
def test_types_that_cannot_stand_together_are_refused(types: list[EntityType], why: str) -> None:
    with pytest.raises(InputError, match=why):
        checked(types)


def test_renamed_types_keep_what_is_said_of_the_first() -> None:
    other = EntityType(name="OTHER", description="rest")
    assert renamed([other, EntityType(name="MISC")], {"OTHER": "MISC"}) == (
        EntityType(name="MISC", description="rest"),
    )


A, B, C, D = (EntityType(name=name) for name in "ABCD")
B_MINE = EntityType(name="B", description="mine")
B_THEIRS = EntityType(name="B", description="theirs")


@pytest.mark.parametrize(
    ("theirs", "mine", "together"),
    [
        ([A, B, C], [A, B], [A, B, C]),  # they added one
        ([A, B], [A, B, D], [A, B, D]),  # I added one
        ([A, B, C], [D, A, B], [D, A, B, C]),
        ([A, B_THEIRS], [A, B, D], [A, B_THEIRS, D]),
        ([A, B_THEIRS], [A, B_MINE], [A, B_MINE]),
        ([A], [A, B, D], [A, D]),  # they removed B
        ([A], [A, B_MINE], [A, B_MINE]),
        ([A, B, C], [A], [A, C]),  # I removed B
        ([A, B_THEIRS], [A], [A, B_THEIRS]),  # which they had changed: it can be removed again
        ([A, B, C], [A, B, C], [A, B, C]),  # both added it
    ],
)
def test_what_two_people_changed_is_there_together(
    theirs: list[EntityType], mine: list[EntityType], together: list[EntityType]
) -> None:
    assert list(merged([A, B], theirs, mine)) == together


def test_a_folder_brings_its_types_and_says_what_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": "Ann in Rome"}) + "\n")
    types = [FULL, {"name": "OTHER", "colour": "blue"}]
    (tmp_path / "dataset.json").write_text(json.dumps({"types": types, "labels": {"OTHER": "MISC"}}))
    found = read_dataset(tmp_path)
    assert found.types == (PERSON, EntityType(name="MISC"))
    assert [(each.kind, each.file) for each in found.defects] == [("bad-type", "dataset.json")]
    assert found.labels == (), "labels are those that posts carry"
