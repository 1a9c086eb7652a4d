"""Data sets and runs are renamed, deleted and brought back on their screens."""

import pytest
from streamlit.testing.v1 import AppTest

from db.annotations import newest, save
from db.deletion import delete, deleted_things
from db.engine import Store
from db.imports import import_examples
from db.jobs import cancel, enqueue
from db.posts import datasets, post_ids
from db.renaming import rename
from db.runs import runs
from pages.shared.status import job_title
from tests.app.filled import SET, open_app, shown
from tests.db.samples import sample_posts

SCREENS = {"dataset": ("data", SET), "run": ("runs", "second")}
THINGS = pytest.mark.parametrize("thing", ["dataset", "run"])


def names(store: Store, thing: str) -> list[str]:
    return [each.name for each in (datasets(store) if thing == "dataset" else runs(store))]


def opened(thing: str) -> AppTest:
    screen, name = SCREENS[thing]
    return open_app(screen, **{thing: name})


def menu(app: AppTest, thing: str, what: str) -> AppTest:
    app.menu_button(key=f"more {thing}").click(what).run()
    assert not app.exception, app.exception
    return app


@THINGS
def test_deleted_and_brought_back(store: Store, thing: str) -> None:
    name = SCREENS[thing][1]
    before = names(store, thing)
    app = menu(opened(thing), thing, "Delete")
    assert names(store, thing) == before, "asked for, not done"
    assert "It can be brought back for 30 days" in shown(app)
    app.button(key="do Delete").click().run()
    assert names(store, thing) == [each for each in before if each != name]
    (gone,) = deleted_things(store)
    app = open_app(SCREENS[thing][0])
    assert "kept until" in shown(app)
    app.button(key=f"bring back {gone.aside}").click().run()
    assert not app.exception
    assert names(store, thing) == before
    assert app.query_params[thing] in (name, [name])
    assert "kept until" not in shown(app)


@THINGS
def test_renamed(store: Store, thing: str) -> None:
    app = menu(opened(thing), thing, "Rename")
    assert app.text_input(key="new name").value == SCREENS[thing][1]
    app.text_input(key="new name").set_value(" **New** name ".replace("*", "") if thing == "run" else " **New** name ")
    app.button(key="do Rename").click().run()
    new = "New name" if thing == "run" else "**New** name"
    assert new in names(store, thing)
    assert app.query_params[thing] in (new, [new])
    assert new in shown(app)


@THINGS
@pytest.mark.parametrize("name", ["", "taken"])
def test_a_name_that_cannot_be_is_said_in_the_dialog(store: Store, thing: str, name: str) -> None:
    import_examples(store, "taken", sample_posts()[:1])
    rename(store, "run", "first", "taken")
    before = names(store, thing)
    app = menu(opened(thing), thing, "Rename")
    app.text_input(key="new name").set_value(name)
    app.button(key="do Rename").click().run()
    assert [each.value for each in app.error]
    assert names(store, thing) == before


def test_what_would_be_lost_is_said_first(store: Store) -> None:
    number = next(n for (_, name), n in post_ids(store, SET).items() if name == "bare")
    first = newest(store, number)
    save(store, number, "gold", base=first.number if first else 0, marks=[], author="ann")
    said = shown(menu(opened("dataset"), "dataset", "Delete"))
    assert "7 posts, 1 revision that people made of their labels and" in said
    assert "The 2 runs that learned from them or were brought for them stay, with their folders." in said
    said = shown(menu(opened("run"), "run", "Delete"))
    assert "and what it predicted of 6 posts go. Labels that somebody saved from its suggestions stay." in said


@THINGS
def test_what_a_job_needs_is_not_deleted(store: Store, thing: str) -> None:
    job = enqueue(store, "predict", {"dataset": SET, "run": "second"}, author="ann")
    app = menu(opened(thing), thing, "Delete")
    assert f"It is needed now: Predicting {SET} with second." in shown(app)
    assert not [each for each in app.button if each.key == "do Delete"]
    cancel(store, job.id)


@THINGS
def test_a_job_that_comes_while_the_dialog_is_open_is_said(store: Store, thing: str) -> None:
    app = menu(opened(thing), thing, "Delete")
    enqueue(store, "predict", {"dataset": SET, "run": "second"}, author="ann")
    app.button(key="do Delete").click().run()
    assert not app.exception
    assert "It is needed now" in shown(app)
    assert SCREENS[thing][1] in names(store, thing)


@THINGS
def test_what_somebody_else_deleted_takes_no_other_along(store: Store, thing: str) -> None:
    import_examples(store, "another", sample_posts()[:1])
    app = menu(opened(thing), thing, "Delete")
    button = app.button(key="do Delete")
    delete(store, thing, SCREENS[thing][1])  # type: ignore[arg-type]
    left = names(store, thing)
    button.click().run()
    assert not app.exception
    assert not [each for each in app.button if each.key == "do Delete"], "no dialog about another one"
    assert names(store, thing) == left


def test_a_name_that_was_taken_meanwhile(store: Store) -> None:
    delete(store, "dataset", SET)
    import_examples(store, SET, sample_posts()[:1])
    (gone,) = deleted_things(store)
    app = open_app("data")
    app.button(key=f"bring back {gone.aside}").click().run()
    assert any("rename or delete that one first" in each.value for each in app.error)
    assert len(datasets(store)) == 1


def test_jobs_speak_of_what_is_deleted(store: Store) -> None:
    job = cancel(store, enqueue(store, "predict", {"dataset": SET, "run": "second"}, author="ann").id)
    delete(store, "dataset", SET)
    delete(store, "run", "second")
    from db.jobs import job as job_now

    assert job_title(job_now(store, job.id)) == f"Predicting {SET} (deleted) with second (deleted)"
    app = open_app("runs")
    assert f"Predicting {SET} (deleted)" in str([frame.value for frame in app.dataframe])
