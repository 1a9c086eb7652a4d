"""The types of a data set, named on the screens data and annotate."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import Store, open_store
from db.entity_types import set_types
from db.exchange import import_folder
from db.posts import dataset
from mner_core.data.entity_types import EntityType
from mner_core.home import Home
from tests.app.filled import SET, fill, open_app, shown


@pytest.fixture
def raw(home: Path, tmp_path: Path) -> Store:
    """Posts that nobody has labelled, and no types."""
    folder = tmp_path / "raw"
    folder.mkdir()
    lines = [json.dumps({"id": f"p{number}", "text": f"Ann met Bob in Rome {number}"}) for number in range(6)]
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    store = open_store(Home(home))
    import_folder(store, folder, "raw")
    return store


def press(app: AppTest, label: str) -> AppTest:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception, app.exception
    return app


def fields(app: AppTest, label: str) -> list[object]:
    return [each for each in [*app.text_input, *app.color_picker] if each.label == label]


def write(app: AppTest, label: str, row: int, text: str) -> None:
    fields(app, label)[row].set_value(text).run()  # type: ignore[attr-defined]
    assert not app.exception, app.exception


@pytest.mark.parametrize("screen", ["annotate", "data"])
def test_the_first_types_are_named_where_they_are_missing(raw: Store, screen: str) -> None:
    app = open_app(screen, dataset="raw")
    assert "ame the types first" in shown(app) + "".join(each.label for each in app.expander)
    write(app, "Type", 0, "PERSON")
    write(app, "Description", 0, "people, also invented ones")
    write(app, "Key", 0, "p")
    write(app, "Colour", 0, "#aa3355")
    write(app, "Examples", 0, "Ann, Bob")
    write(app, "Type", 1, "PLACE")
    press(app, "Save the types")
    person = EntityType(
        name="PERSON", colour="#aa3355", key="p", description="people, also invented ones", examples=("Ann", "Bob")
    )
    assert dataset(raw, "raw").types == (person, EntityType(name="PLACE"))
    if screen == "annotate":
        assert app.query_params["post"] == "p0"
        assert "Name the types first" not in shown(app)
    else:
        assert [each.value for each in fields(app, "Type")] == ["PERSON", "PLACE"]  # type: ignore[attr-defined]


def test_what_cannot_be_a_type_is_said_and_the_fields_stay(raw: Store) -> None:
    app = open_app("annotate", dataset="raw")
    write(app, "Type", 0, "PERSON")
    write(app, "Type", 1, "PERSON")
    press(app, "Save the types")
    assert "The type PERSON is there twice." in shown(app)
    assert [each.value for each in fields(app, "Type")] == ["PERSON", "PERSON"]  # type: ignore[attr-defined]
    assert dataset(raw, "raw").types == ()


def test_types_are_added_changed_and_removed(store: Store) -> None:
    app = open_app("data", dataset=SET)
    assert [each.value for each in fields(app, "Type")] == ["LOC", "MISC", "ORG", "PER"]  # type: ignore[attr-defined]
    press(app, "Add a type")
    write(app, "Type", 4, "EVENT")
    next(each for each in app.button if each.help == "Remove MISC").click().run()
    press(app, "Save the types")
    assert dataset(store, SET).labels == ("LOC", "ORG", "PER", "EVENT")
    next(each for each in app.button if each.help == "Remove PER").click().run()
    press(app, "Save the types")
    assert "Labels carry PER: relabel them first" in shown(app)
    assert dataset(store, SET).labels == ("LOC", "ORG", "PER", "EVENT")


def test_types_that_somebody_else_changed_are_not_overwritten(store: Store) -> None:
    app = open_app("data", dataset=SET)
    set_types(store, SET, [*dataset(store, SET).types, EntityType(name="EVENT")])
    press(app, "Save the types")
    assert "Somebody has changed the types meanwhile" in shown(app)
    assert "EVENT" in dataset(store, SET).labels


@pytest.mark.parametrize("is_pressed_first", [True, False])
def test_a_change_is_saved_beside_what_somebody_else_changed(store: Store, is_pressed_first: bool) -> None:
    app = open_app("data", dataset=SET)
    write(app, "Description", 3, "people")
    loc, _, org, per = dataset(store, SET).types
    set_types(store, SET, [loc, EntityType(name="MISC", description="rest"), org, per, EntityType(name="EVENT")])
    if is_pressed_first:
        press(app, "Save the types")
        assert "Somebody has changed the types meanwhile" in shown(app)
    else:
        app.run()
    assert [each.value for each in fields(app, "Type")] == ["LOC", "MISC", "ORG", "PER", "EVENT"]  # type: ignore[attr-defined]
    press(app, "Save the types")
    said = {each.name: each.description for each in dataset(store, SET).types}
    assert said == {"LOC": "", "MISC": "rest", "ORG": "", "PER": "people", "EVENT": ""}


@pytest.mark.parametrize("name", ["x" * 80, "人物" * 30, "a type named at some length, by another project"])
def test_a_long_name_is_taken_whole(raw: Store, home: Path, name: str) -> None:
    fill(home).close()
    set_types(raw, SET, [*dataset(raw, SET).types, EntityType(name=name)])
    app = open_app("annotate", dataset="raw")
    press(app, "Take them")
    field = fields(app, "Type")[-1]
    assert field.value == name  # type: ignore[attr-defined]
    assert not field.proto.max_chars, "the browser would cut it"  # type: ignore[attr-defined]
    press(app, "Save the types")
    assert dataset(raw, "raw").labels[-1] == name


@pytest.mark.parametrize("source", [f"{SET} (data set)", "first (run)"])
def test_types_are_taken_from_another_set_or_a_run(raw: Store, home: Path, source: str) -> None:
    fill(home).close()
    set_types(raw, SET, [EntityType(name="PER", description="people"), *dataset(raw, SET).types[:3]])
    app = open_app("annotate", dataset="raw")
    next(box for box in app.selectbox if box.label == "Take types from").set_value(source).run()
    press(app, "Take them")
    press(app, "Save the types")
    found = dataset(raw, "raw").types
    if source.endswith("(run)"):
        assert found == (EntityType(name="LOC"), EntityType(name="PER"))
    else:
        assert found == dataset(raw, SET).types
        assert found[0].description == "people"
