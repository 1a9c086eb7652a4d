"""The types of a data set in the store: named by people, brought by imports, written by exports."""

import json
from pathlib import Path

import pytest

from db.annotations import newest, save
from db.change_token import change_token
from db.character_spans import Mark
from db.engine import Store
from db.entity_types import set_types
from db.exchange import export_folder, import_folder
from db.posts import dataset, post_ids
from mner_core.data.entity_types import EntityType
from mner_core.types import InputError

PERSON = EntityType(name="PERSON", colour="#aa3355", key="p", description="people", examples=("Ann",))
PLACE = EntityType(name="PLACE")


def raw(folder: Path, types: list[object] | None = None, posts: int = 3) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"id": str(number), "text": f"Ann in Rome {number}"}) for number in range(posts)]
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    about = {"name": "raw"} | ({} if types is None else {"types": types})
    (folder / "dataset.json").write_text(json.dumps(about))
    return folder


def test_a_raw_set_is_annotated_once_its_types_are_named(store: Store, tmp_path: Path) -> None:
    import_folder(store, raw(tmp_path / "raw"))
    number = post_ids(store, "raw")["train", "0"]
    mark = Mark(start=0, end=3, label="PERSON")
    with pytest.raises(InputError, match="has a label that the data set does not have"):
        save(store, number, "gold", base=0, marks=[mark], author="ann")
    before = change_token(store, "raw")
    assert set_types(store, "raw", [PERSON, PLACE]) == (PERSON, PLACE)
    assert change_token(store, "raw") != before, "what screens remember is made anew"
    assert (dataset(store, "raw").labels, dataset(store, "raw").types) == (("PERSON", "PLACE"), (PERSON, PLACE))
    save(store, number, "gold", base=0, marks=[mark], author="ann")
    assert newest(store, number).marks[0].label == "PERSON"  # type: ignore[union-attr]


def test_a_type_that_labels_carry_does_not_go(store: Store, tmp_path: Path) -> None:
    import_folder(store, raw(tmp_path / "raw"))
    set_types(store, "raw", [PERSON, PLACE])
    number = post_ids(store, "raw")["train", "0"]
    save(store, number, "ann", base=0, marks=[Mark(start=0, end=3, label="PERSON")], author="ann")
    with pytest.raises(InputError, match="Labels carry PERSON"):
        set_types(store, "raw", [PLACE])
    assert dataset(store, "raw").labels == ("PERSON", "PLACE")
    assert set_types(store, "raw", [PERSON]) == (PERSON,), "the other one goes"


def test_types_that_cannot_be_are_refused_and_nothing_changes(store: Store, ids: list[int]) -> None:
    before = dataset(store, "set").types
    for types in ([PERSON, PERSON], [EntityType(name=" ")], [EntityType(name="A", colour="red")]):
        with pytest.raises(InputError):
            set_types(store, "set", types)
    with pytest.raises(InputError, match="no data set 'other'"):
        set_types(store, "other", [PERSON])
    assert dataset(store, "set").types == before
    assert [each.name for each in before] == ["LOC", "ORG", "PER"], "labels alone are types"


def test_types_travel_with_import_and_export(store: Store, tmp_path: Path) -> None:
    import_folder(store, raw(tmp_path / "raw", [PERSON.to_json(), {"name": "PLACE"}]))
    assert dataset(store, "raw").types == (PERSON, PLACE)
    export_folder(store, tmp_path / "out", "raw")
    record = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert record["types"] == [PERSON.to_json(), PLACE.to_json()]
    import_folder(store, tmp_path / "out", "again")
    assert dataset(store, "again").types == (PERSON, PLACE)


def test_a_later_import_leaves_what_people_said(store: Store, tmp_path: Path) -> None:
    import_folder(store, raw(tmp_path / "raw"))
    set_types(store, "raw", [EntityType(name="PERSON", key="1", description="ours")])
    theirs = [{"name": "PLACE", "key": "1"}, {"name": "PERSON", "colour": "#010203", "description": "theirs"}]
    import_folder(store, raw(tmp_path / "raw", theirs))  # type: ignore[arg-type]
    assert dataset(store, "raw").types == (
        EntityType(name="PERSON", colour="#010203", key="1", description="ours"),
        EntityType(name="PLACE"),
    )
