"""The way to a post by its id, on the screens that show one post: it opens there, whatever the list."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import Store
from db.imports import About, import_examples
from tests.app.filled import SET, fill, open_app, shown
from tests.db.samples import sample_post

SCREENS = ["post", "annotate"]
FOUND = [("bare", "valid"), ("valid/paris", "valid"), ("trained", "train"), (" train/trained ", "train")]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    filled = fill(home)
    yield filled
    filled.close()


def jumped(app: AppTest, said: str) -> AppTest:
    app.text_input(key="jump").set_value(said).run()
    assert not app.exception, app.exception
    return app


def heading(app: AppTest, screen: str) -> str:
    """The post that the screen shows."""
    return app.title[0].value if screen == "post" else app.markdown[0].value.strip("*")


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize(("said", "split"), FOUND)
def test_an_id_opens_its_post_on_this_screen(store: Store, screen: str, said: str, split: str) -> None:
    app = jumped(open_app(screen, dataset=SET, split="valid", list="all"), said)
    name = said.strip().rpartition("/")[2]
    assert heading(app, screen) == name
    assert (app.query_params["post"], app.query_params["split"], app.query_params["list"]) == (name, split, "all")
    assert app.text_input(key="jump").value == ""


@pytest.mark.parametrize("screen", SCREENS)
def test_a_post_that_is_not_on_the_list_opens_and_the_next_is_the_lists_first(store: Store, screen: str) -> None:
    app = jumped(open_app(screen, dataset=SET, split="valid", list="mistakes", kind="missed"), "paris")
    assert heading(app, screen) == "paris"
    assert "not on " in shown(app)
    next(each for each in app.button if each.label == "Next").click().run()
    assert heading(app, screen) == "hostile"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("said", ["nobody", "train/paris", "paris/", "%", "<b>x</b>"])
def test_a_wrong_id_is_said_in_place_and_the_open_post_stays(store: Store, screen: str, said: str) -> None:
    app = jumped(open_app(screen, dataset=SET, split="valid", list="all", post="bare"), said)
    assert f"No post “{said}” here" in shown(app)
    assert heading(app, screen) == "bare"
    assert app.query_params["post"] == "bare"
    assert "No post" not in shown(jumped(app, "paris"))
    assert heading(app, screen) == "paris"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_of_two_posts_with_one_id_the_named_split_decides(store: Store, screen: str, split: str) -> None:
    twins = [sample_post("twin", f"Ann in {each}", (), each) for each in ("train", "test")]
    import_examples(store, "Twins", [*twins, sample_post("other", "Bob", (), "valid")], About(labels=("PER",)))
    app = open_app(screen, dataset="Twins", split="all", list="all")
    for there in (split, "train", "test", split):
        jumped(app, f"{there}/twin")
        assert app.query_params["post"] == f"{there}/twin"
        assert heading(app, screen) == "twin"
        assert of_post(app) == there
    assert jumped(app, "other").query_params["post"] == "other"


def of_post(app: AppTest) -> str:
    """What says of which split the open post is: its place on the list of all posts."""
    place = next(each.value for each in app.caption if " of 3" in each.value)
    return {"1": "train", "2": "test", "3": "valid"}[place[0]]


@pytest.mark.parametrize("screen", SCREENS)
def test_without_posts_there_is_no_field(home: Path, screen: str) -> None:
    app = open_app(screen)
    assert "There are no posts yet" in shown(app)
    assert not [each for each in app.text_input if each.key == "jump"]


def test_an_empty_list_leaves_the_way_to_every_post(store: Store) -> None:
    app = open_app("post", dataset=SET, split="valid", list="mistakes", text="nowhere at all")
    assert "There is no post to show" in shown(app)
    assert heading(jumped(app, "bare"), "post") == "bare"
